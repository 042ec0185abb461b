//! Precedence: `no: P, before: Q`: P does not come true before Q did.

use super::condition::{Condition, proof, stages};
use super::finding::{Breach, Fate, Tale};
use super::hindsight::{Hindsight, late};
use super::midway;
use super::{Clocks, Monitor};
use crate::duration::seconds;
use crate::entity::{Input, Kind, Stamp, View};
use crate::expression::Truth;
use std::sync::Arc;

pub(super) struct Precedence {
    no: Condition,
    before: Condition,
    /// By entity.
    states: Vec<State>,
    hindsight: Hindsight,
    tale: Tale,
}

#[derive(Clone, Default)]
struct State {
    /// When `before` came true.
    preceded: Option<Stamp>,
    /// `no` held at the last look.
    held: bool,
    /// Why `before` could not be evaluated at some moment.
    doubtful: Option<Arc<str>>,
    /// When `no` came true all the same, and the number of the scope then.
    broken: Option<(Stamp, u64)>,
    /// How many scopes there have been.
    scope: u64,
    /// Which was first in it cannot be told.
    undecided: bool,
    /// `before` may have held when nobody had told yet what it reads.
    unseen: bool,
}

impl Precedence {
    pub fn new(no: Condition, before: Condition, kind: &Kind) -> Precedence {
        let expected = format!("no {} before {}", no.text(), before.text());
        let unwitnessed = format!("`{}` never came true", no.text());
        Precedence {
            hindsight: Hindsight::new(kind, &[no.inputs(), before.inputs()].concat()),
            no,
            before,
            states: Vec::new(),
            tale: Tale::new(expected, unwitnessed),
        }
    }

    fn state(&mut self, number: usize) -> &mut State {
        if self.states.len() <= number {
            self.states.resize(number + 1, State::default());
        }
        &mut self.states[number]
    }

    /// `before` has come true; what was broken for its absence has it only too late, or perhaps not too late.
    fn late(&mut self, view: &View<'_>) {
        let (number, now) = (view.number, view.record.last());
        let state = &mut self.states[number];
        let Some((broken, scope)) = state.broken else {
            return;
        };
        if state.scope != scope {
            return;
        }
        if self.hindsight.precedes(view, &broken) {
            state.broken = None;
            state.undecided = true;
            *self.tale.fate(number) = self.undecided(view, broken, now);
        } else if let Fate::Broken(breach) = self.tale.fate(number) {
            // It is broken for good; what is still worth knowing is by how much.
            let by = seconds(now.at_ns - broken.at_ns);
            let (no, before) = (self.no.text(), self.before.text());
            breach.why = format!(
                "`{no}` came true, and `{before}` only {by} later (#{})",
                now.seq
            );
            self.tale.came_late(view);
        }
    }

    fn breach(&self, view: &View<'_>) -> Breach {
        let (no, before) = (self.no.text(), self.before.text());
        let inputs = [self.no.inputs(), self.before.inputs()].concat();
        Breach {
            why: format!("`{no}` came true, and `{before}` never did"),
            proof: proof(view, &inputs, |without| self.proven(view, &inputs, without)),
            late_ns: None,
            whatever: false,
            right: None,
        }
    }

    /// Whether `no` comes true, and `before` does not until then.
    fn proven(&self, view: &View<'_>, inputs: &[Input], without: &[u64]) -> bool {
        for stage in stages(view, inputs, without) {
            if self.before.test_without(view, &stage) == Truth::True {
                return false;
            }
            if self.no.test_without(view, &stage) == Truth::True {
                return true;
            }
        }
        false
    }

    /// Whether the status went by unseen in which `before` held.
    fn skipped(&self, view: &View<'_>) -> bool {
        let mut inputs = self.before.inputs().iter();
        inputs.any(|input| view.kind.is_status(*input)) && view.skipped()
    }

    /// Both happened in times that overlap.
    fn undecided(&self, view: &View<'_>, no: Stamp, before: Stamp) -> Fate {
        let span = |stamp: Stamp| {
            let (since, at) = (seconds(stamp.since_ns), seconds(stamp.at_ns));
            format!("between +{since} and +{at}")
        };
        let reason = match before.looked {
            _ if view.kind.looked_apart(no, before) => {
                "two rules looked, each by itself, so which was first cannot be told unless one rule tells both"
                    .to_owned()
            }
            true => format!("{}, so which was first cannot be told", late(before)),
            false => "which was first cannot be told from calls that overlap".to_owned(),
        };
        let why = format!(
            "`{}` came true {}, and `{}` {}: {reason}",
            self.no.text(),
            span(no),
            self.before.text(),
            span(before)
        );
        Fate::Unknown(why.into())
    }
}

/// Whether what was learnt now was not so before what was learnt first. Looks are taken at their word, unless two rules
/// looked: which of them was first is mere chance.
fn comes_after(view: &View<'_>, now: Stamp, first: Stamp) -> bool {
    let overlap = first.seq != now.seq && first.at_ns > now.since_ns;
    !overlap || now.looked && !view.kind.looked_apart(first, now)
}

impl Monitor for Precedence {
    fn see(&mut self, view: &View<'_>, _: &Clocks) {
        let (number, now) = (view.number, view.record.last());
        let truth = self.before.test(view);
        let unseen = matches!(truth, Truth::Unset(_)) && !view.has_beginning();
        let (before, doubt) = match truth {
            Truth::Unknown(why) => (false, Some(why)),
            truth => (truth == Truth::True, None),
        };
        let no = self.tale.holds(&mut self.no, view);
        let state = self.state(number);
        if state.doubtful.is_none() {
            state.doubtful = doubt;
        }
        state.unseen = (state.unseen || unseen) && !view.has_beginning();
        let came = no && !std::mem::replace(&mut state.held, no);
        state.held = no;
        if before && state.preceded.is_none() {
            state.preceded = Some(now);
            self.late(view);
        }
        let state = &self.states[number];
        if !came || state.undecided || state.broken.is_some() {
            return;
        }
        let fate = match (state.preceded, &state.doubtful) {
            (Some(first), _) if comes_after(view, now, first) => Fate::Witness,
            (Some(first), _) => self.undecided(view, now, first),
            (None, Some(why)) => Fate::Unknown(why.clone()),
            (None, None) if self.skipped(view) => {
                let (no, before) = (self.no.text(), self.before.text());
                let why = format!(
                    "`{no}` came true, and `{before}` was not seen: it may have been so between two looks"
                );
                Fate::Unknown(why.into())
            }
            (None, None) if state.unseen || !view.is_whole() => {
                let (no, before) = (self.no.text(), self.before.text());
                let why = format!("`{no}` came true, and `{before}` did not before");
                midway::unknown(&why, view)
            }
            (None, None) => {
                let breach = Fate::Broken(Box::new(self.breach(view)));
                let state = self.state(number);
                state.broken = Some((now, state.scope));
                breach
            }
        };
        self.state(number).undecided |= matches!(fate, Fate::Unknown(_));
        let known = self.tale.fate(number);
        if fate.broken() || !matches!(known, Fate::Unknown(_)) {
            *known = fate;
        }
    }

    fn begin(&mut self, view: &View<'_>, _: &Clocks) {
        let state = self.state(view.number);
        *state = State {
            broken: state.broken,
            scope: state.scope + 1,
            ..State::default()
        };
    }

    fn so_far(&self) -> &Tale {
        &self.tale
    }

    fn so_far_mut(&mut self) -> &mut Tale {
        &mut self.tale
    }
}
