//! The statements of a transaction under way whose commit is waited for, and the savepoints between them.
//!
//! What cannot be told is not committed: where a rollback goes to a savepoint that nobody has seen set, all that was done
//! in the transaction counts as undone.

use super::pattern::Text;
use super::savepoint::{Command, Deed};
use crate::gateway::Stop;

/// A transaction under way.
#[derive(Default)]
pub(super) struct Transaction {
    done: Vec<Watched>,
    savepoints: Vec<Savepoint>,
    /// Something was done with a savepoint, and nobody has seen with which.
    blurred: bool,
}

/// A statement whose commit is waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Watched {
    pub(super) stops: Vec<Stop>,
    pub(super) text: Text,
}

/// A commit of statements that were waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) stops: Vec<Stop>,
    /// The first of the statements.
    pub(super) text: Text,
}

struct Savepoint {
    name: String,
    /// So many statements were done before.
    before: usize,
}

/// How often the server said in a cycle that it had done something of this kind.
#[derive(Default)]
pub(super) struct Said {
    pub(super) set: u32,
    pub(super) released: u32,
    pub(super) rolled_back: u32,
}

impl Transaction {
    /// Whether no statement in it is waited for.
    pub(super) fn is_empty(&self) -> bool {
        self.done.is_empty()
    }

    /// A statement was done.
    pub(super) fn add(&mut self, watched: Watched) {
        self.done.push(watched);
    }

    /// The client has asked for this. It was done if the server said so.
    pub(super) fn command(&mut self, command: Command, said: &mut Said) {
        let count = match command.deed {
            Deed::Set => &mut said.set,
            Deed::Release => &mut said.released,
            Deed::RollBackTo => &mut said.rolled_back,
        };
        if *count == 0 {
            return;
        }
        *count -= 1;
        let mut savepoints = self.savepoints.iter();
        let place = savepoints.rposition(|one| one.name == command.name);
        let place = place.filter(|_| !self.blurred);
        match (command.deed, place) {
            (Deed::Set, _) => self.savepoints.push(Savepoint {
                name: command.name,
                before: self.done.len(),
            }),
            (Deed::Release, Some(place)) => self.savepoints.truncate(place),
            (Deed::Release, None) => {}
            (Deed::RollBackTo, Some(place)) => {
                self.savepoints.truncate(place + 1);
                self.done.truncate(self.savepoints[place].before);
            }
            (Deed::RollBackTo, None) => self.done.clear(),
        }
    }

    /// What the server said beyond what the client was seen to ask for.
    pub(super) fn unseen(&mut self, said: &Said) {
        self.blurred |= said.set + said.released > 0;
        if said.rolled_back > 0 {
            self.done.clear();
        }
    }

    /// It has been committed: what that commits of what was waited for.
    pub(super) fn commit(&mut self) -> Option<Commit> {
        let mut done = std::mem::take(self).done.into_iter();
        let Watched { mut stops, text } = done.next()?;
        for stop in done.flat_map(|one| one.stops) {
            if !stops.contains(&stop) {
                stops.push(stop);
            }
        }
        Some(Commit { stops, text })
    }
}
