//! Response: `when: P, then: Q`, at once or `within` a time.

use super::condition::{Condition, proof, stages};
use super::deadline::Waiting;
use super::finding::{Fate, Tale};
use super::{Clocks, Monitor};
use crate::entity::{Input, Kind, Moment, Snapshot, View};
use crate::expression::Truth;
use crate::stack::Clock;
use std::sync::Arc;
use std::time::Duration;

/// `when: P, then: Q` in the same state.
pub(super) struct AtOnce {
    when: Condition,
    then: Condition,
    tale: Tale,
}

/// `when: P, then: Q, within: T`.
pub(super) struct Response {
    when: Condition,
    then: Condition,
    /// Conditions that came true and have no response yet.
    open: Waiting<Awaited>,
    /// What both conditions read.
    inputs: Vec<Input>,
    /// Snapshots that can be taken anew.
    spare: Vec<Snapshot>,
    /// By entity: whether the condition held at the last look, so that only its coming true starts a deadline.
    held: Vec<bool>,
    tale: Tale,
}

struct Awaited {
    /// What made the condition come true.
    then: Snapshot,
    /// Why the response cannot be evaluated now.
    unclear: Option<Arc<str>>,
}

fn tale(when: &Condition, then: &Condition, time: &str) -> Tale {
    Tale::new(
        format!("when {}, then {}{time}", when.text(), then.text()),
        format!("`{}` never came true", when.text()),
    )
}

impl AtOnce {
    pub fn new(when: Condition, then: Condition) -> AtOnce {
        let tale = tale(&when, &then, "");
        AtOnce { when, then, tale }
    }

    fn breach(&self, view: &View<'_>) -> Fate {
        let (when, then) = (self.when.text(), self.then.text());
        let why = format!("`{when}` held, but `{then}` did not");
        let inputs: Vec<Input> = [self.when.inputs(), self.then.inputs()].concat();
        let proof = proof(view, &inputs, |without| {
            self.when.test_without(view, without) == Truth::True
                && self.then.test_without(view, without) == Truth::False
        });
        let whatever = self.when.stays(view, &Truth::True) && self.then.stays(view, &Truth::False);
        Fate::breach_in_one_state(why, proof, whatever)
    }
}

impl Monitor for AtOnce {
    fn see(&mut self, view: &View<'_>, _: &Clocks) {
        if self.tale.fate(view.number).broken() || !self.tale.holds(&mut self.when, view) {
            return;
        }
        let fate = match self.then.test(view) {
            Truth::True => Fate::Witness,
            Truth::Unset(why) => Fate::Unknown(why),
            Truth::Unknown(why) => {
                self.tale.unclear.insert(view.number, why);
                return;
            }
            Truth::False => self.breach(view),
        };
        *self.tale.fate(view.number) = fate;
    }

    fn so_far(&self) -> &Tale {
        &self.tale
    }

    fn so_far_mut(&mut self) -> &mut Tale {
        &mut self.tale
    }
}

impl Response {
    pub fn new(when: Condition, then: Condition, within: Duration, clock: Clock) -> Response {
        let open = Waiting::new(within, clock);
        let tale = tale(&when, &then, &format!(" within {}", open.words()));
        Response {
            inputs: [when.inputs(), then.inputs()].concat(),
            spare: Vec::new(),
            when,
            then,
            open,
            held: Vec::new(),
            tale,
        }
    }

    /// The shortest list of events by which the condition came true and the response was not there.
    fn proof(&self, view: &View<'_>, then: &Snapshot) -> Vec<Moment> {
        let record = then.restore(view.record);
        let view = view.then(&record);
        proof(&view, &self.inputs, |without| {
            self.open_at_last(&view, without)
        })
    }

    /// Whether, of what is not left out, the condition comes true and the response does not.
    fn open_at_last(&self, view: &View<'_>, without: &[u64]) -> bool {
        let (mut held, mut open) = (false, false);
        for stage in stages(view, &self.inputs, without) {
            let holds = self.when.test_without(view, &stage) == Truth::True;
            open |= holds && !held;
            open &= self.then.test_without(view, &stage) != Truth::True;
            held = holds;
        }
        open
    }

    fn held(&mut self, number: usize) -> &mut bool {
        if self.held.len() <= number {
            self.held.resize(number + 1, false);
        }
        &mut self.held[number]
    }
}

impl Monitor for Response {
    fn see(&mut self, view: &View<'_>, clocks: &Clocks) {
        let number = view.number;
        if self.tale.fate(number).broken() {
            return;
        }
        let holds = self.tale.holds(&mut self.when, view);
        let held = std::mem::replace(self.held(number), holds);
        let came = holds && !held && self.open.get_mut(number).is_none();
        if !came && self.open.get_mut(number).is_none() {
            return;
        }
        let unclear = match self.then.test(view) {
            Truth::True => {
                if let Some(awaited) = self.open.met(number) {
                    self.spare.push(awaited.then);
                }
                *self.tale.fate(number) = Fate::Witness;
                return;
            }
            Truth::Unknown(why) => Some(why),
            Truth::False | Truth::Unset(_) => None,
        };
        if came {
            let mut then = self.spare.pop().unwrap_or_default();
            then.take(view, &self.inputs);
            self.open.set(number, clocks, Awaited { then, unclear });
        } else if let Some(awaited) = self.open.get_mut(number) {
            awaited.unclear = unclear;
        }
    }

    fn tick(&mut self, clocks: &Clocks, kind: &Kind) {
        while let Some((number, Awaited { then, unclear })) = self.open.expired(clocks) {
            let (text, within) = (self.then.text(), self.open.words());
            let why = format!("`{text}` had not come true {within} later");
            let proof = || self.proof(&kind.view(number), &then);
            let late = || Fate::late(clocks.read(Clock::Wall), why, proof());
            *self.tale.fate(number) = unclear.map_or_else(late, Fate::Unknown);
        }
    }

    fn begin(&mut self, view: &View<'_>, _: &Clocks) {
        *self.held(view.number) = false;
    }

    fn end(&mut self, view: &View<'_>) {
        let Some(Awaited { then, unclear }) = self.open.met(view.number) else {
            return;
        };
        let text = self.then.text();
        let why = format!("`{text}` had not come true when the scope ended");
        let broken = || Fate::breach(why, self.proof(view, &then));
        *self.tale.fate(view.number) = unclear.map_or_else(broken, Fate::Unknown);
    }

    fn pending(&self) -> bool {
        !self.open.is_empty()
    }

    fn tale(&self, _: &Kind) -> Tale {
        let then = self.then.text();
        self.open.tale(&self.tale, |_| {
            format!("the run ended before `{then}` came true")
        })
    }

    fn so_far(&self) -> &Tale {
        &self.tale
    }

    fn so_far_mut(&mut self) -> &mut Tale {
        &mut self.tale
    }
}
