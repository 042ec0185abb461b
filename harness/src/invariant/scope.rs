//! Scopes: `after: X`, `until: Y`: an invariant that counts only in part of an entity's life.
//!
//! The scope begins with the observation by which X holds, or with the first one where there is no `after`. It ends
//! with the one by which Y holds, which is no part of it any more. With both, it can begin again; each time the invariant
//! knows nothing of the time before: fields are what they are, and events have not happened. What is still waited for when the scope ends has not come.

use super::condition::{Condition, proof};
use super::finding::{Breach, Fate, Tale};
use super::midway;
use super::{Clocks, Monitor};
use crate::entity::{Input, Kind, Moment, Segment, Snapshot, View};
use crate::expression::Truth;

const UNSEEN: &str = "the data shows of none how it began";

pub(super) struct Scoped {
    after: Option<Condition>,
    until: Option<Condition>,
    monitor: Box<dyn Monitor>,
    inputs: Vec<Input>,
    /// By entity.
    states: Vec<State>,
}

#[derive(Default)]
struct State {
    open: bool,
    /// It has begun at least once.
    begun: bool,
    /// Whether it is open is known: nothing that was before what was told can have begun or ended it.
    sure: bool,
    /// It may have ended since it began.
    lost: bool,
    /// What began the scope that counts: the last one, or the one in which the invariant broke.
    begin: Option<Box<Snapshot>>,
    /// What ended the scope with the invariant broken.
    end: Vec<Moment>,
    /// What has happened since it last began.
    segment: Segment,
}

impl Scoped {
    pub fn new(
        after: Option<Condition>,
        until: Option<Condition>,
        monitor: Box<dyn Monitor>,
    ) -> Scoped {
        let conditions = after.iter().chain(&until);
        Scoped {
            inputs: conditions.flat_map(|one| one.inputs().to_vec()).collect(),
            after,
            until,
            monitor,
            states: Vec::new(),
        }
    }

    /// Whether a condition holds; where nobody can tell, neither can anybody what was in the scope. `None`: it rests on
    /// what may have been before anything that was told.
    fn holds(
        condition: &mut Option<Condition>,
        view: &View<'_>,
        monitor: &mut dyn Monitor,
    ) -> Option<bool> {
        match condition {
            Some(condition) => monitor.so_far_mut().holds_if_known(condition, view),
            None => Some(false),
        }
    }

    /// The scope does not end now, or perhaps it does (`over` is not known); it may begin.
    fn go_on(&mut self, view: &View<'_>, clocks: &Clocks, over: Option<bool>) {
        let state = &mut self.states[view.number];
        if state.open {
            state.lost |= over.is_none();
            return;
        }
        let sure = state.sure;
        let begins = match &self.after {
            None => Some(sure && !state.begun),
            Some(_) => Scoped::holds(&mut self.after, view, &mut *self.monitor),
        };
        match (begins, over) {
            (Some(false), _) => {}
            (Some(true), Some(_)) => self.begin(view, clocks, sure),
            _ => self.states[view.number].sure = false,
        }
    }

    fn begin(&mut self, view: &View<'_>, clocks: &Clocks, sure: bool) {
        let state = &mut self.states[view.number];
        (state.open, state.begun, state.sure, state.lost) = (true, true, true, false);
        state.segment.begin(sure);
        if self.after.is_some() {
            let begin = state.begin.get_or_insert_default();
            begin.take(view, &self.inputs);
        }
        let segment = Some(&state.segment);
        self.monitor.begin(&View { segment, ..*view }, clocks);
    }

    fn end(&mut self, view: &View<'_>) {
        self.monitor.end(view);
        let state = &mut self.states[view.number];
        state.open = false;
        if self.monitor.so_far().broke(view.number)
            && let Some(until) = &self.until
        {
            state.end = proof(view, until.inputs(), |without| {
                until.test_without(view, without) == Truth::True
            });
        }
    }

    /// Lets the invariant see what is in the scope.
    fn show(&mut self, view: &View<'_>, clocks: &Clocks) {
        let state = &mut self.states[view.number];
        if state.open {
            state.segment.see(view);
            let segment = Some(&state.segment);
            self.monitor.see(&View { segment, ..*view }, clocks);
        }
    }

    /// The events by which the scope began.
    fn beginning(&self, view: &View<'_>) -> Vec<Moment> {
        let state = self.states.get(view.number);
        let begin = state.and_then(|state| state.begin.as_ref());
        let (Some(after), Some(begin)) = (&self.after, begin) else {
            return Vec::new();
        };
        let record = begin.restore(view.record);
        let view = view.then(&record);
        proof(&view, &self.inputs, |without| {
            let until = self.until.as_ref();
            let over = until.map(|until| until.test_without(&view, without));
            after.test_without(&view, without) == Truth::True && over != Some(Truth::True)
        })
    }

    fn expected(&self, expected: &str) -> String {
        let mut text = expected.to_owned();
        if let Some(after) = &self.after {
            text = format!("{text}, after {}", after.text());
        }
        if let Some(until) = &self.until {
            text = format!("{text}, until {}", until.text());
        }
        text
    }
}

impl Monitor for Scoped {
    fn see(&mut self, view: &View<'_>, clocks: &Clocks) {
        let number = view.number;
        if self.states.len() <= number {
            self.states.resize_with(number + 1, State::default);
        }
        if self.monitor.so_far().broke(number) {
            // As it stands, for a breach that later evidence puts in question.
            return self.show(view, clocks);
        }
        self.states[number].sure |= view.is_whole();
        match Scoped::holds(&mut self.until, view, &mut *self.monitor) {
            Some(true) => {
                if self.states[number].open {
                    self.end(view);
                }
                // Without `after`, it is over, whether or not it had begun.
                self.states[number].begun |= self.after.is_none();
                self.states[number].sure = true;
            }
            over => self.go_on(view, clocks, over),
        }
        self.show(view, clocks);
    }

    fn tick(&mut self, clocks: &Clocks, kind: &Kind) {
        self.monitor.tick(clocks, kind);
    }

    fn pending(&self) -> bool {
        self.monitor.pending()
    }

    fn so_far(&self) -> &Tale {
        self.monitor.so_far()
    }

    fn so_far_mut(&mut self) -> &mut Tale {
        self.monitor.so_far_mut()
    }

    fn tale(&self, kind: &Kind) -> Tale {
        let mut tale = self.monitor.tale(kind);
        tale.expected = self.expected(&tale.expected);
        if !self.states.iter().any(|state| state.begun) {
            match &self.after {
                Some(after) => {
                    let never = format!("`{}` never came true", after.text());
                    tale.unwitnessed = format!("the scope never began: {never}");
                }
                None => tale.unwitnessed = format!("the scope may have been over: {UNSEEN}"),
            }
        }
        for (number, fate) in tale.fates.iter_mut().enumerate() {
            let lost = self.states.get(number).is_some_and(|state| state.lost);
            if let Fate::Broken(breach) = fate {
                let view = kind.view(number);
                if lost {
                    *fate = midway::unknown(&breach.why, &view);
                    continue;
                }
                let ends = self.states.get(number).map(|state| state.end.clone());
                add(breach, self.beginning(&view));
                add(breach, ends.unwrap_or_default());
            }
        }
        tale
    }
}

/// Makes moments part of a proof, in order and each event once.
fn add(breach: &mut Breach, moments: Vec<Moment>) {
    for moment in moments {
        if !breach.proof.iter().any(|known| known.seq == moment.seq) {
            breach.proof.push(moment);
        }
    }
    breach.proof.sort_by_key(|moment| moment.seq);
}
