//! What a run told of entities, by name.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The fields and events that were told of some entity, by its kind.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Heard {
    kinds: BTreeMap<String, Names>,
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
