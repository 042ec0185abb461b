//! What an invariant came to, with its proof, and what it measured.

use super::supply;
use crate::engine::Outcome;
use crate::invariant::{Finding, Group, Measure, Proof};
use serde_json::{Value, json};

/// So many ids of entities that broke an invariant are in the page.
const MAX_ENTITIES: usize = 100;

/// One finding.
pub(super) fn finding(finding: &Finding, run: &Outcome) -> Value {
    let entities: Vec<&String> = finding.entities.iter().take(MAX_ENTITIES).collect();
    // Another scenario may witness it.
    let lent = run.unwitnessed.contains(&finding.invariant);
    json!({
        "name": finding.invariant,
        "verdict": finding.verdict.to_string(),
        "lent": lent,
        "witnesses": finding.witnesses,
        "entity": finding.entity,
        "entities": entities,
        "broken": finding.broken,
        "reason": finding.reason,
        "expected": finding.expected,
        "untold": finding.untold,
        "sight": finding.sight.map(|sight| sight.to_string()),
        "proof": finding.proof.iter().map(moment).collect::<Vec<_>>(),
        "right": finding.right.as_ref().map(moment),
        "late_us": finding.late_ns.map(|at_ns| at_ns / 1000),
        "faults": finding.faults,
        "supply": supply::of_finding(finding),
        "measure": finding.measure.as_ref().map(measure),
    })
}

fn moment(proof: &Proof) -> Value {
    json!({"seq": proof.seq, "us": proof.at_ns / 1000, "text": proof.text})
}

fn measure(measure: &Measure) -> Value {
    let group = |group: &Group| json!({"held": group.held, "all": group.all});
    match measure {
        Measure::Times {
            quantile,
            below,
            took,
            arrived,
            on_their_way,
        } => json!({
            "kind": "times",
            "quantile": quantile,
            "below_us": below.as_micros() as u64,
            "took_us": took.iter().map(|took| took.as_micros() as u64).collect::<Vec<_>>(),
            "arrived": arrived,
            "on_their_way": on_their_way,
        }),
        Measure::Share {
            at_least,
            group: of,
        } => json!({"kind": "share", "at_least": at_least, "group": group(of)}),
        Measure::Balance {
            by,
            tolerance,
            groups,
        } => {
            let groups = groups.iter();
            let groups: Vec<Value> = groups.map(|(name, of)| json!([name, group(of)])).collect();
            json!({"kind": "balance", "by": by, "tolerance": tolerance, "groups": groups})
        }
    }
}
