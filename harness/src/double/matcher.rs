//! WireMock's matchers of one value: `equalTo`, `matches`, `equalToJson` and the others.

use super::equal_json::EqualJson;
use super::json::{Item, Keys};
use super::path::Path;
use super::request::text;
use crate::problem::Problems;
use base64::Engine;
use fancy_regex::Regex;
use serde_json::Value;

/// What a value is held against.
#[derive(Clone, Debug)]
pub(super) enum Matcher {
    Equal {
        text: String,
        any_case: bool,
    },
    Contains(String),
    Lacks(String),
    Matches(Box<Regex>),
    Differs(Box<Regex>),
    Absent,
    Present,
    Binary(Vec<u8>),
    Json(EqualJson),
    Path {
        path: Path,
        of: Option<Box<Matcher>>,
    },
    And(Vec<Matcher>),
    Or(Vec<Matcher>),
    Not(Box<Matcher>),
}

/// What says more of a matcher, and is none by itself.
const MODIFIERS: [&str; 4] = [
    "caseInsensitive",
    "ignoreArrayOrder",
    "ignoreExtraElements",
    "expression",
];
const KEYS: Keys = Keys {
    read: &[
        "equalTo",
        "contains",
        "doesNotContain",
        "matches",
        "doesNotMatch",
        "absent",
        "binaryEqualTo",
        "equalToJson",
        "matchesJsonPath",
        "and",
        "or",
        "not",
        "anything",
        "caseInsensitive",
        "ignoreArrayOrder",
        "ignoreExtraElements",
        "expression",
    ],
    harmless: &[],
    refused: &[
        ("equalToXml", NO_XML),
        ("matchesXPath", NO_XML),
        (
            "matchesJsonSchema",
            "say what matters with `matchesJsonPath` or `equalToJson`",
        ),
        ("before", NO_TIME),
        ("after", NO_TIME),
        ("equalToDateTime", NO_TIME),
        (
            "equalToNumber",
            "`equalTo` compares texts, and `matchesJsonPath` can compare numbers",
        ),
    ],
};
const NO_XML: &str = "`contains` and `matches` look at XML as a text";
const NO_TIME: &str = "`matches` looks at times as a text";

/// The matchers, each in a field of its own.
fn kinds() -> impl Iterator<Item = &'static str> {
    let keys = KEYS.read.iter().copied();
    keys.filter(|key| !MODIFIERS.contains(key))
}

impl Matcher {
    /// Reads an object such as `{"equalTo": "x"}`.
    pub fn read(item: &Item<'_>, problems: &mut Problems) -> Option<Matcher> {
        let fields = item.fields(&KEYS, problems);
        if let Some(field) = fields.get("expression") {
            problems.push(field.problem("`expression` stands in `matchesJsonPath`"));
            return None;
        }
        let mut found = kinds().filter_map(|kind| Some((kind, fields.get(kind)?)));
        let Some((kind, of)) = found.next() else {
            if matches!(item.value, Value::Object(map) if map.is_empty()) {
                problems.push(
                    item.problem("this says nothing of the value")
                        .help("write for example `{\"equalTo\": \"x\"}`"),
                );
            }
            return None;
        };
        if let Some((other, _)) = found.next() {
            let what = format!("`{kind}` and `{other}` stand in one matcher");
            problems.push(item.problem(what).help("write `\"and\": [{..}, {..}]`"));
        }
        let flag = |key: &str, problems: &mut Problems| {
            let flag = fields.get(key).and_then(|item| item.truth(problems));
            flag.unwrap_or_default()
        };
        match kind {
            "equalTo" => Some(Matcher::Equal {
                text: of.scalar(problems)?,
                any_case: flag("caseInsensitive", problems),
            }),
            "equalToJson" => {
                let (order, extra) = (
                    flag("ignoreArrayOrder", problems),
                    flag("ignoreExtraElements", problems),
                );
                EqualJson::read(of, order, extra, problems).map(Matcher::Json)
            }
            _ => one(kind, of, problems),
        }
    }

    /// Whether a value, or the want of one, is what it should be.
    pub fn matches(&self, value: Option<&[u8]>) -> bool {
        let as_text = || value.map(text);
        let full =
            |regex: &Regex| as_text().is_some_and(|text| regex.is_match(&text).unwrap_or_default());
        match self {
            Matcher::Equal {
                text,
                any_case: false,
            } => as_text().as_ref() == Some(text),
            Matcher::Equal {
                text,
                any_case: true,
            } => as_text().is_some_and(|value| value.to_lowercase() == text.to_lowercase()),
            Matcher::Contains(part) => as_text().is_some_and(|text| text.contains(part)),
            Matcher::Lacks(part) => as_text().is_none_or(|text| !text.contains(part)),
            Matcher::Matches(regex) => full(regex),
            Matcher::Differs(regex) => !full(regex),
            Matcher::Absent => value.is_none(),
            Matcher::Present => value.is_some(),
            Matcher::Binary(bytes) => value == Some(bytes),
            Matcher::Json(json) => value.is_some_and(|value| json.matches(value)),
            Matcher::Path { path, of } => value.is_some_and(|value| at(path, of.as_deref(), value)),
            Matcher::And(all) => all.iter().all(|one| one.matches(value)),
            Matcher::Or(any) => any.iter().any(|one| one.matches(value)),
            Matcher::Not(one) => !one.matches(value),
        }
    }

