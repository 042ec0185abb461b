//! `moves: declared`: the status makes no other moves than those that the entity declares.

use super::finding::{Fate, Tale};
use super::{Clocks, Monitor};
use crate::entity::{Came, Observation, Record};
use crate::stack::Entity;
use indexmap::IndexMap;

pub(super) struct Moves {
    /// The status that an entity begins with is declared.
    first: bool,
    moves: IndexMap<String, Vec<String>>,
    tale: Tale,
}

impl Moves {
    pub fn new(entity: &Entity) -> Moves {
        let first = entity
            .status
            .as_ref()
            .is_some_and(|status| status.first.is_some());
        let expected = "only declared moves of the status".to_owned();
        let unwitnessed = "no status ever changed".to_owned();
        let tale = Tale {
            expected,
            unwitnessed,
            ..Tale::default()
        };
        Moves {
            first,
            moves: entity.moves.clone(),
            tale,
        }
    }
}

impl Moves {
    fn judge(&self, statuses: &[Came]) -> Fate {
        for pair in statuses.windows(2) {
            let [(from, left), (to, came)] = pair else {
                continue;
            };
            if !self.moves.get(from).is_some_and(|all| all.contains(to)) {
                let why = format!("{from} -> {to} is no declared move");
                return Fate::Broken(why, vec![left.clone(), came.clone()]);
            }
        }
        match statuses.len() {
            0 => Fate::Silent,
            // What it is declared to begin as, it has not come to.
            1 if self.first => Fate::Silent,
            _ => Fate::Witness,
        }
    }
}

impl Monitor for Moves {
    fn see(&mut self, observation: &Observation, record: &Record, _: &Clocks) {
        // From the beginning each time: a status can turn out to have come before one that was known already.
        *self.tale.fate(&observation.id) = self.judge(record.statuses());
    }

    fn tick(&mut self, _: &Clocks) {}

    fn tale(&self) -> Tale {
        self.tale.clone()
    }

    fn broken(&self) -> bool {
        self.tale.broken()
    }
}
