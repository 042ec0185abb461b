//! What must hold.

use crate::expression::Expression;
use crate::problem::Place;
use std::time::Duration;

/// Which time a deadline counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// All of it.
    #[default]
    Wall,
    /// Only the time in which no fault is active.
    Healed,
}

/// What must hold for each entity of a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Invariant {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// The entity that it speaks about.
    pub entity: String,
    /// What it demands.
    pub pattern: Pattern,
    /// In which part of the entity's life.
    pub scope: Scope,
}

/// A part of an entity's life.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// It begins when this holds; with the first observation when `None`.
    pub after: Option<Expression>,
    /// It ends when this holds; never when `None`.
    pub until: Option<Expression>,
}

impl Scope {
    /// What it reads.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.after.iter().chain(&self.until)
    }
}

impl Pattern {
    /// What it evaluates.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let expressions = match self {
            Pattern::Always(one) | Pattern::Never(one) => [Some(one), None],
            Pattern::Response { when, then, .. } => [Some(when), Some(then)],
            Pattern::Precedence { no, before } => [Some(no), Some(before)],
            Pattern::Existence { eventually, .. } => [Some(eventually), None],
            Pattern::Share { condition, .. } | Pattern::Balance { condition, .. } => {
                [Some(condition), None]
            }
            Pattern::AtMost { .. }
            | Pattern::Moves
            | Pattern::Agree { .. }
            | Pattern::Quantile { .. } => [None, None],
        };
        expressions.into_iter().flatten()
    }
}

/// The specification patterns of Dwyer, Avrunin and Corbett (1999), as far as they are offered.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// Universality.
    Always(Expression),
    /// Absence.
    Never(Expression),
    /// Response: whenever `when` holds, `then` holds, at once or `within` a time.
    Response {
        /// The condition.
        when: Expression,
        /// The demand.
        then: Expression,
        /// The time it may take; at once when `None`.
        within: Option<Duration>,
        /// Which time counts.
        clock: Clock,
    },
    /// Precedence: `no` does not come true before `before` did.
    Precedence {
        /// What must wait.
        no: Expression,
        /// What must come first.
        before: Expression,
    },
    /// Existence: `eventually` comes true within a time from the entity's first observation.
    Existence {
        /// What must come.
        eventually: Expression,
        /// The time it may take.
        within: Duration,
        /// Which time counts.
        clock: Clock,
    },
    /// Bounded existence: the event happens at most so many times.
    AtMost {
        /// The bound.
        bound: u64,
        /// The event.
        event: String,
    },
    /// The status only makes the moves that the entity declares.
    Moves,
    /// Fields say the same, or do so again within a time.
    Agree {
        /// The fields, two or more.
        fields: Vec<String>,
        /// How long they may differ.
        within: Duration,
        /// Which time counts.
        clock: Clock,
    },
    /// At the end of the run, when all faults are healed, the condition holds for a share of all entities.
    Share {
        /// The condition.
        condition: Expression,
        /// The share, above 0 and up to 1.
        at_least: f64,
    },
    /// At the end of the run, when all faults are healed, the condition holds for shares of the entities that are no
    /// further apart than a tolerance, among those for which a field says the same.
    Balance {
        /// The condition.
        condition: Expression,
        /// The field.
        by: String,
        /// How far the shares may be apart, from 0 to below 1.
        tolerance: f64,
    },
    /// A share of the entities that come from one status to another need less than a time for it.
    Quantile {
        /// The share, above 0 and up to 1.
        quantile: f64,
        /// The status from which on time counts.
        from: String,
        /// The status up to which it does.
        to: String,
        /// The time.
        below: Duration,
    },
}
