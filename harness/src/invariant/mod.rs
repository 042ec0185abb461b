//! What must hold: one monitor for each invariant, one pass over the history, one state for each entity.

mod absence;
mod agree;
mod alone;
mod at_end;
mod at_most;
mod balance;
mod basis;
mod blindness;
mod clock;
mod condition;
mod deadline;
mod existence;
mod finding;
mod hindsight;
mod judge;
mod measure;
mod midway;
mod moves;
mod precedence;
mod quantile;
mod response;
mod scope;
mod share;
mod switch;
mod teacher;
mod unanswered;
mod untold;
mod work;

pub use finding::{Finding, Proof, Sight};
pub use judge::{Judge, Unsure};
pub use measure::{Group, Measure};

use crate::entity::{Kind, View};
use crate::expression::Expression;
use crate::stack::{Invariant, Pattern};
use clock::Clocks;
use condition::Condition;
use finding::Tale;
use std::time::Duration;
use work::Work;

/// Watches one invariant. It sees the observations of its kind of entity once and in order.
trait Monitor: Send {
    /// An observation was made part of its record.
    fn see(&mut self, view: &View<'_>, clocks: &Clocks);

    /// Time went on; `clocks` say how far. Deadlines may have passed.
    fn tick(&mut self, _clocks: &Clocks, _kind: &Kind) {}

    /// The scope begins for an entity, with the observation that it sees next.
    fn begin(&mut self, _view: &View<'_>, _clocks: &Clocks) {}

    /// The scope ends for an entity, with an observation that is no part of it.
    fn end(&mut self, _view: &View<'_>) {}

    /// Whether more time alone could still change what it has to say.
    fn pending(&self) -> bool {
        false
    }

    /// What is certain already.
    fn so_far(&self) -> &Tale;

    /// What is certain already.
    fn so_far_mut(&mut self) -> &mut Tale;

    /// What was measured, if it is a measure of all entities of a kind.
    fn measure(&self, _kind: &Kind) -> Option<Measure> {
        None
    }

    /// What it has to say if the run ends now.
    fn tale(&self, _kind: &Kind) -> Tale {
        self.so_far().clone()
    }

    /// The same where it speaks of all entities at once, whatever calls without an answer have done.
    fn tale_despite(&self, kind: &Kind, _work: &Work) -> Tale {
        self.tale(kind)
    }
}

/// The monitor of an invariant, in its scope. Whatever follows from what happened does so in the time `granted`.
fn monitor(invariant: &Invariant, kind: &mut Kind, granted: Duration) -> Box<dyn Monitor> {
    let monitor = pattern(&invariant.pattern, kind, granted);
    let mut condition = |one: &Option<Expression>| one.clone().map(|one| Condition::new(one, kind));
    let scope = &invariant.scope;
    match (condition(&scope.after), condition(&scope.until)) {
        (None, None) => monitor,
        (after, until) => Box::new(scope::Scoped::new(after, until, monitor)),
    }
}

/// The list of patterns.
fn pattern(pattern: &Pattern, kind: &mut Kind, granted: Duration) -> Box<dyn Monitor> {
    let mut cel = |expression: &Expression| Condition::new(expression.clone(), kind);
    match pattern.clone() {
        Pattern::Always(condition) => {
            let condition = cel(&condition);
            Box::new(absence::Absence::always(condition, kind))
        }
        Pattern::Never(condition) => {
            let condition = cel(&condition);
            Box::new(absence::Absence::never(condition, kind))
        }
        Pattern::Response {
            when,
            then,
            within: None,
            ..
        } => {
            let (when, then) = (cel(&when), cel(&then));
            Box::new(response::AtOnce::new(when, then, kind))
        }
        Pattern::Response {
            when,
            then,
            within: Some(within),
            clock,
        } => {
            let (when, then) = (cel(&when), cel(&then));
            Box::new(response::Response::new(when, then, within, clock))
        }
        Pattern::Precedence { no, before } => {
            let (no, before) = (cel(&no), cel(&before));
            Box::new(precedence::Precedence::new(no, before, kind))
        }
        Pattern::Existence {
            eventually,
            within,
            clock,
        } => Box::new(existence::Existence::new(cel(&eventually), within, clock)),
        Pattern::AtMost { bound, event } => Box::new(at_most::AtMost::new(bound, event, kind)),
        Pattern::Moves => Box::new(moves::Moves::new(kind.entity())),
        Pattern::Agree {
            fields,
            within,
            clock,
        } => Box::new(agree::Agree::new(fields, within, clock, kind)),
        Pattern::Share {
            condition,
            at_least,
        } => {
            let condition = at_end::AtEnd::new(cel(&condition), granted);
            Box::new(share::Share::new(condition, at_least))
        }
        Pattern::Balance {
            condition,
            by,
            tolerance,
        } => {
            let condition = at_end::AtEnd::new(cel(&condition), granted);
            Box::new(balance::Balance::new(condition, by, tolerance, kind))
        }
        Pattern::Quantile {
            quantile,
            from,
            to,
            below,
        } => {
            let status = kind.entity().status.iter();
            let finals = status.flat_map(|status| status.finals.clone()).collect();
            Box::new(quantile::Quantile::new(quantile, (from, to), below, finals))
        }
    }
}

#[cfg(test)]
mod tests;
