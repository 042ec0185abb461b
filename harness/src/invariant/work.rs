//! What calls without an answer may have done, to invariants that speak of all entities of a kind.

use std::collections::BTreeMap;

/// What may have been done, by entity, and to one or the other.
#[derive(Default)]
pub(super) struct Work {
    by_entity: BTreeMap<usize, Vec<Deed>>,
    /// Of which nobody knows to whom.
    anyones: Vec<Deed>,
}

/// What one call may have done.
pub(super) struct Deed {
    /// Which call, and why nobody knows.
    pub words: String,
    /// What its answer would have told.
    pub fields: Vec<String>,
    pub events: Vec<String>,
}

impl Work {
    /// Something that may have been done to an entity, or to any.
    pub fn add(&mut self, number: Option<usize>, deed: Deed) {
        let deeds = match number {
            Some(number) => self.by_entity.entry(number).or_default(),
            None => &mut self.anyones,
        };
        deeds.push(deed);
    }

    /// What may have been done to an entity.
    pub fn to(&self, number: usize) -> &[Deed] {
        self.by_entity.get(&number).map_or(&[], Vec::as_slice)
    }

    /// What may have been done to one or the other, each to one.
    pub fn anyones(&self) -> &[Deed] {
        &self.anyones
    }

    pub fn is_empty(&self) -> bool {
        self.by_entity.is_empty() && self.anyones.is_empty()
    }
}
