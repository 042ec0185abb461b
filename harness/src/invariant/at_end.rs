//! A condition that counts at the end only, for all entities of a kind at once.

use super::Clocks;
use super::condition::{Condition, proof};
use super::work::{Deed, Work};
use crate::entity::{Input, Kind, Moment, View};
use crate::expression::Truth;
use crate::stack::Clock;
use std::mem::discriminant;
use std::time::Duration;

pub(super) struct AtEnd {
    condition: Condition,
    /// Whatever follows from what happened does so in this time.
    granted: Duration,
    now_ns: u64,
}

/// How it stands with one entity where everything ends.
pub(super) struct Standing {
    pub truth: Truth,
    /// It does not hold, and may still come to hold: the data ends, and life goes on.
    pub open: bool,
    /// Whatever is known of the entity may still become something else.
    pub goes_on: bool,
    /// It may be otherwise by what a call without an answer did; which call.
    pub doubt: Option<String>,
    /// The same by what some call did to nobody knows whom.
    pub perhaps: bool,
}

impl AtEnd {
    pub fn new(condition: Condition, granted: Duration) -> AtEnd {
        AtEnd {
            condition,
            granted,
            now_ns: 0,
        }
    }

    pub fn text(&self) -> &str {
        self.condition.text()
    }

    pub fn tick(&mut self, clocks: &Clocks) {
        self.now_ns = clocks.read(Clock::Wall);
    }

    /// By entity; with what calls without an answer may have done.
    pub fn standings(&self, kind: &Kind, work: &Work) -> Vec<Standing> {
        let standing = |number| {
            let view = kind.view(number);
            let truth = self.condition.test_without(&view, &[]);
            let open = truth != Truth::True && self.may_come(&view, &truth);
            let goes_on = kind.goes_on() && !self.is_over(&view);
            let turns = |deed: &&Deed| self.turns(&view, &truth, deed);
            let doubt = work.to(number).iter().find(turns);
            let doubt = doubt.map(|deed| deed.words.clone());
            Standing {
                perhaps: doubt.is_none() && work.anyones().iter().any(|deed| turns(&deed)),
                open,
                goes_on,
                doubt,
                truth,
            }
        };
        (0..kind.len()).map(standing).collect()
    }

    /// What shows that it does not hold for an entity, with which it stands so.
    pub fn against(&self, view: &View<'_>, truth: &Truth) -> Vec<Moment> {
        // Whatever cannot be evaluated is alike, whichever of what it reads is missing.
        let same = |other: Truth| discriminant(&other) == discriminant(truth);
        proof(view, self.condition.inputs(), |without| {
            same(self.condition.test_without(view, without))
        })
    }

    /// Whether what a call may have done would make of it another truth, or perhaps.
    fn turns(&self, view: &View<'_>, truth: &Truth, deed: &Deed) -> bool {
        let told = |input: &&Input| match **input {
            Input::Field(field) => deed
                .fields
                .iter()
                .any(|name| view.field_name(field) == name),
            Input::Event(event) => deed
                .events
                .iter()
                .any(|name| view.event_name(event) == name),
        };
        let told = self.condition.inputs().iter().filter(told).copied();
        self.condition.turns(view, truth, &told.collect::<Vec<_>>())
    }

    fn may_come(&self, view: &View<'_>, truth: &Truth) -> bool {
        let kind = view.kind;
        if !kind.goes_on() {
            return false;
        }
        let unknown = matches!(truth, Truth::Unset(_)) && !view.has_beginning();
        let mut inputs = self.condition.inputs().iter();
        let only_status = inputs.all(|input| kind.is_status(*input));
        let over = self.is_over(view) || only_status && kind.is_final(view.record);
        unknown || !over
    }

    /// Whether it came to its end, and nothing was told of it for as long as anything may take.
    fn is_over(&self, view: &View<'_>) -> bool {
        let quiet_ns = self.now_ns.saturating_sub(view.record.last().at_ns);
        Duration::from_nanos(quiet_ns) > self.granted && view.kind.is_final(view.record)
    }
}
