//! Aliases: of fields that somebody sets, each for one name, and none that is written where the name itself is meant.

use crate::expression::Expression;
use crate::problem::{Place, Problem, Problems};
use crate::stack::{Entity, ID};

/// The aliases of an entity.
pub(super) fn check(entity: &Entity, problems: &mut Problems) {
    let fields = entity.fields();
    for (field, aliases) in &entity.aliases {
        let Some(first) = aliases.values().next() else {
            continue;
        };
        if field != ID && !fields.contains(&field.as_str()) {
            let known = fields.iter().copied().chain([ID]);
            problems.push(Problem::unknown(&first.place, "field", field, known));
        }
        for (name, alias) in aliases {
            let other = &alias.stands_for;
            if let Some(further) = aliases.get(other) {
                let (what, help) = match &further.stands_for {
                    end if end == name => (
                        format!("`{name}` stands for `{other}`, and that for `{name}`"),
                        "keep the one whose right side is the name that invariants use".to_owned(),
                    ),
                    end => (
                        format!("`{name}` stands for `{other}`, which is an alias itself"),
                        format!("write `{name}: {end}`"),
                    ),
                };
                problems.push(Problem::at(&alias.place, what).help(help));
            }
        }
        for status in entity.statuses() {
            let of_status = |declared: &crate::stack::Status| declared.field == *field;
            let alias = aliases.get(status);
            if let Some(alias) = alias.filter(|_| entity.status.as_ref().is_some_and(of_status)) {
                let what = format!("the status `{status}` is an alias, so nothing can have it");
                let help = format!("write `{}` in `status` and `moves`", alias.stands_for);
                problems.push(Problem::at(&alias.place, what).help(help));
            }
        }
    }
}

/// A condition on an entity compares its fields with the names that count.
pub(super) fn compared(
    entity: &Entity,
    expression: &Expression,
    place: &Place,
    problems: &mut Problems,
) {
    for comparison in expression.comparisons() {
        let [field] = &comparison.path[..] else {
            continue;
        };
        let aliases = entity.aliases.get(field);
        if let Some(alias) = aliases.and_then(|aliases| aliases.get(&comparison.text)) {
            let (text, name) = (&comparison.text, &alias.stands_for);
            let what = format!("`{text}` in `{}` is an alias", expression.text());
            let help = format!("`{field}` never is that: write `{name}`");
            problems.push(Problem::at(place, what).help(help));
        }
    }
}
