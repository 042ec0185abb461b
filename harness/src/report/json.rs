//! `run.json` and `mutants.json`, for programs. Their fields are part of the contract with users: fields may be
//! added, never renamed or removed.

use super::{Matrix, Systems, rounds};
use crate::invocation::{self, Played};
use crate::seed::Seed;
use crate::verdict::Verdict;
use serde_json::{Value, json};

/// The value of `run.json`.
///
/// `{"verdict", "exit_code", "seed", "runtime", "unwitnessed", "not_repeatable": [{"feature", "line", "scenario",
/// "verdicts"}], "heard": {STACK: {KIND: {"fields", "events"}}}, "scenarios": [{"feature", "line", "scenario", "stack", "mutant", "round", "verdict", "control", "duration_ms", "invariants": [{"name", "verdict", "witnesses",
/// "entity", "entities", "reason", "proof"}], "faults": [{"text", "armed", "matched", "applied", "felt", "reached",
/// "missing"}], "reasons", "notes", "retried", "failure", "history"}]}`
pub fn run_json(played: &[Played], exit_code: u8, seed: Seed, runtime: &str) -> Value {
    let verdict = invocation::verdict(played);
    json!({
        "verdict": verdict.to_string(),
        "exit_code": exit_code,
        "seed": seed.0,
        "runtime": runtime,
        "unwitnessed": invocation::unwitnessed(played),
        "not_repeatable": rounds::not_repeatable(played),
        "heard": invocation::heard(played),
        "scenarios": played.iter().map(scenario).collect::<Vec<_>>(),
    })
}

fn scenario(played: &Played) -> Value {
    let (plan, outcome) = (&played.job.plan, &played.outcome);
    let invariants = outcome.findings.iter().map(|finding| {
        let proof = finding.proof.iter();
        let proof = proof.map(|p| json!({"seq": p.seq, "at_ns": p.at_ns, "text": p.text}));
        json!({
            "name": finding.invariant,
            "verdict": finding.verdict.to_string(),
            "witnesses": finding.witnesses,
            "entity": finding.entity,
            "entities": finding.entities,
            "reason": finding.reason,
            "sight": finding.sight.map(|sight| sight.to_string()),
            "proof": proof.collect::<Vec<_>>(),
        })
    });
    let faults = outcome.receipts.iter().map(|receipt| {
        let mut value = json!(receipt);
        value["missing"] = json!(receipt.missing);
        value
    });
    json!({
        "feature": plan.place.file.display().to_string(),
        "line": plan.place.line,
        "scenario": plan.scenario,
        "stack": plan.stack,
        "mutant": played.job.mutant,
        "round": played.job.round,
        "verdict": played.verdict.to_string(),
        "control": played.control.as_ref().map(|control| control.verdict.to_string()),
        "duration_ms": outcome.duration.as_millis() as u64,
        "invariants": invariants.collect::<Vec<_>>(),
        "faults": faults.collect::<Vec<_>>(),
        "reasons": outcome.reasons,
        "notes": outcome.notes,
        "retried": outcome.retried,
        "failure": outcome.failure.as_ref().map(|failure| failure.what.clone()),
        "history": outcome.history.display().to_string(),
    })
}

/// The value of `mutants.json`.
///
/// `{"score", "false_alarms", "seed", "runtime", "verdict", "exit_code", "mutants": [{"stack", "name", "catalogue", "killed",
/// "by": [{"scenario", "invariant", "crashed"}], "reason"}], "scenarios"}` with the scenarios of `run.json`; `score` is the share of mutants killed, from 0 to 1,
/// `false_alarms` the number of scenarios that were violated on the stack without a planted bug, `verdict` that of all without one.
pub fn mutants_json(
    (matrix, systems): (&Matrix, &Systems),
    played: &[&Played],
    (unmutated, exit_code): (Verdict, u8),
    seed: Seed,
    runtime: &str,
) -> Value {
    let mutants = matrix.mutants.iter().map(|mutant| {
        let by = mutant.by.iter();
        let by = by.map(
            |k| json!({"scenario": k.scenario, "invariant": k.invariant, "crashed": k.crashed}),
        );
        json!({
            "stack": mutant.stack,
            "name": mutant.name,
            "catalogue": mutant.catalogue,
            "killed": mutant.killed(),
            "by": by.collect::<Vec<_>>(),
            "reason": mutant.reason,
        })
    });
    json!({
        "score": matrix.score(),
        "false_alarms": matrix.false_alarms.len(),
        "seed": seed.0,
        "runtime": runtime,
        "verdict": unmutated.to_string(),
        "exit_code": exit_code,
        "mutants": mutants.collect::<Vec<_>>(),
        "stacks": systems.json(),
        "scenarios": played.iter().map(|one| scenario(one)).collect::<Vec<_>>(),
    })
}
