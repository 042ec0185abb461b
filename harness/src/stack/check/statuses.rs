//! Statuses that moves lead to and away from.

use crate::problem::{Problem, Problems};
use crate::stack::Entity;

/// First, final and moved-to statuses fit together.
pub(super) fn check(entity: &Entity, problems: &mut Problems) {
    let Some(status) = entity.status.as_ref().filter(|_| !entity.moves.is_empty()) else {
        return;
    };
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
}
