//! Statuses that moves lead to and away from.

use super::keys;
use crate::problem::{Problem, Problems, nearest, suggest};
use crate::stack::{Entity, Pattern, Stack};

/// First, final and moved-to statuses fit together.
pub(super) fn check(entity: &Entity, problems: &mut Problems, warnings: &mut Vec<Problem>) {
    taught(entity, problems);
    let Some(status) = entity.status.as_ref().filter(|_| !entity.moves.is_empty()) else {
        return;
    };
    if let Some(first) = unknown_first(entity) {
        let known = keys(&entity.moves);
        let what = format!(
            "no move of `{}` leaves its first status `{first}`",
            entity.name
        );
        let help = suggest(first, known);
        problems.push(Problem::at(&entity.place, what).help(help));
        return;
    }
    let reached = entity.reached(status.first.iter().map(String::as_str).collect());
    let mut say = |what: String| problems.push(Problem::at(&entity.place, what));
    for name in status
        .finals
        .iter()
        .filter(|name| status.first.is_some() && !reached.contains(&name.as_str()))
    {
        say(format!(
            "no move of `{}` leads to the final status `{name}`",
            entity.name
        ));
    }
    for from in entity.moves.keys() {
        if status.finals.contains(from) {
            say(format!(
                "`{from}` is a final status of `{}`, but a move leaves it",
                entity.name
            ));
        }
        if status.first.is_some() && !reached.contains(&from.as_str()) {
            say(format!(
                "`{}` can never be `{from}`: no move leads to it",
                entity.name
            ));
        }
    }
    dead_ends(entity, warnings);
}

/// Moves that are declared, and that no invariant demands.
pub(super) fn unjudged(stack: &Stack, warnings: &mut Vec<Problem>) {
    for entity in stack.entities.values().filter(|one| !one.moves.is_empty()) {
        let name = &entity.name;
        let mut invariants = stack.invariants.values();
        if !invariants.any(|one| one.entity == *name && one.pattern == Pattern::Moves) {
            let what =
                format!("`{name}` may make any move: no invariant demands the declared ones");
            let help = format!(
                "add `every move is declared: {{for: {name}, moves: declared}}` to `invariants`"
            );
            warnings.push(Problem::at(&entity.place, what).help(help));
        }
    }
}

/// The first status, if the moves do not know it.
pub(super) fn unknown_first(entity: &Entity) -> Option<&str> {
    let first = entity.status.as_ref()?.first.as_deref()?;
    let known = entity.moves.is_empty() || entity.moves.contains_key(first);
    (!known).then_some(first)
}

/// Somebody tells of the entity, and of its status.
fn taught(entity: &Entity, problems: &mut Problems) {
    let name = &entity.name;
    if entity.learn.is_empty() {
        let what = format!("nothing teaches anything about `{name}`, so nobody will ever see one");
        let help = "add `learn:` with a rule that looks at a `call`, a `poll`, `sql` or a `log`";
        problems.push(Problem::at(&entity.place, what).help(help));
    } else if let Some(status) = &entity.status
        && !entity
            .learn
            .iter()
            .any(|rule| rule.set.contains_key(&status.field))
    {
        let field = &status.field;
        let set = entity.fields().into_iter().filter(|set| set != field);
        let set: Vec<&str> = set.collect();
        let what = format!("no rule sets `{field}`, the status of `{name}`");
        let help = match nearest(field, set.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("add `set: {{{field}: ...}}` to a rule"),
        };
        problems.push(Problem::at(&entity.place, what).help(help));
    }
}

/// Statuses that an entity comes to and cannot leave, although they do not end it.
fn dead_ends(entity: &Entity, warnings: &mut Vec<Problem>) {
    let Some(status) = entity
        .status
        .as_ref()
        .filter(|status| !status.finals.is_empty())
    else {
        return;
    };
    let ends = |name: &&str| {
        let is_final = status.finals.iter().any(|last| last == name);
        !is_final && entity.moves.get(*name).is_none_or(Vec::is_empty)
    };
    let reached = entity.moves.values().flatten().map(String::as_str);
    let mut ends: Vec<&str> = reached.filter(ends).collect();
    ends.sort_unstable();
    ends.dedup();
    for name in ends {
        let what = format!(
            "no move of `{}` leaves `{name}`, and it is not final",
            entity.name
        );
        let help = format!("add `{name}` to `final`, or say where it goes from there");
        warnings.push(Problem::at(&entity.place, what).help(help));
    }
}
