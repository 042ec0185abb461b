//! Probes: the call that sets them off exists, what they ask is there, and they read what is known by then.

use super::{Sound, host, keys, variables};
use crate::expression::Expression;
use crate::gateway::WORKLOAD;
use crate::problem::{Place, Problem, Problems};
use crate::stack::{AFTER, Evidence, Learn, Stack, Template, probe};

/// What is known of the call.
const CALL: [&str; 3] = ["request", "response", "path"];

pub(super) fn check(
    stack: &Stack,
    sound: &Sound,
    entity: &str,
    rule: &Learn,
    problems: &mut Problems,
) {
    let Evidence::Probe {
        after, url, body, ..
    } = &rule.evidence
    else {
        return;
    };
    match stack.calls.get(after) {
        None if sound.calls => {
            let known = keys(&stack.calls);
            problems.push(Problem::unknown(&rule.place, "call", after, known));
        }
        Some(call) if rule.id.is_none() && !call.path.contains(&format!("{{{entity}}}")) => {
            let what = format!("the path of `{after}` does not name the {entity}");
            let help = format!("put `{{{entity}}}` into its request, or add `id:` to this rule");
            problems.push(Problem::at(&rule.place, what).help(help));
        }
        _ => {}
    }
    if sound.compose {
        target(stack, url, &rule.place, problems);
    }
    let (when, id) = (rule.when.iter(), rule.id.iter());
    let body = body.iter().flat_map(|body| body.expressions());
    for expression in when.chain(id).chain(url.expressions()).chain(body) {
        reads(expression, &[AFTER], &rule.place, problems);
    }
    for expression in rule.set.values() {
        reads(expression, &[AFTER, "response"], &rule.place, problems);
    }
}

/// Where it asks there is a service, with that port.
fn target(stack: &Stack, url: &Template, place: &Place, problems: &mut Problems) {
    let Some((name, port)) = probe::target(url) else {
        return;
    };
    let service = stack.host(WORKLOAD, &name);
    let Some(service) = service.and_then(|name| stack.services.get(name)) else {
        return host(stack, &format!("http://{name}:{port}/"), place, problems);
    };
    if !service.ports.contains_key(&port) {
        let what = format!(
            "the probe asks `{name}` at port {port}, which it does not expose and nobody else calls"
        );
        let known: Vec<String> = service.ports.keys().map(u16::to_string).collect();
        problems.push(Problem::at(place, what).help(match known.is_empty() {
            true => "declare it with `expose` in the compose file".to_owned(),
            false => format!("its ports are {}", known.join(", ")),
        }));
    }
}

/// An expression reads what is known when its turn comes, and of it what there is.
fn reads(expression: &Expression, known: &[&str], place: &Place, problems: &mut Problems) {
    let others = expression.variables();
    let mut others = others.iter().map(String::as_str);
    let early = others.find(|name| CALL.contains(name) && !known.contains(name));
    if let Some(name) = early {
        let what = format!(
            "`{name}` in `{}` is not known in a rule on a probe",
            expression.text()
        );
        let help = format!(
            "that of the call is `{AFTER}.{name}`; `response`, in what is set, is the answer to the probe"
        );
        problems.push(Problem::at(place, what).help(help));
        return;
    }
    variables(expression, known, place, problems);
    let mut told = Vec::new();
    for path in expression.paths() {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        let (of, field, known): (&str, &str, &[&str]) = match path[..] {
            [AFTER, "request", field, ..] => ("after.request", field, &["headers", "body"]),
            [AFTER, "response", field, ..] => {
                ("after.response", field, &["status", "headers", "body"])
            }
            [AFTER, "path", ..] => continue,
            [AFTER, field, ..] => (AFTER, field, &CALL),
            ["response", field, ..] => ("response", field, &["status", "headers", "body", "error"]),
            _ => continue,
        };
        if !known.contains(&field) {
            let problem = Problem::unknown(place, "field", field, known.iter().copied());
            let what = format!("{} of `{of}` in `{}`", problem.what, expression.text());
            // What is read of it begins with the same mistake.
            if !told.contains(&what) {
                told.push(what.clone());
                problems.push(Problem { what, ..problem });
            }
        }
    }
}
