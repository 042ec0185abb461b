//! Statuses that an export tells and nobody declared.

use crate::entity::Entities;
use crate::problem::suggest;
use crate::stack::{Entity, Stack};
use std::collections::BTreeMap;

/// More of them are not told: then a field that is no status is read as one.
const MAX_TOLD: usize = 20;

/// A note for each, with the nearest one that is declared. Where no moves are declared, nobody said which there are.
pub(super) fn notes(stack: &Stack, entities: &Entities) -> Vec<String> {
    let declared = stack.entities.values();
    let declared = declared.filter(|entity| !entity.moves.is_empty());
    let notes = declared.flat_map(|entity| of(entity, entities));
    notes.take(MAX_TOLD).collect()
}

fn of(entity: &Entity, entities: &Entities) -> Vec<String> {
    let declared = entity.statuses();
    let mut came: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, record) in entities.records(&entity.name) {
        let strange = record.all_reached().filter(|name| !declared.contains(name));
        strange.for_each(|name| *came.entry(name).or_default() += 1);
    }
    let note = |(name, count): (&str, u64)| {
        let advice = suggest(name, declared.iter().copied());
        let noun = &entity.name;
        format!(
            "nothing declares the status `{name}` that is told of {count} of all `{noun}` ({advice})"
        )
    };
    came.into_iter().map(note).collect()
}
