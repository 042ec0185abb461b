//! What a run told of entities, by name.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The fields and events that were told of some entity, by its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heard {
    #[serde(flatten)]
    kinds: BTreeMap<String, Names>,
    /// The keys of the rules that taught something. No kind is called so.
    #[serde(rename = "*rules", default, skip_serializing_if = "BTreeSet::is_empty")]
    rules: BTreeSet<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Names {
    fields: BTreeSet<String>,
    events: BTreeSet<String>,
}

impl Heard {
    /// These fields and events of a kind were told.
    pub fn add(&mut self, kind: &str, fields: BTreeSet<String>, events: BTreeSet<String>) {
        self.kinds.insert(kind.to_owned(), Names { fields, events });
    }

    /// These rules taught something.
    pub fn taught(&mut self, rules: impl Iterator<Item = String>) {
        self.rules.extend(rules);
    }

    /// Whether a rule taught something, by its key.
    pub fn rule(&self, key: &str) -> bool {
        self.rules.contains(key)
    }

    /// All that another run told was told as well.
    pub fn and(&mut self, other: &Heard) {
        self.rules.extend(other.rules.iter().cloned());
        for (kind, names) in &other.kinds {
            let own = self.kinds.entry(kind.clone()).or_default();
            own.fields.extend(names.fields.iter().cloned());
            own.events.extend(names.events.iter().cloned());
        }
    }

    /// Whether a field was told of some entity of this kind.
    pub fn field(&self, kind: &str, name: &str) -> bool {
        let names = self.kinds.get(kind);
        names.is_some_and(|names| names.fields.contains(name))
    }

    /// Whether an event was told of some entity of this kind.
    pub fn event(&self, kind: &str, name: &str) -> bool {
        let names = self.kinds.get(kind);
        names.is_some_and(|names| names.events.contains(name))
    }
}
