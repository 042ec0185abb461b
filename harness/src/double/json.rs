//! JSON files as values that know their places.
//!
//! What does not fit is added to a list of problems, so that all mistakes of a folder come at once.

use super::places;
use crate::problem::{Place, Problem, Problems, nearest, shown};
use serde_json::Value;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// A JSON file that was read.
pub(super) struct Source {
    file: Arc<Path>,
    root: Value,
    /// Where each value stands, by its path from the root; of an object's value, where its key does.
    places: HashMap<String, (usize, usize)>,
}

impl Source {
    /// Reads a file.
    pub fn read(file: &Path, problems: &mut Problems) -> Option<Source> {
        let shown = shown(file);
        match std::fs::read_to_string(file) {
            Ok(text) => Source::parse(&shown, &text, problems),
            Err(error) => {
                let what = format!("cannot be read: {error}");
                problems.push(Problem::with_file(&shown, what));
                None
            }
        }
    }

    /// Reads a file's text.
    pub fn parse(file: &Path, text: &str, problems: &mut Problems) -> Option<Source> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match serde_json::from_str(text) {
            Ok(root) => Some(Source {
                file: file.into(),
                root,
                places: places::of(text),
            }),
            Err(error) => {
                let place = Place::new(file, error.line(), error.column().max(1));
                let text = error.to_string();
                let why = text.split(" at line ").next().unwrap_or(&text);
                problems.push(Problem::at(&place, format!("this is not JSON: {why}")));
                None
            }
        }
    }

    /// The value of the whole file.
    pub fn root(&self) -> Item<'_> {
        Item {
            source: self,
            pointer: "$".to_owned(),
            value: &self.root,
        }
    }
}

/// A value in a file.
#[derive(Clone)]
pub(super) struct Item<'j> {
    source: &'j Source,
    pointer: String,
    /// The value.
    pub value: &'j Value,
}

/// The keys that an object may have.
pub(super) struct Keys {
    /// Those that are read.
    pub read: &'static [&'static str],
    /// Those without which all is the same.
    pub harmless: &'static [&'static str],
    /// Those that WireMock knows and that are not played here, each with what to do.
    pub refused: &'static [(&'static str, &'static str)],
}

impl Keys {
    /// Keys of our own.
    pub const fn own(read: &'static [&'static str]) -> Keys {
        Keys {
            read,
            harmless: &[],
            refused: &[],
        }
    }
}

impl<'j> Item<'j> {
    /// Where it stands.
    pub fn place(&self) -> Place {
        let (line, column) = *self.source.places.get(&self.pointer).unwrap_or(&(1, 1));
        Place::new(&self.source.file, line, column)
    }

    /// A mistake here.
    pub fn problem(&self, what: impl Into<String>) -> Problem {
        let what = match self.pointer.as_str() {
            "$" => what.into(),
            pointer => format!("{} (at `{pointer}`)", what.into()),
        };
        Problem::at(&self.place(), what)
    }

    /// Says that something else was expected here.
    pub fn not<T>(&self, expected: &str, problems: &mut Problems) -> Option<T> {
        let kind = match self.value {
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
            other => format!("`{other}`"),
        };
        problems.push(self.problem(format!("expected {expected}, not {kind}")));
        None
    }

