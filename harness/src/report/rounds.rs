//! Scenarios that were played several times: whether each gave the same verdict every time.

use super::console::{mark, scenario};
use crate::invocation::{self, Played};
use crate::verdict::Verdict;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// One line for all rounds of a scenario: how often it came to what.
///
/// # Panics
/// If there is no round.
pub fn all_rounds(rounds: &[&Played]) -> String {
    let counts = counts(rounds);
    let (worst, _) = counts.last_key_value().expect("it was played");
    if rounds.len() == 1 {
        return scenario(rounds[0]);
    }
    let plan = &rounds[0].job.plan;
    let place = format!("{}:{}", plan.place.file.display(), plan.place.line);
    let all: usize = counts.values().sum();
    let of = |(verdict, count): (&Verdict, &usize)| format!("{verdict} {count} of {all}");
    let each: Vec<String> = counts.iter().map(of).collect();
    let (mark, each, name) = (mark(*worst), each.join(", "), &plan.scenario);
    match counts.len() {
        1 => format!("{mark} {each:<18} {name}  ({place})"),
        _ => format!("{mark} not repeatable     {name}  ({place}): {each}"),
    }
}

/// Of all rounds of a scenario, the first with each verdict.
pub fn worth_telling<'a>(rounds: &[&'a Played]) -> Vec<&'a Played> {
    let mut told: Vec<&Played> = Vec::new();
    for one in rounds {
        if told.iter().all(|other| other.verdict != one.verdict) {
            told.push(one);
        }
    }
    told
}

/// The scenarios that did not come to the same every time, for programs.
pub(super) fn not_repeatable(played: &[Played]) -> Vec<Value> {
    let scenarios = invocation::rounds(played).into_iter();
    let differing = scenarios.filter(|rounds| counts(rounds).len() > 1);
    let value = |rounds: Vec<&Played>| {
        let plan = &rounds[0].job.plan;
        let counts = counts(&rounds).into_iter();
        let verdicts: BTreeMap<String, usize> = counts
            .map(|(verdict, count)| (verdict.to_string(), count))
            .collect();
        json!({
            "feature": plan.place.file.display().to_string(),
            "line": plan.place.line,
            "scenario": plan.scenario,
            "verdicts": verdicts,
        })
    };
    differing.map(value).collect()
}

/// How often a scenario came to what. A round that the user stopped says nothing, unless there is no other.
fn counts(rounds: &[&Played]) -> BTreeMap<Verdict, usize> {
    let stopped = |one: &Played| one.outcome.interrupted();
    let all_stopped = rounds.iter().all(|one| stopped(one));
    let mut counts = BTreeMap::new();
    for one in rounds.iter().filter(|one| all_stopped || !stopped(one)) {
        *counts.entry(one.verdict).or_default() += 1;
    }
    counts
}
