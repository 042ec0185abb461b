//! Scopes: `after: X`, `until: Y`: an invariant that counts only in part of an entity's life.
//!
//! The scope begins with the observation by which X comes to hold, or with the first one where there is no `after`. It
//! ends with the one by which Y holds, which is no part of it any more. With both, it can begin again. To X, an event has
//! happened that was told since the scope last ended; to Y, one that was told since it began. The invariant itself knows
//! nothing of the time before each beginning: fields are what they are, and events have not happened. What is still
//! waited for when the scope ends has not come.

use super::condition::{Condition, learnt, proof};
use super::finding::{Breach, Fate, Tale};
use super::measure::Measure;
use super::midway;
use super::switch::Switch;
use super::{Clocks, Monitor};
use crate::entity::{Input, Kind, Moment, Segment, Snapshot, View};
use crate::expression::Truth;

const UNSEEN: &str = "the data shows of none how it began";

pub(super) struct Scoped {
    after: Option<Switch>,
    until: Option<Switch>,
    monitor: Box<dyn Monitor>,
    inputs: Vec<Input>,
    /// By entity.
    states: Vec<State>,
}

#[derive(Default)]
struct State {
    seen: bool,
    open: bool,
    /// It has begun at least once.
    begun: bool,
    /// It was over as it began, at least once.
    empty: bool,
    /// Whether it is open is known: nothing that was before what was told can have begun or ended it.
    sure: bool,
    /// It may have begun, and even ended, before anything that was told.
    unsure: bool,
    /// It may have ended since it began.
    lost: bool,
    /// Whether `after` held at the last observation; within the scope, as if nothing had happened. `None`: unknown.
    held: Option<bool>,
    /// What has happened since it last began or ended, for what ends or begins it.
    since: Segment,
    /// What began the scope that counts: the last one, or the one in which the invariant broke.
    begin: Option<Box<Beginning>>,
    /// What ended the scope with the invariant broken.
    end: Vec<Moment>,
    /// What has happened since it last began, for the invariant.
    segment: Segment,
}

