//! Reads what an invariant demands.

use super::config::cel;
use super::node::{Fields, Node};
use super::{Clock, Pattern};
use crate::expression::Expression;
use crate::problem::{Problem, Problems};

/// Keys of an invariant.
pub(super) const KEYS: [&str; 13] = [
    "for",
    "always",
    "never",
    "when",
    "then",
    "within",
    "clock",
    "no",
    "before",
    "eventually",
    "at_most",
    "of",
    "moves",
];
/// The key that tells which pattern it is.
const LEADING: [&str; 7] = [
    "always",
    "never",
    "when",
    "no",
    "eventually",
    "at_most",
    "moves",
];
const FORMS: &str = "the forms are `when, then[, within]`, `no, before`, `eventually, within`, `at_most, of`, \
                     `moves: declared`, `always` and `never`";

/// The pattern that the keys make.
pub(super) fn read(fields: &Fields<'_>, problems: &mut Problems) -> Option<Pattern> {
    let leading: Vec<&str> = LEADING
        .into_iter()
        .filter(|key| fields.get(key).is_some())
        .collect();
    let [leading] = leading[..] else {
        let what = match leading.len() {
            0 => "this invariant demands nothing that is known".to_owned(),
            _ => format!("`{}` do not go together", leading.join("` and `")),
        };
        problems.push(Problem::at(&fields.node.place, what).help(FORMS));
        return None;
    };
    misfits(leading, fields, problems);
    let mut need = |key: &str| {
        fields
            .need(key, problems)
            .and_then(|node| cel(node, problems))
    };
    match leading {
        "always" => need("always").map(Pattern::Always),
        "never" => need("never").map(Pattern::Never),
        "no" => {
            let (no, before) = (need("no"), need("before"));
            Some(Pattern::Precedence {
                no: no?,
                before: before?,
            })
        }
        "when" => {
            let (when, then) = (need("when"), need("then"));
            let within = fields
                .get("within")
                .and_then(|node| node.duration(problems));
            Some(Pattern::Response {
                when: when?,
                then: then?,
                within,
                clock: clock(fields, problems),
            })
        }
        "eventually" => {
            let eventually: Option<Expression> = need("eventually");
            let within = fields
                .need("within", problems)
                .and_then(|node| node.duration(problems));
            Some(Pattern::Existence {
                eventually: eventually?,
                within: within?,
                clock: clock(fields, problems),
            })
        }
        "at_most" => {
            let bound = fields
                .get("at_most")
                .and_then(|node| node.number("a whole number", problems));
            let event = fields.need_text("of", problems);
            Some(Pattern::AtMost {
                bound: bound?,
                event: event?,
            })
        }
        _ => {
            let node: &Node = fields.get("moves")?;
            node.one_of(&[("declared", Pattern::Moves)], "kind of moves", problems)
        }
    }
}

/// Keys that belong to another pattern.
fn misfits(leading: &str, fields: &Fields<'_>, problems: &mut Problems) {
    let partners: &[&str] = match leading {
        "when" => &["then", "within", "clock"],
        "no" => &["before"],
        "eventually" => &["within", "clock"],
        "at_most" => &["of"],
        _ => &[],
    };
    for key in KEYS
        .into_iter()
        .filter(|key| *key != "for" && *key != leading && !partners.contains(key))
    {
        if let Some(node) = fields.get(key) {
            problems.push(
                Problem::at(&node.place, format!("`{key}` does not go with `{leading}`"))
                    .help(FORMS),
            );
        }
    }
}

fn clock(fields: &Fields<'_>, problems: &mut Problems) -> Clock {
    let clocks = [("wall", Clock::Wall), ("healed", Clock::Healed)];
    let clock = fields
        .get("clock")
        .and_then(|node| node.one_of(&clocks, "clock", problems));
    clock.unwrap_or_default()
}
