//! Response: `when: P, then: Q`, at once or `within` a time.

use super::condition::{Condition, proof, proof_since, stages};
use super::deadline::Waiting;
use super::finding::{Fate, Tale};
use super::hindsight::Hindsight;
use super::midway;
use super::{Clocks, Monitor};
use crate::duration::seconds;
use crate::entity::{Input, Kind, Moment, Snapshot, View};
use crate::expression::Truth;
use crate::stack::Clock;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// `when: P, then: Q` in the same state.
pub(super) struct AtOnce {
    when: Condition,
    then: Condition,
    hindsight: Hindsight,
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
    /// By entity: whether the condition held at the last look, if there was one and that is known, so that only its coming
    /// true starts a deadline.
    held: Vec<Option<Option<bool>>>,
    /// By entity that broke it: when its condition came true, for as long as the response has not come at all.
    late: BTreeMap<usize, u64>,
    tale: Tale,
}

struct Awaited {
    /// What made the condition come true.
    then: Snapshot,
    /// When that was.
    since_ns: u64,
    /// Why the response cannot be evaluated now.
    unclear: Option<Arc<str>>,
    /// The condition may have come true before, and its response too.
    unsure: bool,
}

fn tale(when: &Condition, then: &Condition, time: &str) -> Tale {
    Tale::new(
        format!("when {}, then {}{time}", when.text(), then.text()),
        format!("`{}` never came true", when.text()),
    )
}

impl AtOnce {
    pub fn new(when: Condition, then: Condition, kind: &Kind) -> AtOnce {
        AtOnce {
            tale: tale(&when, &then, ""),
            hindsight: Hindsight::new(kind, &[when.inputs(), then.inputs()].concat()),
            when,
            then,
        }
    }

    /// Whether it is as it should be, by what is known now.
    fn is_right(&mut self, view: &View<'_>) -> bool {
        self.then.test(view) == Truth::True || self.when.test(view) == Truth::False
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
        if self.tale.fate(view.number).broken() {
            if self.hindsight.reaches_back(view) && self.is_right(view) {
                self.tale.doubt(view, &self.hindsight);
            } else if self.then.test(view) == Truth::True {
                self.tale.came_late(view);
            }
            return;
        }
        if !self.tale.holds(&mut self.when, view) {
            return;
        }
        let fate = match self.then.test(view) {
            Truth::True => Fate::Witness,
            Truth::Unset(why) => Fate::Unknown(why),
            Truth::Unknown(why) => {
                self.tale.unclear.insert(view.number, why);
                return;
            }
            Truth::False => {
                self.hindsight.broke(view);
                self.breach(view)
            }
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
            late: BTreeMap::new(),
            tale,
        }
    }

    /// The shortest list of events by which the condition came true and the response was not there.
    fn proof(&self, view: &View<'_>, then: &Snapshot) -> Vec<Moment> {
        let record = then.restore(view.record);
        let view = view.then(&record);
        proof_since(&view, &self.inputs, then.begun(), |without| {
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

    fn held(&mut self, number: usize) -> &mut Option<Option<bool>> {
        if self.held.len() <= number {
            self.held.resize(number + 1, None);
        }
        &mut self.held[number]
    }

    /// What comes of a wait that ended without the response.
    fn missed(&mut self, view: &View<'_>, awaited: &Awaited, when: &str, late_ns: Option<u64>) {
        let number = view.number;
        let said = match self.then.values(view) {
            said if said.is_empty() => said,
            said => format!(" ({said})"),
        };
        let why = format!("`{}` had not come true {when}{said}", self.then.text());
        let fate = match &awaited.unclear {
            Some(why) => Fate::Unknown(why.clone()),
            None if awaited.unsure && !view.has_beginning() => midway::unknown(&why, view),
            None => {
                self.late.insert(number, awaited.since_ns);
                let proof = self.proof(view, &awaited.then);
                match late_ns {
                    Some(at_ns) => Fate::late(at_ns, why, proof),
                    None => Fate::breach(why, proof),
                }
            }
        };
        self.tale.settle(number, fate);
    }

    /// It is broken for good; what is still worth knowing is by how much.
    fn late(&mut self, view: &View<'_>) {
        let number = view.number;
        let Some(since_ns) = self.late.get(&number).copied() else {
            return;
        };
        if self.then.test(view) != Truth::True {
            return;
        }
        self.late.remove(&number);
        let last = view.record.last();
        self.tale.doubt_late(view);
        if let Fate::Broken(breach) = self.tale.fate(number) {
            let by = seconds(last.at_ns.saturating_sub(since_ns));
            breach.why = format!("{}, only {by} later (#{})", breach.why, last.seq);
            self.tale.came_late(view);
        }
    }
}

impl Monitor for Response {
    fn see(&mut self, view: &View<'_>, clocks: &Clocks) {
        let number = view.number;
        if self.tale.fate(number).broken() {
            return self.late(view);
        }
        let holds = self.tale.holds_if_known(&mut self.when, view);
        let held = self.held(number).replace(holds);
        let came =
            holds == Some(true) && held != Some(Some(true)) && self.open.get_mut(number).is_none();
        if !came && self.open.get_mut(number).is_none() {
            return;
        }
        let unclear = match self.then.met(view) {
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
        // What it reads may have been so when nobody had told it yet.
        let unseen = unclear.is_some() && !view.has_beginning();
        if came {
            let unsure = match held {
                None => !view.is_whole(),
                Some(known) => known.is_none() && !view.has_beginning(),
            };
            let mut then = self.spare.pop().unwrap_or_default();
            then.take(view, &self.inputs);
            let awaited = Awaited {
                then,
                since_ns: view.record.last().at_ns,
                unclear,
                unsure: unseen || unsure,
            };
            self.open.set(number, clocks, awaited);
        } else if let Some(awaited) = self.open.get_mut(number) {
            awaited.unclear = unclear;
            awaited.unsure |= unseen;
        }
    }

    fn tick(&mut self, clocks: &Clocks, kind: &Kind) {
        while let Some((number, awaited, late_ns)) = self.open.expired(clocks) {
            let when = format!("{} later", self.open.words());
            self.missed(&kind.view(number), &awaited, &when, Some(late_ns));
        }
    }

    fn begin(&mut self, view: &View<'_>, _: &Clocks) {
        *self.held(view.number) = None;
    }

    fn end(&mut self, view: &View<'_>) {
        if let Some(awaited) = self.open.met(view.number) {
            self.missed(view, &awaited, "when the scope ended", None);
        }
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