/// The moment at which a scope began.
#[derive(Default)]
struct Beginning {
    /// As `after` saw it.
    after: Snapshot,
    /// As `until` saw it.
    until: Snapshot,
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
            after: after.map(Switch::new),
            until: until.map(Switch::new),
            monitor,
            states: Vec::new(),
        }
    }

    /// Where it is open, or may be: whether it ends now, or perhaps does.
    fn go_on(&mut self, view: &View<'_>) {
        let state = &mut self.states[view.number];
        let over = match &mut self.until {
            Some(until) => until.holds(view, &state.since, self.monitor.so_far_mut()),
            None => Some(false),
        };
        match over {
            Some(true) => {
                if state.open {
                    self.end(view);
                }
                let state = &mut self.states[view.number];
                // Where it was not open, what was told before goes on to count for `after`.
                let known = state.sure;
                state.held = state.held.filter(|_| known);
                state.since.begin(known);
                (state.open, state.sure) = (false, true);
                // Without `after`, it is over, whether or not it had begun.
                state.begun |= self.after.is_none();
                state.since.see(view);
            }
            over => state.lost |= state.open && over.is_none(),
        }
    }

    /// Where it is not open, as far as is known: it begins if `after` comes to hold.
    fn wait(&mut self, view: &View<'_>, clocks: &Clocks) {
        let state = &mut self.states[view.number];
        let (comes, holds) = match &mut self.after {
            None => {
                let begins = Some(state.sure && !state.begun);
                (begins, begins)
            }
            Some(after) => {
                let holds = after.holds(view, &state.since, self.monitor.so_far_mut());
                let comes = after.comes(state.held, holds);
                // If it is open after all, `after` holds as if nothing had happened.
                let alike = state.sure || after.holds_anyway(view) == holds;
                state.held = holds.filter(|_| alike);
                // What never ends is open now, whenever it began.
                (comes.or(holds.filter(|_| self.until.is_none())), holds)
            }
        };
        match (comes, holds) {
            (Some(false), _) => {}
            (_, Some(true)) => self.try_to_begin(view, clocks, comes == Some(true)),
            _ => state.sure = false,
        }
    }

    /// `after` comes to hold, or held before if that is not `certain`.
    fn try_to_begin(&mut self, view: &View<'_>, clocks: &Clocks, certain: bool) {
        let state = &mut self.states[view.number];
        let before = std::mem::take(&mut state.since);
        let whole = certain && state.sure;
        state.since.begin(whole);
        // The event by which it begins does not end it as well.
        let read = self.after.as_ref().map(|after| after.condition().inputs());
        state.since.see_others(view, read.unwrap_or_default());
        let over = match &mut self.until {
            Some(until) => until.holds(view, &state.since, self.monitor.so_far_mut()),
            None => Some(false),
        };
        if over == Some(true) {
            state.empty = true;
            state.sure &= certain;
            state.begun |= self.after.is_none();
            state.held = self.after.as_mut().and_then(|one| one.holds_anyway(view));
            return state.since.begin(whole);
        }
        let begin = state.begin.get_or_insert_default();
        let as_seen = |segment| View { segment, ..*view };
        begin.after.take(&as_seen(Some(&before)), &self.inputs);
        let since = as_seen(Some(&state.since));
        begin.until.take(&since, &self.inputs);
        (state.open, state.begun) = (true, true);
        (state.sure, state.unsure, state.lost) = (certain, !certain, over.is_none());
        state.segment.begin(whole);
        if let Some(after) = &self.after {
            state.segment.begin_by(view, after.condition().inputs());
        }
        let segment = Some(&state.segment);
        self.monitor.begin(&View { segment, ..*view }, clocks);
    }

    fn end(&mut self, view: &View<'_>) {
        self.monitor.end(view);
        let state = &mut self.states[view.number];
        if self.monitor.so_far().broke(view.number)
            && let Some(until) = &self.until
        {
            let segment = Some(&state.since);
            let (view, until) = (View { segment, ..*view }, until.condition());
            state.end = proof(&view, until.inputs(), |without| {
                until.test_without(&view, without) == Truth::True
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
        let Some(begin) = begin else {
            return Vec::new();
        };
        let records = [&begin.after, &begin.until].map(|one| one.restore(view.record));
        let [came, fresh] = records.each_ref().map(|record| view.then(record));
        let begins = |without: &[u64]| {
            let after = self.after.as_ref().map(Switch::condition);
            let until = self.until.as_ref().map(Switch::condition);
            after.is_none_or(|after| after.test_without(&came, without) == Truth::True)
                && until.is_none_or(|until| until.test_without(&fresh, without) != Truth::True)
        };
        // Without `after`, it begins by being seen, unless it would be over then.
        if self.after.is_none() && begins(&learnt(&came, &self.inputs)) {
            return Vec::new();
        }
        proof(&came, &self.inputs, begins)
    }

    /// Why it never began.
    fn never(&self) -> String {
        let after = self.after.as_ref().map(|after| after.condition().text());
        let until = self.until.as_ref().map(|until| until.condition().text());
        let empty = self.states.iter().any(|state| state.empty);
        match (after, until) {
            (Some(after), Some(until)) if empty => {
                format!(
                    "the scope was over whenever it began: `{until}` held as `{after}` came true"
                )
            }
            (None, Some(until)) if empty => {
                format!("the scope was over as it began: `{until}` held from the beginning on")
            }
            (Some(after), _) => format!("the scope never began: `{after}` never came true"),
            (None, _) => format!("the scope may have been over: {UNSEEN}"),
        }
    }

    fn expected(&self, expected: &str) -> String {
        let mut text = expected.to_owned();
        if let Some(after) = &self.after {
            text = format!("{text}, after {}", after.condition().text());
        }
        if let Some(until) = &self.until {
            text = format!("{text}, until {}", until.condition().text());
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
        let state = &mut self.states[number];
        state.sure |= view.is_whole();
        if !std::mem::replace(&mut state.seen, true) {
            state.held = state.sure.then_some(false);
        }
        state.since.see(view);
        if state.open || !state.sure {
            self.go_on(view);
        }
        // Once it is broken, the scope in which it broke counts, even if another begins where that ends.
        if !self.states[number].open && !self.monitor.so_far().broke(number) {
            self.wait(view, clocks);
        }
        if self.states[number].open
            && let Some(after) = &mut self.after
        {
            self.states[number].held = after.holds_anyway(view);
        }
        self.show(view, clocks);
    }

    fn tick(&mut self, clocks: &Clocks, kind: &Kind) {
        self.monitor.tick(clocks, kind);
    }

    fn pending(&self) -> bool {
        self.monitor.pending()
    }

    fn measure(&self, kind: &Kind) -> Option<Measure> {
        self.monitor.measure(kind)
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
            tale.unwitnessed = self.never();
        }
        for (number, fate) in tale.fates.iter_mut().enumerate() {
            if let Fate::Broken(breach) = fate {
                let view = kind.view(number);
                let doubtful = |state: &State| state.lost || state.unsure && !view.has_beginning();
                if self.states.get(number).is_some_and(doubtful) {
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
