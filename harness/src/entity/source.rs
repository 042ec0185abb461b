//! Who tells: a call, a log, or a rule that looks how things are.

use super::{Stamp, alias};
use crate::stack::{Entity, Evidence, Learn};
use foldhash::fast::RandomState;
use indexmap::IndexSet;

/// Those that have told of one kind of entity, by number.
#[derive(Default)]
pub(super) struct Sources(IndexSet<Source, RandomState>);

#[derive(PartialEq, Eq, Hash)]
struct Source {
    /// As it is called in proofs, with what it said instead.
    name: Box<str>,
    /// The rule whose looks only see how things are at that moment. Another rule has looks of its own, of the same database
    /// too.
    looks: Option<Box<str>>,
}

impl Sources {
    /// The number of one that goes by this name and learnt by the rule of this key.
    pub fn number(&mut self, entity: &Entity, name: &str, rule: Option<&str>) -> usize {
        let plain = alias::source(name);
        let looks = |rule: &Learn| {
            matches!(rule.evidence, Evidence::Poll { .. } | Evidence::Sql { .. })
                && rule.evidence.source() == plain
        };
        let looks = entity.learn.iter().any(looks);
        let source = Source {
            name: name.into(),
            looks: looks.then(|| rule.unwrap_or(plain).into()),
        };
        match self.0.get_index_of(&source) {
            Some(number) => number,
            None => self.0.insert_full(source).0,
        }
    }

    /// The name of one.
    pub fn name(&self, number: usize) -> &str {
        &self.0[number].name
    }

    /// All names, in the order of their numbers.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|source| &*source.name)
    }

    /// Whether one only sees how things are when it looks.
    pub fn samples(&self, number: usize) -> bool {
        self.0[number].looks.is_some()
    }

    /// Whether both were seen by looks of different rules: which was so first is not known where the times overlap that
    /// these looks stand for.
    pub fn looked_apart(&self, one: Stamp, other: Stamp) -> bool {
        match (&self.0[one.source].looks, &self.0[other.source].looks) {
            (Some(one), Some(other)) => one != other,
            _ => false,
        }
    }

    /// Whether one observer saw both, and what it saw later was so later. Calls overlap with each other.
    pub fn in_order(&self, one: Stamp, other: Stamp) -> bool {
        let name = |stamp: Stamp| alias::source(self.name(stamp.source));
        one.looked && other.looked && name(one) == name(other) && !self.looked_apart(one, other)
    }
}
