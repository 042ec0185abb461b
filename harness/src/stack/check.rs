//! What must agree between the parts of a stack: names that exist, fields that somebody sets, ids that can be known.

use super::{Evidence, Expression, Invariant, Learn, Pattern, Probe, Stack};
use super::{config, trivial};
use crate::gateway::WORKLOAD;
use crate::problem::{Place, Problem, Problems};

/// Checks everything; adds what it finds.
pub(super) fn check(stack: &Stack, problems: &mut Problems) {
    dependencies(stack, problems);
    calls(stack, problems);
    for operation in stack.operations.values() {
        if !stack.calls.contains_key(&operation.poll) {
            let known = keys(&stack.calls);
            let place = &operation.place;
            problems.push(Problem::unknown(place, "call", &operation.poll, known));
        }
    }
    for entity in stack.entities.values() {
        for rule in &entity.learn {
            learn(stack, &entity.name, rule, problems);
        }
        statuses(entity, problems);
    }
    for workload in stack.workloads.values() {
        host(stack, &workload.url, &workload.place, problems);
        for (entity, id) in &workload.creates {
            if !stack.entities.contains_key(entity) {
                problems.push(Problem::unknown(
                    &workload.place,
                    "entity",
                    entity,
                    keys(&stack.entities),
                ));
            }
            variables(id, &["response"], &workload.place, problems);
        }
    }
    for invariant in stack.invariants.values() {
        self::invariant(stack, invariant, problems);
    }
    for mutant in stack.mutants.values() {
        service(stack, &mutant.service, &mutant.place, problems);
        for name in mutant
            .caught_by
            .iter()
            .filter(|name| !stack.invariants.contains_key(*name))
        {
            problems.push(Problem::unknown(
                &mutant.place,
                "invariant",
                name,
                keys(&stack.invariants),
            ));
        }
    }
}

fn keys<T>(map: &indexmap::IndexMap<String, T>) -> impl Iterator<Item = &str> {
    map.keys().map(String::as_str)
}

fn service(stack: &Stack, name: &str, place: &Place, problems: &mut Problems) {
    if !stack.services.contains_key(name) {
        problems.push(Problem::unknown(
            place,
            "service",
            name,
            keys(&stack.services),
        ));
    }
}

/// The host of a URL must be a service.
fn host(stack: &Stack, url: &str, place: &Place, problems: &mut Problems) {
    let parsed = url::Url::parse(&url.replace("${", "{"));
    let name = parsed
        .ok()
        .and_then(|url| url.host_str().map(str::to_owned))
        .unwrap_or_default();
    service(stack, &name, place, problems);
}

/// A service that is asked whether it is ready can be asked.
fn readiness(service: &super::Service, problems: &mut Problems) {
    let asked = match &service.ready.probe {
        Some(Probe::Http { port, .. }) => *port,
        Some(Probe::Tcp { port }) => Some(*port),
        None => return,
    };
    let known = match asked {
        Some(port) => service.ports.contains_key(&port),
        None => !service.ports.is_empty(),
    };
    if !known {
        let port = asked.map_or_else(|| "8000".to_owned(), |port| port.to_string());
        let what = format!(
            "service `{}` cannot be asked whether it is ready: nothing says that it has {}",
            service.name,
            asked.map_or_else(|| "a port".to_owned(), |port| format!("the port {port}"))
        );
        let help = format!("declare it in the compose file: `expose: [\"{port}\"]`");
        problems.push(Problem::at(&service.place, what).help(help));
    }
}

/// Services that are waited for exist, and no service waits for itself in the end.
fn dependencies(stack: &Stack, problems: &mut Problems) {
    for (name, one) in &stack.services {
        readiness(one, problems);
        for other in one.depends_on.keys() {
            service(stack, other, &one.place, problems);
        }
        let mut chain = vec![name.as_str()];
        if cycle(stack, &mut chain) && chain.iter().min() == Some(&name.as_str()) {
            let what = format!("these services wait for each other: {}", chain.join(" -> "));
            problems.push(Problem::at(&one.place, what));
        }
    }
}

/// Follows `depends_on` from the last of the chain; true when it leads back to the first.
fn cycle<'s>(stack: &'s Stack, chain: &mut Vec<&'s str>) -> bool {
    let last = chain[chain.len() - 1];
    let next = stack.services.get(last).map(|service| &service.depends_on);
    for name in next.into_iter().flat_map(|depends_on| depends_on.keys()) {
        if name == chain[0] {
            chain.push(name);
            return true;
        }
        if !chain.contains(&name.as_str()) {
            chain.push(name);
            if cycle(stack, chain) {
                return true;
            }
            chain.pop();
        }
    }
    false
}

