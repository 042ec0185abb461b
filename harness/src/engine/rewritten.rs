//! Faults that have a caller see another answer than the one that rules learn from.

use crate::fault::Receipt;
use crate::plan::{CallFault, Effect, Plan, Step};
use crate::stack::{Evidence, Stack};
use std::collections::BTreeSet;

/// One note for each call of which rules learn what its callers did not see.
pub fn notes(plan: &Plan, stack: &Stack, receipts: &[Receipt]) -> Vec<String> {
    let applied = |text: &str| {
        receipts
            .iter()
            .any(|one| one.text == text && one.applied > 0)
    };
    let steps = plan.steps.iter().filter(|planned| applied(&planned.text));
    let calls: BTreeSet<&str> = steps
        .filter_map(|planned| match &planned.step {
            Step::Fault(fault) => rewritten(&fault.effect, stack),
            _ => None,
        })
        .collect();
    let mut rules = stack.entities.values().flat_map(|entity| &entity.learn);
    let mut taught =
        |call: &str| rules.any(|rule| rule.evidence == Evidence::Call(call.to_owned()));
    let calls = calls.into_iter().filter(|call| taught(call));
    let note = |call| {
        format!(
            "rules learn from \"{call}\" what the service answered, not what a fault had its caller see: who acts on an \
             answer that it never got is seen only by what it does"
        )
    };
    calls.map(note).collect()
}

/// The call whose answers an effect gives another meaning.
fn rewritten<'a>(effect: &'a Effect, stack: &'a Stack) -> Option<&'a str> {
    match effect {
        Effect::Operation { operation, .. } => Some(stack.operations.get(operation)?.poll.as_str()),
        Effect::Call {
            call,
            fault: CallFault::AnswerSet { .. },
        } => Some(call),
        _ => None,
    }
}
