//! A scenario, its own run and its control run.

use super::Page;
use super::findings::finding;
use super::histories::{Histories, shown};
use super::sources::Sources;
use super::supply;
use crate::engine::Outcome;
use crate::invocation::Played;
use crate::plan::{Effect, Plan, Planned, Step};
use crate::stack::Stack;
use serde_json::{Value, json};

/// One scenario.
pub(super) fn scenario(
    number: usize,
    played: &Played,
    page: &Page<'_>,
    sources: &mut Sources,
    histories: &Histories,
) -> Value {
    let (plan, stack) = (&played.job.plan, &*played.job.stack);
    let steps: Vec<Value> = plan.steps.iter().map(|one| step(one, sources)).collect();
    let run = |run: &Outcome| run_json(run, plan, stack, page, histories);
    json!({
        "id": number,
        "feature": plan.feature,
        "file": plan.place.file.display().to_string(),
        "line": plan.place.line,
        "scenario": plan.scenario,
        "tags": plan.tags,
        "stack": plan.stack,
        "mutant": played.job.mutant,
        "round": played.job.round,
        "verdict": played.verdict.to_string(),
        "repeat": (page.repeat)(played),
        "steps": steps,
        "own": run(&played.outcome),
        "control": played.control.as_ref().map(run),
    })
}

fn step(planned: &Planned, sources: &mut Sources) -> Value {
    let kind = match &planned.step {
        Step::Stack(_) => "stack",
        Step::Fault(_) => "fault",
        Step::Work { .. } => "work",
        Step::AllFinal { .. } => "wait",
        Step::Heal => "heal",
        Step::EveryInvariant | Step::Invariant(_) | Step::AtLeast { .. } => "judgement",
    };
    let keyword = sources.keyword(planned);
    let line = planned.place.line;
    json!({"kind": kind, "keyword": keyword, "text": planned.text, "line": line})
}

fn run_json(
    run: &Outcome,
    plan: &Plan,
    stack: &Stack,
    page: &Page<'_>,
    histories: &Histories,
) -> Value {
    let failure = run.failure.as_ref().map(|failure| {
        json!({
            "what": failure.what,
            "service": failure.service,
            "last": failure.last,
            "help": failure.help,
        })
    });
    let tallies = run.tallies.iter().map(|tally| {
        json!({
            "text": tally.text,
            "line": tally.place.line,
            "wanted": tally.wanted,
            "seen": tally.seen,
        })
    });
    let logs = run.folder.join("logs");
    let logs = logs.is_dir().then(|| shown(&logs, page.folder));
    json!({
        "verdict": run.verdict.to_string(),
        "took_ms": run.duration.as_millis() as u64,
        "failure": failure,
        "findings": run.findings.iter().map(|one| finding(one, run)).collect::<Vec<_>>(),
        "faults": faults(run, plan, stack),
        "tallies": tallies.collect::<Vec<_>>(),
        "reasons": run.reasons,
        "notes": run.notes,
        "history": histories.number(run),
        "logs": logs,
    })
}

/// The receipts, each with the services between which its fault is.
fn faults(run: &Outcome, plan: &Plan, stack: &Stack) -> Vec<Value> {
    let mut planned: Vec<&Planned> = plan.steps.iter().collect();
    let receipts = run.receipts.iter().map(|receipt| {
        let step = planned.iter().position(|one| one.text == receipt.text);
        let step = step.map(|at| planned.remove(at));
        let fault = step.and_then(|planned| match &planned.step {
            Step::Fault(fault) => Some(&**fault),
            _ => None,
        });
        let between = fault.map(|fault| between(&fault.effect, stack));
        let mut value = json!(receipt);
        value["line"] = json!(step.map(|step| step.place.line));
        value["missing"] = json!(receipt.missing);
        value["supply"] = json!(supply::of_receipt(receipt));
        value["services"] = json!(between.unwrap_or_default());
        value
    });
    receipts.collect()
}

/// The services that a fault is between, or at. Empty: that is not known beforehand.
fn between<'s>(effect: &'s Effect, stack: &'s Stack) -> Vec<&'s str> {
    let call = |name: &str| match stack.calls.get(name) {
        Some(call) => vec![call.client.as_str(), call.service.as_str()],
        None => Vec::new(),
    };
    match effect {
        Effect::Call { call: name, .. } => call(name),
        Effect::Operation { operation, .. } => match stack.operations.get(operation) {
            Some(operation) => call(&operation.poll),
            None => Vec::new(),
        },
        Effect::Link { link, .. } => vec![&link.client, &link.service],
        Effect::Statement { .. } => Vec::new(),
        Effect::Connections { service } | Effect::Service { service, .. } => vec![service],
    }
}
