//! Reads what an invariant demands.

use super::config::{cel, syntax};
use super::node::{Fields, Node};
use super::{Clock, Pattern, Scope};
use crate::expression::Expression;
use crate::problem::{Problem, Problems};

/// Keys of an invariant.
pub(super) const KEYS: [&str; 23] = [
    "for",
    "after",
    "until",
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
    "agree",
    "share",
    "at_least",
    "quantile",
    "below",
    "balance",
    "by",
    "tolerance",
];
/// The key that tells which pattern it is.
pub(super) const LEADING: [&str; 11] = [
    "always",
    "never",
    "when",
    "no",
    "eventually",
    "at_most",
    "moves",
    "agree",
    "share",
    "quantile",
    "balance",
];
const FORMS: &str = "the forms are `when, then[, within]`, `no, before`, `eventually, within`, `at_most, of`, \
                     `moves: declared`, `agree, within`, `share, of, at_least`, `quantile, of, below`, \
                     `balance, of, by, tolerance`, `always` and `never`; `after` and `until` give those a scope that speak of one state or event";

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
            if let (Some(clock), None) = (fields.get("clock"), fields.get("within")) {
                let what = "`clock` says nothing without `within`: there is no time to count";
                problems.push(Problem::at(&clock.place, what).help("add `within`"));
            }
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
        "agree" => {
            let node = fields.get("agree")?;
            let names = node.texts(problems);
            let within = fields
                .need("within", problems)
                .and_then(|node| node.duration(problems));
            if names.len() < 2 {
                return node.not("two fields or more", problems);
            }
            Some(Pattern::Agree {
                fields: names,
                within: within?,
                clock: clock(fields, problems),
            })
        }
        "share" => {
            let condition = need("share");
            let at_least = fields.need("at_least", problems);
            // It is judged when all faults are healed, whatever the clock.
            clock(fields, problems);
            Some(Pattern::Share {
                condition: condition?,
                at_least: share(at_least?, problems)?,
            })
        }
        "balance" => {
            let condition = need("balance");
            let by = fields.need_text("by", problems);
            let tolerance = fields.need("tolerance", problems);
            // It is judged when all faults are healed, whatever the clock.
            clock(fields, problems);
            Some(Pattern::Balance {
                condition: condition?,
                by: by?,
                tolerance: tolerance_of(tolerance?, problems)?,
            })
        }
        "quantile" => {
            let quantile = fields
                .get("quantile")
                .and_then(|node| share(node, problems));
            let of = fields
                .need("of", problems)
                .and_then(|node| elapsed(node, problems));
            let below = fields
                .need("below", problems)
                .and_then(|node| node.duration_above_zero(problems));
            let (from, to) = of?;
            Some(Pattern::Quantile {
                quantile: quantile?,
                from,
                to,
                below: below?,
            })
        }
        _ => {
            let node: &Node = fields.get("moves")?;
            node.one_of(&[("declared", Pattern::Moves)], "kind of moves", problems)
        }
    }
}

/// The part of an entity's life in which it counts.
pub(super) fn scope(fields: &Fields<'_>, problems: &mut Problems) -> Scope {
    let mut condition = |key| fields.get(key).and_then(|node| cel(node, problems));
    Scope {
        after: condition("after"),
        until: condition("until"),
    }
}

/// The keys that go with the one that tells the pattern, beside `for`.
pub(super) fn partners(leading: &str) -> &'static [&'static str] {
    match leading {
        "always" | "never" => &["after", "until"],
        "when" => &["then", "within", "clock", "after", "until"],
        "no" => &["before", "after", "until"],
        "eventually" => &["within", "clock", "after", "until"],
        "at_most" => &["of", "after", "until"],
        "agree" => &["within", "clock"],
        "share" => &["of", "at_least", "clock"],
        "balance" => &["of", "by", "tolerance", "clock"],
        "quantile" => &["of", "below"],
        _ => &[],
    }
}

/// Keys that belong to another pattern.
fn misfits(leading: &str, fields: &Fields<'_>, problems: &mut Problems) {
    let partners = partners(leading);
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

/// A share: above 0, and up to 1.
fn share(node: &Node, problems: &mut Problems) -> Option<f64> {
    const EXPECTED: &str = "a share above 0 and up to 1";
    let share = node.number(EXPECTED, problems)?;
    match share > 0.0 && share <= 1.0 {
        true => Some(share),
        false => node.not(EXPECTED, problems),
    }
}

/// How far shares may be apart: from 0 on, and below 1, which they always are.
fn tolerance_of(node: &Node, problems: &mut Problems) -> Option<f64> {
    const EXPECTED: &str = "a number from 0 to below 1";
    let tolerance = node.number(EXPECTED, problems)?;
    match (0.0..1.0).contains(&tolerance) {
        true => Some(tolerance),
        false => node.not(EXPECTED, problems),
    }
}

/// `elapsed("A", "B")`: from the one status to the other.
fn elapsed(node: &Node, problems: &mut Problems) -> Option<(String, String)> {
    let expression = syntax(node, problems)?;
    match expression.call("elapsed").as_deref() {
        Some([from, to]) => Some((from.clone(), to.clone())),
        _ => node.not("`elapsed(\"FROM\", \"TO\")`, with two statuses", problems),
    }
}

fn clock(fields: &Fields<'_>, problems: &mut Problems) -> Clock {
    let clocks = [("wall", Clock::Wall), ("healed", Clock::Healed)];
    let clock = fields
        .get("clock")
        .and_then(|node| node.one_of(&clocks, "clock", problems));
    clock.unwrap_or_default()
}
