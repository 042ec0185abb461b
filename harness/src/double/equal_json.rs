//! `equalToJson`: a body that is the same JSON, whatever its blanks and the order of its keys.

use super::json::Item;
use crate::problem::Problems;
use serde_json::Value;

/// The JSON that a body is held against.
#[derive(Clone, Debug)]
pub(super) struct EqualJson {
    expected: Value,
    any_order: bool,
    extra: bool,
}

/// A value that stands for any of a kind, and what is one of those.
type Kind = (&'static str, fn(&Value) -> bool);

/// How such values begin.
const PLACEHOLDER: &str = "${json-unit.";
const KINDS: [Kind; 5] = [
    ("${json-unit.ignore}", |_| true),
    ("${json-unit.any-string}", Value::is_string),
    ("${json-unit.any-number}", Value::is_number),
    ("${json-unit.any-boolean}", Value::is_boolean),
    ("${json-unit.ignore-element}", |_| true),
];

impl EqualJson {
    /// Reads the value of `equalToJson`: a text with JSON, or the JSON itself.
    pub fn read(
        item: &Item<'_>,
        any_order: bool,
        extra: bool,
        problems: &mut Problems,
    ) -> Option<EqualJson> {
        let expected = match item.value {
            Value::String(text) => match serde_json::from_str(text) {
                Ok(value) => value,
                Err(error) => {
                    problems.push(item.problem(format!("this is not JSON: {error}")));
                    return None;
                }
            },
            value => value.clone(),
        };
        if let Some(unknown) = unknown(&expected) {
            let known = KINDS.iter().map(|(name, _)| *name);
            let what = format!("unknown placeholder `{unknown}`");
            problems.push(
                item.problem(what)
                    .help(crate::problem::suggest(&unknown, known)),
            );
        }
        Some(EqualJson {
            expected,
            any_order,
            extra,
        })
    }

    /// Whether a body is this JSON.
    pub fn matches(&self, body: &[u8]) -> bool {
        serde_json::from_slice(body).is_ok_and(|body| self.same(&self.expected, &body))
    }

    fn same(&self, expected: &Value, found: &Value) -> bool {
        match (expected, found) {
            (Value::String(text), _) if text.starts_with(PLACEHOLDER) => {
                let mut kinds = KINDS.iter().filter(|(name, _)| name == text);
                kinds.next().is_some_and(|(_, is)| is(found))
            }
            (Value::Object(expected), Value::Object(found)) => {
                (self.extra || found.len() <= expected.len())
                    && expected.iter().all(|(key, value)| match found.get(key) {
                        Some(found) => self.same(value, found),
                        None => value == "${json-unit.ignore-element}",
                    })
            }
            (Value::Array(expected), Value::Array(found)) => self.lists(expected, found),
            (Value::Number(expected), Value::Number(found)) => {
                expected == found || expected.as_f64() == found.as_f64()
            }
            _ => expected == found,
        }
    }

    fn lists(&self, expected: &[Value], found: &[Value]) -> bool {
        if found.len() < expected.len() || !self.extra && found.len() > expected.len() {
            return false;
        }
        match self.any_order {
            false => expected.iter().zip(found).all(|(a, b)| self.same(a, b)),
            true => self.paired(expected, &mut found.iter().collect()),
        }
    }

    /// Whether each expected item has a found one of its own.
    fn paired(&self, expected: &[Value], left: &mut Vec<&Value>) -> bool {
        let Some((first, rest)) = expected.split_first() else {
            return true;
        };
        for i in 0..left.len() {
            if self.same(first, left[i]) {
                let taken = left.remove(i);
                if self.paired(rest, left) {
                    return true;
                }
                left.insert(i, taken);
            }
        }
        false
    }
}

/// A placeholder that is none of ours.
fn unknown(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.starts_with(PLACEHOLDER) => {
            (!KINDS.iter().any(|(name, _)| name == text)).then(|| text.clone())
        }
        Value::Array(items) => items.iter().find_map(unknown),
        Value::Object(map) => map.values().find_map(unknown),
        _ => None,
    }
}
