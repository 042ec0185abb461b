//! The names that an export may use, with their numbers.

use crate::count;
use crate::entity::Entities;
use crate::stack::Stack;
use std::collections::{BTreeMap, BTreeSet};

/// What invariants can know of, by kind of entity.
pub(super) struct Words {
    kinds: Vec<Kind>,
    /// Names that nothing declares, and on how many lines they stood.
    pub ignored: BTreeMap<(&'static str, String, String), u64>,
}

struct Kind {
    name: String,
    number: usize,
    fields: Vec<(String, usize)>,
    events: Vec<(String, usize)>,
    /// The number of the export as a source.
    source: usize,
}

/// More different names that nothing declares are not told.
const MAX_IGNORED: usize = 100;

impl Words {
    /// Of a stack, with the numbers that its entities have.
    pub fn new(stack: &Stack, entities: &mut Entities, source: &str) -> Words {
        let kinds = stack.entities.values().filter_map(|entity| {
            let (number, kind) = entities.kind_mut(&entity.name)?;
            let numbered = |name: &str| (name.to_owned(), kind.field(name));
            let fields = entity.fields().into_iter().map(numbered).collect();
            let events: BTreeSet<&str> = entity.events().collect();
            let numbered = |name: &str| (name.to_owned(), kind.event(name));
            Some(Kind {
                name: entity.name.clone(),
                number,
                fields,
                events: events.into_iter().map(numbered).collect(),
                source: kind.source(source, None),
            })
        });
        Words {
            kinds: kinds.collect(),
            ignored: BTreeMap::new(),
        }
    }

    /// The place of a kind in the list.
    pub fn kind(&self, name: &str) -> Option<usize> {
        self.kinds.iter().position(|kind| kind.name == name)
    }

    /// The kind's number, and that of the export as a source of its.
    pub fn numbers(&self, kind: usize) -> (usize, usize) {
        (self.kinds[kind].number, self.kinds[kind].source)
    }

    /// The names of all kinds.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.kinds.iter().map(|kind| kind.name.as_str())
    }

    /// The number of a field; `None` for one that nothing declares, of which note is taken.
    pub fn field(&mut self, kind: usize, name: &str) -> Option<usize> {
        let known = &self.kinds[kind].fields;
        let found = known.iter().find(|(known, _)| known == name);
        let number = found.map(|(_, number)| *number);
        if number.is_none() {
            self.ignore("field", kind, name);
        }
        number
    }

    /// The number of an event; `None` for one that nothing declares, of which note is taken.
    pub fn event(&mut self, kind: usize, name: &str) -> Option<usize> {
        let known = &self.kinds[kind].events;
        let found = known.iter().find(|(known, _)| known == name);
        let number = found.map(|(_, number)| *number);
        if number.is_none() {
            self.ignore("event", kind, name);
        }
        number
    }

    fn ignore(&mut self, noun: &'static str, kind: usize, name: &str) {
        let key = (noun, self.kinds[kind].name.clone(), name.to_owned());
        if self.ignored.len() < MAX_IGNORED || self.ignored.contains_key(&key) {
            *self.ignored.entry(key).or_default() += 1;
        }
    }

    /// What was left out, in words.
    pub fn notes(&self) -> Vec<String> {
        let note = |((noun, kind, name), lines): (&(&str, String, String), &u64)| {
            let declared = self.kinds.iter().find(|one| one.name == *kind);
            let all = declared.map(|one| match *noun {
                "field" => &one.fields,
                _ => &one.events,
            });
            let known = all.into_iter().flatten().map(|(name, _)| name.as_str());
            let advice = crate::problem::suggest(name, known);
            format!(
                "{} left out: no rule of `{kind}` tells the {noun} `{name}` ({advice})",
                count::were(*lines, "line")
            )
        };
        self.ignored.iter().map(note).collect()
    }
}
