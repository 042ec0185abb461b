//! Reads a rule: `{poll: "GET http://site:8000/jobs", each: body, id: item.id, set: {shown: item.status}}`.

use super::config::{cel, named, url_request};
use super::node::{Fields, Node};
use super::{EACH_ID, Evidence, Learn, probe};
use crate::problem::{Problem, Problems};
use std::time::Duration;

/// Keys of a rule.
pub(super) const KEYS: [&str; 18] = [
    "call", "poll", "probe", "sql", "log", "after", "body", "within", "pattern", "on", "every",
    "each", "next", "when", "id", "set", "event", "gone",
];

/// What a rule can look at, and the keys that belong to that alone.
pub(super) const EVIDENCE: [(&str, &[&str]); 5] = [
    ("call", &[]),
    ("poll", &["every", "each", "next", "gone"]),
    ("probe", &["after", "body", "within"]),
    ("sql", &["on", "every", "gone"]),
    ("log", &["pattern"]),
];

/// What a rule can teach.
pub(super) const TEACHES: [&str; 3] = ["set", "event", "gone"];

/// How often polls and queries look unless told otherwise.
const EVERY: Duration = Duration::from_millis(200);

pub(super) fn read(node: &Node, problems: &mut Problems) -> Option<Learn> {
    let fields = node.fields(&KEYS, problems);
    let when = fields.get("when").and_then(|node| cel(node, problems));
    let id = fields.get("id").and_then(|node| cel(node, problems));
    let set = named(fields.get("set"), problems, |entry, problems| {
        cel(&entry.value, problems)
    });
    let event = fields.get("event").and_then(|node| node.text(problems));
    let gone = fields.get("gone").and_then(|node| node.text(problems));
    if TEACHES.iter().all(|key| fields.get(key).is_none()) {
        problems.push(
            Problem::at(&node.place, "this rule teaches nothing").help("give it `set` or `event`"),
        );
    }
    let evidence = evidence(&fields, problems)?;
    if id.is_none() && fields.get("id").is_none() {
        problems.0.extend(unidentified(node, &evidence));
    }
    Some(Learn {
        place: node.place.clone(),
        evidence,
        when,
        id,
        set,
        event,
        gone,
    })
}

fn evidence(fields: &Fields<'_>, problems: &mut Problems) -> Option<Evidence> {
    let looks_at = EVIDENCE.iter().find_map(|(kind, keys)| {
        let asked = fields.get(kind)?;
        Some((*kind, asked, *keys))
    });
    let Some((kind, asked, keys)) = looks_at else {
        problems.push(
            Problem::at(&fields.node.place, "this rule looks at nothing")
                .help("give it `call`, `poll`, `probe`, `sql` or `log`"),
        );
        return None;
    };
    others(fields, kind, keys, problems);
    let every = fields
        .get("every")
        .and_then(|node| node.duration_above_zero(problems))
        .unwrap_or(EVERY);
    Some(match kind {
        "call" => Evidence::Call(asked.text(problems)?),
        "poll" => {
            let mut list = |key| fields.get(key).and_then(|node| cel(node, problems));
            let (each, next) = (list("each"), list("next"));
            let (method, url) = url_request(asked, problems)?;
            Evidence::Poll {
                method,
                url,
                every,
                each,
                next,
            }
        }
        "probe" => probe::read(asked, fields, problems)?,
        "sql" => Evidence::Sql {
            query: asked.text(problems)?,
            on: fields.need_text("on", problems)?,
            every,
        },
        _ => {
            let (service, pattern) = (asked.text(problems), fields.need("pattern", problems)?);
            Evidence::Log {
                service: service?,
                pattern: regular(pattern, problems)?,
            }
        }
    })
}

/// Keys that say nothing of what the rule looks at.
fn others(fields: &Fields<'_>, kind: &str, keys: &[&str], problems: &mut Problems) {
    let place = |key: &str| fields.node.entry(key).map(|entry| &entry.place);
    for (other, _) in EVIDENCE.iter().filter(|(other, _)| *other != kind) {
        if let Some(place) = place(other) {
            let what = format!("a rule looks at one thing, and this one at `{kind}` and `{other}`");
            problems.push(Problem::at(place, what).help("make two rules of it"));
        }
    }
    let others = KEYS.into_iter().filter(|key| !keys.contains(key));
    for key in others {
        let belongs = EVIDENCE.iter().filter(|(_, keys)| keys.contains(&key));
        let belongs: Vec<String> = belongs.map(|(kind, _)| format!("`{kind}`")).collect();
        if let Some(place) = place(key).filter(|_| !belongs.is_empty()) {
            let what = format!("`{key}` means nothing to a rule that looks at `{kind}`");
            let help = format!("it belongs to {}", belongs.join(" and to "));
            problems.push(Problem::at(place, what).help(help));
        }
    }
}

/// What is missing where nothing says which entity the evidence is about.
fn unidentified(node: &Node, evidence: &Evidence) -> Option<Problem> {
    let named = match evidence {
        Evidence::Call(_) | Evidence::Probe { .. } => true,
        Evidence::Log { pattern, .. } => groups(pattern).iter().any(|name| name == "id"),
        Evidence::Poll { url, each, .. } => each.is_none() && url.contains(EACH_ID),
        Evidence::Sql { .. } => false,
    };
    let help = match evidence {
        Evidence::Log { .. } => "give its pattern a group `(?<id>...)`, or add `id:`",
        Evidence::Poll { each: None, .. } => {
            "add `id:`, an expression for the entity's id, or ask for each by `${id}` in the URL"
        }
        _ => "add `id:`, an expression for the entity's id",
    };
    let what = "this rule does not say which entity it is about";
    (!named).then(|| Problem::at(&node.place, what).help(help))
}

/// A regular expression.
fn regular(node: &Node, problems: &mut Problems) -> Option<String> {
    let text = node.text(problems)?;
    match regex::Regex::new(&text) {
        Ok(_) => Some(text),
        Err(error) => {
            let error = error.to_string();
            let last = error.lines().last().unwrap_or_default();
            let why = last.strip_prefix("error: ").unwrap_or(last);
            problems.push(Problem::at(
                &node.place,
                format!("`{text}` is no regular expression: {why}"),
            ));
            None
        }
    }
}

/// The named groups of a regular expression that has been tried.
pub(super) fn groups(pattern: &str) -> Vec<String> {
    let regex = regex::Regex::new(pattern).ok();
    let names = |regex: regex::Regex| -> Vec<String> {
        regex.capture_names().flatten().map(str::to_owned).collect()
    };
    regex.map(names).unwrap_or_default()
}
