//! Judging again what was recorded: the histories of a run, or what was exported from production. Nothing is started.

mod exported;
mod recorded;
mod undeclared;

pub use exported::exported;
pub use recorded::{Recorded, recorded};

use crate::engine::{Outcome, Seen};
use crate::invocation::{Job, Played};
use crate::plan::{Plan, Planned, Step};
use crate::problem::Place;
use crate::stack::Stack;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// What is judged: one history, by every invariant of its stack.
struct Case<'a> {
    /// The file with the history.
    file: &'a Path,
    stack: &'a Arc<Stack>,
    mutant: Option<String>,
    /// The name of what happened.
    name: String,
    /// Where that stands.
    place: Place,
    begun: Instant,
}

impl Case<'_> {
    /// What it came to.
    fn played(self, seen: Seen) -> Played {
        let every = Planned {
            step: Step::EveryInvariant,
            text: "every invariant holds".to_owned(),
            place: self.place.clone(),
        };
        let plan = Plan {
            feature: self.name.clone(),
            scenario: self.name,
            place: self.place,
            tags: Vec::new(),
            stack: self.stack.name.clone(),
            steps: vec![every],
        };
        let mut outcome = Outcome::weighed(&plan, self.stack.settle, seen);
        outcome.duration = self.begun.elapsed();
        outcome.folder = self.file.parent().unwrap_or(Path::new("")).to_owned();
        outcome.history = self.file.to_owned();
        Played {
            job: Job {
                plan,
                stack: self.stack.clone(),
                mutant: self.mutant,
                round: 1,
            },
            verdict: outcome.verdict,
            outcome,
            control: None,
        }
    }
}
