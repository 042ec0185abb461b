//! Events that are counted, and that sources of several kinds tell: what happened once is then told twice.

use crate::problem::Problem;
use crate::stack::{Evidence, Pattern, Stack};
use std::collections::BTreeSet;

/// Says so of each invariant that counts such an event. Several calls, or several logs, may well be ways to the same end.
pub(super) fn check(stack: &Stack, warnings: &mut Vec<Problem>) {
    for invariant in stack.invariants.values() {
        let Pattern::AtMost { event, .. } = &invariant.pattern else {
            continue;
        };
        let Some(entity) = stack.entities.get(&invariant.entity) else {
            continue;
        };
        let rules = entity.learn.iter().filter(|rule| rule.tells(event));
        let tellers: BTreeSet<&str> = rules.map(|rule| teller(&rule.evidence)).collect();
        if tellers.len() < 2 {
            continue;
        }
        let tellers = tellers.into_iter().collect::<Vec<_>>().join(" and ");
        let what = format!("`{event}` counts each time that it is told: {tellers} tell it");
        let help = "give each source an event of its own, and count one of them";
        warnings.push(Problem::at(&invariant.place, what).help(help));
    }
}

/// The kind of a source, in words.
fn teller(evidence: &Evidence) -> &'static str {
    match evidence {
        Evidence::Call(_) => "a call",
        Evidence::Log { .. } => "a log",
        Evidence::Poll { .. } => "a poll",
        Evidence::Probe { .. } => "a probe",
        Evidence::Sql { .. } => "a query",
    }
}