    /// The same place with another value, of which a part is left out.
    pub fn with<'v>(&self, value: &'v Value) -> Item<'v>
    where
        'j: 'v,
    {
        Item {
            source: self.source,
            pointer: self.pointer.clone(),
            value,
        }
    }

    fn child(&self, key: &str, value: &'j Value) -> Item<'j> {
        Item {
            source: self.source,
            pointer: format!("{}.{key}", self.pointer),
            value,
        }
    }

    /// An object's entries; one that is null counts as missing.
    pub fn entries(&self, problems: &mut Problems) -> Vec<(&'j str, Item<'j>)> {
        let Value::Object(map) = self.value else {
            return self.not("an object", problems).unwrap_or_default();
        };
        let there = map.iter().filter(|(_, value)| !value.is_null());
        there
            .map(|(key, value)| (key.as_str(), self.child(key, value)))
            .collect()
    }

    /// An object's entries, which can only be these.
    pub fn fields(&self, keys: &Keys, problems: &mut Problems) -> Fields<'j> {
        let mut entries = Vec::new();
        for (key, item) in self.entries(problems) {
            if keys.read.contains(&key) {
                entries.push((key, item));
            } else if let Some((_, help)) = keys.refused.iter().find(|(name, _)| *name == key) {
                let what = format!("`{key}` is not played by a double");
                problems.push(item.problem(what).help(*help));
            } else if !keys.harmless.contains(&key) {
                let known = keys.read.iter().copied();
                problems.push(Problem::unknown(&item.place(), "field", key, known.clone()));
                // It is read as what it was meant to be, so that one slip is one mistake.
                entries.extend(nearest(key, known).map(|name| (name, item)));
            }
        }
        Fields {
            item: self.clone(),
            entries,
        }
    }

    /// A list's items.
    pub fn items(&self, problems: &mut Problems) -> Vec<Item<'j>> {
        let Value::Array(items) = self.value else {
            return self.not("a list", problems).unwrap_or_default();
        };
        let items = items.iter().enumerate();
        items
            .map(|(i, value)| Item {
                source: self.source,
                pointer: format!("{}[{i}]", self.pointer),
                value,
            })
            .collect()
    }

    /// A text.
    pub fn text(&self, problems: &mut Problems) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text.clone()),
            _ => self.not("a text", problems),
        }
    }

    /// A text, or a number or truth value written without quotes.
    pub fn scalar(&self, problems: &mut Problems) -> Option<String> {
        match self.value {
            Value::Number(_) | Value::Bool(_) => Some(self.value.to_string()),
            _ => self.text(problems),
        }
    }

    /// `true` or `false`.
    pub fn truth(&self, problems: &mut Problems) -> Option<bool> {
        match self.value {
            Value::Bool(truth) => Some(*truth),
            _ => self.not("`true` or `false`", problems),
        }
    }

    /// A whole number from 0 on.
    pub fn count(&self, problems: &mut Problems) -> Option<u64> {
        match self.value.as_u64() {
            Some(count) => Some(count),
            None => self.not("a whole number", problems),
        }
    }

    /// A number from `0` to some bound.
    pub fn number(&self, most: f64, problems: &mut Problems) -> Option<f64> {
        match self.value.as_f64() {
            Some(number) if (0.0..=most).contains(&number) => Some(number),
            _ if most.is_finite() => self.not(&format!("a number from 0 to {most}"), problems),
            _ => self.not("a number from 0 on", problems),
        }
    }
}

/// The entries of an object with known keys.
pub(super) struct Fields<'j> {
    /// The object.
    pub item: Item<'j>,
    entries: Vec<(&'j str, Item<'j>)>,
}

impl<'j> Fields<'j> {
    /// A value that may be missing.
    pub fn get(&self, key: &str) -> Option<&Item<'j>> {
        let mut found = self.entries.iter().filter(|(name, _)| *name == key);
        found.next().map(|(_, item)| item)
    }

    /// A value that must be there.
    pub fn need(&self, key: &str, problems: &mut Problems) -> Option<&Item<'j>> {
        let found = self.get(key);
        if found.is_none() {
            problems.push(self.item.problem(format!("`{key}` is missing here")));
        }
        found
    }

    /// A text that may be missing.
    pub fn text(&self, key: &str, problems: &mut Problems) -> Option<String> {
        self.get(key)?.text(problems)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_is_told_with_its_place() {
        let mut problems = Problems::default();
        assert!(Source::parse(Path::new("a.json"), "{\n \"a\": 1,\n}", &mut problems).is_none());
        let text = problems.to_string();
        assert!(text.contains("this is not JSON: trailing comma"), "{text}");
        assert!(text.contains("a.json:3:1"), "{text}");
    }
}
