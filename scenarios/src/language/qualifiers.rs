//! How often a fault strikes, for whom, and from when: `the first 2 times`, `for each submission`, `after "C" is
//! answered`, `once`; in any order, with a comma before any of them.

use regex::Regex;
use shakedown_harness::plan::{Times, Trigger};
use std::sync::LazyLock;

/// What stands behind a fault.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Qualifiers {
    pub times: Times,
    pub each: Option<String>,
    pub trigger: Option<Trigger>,
}

/// The forms, for messages and for the list of phrases.
pub(super) const FORMS: [(&str, &str); 6] = [
    ("the first time", "only the first time"),
    ("the first 2 times", "only the first so many times"),
    ("the 3rd time", "only that time"),
    ("once", "only the first time"),
    (
        "for each submission",
        "counted for each entity on its own; the call's path must name it",
    ),
    (
        "after \"upload scores\" is answered",
        "from the moment when the callee has answered; the caller does not know yet",
    ),
];

struct Form {
    pattern: Regex,
    apply: fn(&regex::Captures<'_>, &mut Qualifiers) -> Result<(), String>,
}

static PARSERS: LazyLock<Vec<Form>> = LazyLock::new(|| {
    let form = |pattern: &str, apply| Form {
        pattern: Regex::new(&format!("^(?:{pattern})(?:$|,? +)"))
            .expect("the patterns are constants"),
        apply,
    };
    vec![
        form("once|the first time", |_, q| times(q, Times::First(1))),
        form("the first ([0-9]+) times", |found, q| {
            times(q, Times::First(count(&found[1])?))
        }),
        form("the ([0-9]+)(?:st|nd|rd|th) time", |found, q| {
            times(q, Times::Nth(count(&found[1])?))
        }),
        form("for each ([A-Za-z_][A-Za-z0-9_-]*)", |found, q| {
            match q.each.replace(found[1].to_owned()) {
                None => Ok(()),
                Some(_) => Err("`for each` stands here twice".to_owned()),
            }
        }),
        form("after \"([^\"]+)\" is answered", |found, q| {
            match q.trigger.replace(Trigger::AfterAnswered {
                call: found[1].to_owned(),
            }) {
                None => Ok(()),
                Some(_) => Err("`after ... is answered` stands here twice".to_owned()),
            }
        }),
    ]
});

fn times(qualifiers: &mut Qualifiers, times: Times) -> Result<(), String> {
    match std::mem::replace(&mut qualifiers.times, times) {
        Times::Always => Ok(()),
        _ => Err("how often stands here twice".to_owned()),
    }
}

fn count(digits: &str) -> Result<u64, String> {
    match digits.parse() {
        Ok(0) | Err(_) => Err(format!(
            "`{digits}` is no number of times: it begins with 1"
        )),
        Ok(count) => Ok(count),
    }
}

/// Reads what stands behind a fault's own words.
pub(super) fn parse(text: &str) -> Result<Qualifiers, String> {
    let mut qualifiers = Qualifiers {
        times: Times::Always,
        each: None,
        trigger: None,
    };
    let mut rest = text.trim_start_matches([',', ' ']);
    while !rest.is_empty() {
        let Some((form, found)) = PARSERS
            .iter()
            .find_map(|form| Some((form, form.pattern.captures(rest)?)))
        else {
            let forms: Vec<&str> = FORMS.iter().map(|(form, _)| *form).collect();
            return Err(format!(
                "`{rest}` says neither how often nor when; that would be: {}",
                forms.join(" · ")
            ));
        };
        (form.apply)(&found, &mut qualifiers)?;
        rest = &rest[found[0].len()..];
    }
    Ok(qualifiers)
}

/// Writes it so that [`parse`] reads it back.
pub(super) fn print(qualifiers: &Qualifiers) -> String {
    let mut text = match qualifiers.times {
        Times::Always => String::new(),
        Times::First(1) => " the first time".to_owned(),
        Times::First(n) => format!(" the first {n} times"),
        Times::Nth(n) => format!(" the {n}{} time", ordinal(n)),
    };
    if let Some(entity) = &qualifiers.each {
        text.push_str(&format!(" for each {entity}"));
    }
    if let Some(Trigger::AfterAnswered { call }) = &qualifiers.trigger {
        text.push_str(&format!(" after \"{call}\" is answered"));
    }
    text
}

fn ordinal(n: u64) -> &'static str {
    match (n % 10, n % 100) {
        (1, hundred) if hundred != 11 => "st",
        (2, hundred) if hundred != 12 => "nd",
        (3, hundred) if hundred != 13 => "rd",
        _ => "th",
    }
}
