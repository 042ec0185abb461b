//! `moves: declared`: the status makes no other moves than those that the entity declares.

use super::finding::{Fate, Tale};
use super::midway;
use super::{Clocks, Monitor};
use crate::entity::{Came, View};
use crate::stack::Entity;
use indexmap::IndexMap;

pub(super) struct Moves {
    /// The status that an entity begins with is declared.
    first: bool,
    moves: IndexMap<String, Vec<String>>,
    /// By entity that broke it: how many statuses it had then.
    broken_at: Vec<u64>,
    tale: Tale,
}

impl Moves {
    pub fn new(entity: &Entity) -> Moves {
        let status = entity.status.as_ref();
        let expected = "only declared moves of the status".to_owned();
        let unwitnessed = "no status ever changed".to_owned();
        Moves {
            first: status.is_some_and(|status| status.first.is_some()),
            moves: entity.moves.clone(),
            broken_at: Vec::new(),
            tale: Tale::new(expected, unwitnessed),
        }
    }

    /// Whether an entity comes to a status by declared moves, or begins as it where one leads back there.
    fn leads_to(&self, status: &str) -> bool {
        self.moves.values().flatten().any(|to| to == status)
    }

    /// The move to the last status, if it is not declared. Between two looks, an entity can make several.
    fn wrong<'r>(&self, view: &View<'r>) -> Option<(&'r Came, &'r Came)> {
        let [left, came] = view.record.last_statuses() else {
            return None;
        };
        if view.skipped() {
            return None;
        }
        let declared = self.moves.get(left.0.as_str());
        let declared = declared.is_some_and(|all| all.contains(&came.0));
        (!declared).then_some((left, came))
    }
}

impl Monitor for Moves {
    fn see(&mut self, view: &View<'_>, _: &Clocks) {
        let (number, record) = (view.number, view.record);
        let fate = self.tale.fate(number);
        if fate.broken() {
            // What broke it last may have been a status that turns out to have come before the one known already.
            let at = self.broken_at[number];
            let undone = record.overtaken() && record.status_count() <= at + 1;
            if undone {
                *fate = Fate::Witness;
            }
            return;
        }
        if record.new_statuses().is_empty() {
            return;
        }
        let unknown = matches!(fate, Fate::Unknown(_));
        let statuses = record.last_statuses();
        let wrong = self.wrong(view);
        // Nobody knows what the first status came from that an export tells.
        if record.status_count() == 1 && self.first && !view.is_whole() {
            let (status, _) = &statuses[0];
            if !self.leads_to(status) {
                let why = format!("no declared move leads to {status}");
                *self.tale.fate(number) = midway::unknown(&why, view);
            }
            return;
        }
        let fate = match wrong {
            Some(((from, left), (to, came))) => {
                let why = format!("{from} -> {to} is no declared move");
                let mut proof = vec![view.came(from, *left), view.came(to, *came)];
                if view.began_as(from, *left) {
                    proof.remove(0);
                }
                if self.broken_at.len() <= number {
                    self.broken_at.resize(number + 1, 0);
                }
                self.broken_at[number] = record.status_count();
                Fate::breach(why, proof)
            }
            // What it is declared to begin as, it has not come to.
            None if record.status_count() == 1 && self.first => Fate::Silent,
            None if unknown => return,
            None => Fate::Witness,
        };
        *self.tale.fate(number) = fate;
    }

    fn so_far(&self) -> &Tale {
        &self.tale
    }

    fn so_far_mut(&mut self) -> &mut Tale {
        &mut self.tale
    }
}
