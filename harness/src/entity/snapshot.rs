//! What an entity was at one moment, as far as somebody may ask later.

use super::record::{Slot, grown};
use super::{Input, Record, Stamp, View};

/// A part of a record. Taking another one into it needs no new memory.
#[derive(Debug, Default)]
pub struct Snapshot {
    fields: Vec<(usize, Option<Slot>)>,
    events: Vec<(usize, Option<Stamp>)>,
    told: Vec<usize>,
    told_events: Vec<usize>,
    told_words: Option<String>,
    last: Option<Stamp>,
    /// The inputs of which the beginning of a part of its life tells.
    begun: Vec<Input>,
}

impl Snapshot {
    /// Keeps what these inputs are now, and what was learnt last.
    pub fn take(&mut self, view: &View<'_>, inputs: &[Input]) {
        let record = view.record;
        self.fields.clear();
        self.events.clear();
        for input in inputs {
            match *input {
                Input::Field(n) => self
                    .fields
                    .push((n, record.slots.get(n).cloned().flatten())),
                Input::Event(n) => self.events.push((n, view.since(n))),
            }
        }
        let told = inputs.iter().filter(|input| view.was_told(**input));
        self.begun.clear();
        self.begun.extend(told);
        for n in &record.told {
            self.fields.push((*n, record.slots[*n].clone()));
        }
        self.told.clone_from(&record.told);
        self.told_events.clone_from(&record.told_events);
        self.told_words.clone_from(&record.told_words);
        self.last = Some(record.last);
    }

    /// The inputs of which the beginning of a part of its life tells.
    pub fn begun(&self) -> &[Input] {
        &self.begun
    }

    /// The record as it was then, in what was kept.
    pub fn restore(&self, record: &Record) -> Record {
        let mut then = record.clone();
        for (n, slot) in &self.fields {
            *grown(&mut then.slots, *n) = slot.clone();
        }
        for (n, since) in &self.events {
            *grown(&mut then.happened, *n) = *since;
        }
        then.told.clone_from(&self.told);
        then.told_events.clone_from(&self.told_events);
        then.told_words.clone_from(&self.told_words);
        then.last = self.last.unwrap_or(record.last);
        then
    }
}
