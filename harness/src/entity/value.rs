//! The values of an entity's fields, made so that equal ones are told by a glance.

use crate::expression::{Value, from_json};
use foldhash::fast::RandomState;
use indexmap::{Equivalent, IndexSet};
use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A field's new value, as evidence gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Given<'a> {
    /// Nothing, told as such.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Another number.
    Float(f64),
    /// A text.
    Text(&'a str),
    /// Anything else.
    Json(&'a serde_json::Value),
}

impl<'a> From<&'a serde_json::Value> for Given<'a> {
    fn from(value: &'a serde_json::Value) -> Given<'a> {
        use serde_json::Value as Json;
        match value {
            Json::Null => Given::Null,
            Json::Bool(truth) => Given::Bool(*truth),
            Json::Number(number) => match (number.as_i64(), number.is_u64(), number.as_f64()) {
                (Some(int), ..) => Given::Int(int),
                (None, false, Some(float)) => Given::Float(float),
                _ => Given::Json(value),
            },
            Json::String(text) => Given::Text(text),
            other => Given::Json(other),
        }
    }
}

impl Given<'_> {
    /// As the name of a status: a number is taken by its digits. `None`: it is no status.
    pub fn status(&self) -> Option<Cow<'_, str>> {
        match *self {
            Given::Text(name) => Some(Cow::Borrowed(name)),
            Given::Int(int) => Some(int.to_string().into()),
            Given::Float(float) => Some(float.to_string().into()),
            Given::Bool(truth) => Some(truth.to_string().into()),
            Given::Null | Given::Json(_) => None,
        }
    }

    /// As JSON.
    pub fn json(&self) -> serde_json::Value {
        match *self {
            Given::Null => serde_json::Value::Null,
            Given::Bool(truth) => truth.into(),
            Given::Int(int) => int.into(),
            Given::Float(float) => float.into(),
            Given::Text(text) => text.into(),
            Given::Json(json) => json.clone(),
        }
    }
}

/// Whether two values are the same. Numbers are by what they are worth: one source writes 1, another one 1.0.
pub fn same(one: &serde_json::Value, other: &serde_json::Value) -> bool {
    use serde_json::Value as Json;
    match (one, other) {
        (Json::Number(one), Json::Number(other)) => {
            let fractions = one.is_f64() || other.is_f64();
            one == other || fractions && one.as_f64() == other.as_f64()
        }
        (Json::Array(one), Json::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Json::Object(all), Json::Object(others)) => {
            let alike = |(name, one)| others.get(name).is_some_and(|other| same(one, other));
            all.len() == others.len() && all.iter().all(alike)
        }
        _ => one == other,
    }
}

/// Two values with the same atom are the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Atom {
    kind: u8,
    bits: u64,
}

impl Atom {
    /// A field that has no value.
    pub const UNSET: Atom = Atom { kind: 0, bits: 0 };
    /// A value that is the same for all entities of a kind.
    pub(super) const CONSTANT: Atom = Atom { kind: 1, bits: 0 };
    const NULL: Atom = Atom { kind: 2, bits: 0 };

    /// Of a truth value.
    pub fn of(truth: bool) -> Atom {
        Atom {
            kind: 3,
            bits: truth.into(),
        }
    }
}

/// More different texts than this are not remembered: what is different each time is not worth it.
const MAX_TEXTS: usize = 1 << 16;

/// The texts that values of one kind of entity have had, each kept once.
#[derive(Default)]
pub(super) struct Texts {
    known: IndexSet<Arc<String>, RandomState>,
}

/// A text that is looked for.
struct Wanted<'a>(&'a str);

impl Hash for Wanted<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl Equivalent<Arc<String>> for Wanted<'_> {
    fn equivalent(&self, known: &Arc<String>) -> bool {
        self.0 == known.as_str()
    }
}

impl Texts {
    /// A text, and its number if it has one.
    pub fn of(&mut self, text: &str) -> (Arc<String>, Option<u64>) {
        if let Some(n) = self.known.get_index_of(&Wanted(text)) {
            return (self.known[n].clone(), Some(n as u64));
        }
        let text = Arc::new(text.to_owned());
        let room = self.known.len() < MAX_TEXTS;
        let n = room.then(|| self.known.insert_full(text.clone()).0 as u64);
        (text, n)
    }

    /// A value with its atom; `None` for one that has no atom, and must be compared in full.
    pub fn value(&mut self, given: Given<'_>) -> (Value, Option<Atom>) {
        let atom = |kind, bits| Some(Atom { kind, bits });
        match given {
            Given::Null => (Value::Null, Some(Atom::NULL)),
            Given::Bool(truth) => (Value::Bool(truth), Some(Atom::of(truth))),
            Given::Int(int) => (Value::Int(int), atom(4, int as u64)),
            Given::Float(float) => (Value::Float(float), atom(5, float.to_bits())),
            Given::Text(text) => {
                let (text, n) = self.of(text);
                (Value::String(text), n.and_then(|n| atom(6, n)))
            }
            Given::Json(json) => (from_json(json), None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::same;
    use serde_json::json;

    #[test]
    fn numbers_are_the_same_by_what_they_are_worth() {
        let alike = [
            (json!(10), json!(10.0)),
            (json!([1, {"a": 2.0}]), json!([1.0, {"a": 2}])),
            (json!(u64::MAX), json!(u64::MAX)),
        ];
        for (one, other) in alike {
            assert!(same(&one, &other), "{one} and {other}");
        }
        let apart = [
            (json!(10), json!("10")),
            (json!(10), json!(10.5)),
            (
                json!(9_007_199_254_740_993_i64),
                json!(9_007_199_254_740_992_i64),
            ),
            (json!([1]), json!([1, 1])),
            (json!({"a": 1}), json!({"b": 1})),
            (json!(1), json!(true)),
        ];
        for (one, other) in apart {
            assert!(!same(&one, &other), "{one} and {other}");
        }
    }
}
