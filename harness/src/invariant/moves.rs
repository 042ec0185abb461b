//! `moves: declared`: the status makes no other moves than those that the entity declares.

use super::finding::{Fate, Tale};
use super::{Clocks, Monitor};
use crate::entity::{Observation, Record};
use crate::stack::Entity;
use indexmap::IndexMap;

pub(super) struct Moves {
    first: Option<String>,
    moves: IndexMap<String, Vec<String>>,
    tale: Tale,
}

impl Moves {
    pub fn new(entity: &Entity) -> Moves {
        let first = entity
            .status
            .as_ref()
            .and_then(|status| status.first.clone());
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

impl Monitor for Moves {
    fn see(&mut self, observation: &Observation, record: &Record, _: &Clocks) {
        let fate = self.tale.fate(&observation.id);
        let Some((from, (to, came))) = record.moved() else {
            return;
        };
        if fate.broken() {
            return;
        }
        *fate = match from {
            None if self.first.as_ref().is_none_or(|first| first == to) => Fate::Witness,
            None => Fate::Broken(format!("it began as {to}"), vec![came.clone()]),
            Some((from, _))
                if self
                    .moves
                    .get(from)
                    .is_some_and(|to_any| to_any.contains(to)) =>
            {
                Fate::Witness
            }
            Some((from, left)) => {
                let why = format!("{from} -> {to} is no declared move");
                Fate::Broken(why, vec![left.clone(), came.clone()])
            }
        };
    }

    fn tick(&mut self, _: &Clocks) {}

    fn tale(&self) -> Tale {
        self.tale.clone()
    }

    fn broken(&self) -> bool {
        self.tale.broken()
    }
}
