//! Planted bugs against scenarios: which scenario turned which bug red.

use crate::invocation::Played;
use crate::report::{Matrix, MutantResult};
use crate::verdict::Verdict;
use serde_json::{Value, json};

/// `{"score", "false_alarms", "mutants": [{"stack", "name", "catalogue", "killed", "failed", "reason", "by", "cells"}],
/// "scenarios": {STACK: [[file, line, name]]}}`. A cell is `[scenario of the stack, what it came to, scenario of the page,
/// invariants that turned red]`; scenarios without a cell were not tried.
pub(super) fn matrix(matrix: &Matrix, played: &[&Played]) -> Value {
    let mut stacks = serde_json::Map::new();
    for one in played.iter().filter(|one| one.job.mutant.is_none()) {
        let plan = &one.job.plan;
        let scenarios = stacks.entry(plan.stack.clone()).or_insert(json!([]));
        if let Value::Array(scenarios) = scenarios {
            scenarios.push(key(one));
        }
    }
    let mutants = matrix.mutants.iter().map(|mutant| {
        let scenarios = stacks.get(&mutant.stack).and_then(Value::as_array);
        json!({
            "stack": mutant.stack,
            "name": mutant.name,
            "catalogue": mutant.catalogue,
            "killed": mutant.killed(),
            "failed": mutant.failed,
            "reason": mutant.reason,
            "cells": cells(mutant, scenarios.map_or(&[][..], Vec::as_slice), played),
        })
    });
    json!({
        "score": matrix.score(),
        "false_alarms": matrix.false_alarms,
        "mutants": mutants.collect::<Vec<_>>(),
        "scenarios": stacks,
    })
}

/// What tells a scenario from others of its stack.
fn key(played: &Played) -> Value {
    let plan = &played.job.plan;
    json!([
        plan.place.file.display().to_string(),
        plan.place.line,
        plan.scenario
    ])
}

fn cells(mutant: &MutantResult, scenarios: &[Value], played: &[&Played]) -> Vec<Value> {
    let own = |one: &&Played| {
        one.job.mutant.as_deref() == Some(&*mutant.name) && one.job.plan.stack == mutant.stack
    };
    let tried = played.iter().enumerate().filter(|(_, one)| own(one));
    let cell = |(number, one): (usize, &&Played)| {
        let column = scenarios.iter().position(|known| *known == key(one))?;
        let findings = one.outcome.findings.iter();
        let red = findings.filter(|finding| finding.verdict == Verdict::Violated);
        let red: Vec<&String> = red.map(|finding| &finding.invariant).collect();
        let killed = mutant
            .by
            .iter()
            .any(|by| by.scenario == one.job.plan.scenario && red.contains(&&by.invariant));
        let what = match (killed, one.outcome.verdict) {
            (true, _) => "killed",
            (false, Verdict::Violated) => "other",
            (false, Verdict::Held) => "survived",
            (false, Verdict::Inconclusive) => "inconclusive",
            (false, Verdict::EnvironmentFailed) => "failed",
        };
        Some(json!([column, what, number, red]))
    };
    tried.filter_map(cell).collect()
}
