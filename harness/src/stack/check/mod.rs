//! What must agree between the parts of a stack: names that exist, fields that somebody sets, ids that can be known.

mod aliases;
mod calls;
mod invariants;
mod rules;
mod services;
mod statuses;
mod trivial;

use super::{Expression, Stack};
use crate::problem::{Place, Problem, Problems};

/// Checks everything; adds what it finds.
pub(super) fn check(stack: &Stack, problems: &mut Problems) {
    services::check(stack, problems);
    calls::check(stack, problems);
    for entity in stack.entities.values() {
        for rule in &entity.learn {
            rules::check(stack, &entity.name, rule, problems);
        }
        aliases::check(entity, problems);
        statuses::check(entity, problems);
    }
    workloads(stack, problems);
    for invariant in stack.invariants.values() {
        invariants::check(stack, invariant, problems);
    }
    mutants(stack, problems);
}

fn workloads(stack: &Stack, problems: &mut Problems) {
    for workload in stack.workloads.values() {
        host(stack, &workload.url, &workload.place, problems);
        for (entity, id) in &workload.creates {
            if !stack.entities.contains_key(entity) {
                let known = keys(&stack.entities);
                problems.push(Problem::unknown(&workload.place, "entity", entity, known));
            }
            variables(id, &["response"], &workload.place, problems);
        }
    }
}

fn mutants(stack: &Stack, problems: &mut Problems) {
    for mutant in stack.mutants.values() {
        service(stack, &mutant.service, &mutant.place, problems);
        let unknown = |name: &&String| !stack.invariants.contains_key(*name);
        for name in mutant.caught_by.iter().filter(unknown) {
            let known = keys(&stack.invariants);
            problems.push(Problem::unknown(&mutant.place, "invariant", name, known));
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