fn calls(stack: &Stack, problems: &mut Problems) {
    for call in stack.calls.values() {
        service(stack, &call.service, &call.place, problems);
        if call.client != WORKLOAD && !stack.services.contains_key(&call.client) {
            let clients = keys(&stack.services).chain([WORKLOAD]);
            problems.push(Problem::unknown(
                &call.place,
                "client",
                &call.client,
                clients,
            ));
        }
        if stack
            .services
            .get(&call.service)
            .is_some_and(|service| service.ports.is_empty())
        {
            let what = format!(
                "service `{}` has no port that anybody could call",
                call.service
            );
            problems.push(
                Problem::at(&call.place, what).help("declare it with `expose` in the compose file"),
            );
        }
    }
}

fn learn(stack: &Stack, entity: &str, rule: &Learn, problems: &mut Problems) {
    let groups: Vec<String>;
    let words: Vec<&str>;
    let known: &[&str] = match &rule.evidence {
        Evidence::Call(name) => {
            match stack.calls.get(name) {
                None => problems.push(Problem::unknown(
                    &rule.place,
                    "call",
                    name,
                    keys(&stack.calls),
                )),
                Some(call)
                    if rule.id.is_none() && !call.path.contains(&format!("{{{entity}}}")) =>
                {
                    let what = format!("the path of `{name}` does not name the {entity}");
                    let help =
                        format!("put `{{{entity}}}` into its request, or add `id:` to this rule");
                    problems.push(Problem::at(&rule.place, what).help(help));
                }
                Some(_) => {}
            }
            &["request", "response", "path"]
        }
        Evidence::Poll {
            url, each, next, ..
        } => {
            host(stack, url, &rule.place, problems);
            for list in each.iter().chain(next) {
                variables(list, &["status", "body"], &rule.place, problems);
            }
            match each {
                Some(_) => &["status", "body", "item"],
                None => &["status", "body"],
            }
        }
        Evidence::Log {
            service: name,
            pattern,
        } => {
            service(stack, name, &rule.place, problems);
            groups = config::groups(pattern);
            words = groups.iter().map(String::as_str).chain(["line"]).collect();
            &words
        }
        Evidence::Sql { on, .. } => {
            service(stack, on, &rule.place, problems);
            let speaks = |service: &super::Service| {
                service.sql.is_some()
                    || service
                        .process
                        .as_ref()
                        .is_some_and(|process| process.sql.is_some())
            };
            if stack
                .services
                .get(on)
                .is_some_and(|service| !speaks(service))
            {
                let what = format!("service `{on}` does not say where SQL is spoken");
                let help = format!(
                    "add `x-shakedown: {{sql: \"postgres://user:password@{on}:5432/name\"}}` to it"
                );
                problems.push(Problem::at(&rule.place, what).help(help));
            }
            &["row"]
        }
    };
    for expression in rule.when.iter().chain(&rule.id).chain(rule.set.values()) {
        variables(expression, known, &rule.place, problems);
        if let Evidence::Call(_) = rule.evidence {
            messages(expression, &rule.place, problems);
        }
    }
}

/// What is asked of a request or a response is something that they have.
fn messages(expression: &Expression, place: &Place, problems: &mut Problems) {
    for path in expression.paths() {
        let known: &[&str] = match path[0].as_str() {
            "request" => &["headers", "body"],
            "response" => &["status", "headers", "body"],
            _ => continue,
        };
        if !known.contains(&path[1].as_str()) {
            let problem = Problem::unknown(place, "field", &path[1], known.iter().copied());
            problems.push(Problem {
                what: format!(
                    "{} of `{}` in `{}`",
                    problem.what,
                    path[0],
                    expression.text()
                ),
                ..problem
            });
        }
    }
    for comparison in expression.comparisons() {
        if comparison.path == ["response", "status"] {
            let what = format!(
                "`{}` compares the status, a number, with the text \"{}\"",
                expression.text(),
                comparison.text
            );
            problems.push(Problem::at(place, what).help("write the number without quotes"));
        }
    }
}

/// An expression reads nothing but these variables.
fn variables(expression: &Expression, known: &[&str], place: &Place, problems: &mut Problems) {
    for name in expression
        .variables()
        .iter()
        .filter(|name| !known.contains(&name.as_str()))
    {
        let problem = Problem::unknown(place, "variable", name, known.iter().copied());
        problems.push(Problem {
            what: format!("{} in `{}`", problem.what, expression.text()),
            ..problem
        });
    }
}

/// First, final and moved-to statuses fit together.
fn statuses(entity: &super::Entity, problems: &mut Problems) {
    let Some(status) = entity.status.as_ref().filter(|_| !entity.moves.is_empty()) else {
        return;
    };
    let reached = entity.reached(status.first.iter().map(String::as_str).collect());
    let mut say = |what: String| problems.push(Problem::at(&entity.place, what));
    for name in status
        .finals
        .iter()
        .filter(|name| status.first.is_some() && !reached.contains(&name.as_str()))
    {
        say(format!(
            "no move of `{}` leads to the final status `{name}`",
            entity.name
        ));
    }
    for from in entity.moves.keys() {
        if status.finals.contains(from) {
            say(format!(
                "`{from}` is a final status of `{}`, but a move leaves it",
                entity.name
            ));
        }
        if status.first.is_some() && !reached.contains(&from.as_str()) {
            say(format!(
                "`{}` can never be `{from}`: no move leads to it",
                entity.name
            ));
        }
    }
}

