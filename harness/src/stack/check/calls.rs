//! Calls between services that exist and know of each other, and what is polled by them.

use super::{Sound, keys, service};
use crate::gateway::WORKLOAD;
use crate::problem::{Problem, Problems};
use crate::stack::{Call, Service, Source, Stack};

pub(super) fn check(
    stack: &Stack,
    sound: &Sound,
    problems: &mut Problems,
    warnings: &mut Vec<Problem>,
) {
    for operation in stack.operations.values() {
        if sound.calls && !stack.calls.contains_key(&operation.poll) {
            let (place, known) = (&operation.place, keys(&stack.calls));
            problems.push(Problem::unknown(place, "call", &operation.poll, known));
        }
    }
    for (n, call) in stack.calls.values().enumerate() {
        service(stack, &call.service, &call.place, problems);
        if call.client != WORKLOAD && !stack.services.contains_key(&call.client) {
            let clients = keys(&stack.services).chain([WORKLOAD]);
            let problem = Problem::unknown(&call.place, "client", &call.client, clients);
            problems.push(problem);
        }
        let served = stack.services.get(&call.service);
        if sound.compose && served.is_some_and(|service| service.ports.is_empty()) {
            let what = format!(
                "service `{}` has no port that anybody could call",
                call.service
            );
            let help = "declare it with `expose` in the compose file";
            problems.push(Problem::at(&call.place, what).help(help));
        }
        let mut earlier = stack.calls.values().take(n);
        if let Some(first) = earlier.find(|first| same(first, call)) {
            let what = format!(
                "`{}` names the same requests as `{}`",
                call.name, first.name
            );
            let help = "a request counts for the first call that it matches: take one of them away";
            problems.push(Problem::at(&call.place, what).help(help));
        }
        if sound.compose {
            known_of(stack, call, warnings);
        }
    }
}

/// Whether whatever the one matches, the other does too.
fn same(one: &Call, other: &Call) -> bool {
    let whose = |call: &Call| {
        (
            call.client.clone(),
            call.service.clone(),
            call.method.clone(),
        )
    };
    whose(one) == whose(other) && shape(&one.path) == shape(&other.path)
}

/// A path, and the parameters that its query demands in any order, without the names in their braces.
fn shape(path: &str) -> (String, Vec<String>) {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let demands = query.split('&').filter(|one| !one.is_empty());
    let mut demands: Vec<String> = demands.map(nameless).collect();
    demands.sort_unstable();
    (nameless(path), demands)
}

fn nameless(path: &str) -> String {
    let mut inside = false;
    let keep = |c: &char| {
        inside = match c {
            '{' => true,
            '}' => false,
            _ => inside,
        };
        !inside
    };
    path.chars().filter(keep).collect()
}

impl Stack {
    /// Whether something tells a client of a service, or may do so unseen. Of names that are not known, nobody can tell.
    pub fn may_connect(&self, client: &str, target: &str) -> bool {
        let (Some(asking), Some(asked)) = (self.services.get(client), self.services.get(target))
        else {
            return true;
        };
        let aliases = asked.aliases.iter().map(String::as_str);
        let names: Vec<&str> = std::iter::once(target).chain(aliases).collect();
        asking.depends_on.contains_key(target) || tells(asking, target, &names)
    }
}

/// Says so if nothing tells the client of the service that it is said to call.
fn known_of(stack: &Stack, call: &Call, warnings: &mut Vec<Problem>) {
    let (client, target) = (&call.client, &call.service);
    if client == target || stack.may_connect(client, target) {
        return;
    }
    let what = format!(
        "nothing tells `{client}` of `{target}`, so `{}` may never come by",
        call.name
    );
    let help = format!(
        "is `{client} -> {target}` the right way round? if its image knows the name by itself, say so with \
         `depends_on` in the compose file"
    );
    warnings.push(Problem::at(&call.place, what).help(help));
}

/// Whether a service is told one of these names, or may be by a file that nobody has read.
fn tells(asking: &Service, target: &str, names: &[&str]) -> bool {
    let odd = |c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let names_it = |text: &str| text.split(odd).any(|word| names.contains(&word));
    let files = asking.mounts.iter().any(|mount| match &mount.source {
        Source::Content(text) => names_it(text),
        Source::Path(_) => true,
        Source::Volume(_) | Source::Anonymous => false,
    });
    let words = asking.command.iter().chain(&asking.entrypoint).flatten();
    let process = asking.process.iter();
    let process = process.flat_map(|process| process.environment.values().chain(&process.command));
    let mut texts = asking.environment.values().chain(words).chain(process);
    files
        || asking.links.values().any(|linked| linked == target)
        || texts.any(|text| names_it(text))
}
