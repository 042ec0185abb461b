//! The invariants that are written: such as can be broken, and held on what was seen.

use super::Known;
use super::entity::{CREATED, Entity, Rule};
use super::look::Look;
use super::yaml::{expression, text};
use std::fmt::Write as _;

/// What is followed where nothing is created, or nothing can be promised of it.
pub(super) const PAGE: &str = "page";
/// The event that says that one can be looked at.
pub(super) const SHOWN: &str = "shown";
/// How long what is promised may take, and how long it may take to its end, where it was not seen to take longer.
const PROMISED_S: u64 = 10;
const ENDS_S: u64 = 30;
/// What was seen once may take so many times as long.
const PATIENCE: u64 = 3;

/// The whole seconds that are granted to what was seen to take so long.
fn granted_s(seen_ns: u64, least_s: u64) -> u64 {
    least_s.max((PATIENCE * seen_ns).div_ceil(1_000_000_000))
}

/// How long each of them may take to its end; `None`: nobody saw them all end.
pub(super) fn ends_within_s(entity: &Entity) -> Option<u64> {
    Some(granted_s(entity.ended_ns?, ENDS_S))
}

/// Whether something can be promised of what is followed. If not, that its page does not fail.
pub(super) fn promised(entity: &Entity) -> bool {
    entity.status.is_some()
        || !entity.promises().is_empty()
        || entity.ended_ns.is_some()
        || shown(entity).is_some()
}

/// A poll that only shows that there is one.
fn shown(entity: &Entity) -> Option<&Look> {
    entity.look.as_ref().filter(|look| look.set.is_none())
}

pub(super) fn write(known: &Known<'_>) -> String {
    let Some(entity) = known.entity.as_ref().filter(|entity| promised(entity)) else {
        return format!(
            "invariants:\n  no {PAGE} fails: {{for: {PAGE}, never: 'code >= 500'}}\n  # FILL IN: what you promise, such as\n  \
             # charged at most once: {{for: order, at_most: 1, of: charged}}\n"
        );
    };
    let mut all = "invariants:                              # FILL IN: keep what is promised; these held on what was seen\n".to_owned();
    let name = text(&entity.name);
    let mut add = |what: &str, says: &str| {
        let _ = writeln!(all, "  {}: {{for: {name}, {says}}}", text(what));
    };
    for rule in entity.promises() {
        let Some(event) = &rule.event else {
            continue;
        };
        add(
            &format!("{event} at most once"),
            &format!("at_most: 1, of: {}", text(event)),
        );
        let befores = before(entity, rule, event);
        for (what, says) in &befores {
            add(what, says);
        }
        if befores.is_empty() {
            let within = granted_s(entity.delay_ns(rule), PROMISED_S);
            let what = format!("what is created gets its {event}");
            add(&what, &follows(event, within));
        }
    }
    if entity.status.is_some() {
        add("every move is declared", "moves: declared");
    }
    if let (Some(status), Some(within)) = (&entity.status, ends_within_s(entity)) {
        let field = &status.field;
        add(
            &format!("each {} ends", entity.name),
            &format!("eventually: '{field} in final', within: {within}s, clock: healed"),
        );
    }
    if shown(entity).is_some() {
        let what = format!("each {} that is created can be seen", entity.name);
        add(&what, &follows(SHOWN, PROMISED_S));
    }
    all
}

/// What came before each status that is final, if it did.
fn before(entity: &Entity, rule: &Rule, event: &str) -> Vec<(String, String)> {
    let finals = entity.status.iter().flat_map(|status| {
        let finals = status.finals.iter();
        finals.map(move |last| (&status.field, last))
    });
    let finals = finals.filter(|(_, last)| entity.before(rule, last));
    let says = |(field, last): (&String, &String)| {
        let no = format!("{field} == {}", serde_json::Value::from(last.as_str()));
        let no = expression(&no);
        let before = happened(event);
        (
            format!("{event} before {last}"),
            format!("no: {no}, before: {before}"),
        )
    };
    finals.map(says).collect()
}

/// That an event follows when one is created.
fn follows(event: &str, within_s: u64) -> String {
    format!(
        "when: {}, then: {}, within: {within_s}s, clock: healed",
        happened(CREATED),
        happened(event)
    )
}

fn happened(event: &str) -> String {
    expression(&format!("happened({})", serde_json::Value::from(event)))
}