fn invariant(stack: &Stack, invariant: &Invariant, problems: &mut Problems) {
    let Some(entity) = stack.entities.get(&invariant.entity) else {
        let known = keys(&stack.entities);
        problems.push(Problem::unknown(
            &invariant.place,
            "entity",
            &invariant.entity,
            known,
        ));
        return;
    };
    let events: Vec<&str> = entity.events().collect();
    let mut fields: Vec<&str> = entity
        .learn
        .iter()
        .flat_map(|rule| rule.set.keys())
        .map(String::as_str)
        .collect();
    if let Some(status) = &entity.status {
        fields.extend([status.field.as_str(), "final"]);
    }
    fields.sort_unstable();
    fields.dedup();
    let expressions: Vec<&Expression> = match &invariant.pattern {
        Pattern::Always(one) | Pattern::Never(one) => vec![one],
        Pattern::Response { when, then, .. } => vec![when, then],
        Pattern::Precedence { no, before } => vec![no, before],
        Pattern::Existence { eventually, .. } => vec![eventually],
        Pattern::Share { condition, .. } => vec![condition],
        Pattern::Agree {
            fields: agreeing, ..
        } => {
            for name in agreeing
                .iter()
                .filter(|name| !fields.contains(&name.as_str()))
            {
                let known = fields.iter().copied().filter(|field| *field != "final");
                problems.push(Problem::unknown(&invariant.place, "field", name, known));
            }
            Vec::new()
        }
        Pattern::Quantile { from, to, .. } => {
            quantile(entity, [from, to], &invariant.place, problems);
            Vec::new()
        }
        Pattern::AtMost { event, .. } => {
            if !events.contains(&event.as_str()) {
                problems.push(Problem::unknown(
                    &invariant.place,
                    "event",
                    event,
                    events.iter().copied(),
                ));
            }
            Vec::new()
        }
        Pattern::Moves => {
            if entity.moves.is_empty() || entity.status.is_none() {
                let what = format!("`{}` declares no `status` with `moves`", entity.name);
                problems.push(Problem::at(&invariant.place, what));
            }
            Vec::new()
        }
    };
    for expression in expressions.into_iter().chain(invariant.scope.expressions()) {
        known_statuses(entity, expression, &invariant.place, problems);
        trivial::check(entity, expression, &invariant.place, problems);
        for name in expression
            .variables()
            .iter()
            .filter(|name| !fields.contains(&name.as_str()))
        {
            let problem = Problem::unknown(&invariant.place, "field", name, fields.iter().copied());
            problems.push(Problem {
                what: format!("{} in `{}`", problem.what, expression.text()),
                ..problem
            });
        }
        for name in expression
            .events()
            .iter()
            .filter(|name| !events.contains(&name.as_str()))
        {
            problems.push(Problem::unknown(
                &invariant.place,
                "event",
                name,
                events.iter().copied(),
            ));
        }
    }
}

/// A status that an expression speaks of is one that the entity can have.
fn known_statuses(
    entity: &super::Entity,
    expression: &Expression,
    place: &Place,
    problems: &mut Problems,
) {
    let Some(status) = entity.status.as_ref().filter(|_| !entity.moves.is_empty()) else {
        return;
    };
    let declared = entity.statuses();
    for comparison in expression.comparisons() {
        if comparison.path == [status.field.as_str()]
            && !declared.contains(&comparison.text.as_str())
        {
            let known = declared.iter().copied();
            let problem = Problem::unknown(place, "status", &comparison.text, known);
            problems.push(Problem {
                what: format!("{} in `{}`", problem.what, expression.text()),
                ..problem
            });
        }
    }
}

/// Time can be taken from one status to another.
fn quantile(
    entity: &super::Entity,
    statuses: [&String; 2],
    place: &Place,
    problems: &mut Problems,
) {
    if entity.status.is_none() {
        let what = format!(
            "`{}` declares no `status` between which time could be taken",
            entity.name
        );
        problems.push(Problem::at(place, what));
    }
    let declared = entity.statuses();
    for status in statuses.into_iter().filter(|_| !entity.moves.is_empty()) {
        if !declared.contains(&status.as_str()) {
            problems.push(Problem::unknown(
                place,
                "status",
                status,
                declared.iter().copied(),
            ));
        }
    }
    let [from, to] = statuses;
    let known = |status: &String| declared.contains(&status.as_str());
    if !entity.moves.is_empty() && known(from) && known(to) {
        let mut later = entity.reached(vec![from]);
        later.remove(0);
        if !later.contains(&to.as_str()) {
            let what = format!("no move of `{}` leads from `{from}` to `{to}`", entity.name);
            problems.push(Problem::at(place, what));
        }
    }
}
