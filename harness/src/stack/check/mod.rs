//! What must agree between the parts of a stack: names that exist, fields that somebody sets, ids that can be known.

mod aliases;
mod calls;
mod counted;
mod invariants;
mod probe;
mod rules;
mod services;
mod statuses;
mod trivial;

use super::{Expression, Service, Stack, disk};
use crate::gateway::WORKLOAD;
use crate::problem::{Place, Problem, Problems, suggest};

/// What was read without a mistake: only of that can be said that something is missing in it.
pub(super) struct Sound {
    /// The compose files.
    pub compose: bool,
    /// All calls.
    pub calls: bool,
    /// All entities, with all their rules.
    pub entities: bool,
    /// All invariants.
    pub invariants: bool,
}

/// Checks everything; adds what it finds.
pub(super) fn check(
    stack: &Stack,
    sound: &Sound,
    problems: &mut Problems,
    warnings: &mut Vec<Problem>,
) {
    services::check(stack, sound, problems, warnings);
    disk::check(stack, problems);
    calls::check(stack, sound, problems, warnings);
    for entity in stack.entities.values() {
        for rule in &entity.learn {
            rules::check(stack, sound, &entity.name, rule, problems);
        }
        if sound.entities {
            aliases::check(entity, problems);
            statuses::check(entity, problems, warnings);
        }
    }
    workloads(stack, sound, problems, warnings);
    if sound.entities {
        for invariant in stack.invariants.values() {
            invariants::check(stack, invariant, problems);
        }
        if sound.invariants {
            statuses::unjudged(stack, warnings);
            counted::check(stack, warnings);
        }
    }
    mutants(stack, sound, problems);
}

fn workloads(stack: &Stack, sound: &Sound, problems: &mut Problems, warnings: &mut Vec<Problem>) {
    for workload in stack.workloads.values() {
        host(stack, &workload.url, &workload.place, problems);
        let unset = |name: &String| sound.compose && stack.variable(name).is_none();
        warnings.extend(workload.variables().iter().filter(|name| unset(name)).map(|name| {
            let what = format!("`${{{name}}}` in the workload `{}` is sent as it stands", workload.name);
            let environments = stack.services.values().map(|service| &service.environment);
            let known = environments.flat_map(|all| all.keys().map(String::as_str));
            let suggested = suggest(name, known);
            Problem::at(&workload.place, what).help(format!(
                "set it in the environment of this program, or name a variable of a service: {suggested}"
            ))
        }));
        for (entity, id) in &workload.creates {
            if sound.entities && !stack.entities.contains_key(entity) {
                let known = keys(&stack.entities);
                problems.push(Problem::unknown(&workload.place, "entity", entity, known));
            }
            variables(id, &["response"], &workload.place, problems);
        }
    }
}

fn mutants(stack: &Stack, sound: &Sound, problems: &mut Problems) {
    for mutant in stack.mutants.values() {
        let carrier = stack.services.get(&mutant.service);
        let as_it_is = |carrier: &Service| {
            let same = |(name, value)| carrier.environment.get(name) == Some(value);
            mutant.image.is_none()
                && !mutant.environment.is_empty()
                && mutant.environment.iter().all(same)
        };
        if sound.compose && carrier.is_some_and(as_it_is) {
            let what = format!(
                "this mutant changes nothing: `{}` has this environment already",
                mutant.service
            );
            problems.push(Problem::at(&mutant.place, what).help("say what turns the bug on"));
        }
        service(stack, &mutant.service, &mutant.place, problems);
        let unknown = |name: &&String| sound.invariants && !stack.invariants.contains_key(*name);
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
    if stack.host(WORKLOAD, &name).is_none() {
        service(stack, &name, place, problems);
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
