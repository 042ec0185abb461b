//! YAML as a tree of values that know their places.
//!
//! Access is typed, and what does not fit is added to a list of problems instead of ending the reading.

use crate::duration;
use crate::problem::{Place, Problem, Problems, nearest};
use std::str::FromStr;
use std::time::Duration;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub place: Place,
    pub data: Data,
    /// A tag such as `!reset`, without its `!`.
    pub tag: Option<String>,
}

#[derive(Clone, Debug)]
pub(super) enum Data {
    /// A scalar's text; `plain` when it stood without quotes.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// A key of a map with its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub key: String,
    pub place: Place,
    pub value: Node,
    /// It came through `<<`.
    pub merged: bool,
}

impl Node {
    /// What it is, for a message.
    fn kind(&self) -> String {
        match &self.data {
            Data::Scalar { text, .. } => format!("`{text}`"),
            Data::List(_) => "a list".to_owned(),
            Data::Map(_) => "a map".to_owned(),
        }
    }

    /// Says that something else was expected here.
    pub fn not<T>(&self, expected: &str, problems: &mut Problems) -> Option<T> {
        problems.push(Problem::at(
            &self.place,
            format!("expected {expected}, not {}", self.kind()),
        ));
        None
    }

    /// Whether it is nothing at all: an empty value or `null`.
    pub fn is_null(&self) -> bool {
        matches!(&self.data, Data::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// The entry of a map with this key.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.data {
            Data::Map(entries) => entries.iter().find(|entry| entry.key == key),
            _ => None,
        }
    }

    /// A map's entries.
    pub fn entries(&self, problems: &mut Problems) -> &[Entry] {
        match &self.data {
            Data::Map(entries) => entries,
            _ if self.is_null() => &[],
            _ => self.not::<()>("a map", problems).map_or(&[], |()| &[]),
        }
    }

    /// A map's entries, which can only be these; a wrong key gets the nearest right one, and is then read as that,
    /// so that one slip is one mistake.
    pub fn fields<'n>(&'n self, known: &[&'n str], problems: &mut Problems) -> Fields<'n> {
        let entries = self.entries(problems);
        self.fields_or(known, entries, |entry| {
            let names = known.iter().copied();
            problems.push(Problem::unknown(&entry.place, "key", &entry.key, names));
            nearest(&entry.key, known.iter().copied())
        })
    }

    /// The entries with known keys; of any other, `other` says which key it was meant to be, if any.
    pub fn fields_or<'n>(
        &'n self,
        known: &[&'n str],
        entries: &'n [Entry],
        mut other: impl FnMut(&Entry) -> Option<&'n str>,
    ) -> Fields<'n> {
        let (mut right, mut meant) = (Vec::new(), Vec::new());
        for entry in entries {
            match known.iter().find(|name| **name == entry.key) {
                Some(name) => right.push((*name, &entry.value)),
                None => meant.extend(other(entry).map(|name| (name, &entry.value))),
            }
        }
        right.append(&mut meant);
        Fields {
            node: self,
            entries: right,
        }
    }

    /// A list's items.
    pub fn items(&self, problems: &mut Problems) -> &[Node] {
        match &self.data {
            Data::List(items) => items,
            _ if self.is_null() => &[],
            _ => self.not::<()>("a list", problems).map_or(&[], |()| &[]),
        }
    }

    /// A scalar's text.
    pub fn text(&self, problems: &mut Problems) -> Option<String> {
        match &self.data {
            Data::Scalar { text, .. } if !self.is_null() => Some(text.clone()),
            _ => self.not("a text", problems),
        }
    }

    /// A list of texts, or one text in its place.
    pub fn texts(&self, problems: &mut Problems) -> Vec<String> {
        match &self.data {
            Data::Scalar { .. } => self.text(problems).into_iter().collect(),
            _ => self
                .items(problems)
                .iter()
                .filter_map(|item| item.text(problems))
                .collect(),
        }
    }

    /// A number.
    pub fn number<T: FromStr>(&self, expected: &str, problems: &mut Problems) -> Option<T> {
        match &self.data {
            Data::Scalar { text, .. } => match text.parse() {
                Ok(number) => Some(number),
                Err(_) => self.not(expected, problems),
            },
            _ => self.not(expected, problems),
        }
    }

    /// A duration such as `20s`.
    pub fn duration(&self, problems: &mut Problems) -> Option<Duration> {
        self.time(duration::parse, problems)
    }

    /// A duration such as `20s`, and not `0s`.
    pub fn duration_above_zero(&self, problems: &mut Problems) -> Option<Duration> {
        self.time(duration::above_zero, problems)
    }

    fn time(
        &self,
        read: fn(&str) -> Result<Duration, String>,
        problems: &mut Problems,
    ) -> Option<Duration> {
        match read(&self.text(problems)?) {
            Ok(duration) => Some(duration),
            Err(what) => {
                problems.push(Problem::at(&self.place, what));
                None
            }
        }
    }

    /// A name out of a list of names.
    pub fn one_of<T: Clone>(
        &self,
        choices: &[(&str, T)],
        noun: &str,
        problems: &mut Problems,
    ) -> Option<T> {
        let text = self.text(problems)?;
        let found = choices
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, value)| value.clone());
        if found.is_none() {
            let names = choices.iter().map(|(name, _)| *name);
            problems.push(Problem::unknown(&self.place, noun, &text, names));
        }
        found
    }

    /// The same value as JSON. A plain scalar is what YAML's core schema makes of it.
    pub fn json(&self) -> serde_json::Value {
        use serde_json::Value;
        match &self.data {
            Data::List(items) => items.iter().map(Node::json).collect(),
            Data::Map(entries) => Value::Object(
                entries
                    .iter()
                    .map(|e| (e.key.clone(), e.value.json()))
                    .collect(),
            ),
            Data::Scalar { text, plain: false } => text.as_str().into(),
            Data::Scalar { text, plain: true } => match text.as_str() {
                "" | "~" | "null" => Value::Null,
                "true" => Value::Bool(true),
                "false" => Value::Bool(false),
                number => match number.parse::<serde_json::Number>() {
                    Ok(number) => Value::Number(number),
                    Err(_) => text.as_str().into(),
                },
            },
        }
    }
}

/// The entries of a map with known keys.
pub(super) struct Fields<'n> {
    pub node: &'n Node,
    /// Keys as they were meant; those that were written so come first.
    entries: Vec<(&'n str, &'n Node)>,
}

impl<'n> Fields<'n> {
    /// A value that may be missing.
    pub fn get(&self, key: &str) -> Option<&'n Node> {
        self.entries
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| *value)
    }

    /// A value that must be there.
    pub fn need(&self, key: &str, problems: &mut Problems) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() {
            problems.push(Problem::at(
                &self.node.place,
                format!("`{key}` is missing here"),
            ));
        }
        found
    }

    /// A text that must be there.
    pub fn need_text(&self, key: &str, problems: &mut Problems) -> Option<String> {
        self.need(key, problems)?.text(problems)
    }
}
