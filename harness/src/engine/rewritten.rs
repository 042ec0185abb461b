//! Faults that have a caller see another answer than the one that rules learn from.

use crate::fault::Receipt;
use crate::plan::{CallFault, Effect, Plan, Step};
use crate::stack::{Evidence, Learn, Stack};
use std::collections::BTreeSet;

/// One note for each call of which rules learn what its callers did not see, and nothing of what they did.
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
    let note = |call| {
        format!(
            "rules learn from \"{call}\" what the service answered, not what a fault had its caller see: a rule that reads \
             `seen` in place of `response` learns what the caller was told"
        )
    };
    let calls = calls.into_iter().filter(|call| unheard(stack, call));
    calls.map(note).collect()
}

/// Whether rules learn from a call, and none of them what its callers were told.
fn unheard(stack: &Stack, call: &str) -> bool {
    let rules = stack.entities.values().flat_map(|entity| &entity.learn);
    let teach = |rule: &&Learn| matches!(&rule.evidence, Evidence::Call(name) if name == call);
    let mut rules = rules.filter(teach).peekable();
    rules.peek().is_some() && !rules.any(Learn::reads_seen)
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
