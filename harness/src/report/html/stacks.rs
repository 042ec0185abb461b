//! What the stack files say that is needed to read a history: services in their order, statuses, invariants.

use super::sources::Sources;
use crate::invocation::Played;
use crate::stack::{Entity, Stack};
use indexmap::IndexSet;
use serde_json::{Map, Value, json};

/// By the name of the stack.
pub(super) fn stacks(played: &[&Played], sources: &mut Sources) -> Value {
    let mut stacks = Map::new();
    for one in played {
        let stack = &one.job.stack;
        if !stacks.contains_key(&stack.name) {
            stacks.insert(stack.name.clone(), one_stack(stack, sources));
        }
    }
    Value::Object(stacks)
}

fn one_stack(stack: &Stack, sources: &mut Sources) -> Value {
    let services: Vec<&String> = stack.services.keys().collect();
    let entities = stack.entities.iter();
    let entities: Map<String, Value> = entities
        .map(|(name, entity)| (name.clone(), statuses(entity)))
        .collect();
    let invariants = stack.invariants.iter().map(|(name, invariant)| {
        let text = sources.entry(&invariant.place);
        let value = json!({
            "text": text,
            "entity": invariant.entity,
            "place": invariant.place.to_string(),
        });
        (name.clone(), value)
    });
    let invariants: Map<String, Value> = invariants.collect();
    json!({
        "file": stack.file.display().to_string(),
        "services": services,
        "entities": entities,
        "invariants": invariants,
    })
}

/// `{"field", "statuses", "final"}`: statuses in the order in which moves lead through them, those that end it last.
fn statuses(entity: &Entity) -> Value {
    let status = entity.status.as_ref();
    let finals: Vec<&String> = status.iter().flat_map(|status| &status.finals).collect();
    let first = status.and_then(|status| status.first.as_ref());
    let moves = entity.moves.iter();
    let moves = moves.flat_map(|(from, to)| std::iter::once(from).chain(to));
    let on_the_way = first.into_iter().chain(moves);
    let on_the_way = on_the_way.filter(|name| !finals.contains(name));
    let all: IndexSet<&String> = on_the_way.chain(finals.iter().copied()).collect();
    json!({
        "field": status.map(|status| &status.field),
        "statuses": all,
        "final": finals,
    })
}
