//! Conditions that are the same whatever happens: an invariant over one of these decides nothing.

use super::statuses::unknown_first;
use crate::expression::Expression;
use crate::expression::{Scope, Truth};
use crate::problem::{Place, Problem, Problems};
use crate::stack::Entity;

/// The variable that holds the final statuses.
const FINAL: &str = "final";

/// Says so if a condition on an entity is trivial.
pub(super) fn check(
    entity: &Entity,
    expression: &Expression,
    place: &Place,
    problems: &mut Problems,
) {
    let (text, name) = (expression.text(), &entity.name);
    let variables = expression.variables();
    let help = "an invariant must be able to break: write what the product could get wrong";
    let mut say = |what: String, help: &str| problems.push(Problem::at(place, what).help(help));
    if variables.is_empty() && expression.events().is_empty() {
        return say(format!("`{text}` reads nothing of the {name}"), help);
    }
    if let Some(truth) = expression.foregone() {
        return say(format!("`{text}` is {truth} whatever happens"), help);
    }
    let Some((statuses, truths)) = by_status(entity, expression) else {
        // What only seems to be the same for want of another value may still not be known at all.
        if expression.foregone_by(&|field| entity.constants(field)) == Some(false) {
            let help = "no rule sets a value that would meet it";
            say(format!("`{text}` can never hold"), help);
        }
        return;
    };
    let all = format!("it can be `{}`", statuses.join("`, `"));
    if truths.iter().all(|truth| *truth == Truth::True) {
        say(format!("every status of `{name}` meets `{text}`"), &all);
    } else if truths.iter().all(|truth| *truth == Truth::False) {
        say(format!("no status of `{name}` meets `{text}`"), &all);
    }
}

/// The statuses that the entity can have, and whether the condition holds for each; `None` where it reads more than the
/// status, speaks of an unknown one, or nothing declares what there is.
fn by_status<'s>(
    entity: &'s Entity,
    expression: &Expression,
) -> Option<(Vec<&'s str>, Vec<Truth>)> {
    let status = entity
        .status
        .as_ref()
        .filter(|_| !entity.moves.is_empty())?;
    let variables = expression.variables();
    let reads_more = |name: &String| *name != status.field && name != FINAL;
    let declared = entity.statuses();
    let unknown = |text: &str| !declared.contains(&text);
    let comparisons = expression.comparisons();
    if variables.iter().any(reads_more)
        || unknown_first(entity).is_some()
        || !variables.contains(&status.field)
        || !expression.events().is_empty()
        || comparisons
            .iter()
            .any(|comparison| unknown(&comparison.text))
    {
        return None;
    }
    let statuses = match &status.first {
        Some(first) => entity.reached(vec![first]),
        None => declared,
    };
    let test = |name: &&str| {
        let mut scope = Scope::new();
        scope.set(&status.field, &(*name).into());
        scope.set(FINAL, &status.finals.clone().into());
        expression.test(&scope)
    };
    let truths = statuses.iter().map(test).collect();
    Some((statuses, truths))
}