    /// Whether one of several values, or the want of any, is what it should be.
    pub fn matches_one(&self, values: &[String]) -> bool {
        match values {
            [] => self.matches(None),
            values => values
                .iter()
                .any(|value| self.matches(Some(value.as_bytes()))),
        }
    }
}

/// A matcher that stands in one field.
fn one(kind: &str, of: &Item<'_>, problems: &mut Problems) -> Option<Matcher> {
    let all = |problems: &mut Problems| {
        let items = of.items(problems);
        let read: Vec<Matcher> = items
            .iter()
            .filter_map(|item| Matcher::read(item, problems))
            .collect();
        (read.len() == items.len()).then_some(read)
    };
    Some(match kind {
        "contains" => Matcher::Contains(of.scalar(problems)?),
        "doesNotContain" => Matcher::Lacks(of.scalar(problems)?),
        "matches" => Matcher::Matches(regex(of, problems)?.into()),
        "doesNotMatch" => Matcher::Differs(regex(of, problems)?.into()),
        "absent" => match of.truth(problems)? {
            true => Matcher::Absent,
            false => Matcher::Present,
        },
        "binaryEqualTo" => Matcher::Binary(base64(of, problems)?),
        "matchesJsonPath" => path(of, problems)?,
        "and" => Matcher::And(all(problems)?),
        "or" => Matcher::Or(all(problems)?),
        "not" => Matcher::Not(Matcher::read(of, problems)?.into()),
        _ => Matcher::And(Vec::new()),
    })
}

/// A regular expression for the whole of a value, as Java's `matches` has it.
pub(super) fn regex(item: &Item<'_>, problems: &mut Problems) -> Option<Regex> {
    let text = item.scalar(problems)?;
    match Regex::new(&format!("^(?:{text})$")) {
        Ok(regex) => Some(regex),
        Err(error) => {
            problems.push(item.problem(format!("`{text}` is no regular expression: {error}")));
            None
        }
    }
}

/// Bytes in base64.
pub(super) fn base64(item: &Item<'_>, problems: &mut Problems) -> Option<Vec<u8>> {
    let text = item.text(problems)?;
    match base64::engine::general_purpose::STANDARD.decode(text.trim()) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            problems.push(item.problem(format!("this is not base64: {error}")));
            None
        }
    }
}

/// `"$.name"` or `{"expression": "$.name", "equalTo": "x"}`.
fn path(item: &Item<'_>, problems: &mut Problems) -> Option<Matcher> {
    let (expression, of) = match item.value {
        Value::Object(_) => {
            let fields = item.fields(&KEYS, problems);
            let expression = fields.need("expression", problems)?.clone();
            let there = kinds().any(|kind| fields.get(kind).is_some());
            let without: serde_json::Map<String, Value> = match item.value {
                Value::Object(map) => map
                    .iter()
                    .filter(|(key, _)| *key != "expression")
                    .map(|(k, v)| (k.clone(), v.clone()))
                    .collect(),
                _ => return None,
            };
            let without = Value::Object(without);
            let of = match there {
                true => Some(Box::new(Matcher::read(&item.with(&without), problems)?)),
                false => None,
            };
            (expression, of)
        }
        _ => (item.clone(), None),
    };
    let text = expression.text(problems)?;
    match Path::parse(&text) {
        Ok(path) => Some(Matcher::Path { path, of }),
        Err(what) => {
            problems.push(expression.problem(what));
            None
        }
    }
}

/// What is at a path of a body: something, or something that is as it should be.
fn at(path: &Path, of: Option<&Matcher>, body: &[u8]) -> bool {
    let Ok(body) = serde_json::from_slice(body) else {
        return false;
    };
    let found = path.of(&body).filter(|found| !found.is_null());
    let Some(of) = of else {
        return found
            .is_some_and(|found| !matches!(found, Value::Array(items) if items.is_empty()));
    };
    let bytes = |value: Value| match value {
        Value::String(text) => text.into_bytes(),
        other => other.to_string().into_bytes(),
    };
    match found {
        None => of.matches(None),
        // Of a list each item is tried, unless it is the list that is compared.
        Some(Value::Array(items)) if !matches!(of, Matcher::Json(_)) => match items.is_empty() {
            true => of.matches(None),
            false => items.into_iter().any(|item| of.matches(Some(&bytes(item)))),
        },
        Some(found) => of.matches(Some(&bytes(found))),
    }
}
