//! Invariants: what they speak of is something that entities have.

use super::{aliases, keys, trivial};
use crate::expression::Expression;
use crate::problem::{Place, Problem, Problems};
use crate::stack::{Entity, Invariant, Pattern, Stack};

pub(super) fn check(stack: &Stack, invariant: &Invariant, problems: &mut Problems) {
    let Some(entity) = stack.entities.get(&invariant.entity) else {
        let known = keys(&stack.entities);
        problems.push(Problem::unknown(
            &invariant.place,
            "entity",
            &invariant.entity,
            known,
        ));
        return;
    };
    let events: Vec<&str> = entity.events().collect();
    let mut fields = entity.fields();
    if entity.status.is_some() {
        fields.push("final");
    }
    let expressions: Vec<&Expression> = match &invariant.pattern {
        Pattern::Always(one) | Pattern::Never(one) => vec![one],
        Pattern::Response { when, then, .. } => {
            same(("when", when), ("then", then), &invariant.place, problems);
            vec![when, then]
        }
        Pattern::Precedence { no, before } => {
            same(("no", no), ("before", before), &invariant.place, problems);
            vec![no, before]
        }
        Pattern::Existence { eventually, .. } => vec![eventually],
        Pattern::Share { condition, .. } => vec![condition],
        Pattern::Balance { condition, by, .. } => {
            if !fields.contains(&by.as_str()) {
                let known = fields.iter().copied().filter(|field| *field != "final");
                problems.push(Problem::unknown(&invariant.place, "field", by, known));
            }
            vec![condition]
        }
        Pattern::Agree {
            fields: agreeing, ..
        } => {
            if let Some(twice) =
                (1..agreeing.len()).find(|n| agreeing[..*n].contains(&agreeing[*n]))
            {
                let what = format!("`{}` agrees with itself whatever happens", agreeing[twice]);
                let help = "name what another source says of the same thing";
                problems.push(Problem::at(&invariant.place, what).help(help));
            }
            for name in agreeing
                .iter()
                .filter(|name| !fields.contains(&name.as_str()))
            {
                let known = fields.iter().copied().filter(|field| *field != "final");
                problems.push(Problem::unknown(&invariant.place, "field", name, known));
            }
            Vec::new()
        }
        Pattern::Quantile { from, to, .. } => {
            quantile(entity, [from, to], &invariant.place, problems);
            Vec::new()
        }
        Pattern::AtMost { event, .. } => {
            if !events.contains(&event.as_str()) {
                problems.push(Problem::unknown(
                    &invariant.place,
                    "event",
                    event,
                    events.iter().copied(),
                ));
            }
            Vec::new()
        }
        Pattern::Moves => {
            if entity.moves.is_empty() || entity.status.is_none() {
                let what = format!("`{}` declares no `status` with `moves`", entity.name);
                problems.push(Problem::at(&invariant.place, what));
            }
            Vec::new()
        }
    };
    for expression in expressions.into_iter().chain(invariant.scope.expressions()) {
        aliases::compared(entity, expression, &invariant.place, problems);
        known_statuses(entity, expression, &invariant.place, problems);
        trivial::check(entity, expression, &invariant.place, problems);
        for name in expression
            .variables()
            .iter()
            .filter(|name| !fields.contains(&name.as_str()))
        {
            let problem = Problem::unknown(&invariant.place, "field", name, fields.iter().copied());
            problems.push(Problem {
                what: format!("{} in `{}`", problem.what, expression.text()),
                ..problem
            });
        }
        for name in expression
            .events()
            .iter()
            .filter(|name| !events.contains(&name.as_str()))
        {
            problems.push(Problem::unknown(
                &invariant.place,
                "event",
                name,
                events.iter().copied(),
            ));
        }
    }
}

/// What must be so when it is so decides nothing.
fn same(
    (key, one): (&str, &Expression),
    (other_key, other): (&str, &Expression),
    place: &Place,
    problems: &mut Problems,
) {
    if one.text() == other.text() {
        let what = format!("`{key}` and `{other_key}` are both `{}`", one.text());
        let help = "an invariant must be able to break: write what the product could get wrong";
        problems.push(Problem::at(place, what).help(help));
    }
}

/// A status that an expression speaks of is one that the entity can have.
fn known_statuses(
    entity: &Entity,
    expression: &Expression,
    place: &Place,
    problems: &mut Problems,
) {
    let Some(status) = entity.status.as_ref().filter(|_| !entity.moves.is_empty()) else {
        return;
    };
    let declared = entity.statuses();
    for comparison in expression.comparisons() {
        if comparison.path == [status.field.as_str()]
            && !declared.contains(&comparison.text.as_str())
        {
            let known = declared.iter().copied();
            let problem = Problem::unknown(place, "status", &comparison.text, known);
            problems.push(Problem {
                what: format!("{} in `{}`", problem.what, expression.text()),
                ..problem
            });
        }
    }
}

/// Time can be taken from one status to another.
fn quantile(entity: &Entity, statuses: [&String; 2], place: &Place, problems: &mut Problems) {
    if entity.status.is_none() {
        let what = format!(
            "`{}` declares no `status` between which time could be taken",
            entity.name
        );
        problems.push(Problem::at(place, what));
    }
    let declared = entity.statuses();
    for status in statuses.into_iter().filter(|_| !entity.moves.is_empty()) {
        if !declared.contains(&status.as_str()) {
            problems.push(Problem::unknown(
                place,
                "status",
                status,
                declared.iter().copied(),
            ));
        }
    }
    let [from, to] = statuses;
    let known = |status: &String| declared.contains(&status.as_str());
    if !entity.moves.is_empty() && known(from) && known(to) {
        let mut later = entity.reached(vec![from]);
        later.remove(0);
        if !later.contains(&to.as_str()) {
            let what = format!("no move of `{}` leads from `{from}` to `{to}`", entity.name);
            problems.push(Problem::at(place, what));
        }
    }
}
