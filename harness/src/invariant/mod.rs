//! What must hold: one monitor for each invariant, one pass over the history, one state for each entity.

mod absence;
mod agree;
mod at_most;
mod basis;
mod blindness;
mod clock;
mod existence;
mod finding;
mod judge;
mod moves;
mod precedence;
mod quantile;
mod response;
mod share;

pub use finding::{Finding, Proof, Sight};
pub use judge::Judge;

use crate::entity::{Observation, Record};
use crate::stack::{Entity, Invariant, Pattern};
use clock::Clocks;
use finding::Tale;

/// Watches one invariant. It sees the observations of its kind of entity once and in order.
trait Monitor: Send {
    /// An observation was made part of its record.
    fn see(&mut self, observation: &Observation, record: &Record, clocks: &Clocks);

    /// Time went on; `clocks` say how far. Deadlines may have passed.
    fn tick(&mut self, clocks: &Clocks);

    /// Whether more time alone could still change what it has to say.
    fn pending(&self) -> bool {
        false
    }

    /// What it has to say if the run ends now.
    fn tale(&self) -> Tale;

    /// Whether some entity broke it.
    fn broken(&self) -> bool;
}

/// The list of patterns.
fn monitor(invariant: &Invariant, entity: &Entity) -> Box<dyn Monitor> {
    match invariant.pattern.clone() {
        Pattern::Always(condition) => Box::new(absence::Absence::always(condition)),
        Pattern::Never(condition) => Box::new(absence::Absence::never(condition)),
        Pattern::Response {
            when,
            then,
            within,
            clock,
        } => Box::new(response::Response::new(when, then, within, clock)),
        Pattern::Precedence { no, before } => Box::new(precedence::Precedence::new(no, before)),
        Pattern::Existence {
            eventually,
            within,
            clock,
        } => Box::new(existence::Existence::new(eventually, within, clock)),
        Pattern::AtMost { bound, event } => Box::new(at_most::AtMost::new(bound, event)),
        Pattern::Moves => Box::new(moves::Moves::new(entity)),
        Pattern::Agree {
            fields,
            within,
            clock,
        } => Box::new(agree::Agree::new(fields, within, clock)),
        Pattern::Share {
            condition,
            at_least,
        } => Box::new(share::Share::new(condition, at_least)),
        Pattern::Quantile {
            quantile,
            from,
            to,
            below,
        } => {
            let finals = entity
                .status
                .iter()
                .flat_map(|status| status.finals.clone());
            let statuses = (from, to);
            Box::new(quantile::Quantile::new(
                quantile,
                statuses,
                below,
                finals.collect(),
            ))
        }
    }
}

#[cfg(test)]
mod tests;
