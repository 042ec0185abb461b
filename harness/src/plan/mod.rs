//! The ordered steps of a scenario, as plain values.
//!
//! Printing and parsing of steps belongs to the language above; a plan only carries the words
//! of each step for reports.

mod call;
mod fault;
mod judged;
mod link;
mod operation;
mod statement;
mod trigger;

pub use call::CallFault;
pub use fault::{Effect, Fault, ServiceFault, Times, Whom};
pub use judged::Judged;
pub use link::{Link, LinkFault};
pub use operation::OperationFault;
pub use statement::StatementFault;
pub use trigger::Trigger;

use crate::problem::Place;
use std::collections::BTreeSet;
use std::time::Duration;

/// One scenario, ready to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The feature's name.
    pub feature: String,
    /// The scenario's name.
    pub scenario: String,
    /// Where the scenario stands.
    pub place: Place,
    /// Tags, without `@`.
    pub tags: Vec<String>,
    /// The stack that it runs on.
    pub stack: String,
    /// What happens, in order.
    pub steps: Vec<Planned>,
}

/// A step with the words it was written in.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The step.
    pub step: Step,
    /// Its words.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// One phrase of the language.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `the stack "codabench"`
    Stack(String),
    /// A fault is armed.
    Fault(Box<Fault>),
    /// `"submit" runs 20 times with 4 clients`
    Work {
        /// The workload's name.
        workload: String,
        /// How often it runs.
        times: u64,
        /// When the next request is made.
        pace: Pace,
    },
    /// `every submission is final within 60s`
    AllFinal {
        /// The entity.
        entity: String,
        /// How long that may take.
        within: Duration,
    },
    /// `all faults are healed`
    Heal,
    /// `every invariant holds`
    EveryInvariant,
    /// `"finished implies scores" holds`
    Invariant(String),
    /// `at least 10 submission reach "Finished"`
    AtLeast {
        /// How many.
        count: u64,
        /// The entity.
        entity: String,
        /// The status.
        status: String,
    },
}

impl Plan {
    /// The services of which a second instance is to start.
    pub fn joined(&self) -> BTreeSet<String> {
        let joined = |planned: &Planned| match &planned.step {
            Step::Fault(fault) => match &fault.effect {
                Effect::Service {
                    service,
                    fault: ServiceFault::Joined,
                } => Some(service.clone()),
                _ => None,
            },
            _ => None,
        };
        self.steps.iter().filter_map(joined).collect()
    }
}

/// When a workload makes its next request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As soon as one of so many clients has its answer (a closed workload); 1 unless given.
    Clients(u64),
    /// So many in a second, whether or not there are answers (an open workload).
    PerSecond(u64),
}
