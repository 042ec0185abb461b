//! One entity as it is now: what expressions and proofs read of it.

use super::alias;
use super::record::Slot;
use super::value::Atom;
use super::{Fact, Input, Kind, Moment, Record, Segment, Stamp};
use crate::expression::{Scope, Value, to_json};
use std::collections::BTreeSet;

/// One entity as it is now.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// Its kind.
    pub kind: &'a Kind,
    /// Its number within its kind.
    pub number: usize,
    /// Its id.
    pub id: &'a str,
    /// What is known of it.
    pub record: &'a Record,
    /// The part of its life whose events count, if it is not all of it.
    pub segment: Option<&'a Segment>,
}

impl View<'_> {
    /// The same entity at another moment, in all that is known of it then.
    pub fn then<'b>(&'b self, record: &'b Record) -> View<'b> {
        View {
            record,
            segment: None,
            ..*self
        }
    }

    fn slot(&self, field: usize) -> Option<&Slot> {
        self.record.slots.get(field)?.as_ref()
    }

    /// When an event first happened, in the part of its life that counts.
    pub(super) fn since(&self, event: usize) -> Option<Stamp> {
        match self.segment {
            Some(segment) => segment.since(event),
            None => self.record.happened.get(event).copied().flatten(),
        }
    }

    /// The atom of what an expression reads, `None` if it has none.
    pub fn atom(&self, input: Input) -> Option<Atom> {
        match input {
            Input::Field(field) => self.slot(field).map_or(Some(Atom::UNSET), |slot| slot.atom),
            // What may have happened before is not the same as what has not.
            Input::Event(event) => Some(match self.since(event) {
                None if !self.is_whole() => Atom::UNSET,
                since => Atom::of(since.is_some()),
            }),
        }
    }

    /// At which of its entity's observations it last changed.
    pub fn changed(&self, input: Input) -> u64 {
        match input {
            Input::Field(field) => self.slot(field).map_or(0, |slot| slot.changed),
            // It happens once and for all in its part of a life, so that whether it has is as good as when.
            Input::Event(event) => self.since(event).map_or(0, |_| 1),
        }
    }

    /// When what an expression reads was learnt; `None`: it was not, or it was so from the beginning.
    pub fn learnt(&self, input: Input) -> Option<Stamp> {
        match input {
            Input::Field(field) => self.slot(field)?.since,
            Input::Event(event) => self.since(event),
        }
    }

    /// Whether the beginning of its part of a life tells what an input was then.
    pub fn was_told(&self, input: Input) -> bool {
        self.segment.is_some_and(|segment| segment.is_told(input))
    }

    /// What an expression can see, without what the events of these numbers told.
    pub fn scope(&self, inputs: &[Input], without: &[u64]) -> Scope {
        let mut scope = Scope::new();
        for input in inputs {
            let dropped = self
                .learnt(*input)
                .is_some_and(|stamp| without.contains(&stamp.seq));
            match *input {
                Input::Field(field) => {
                    let first = self.kind.entity.status.as_ref();
                    let first = first.and_then(|status| status.first.as_deref());
                    let name = &self.kind.fields.0[field];
                    if !dropped && let Some(slot) = self.slot(field) {
                        scope.put(name, slot.value.clone());
                    } else if Some(field) == self.kind.status
                        && self.has_beginning()
                        && let Some(first) = first
                    {
                        scope.put(name, Value::from(first));
                    }
                }
                Input::Event(event) => {
                    if !dropped && self.since(event).is_some() {
                        scope.happened(&self.kind.events.0[event]);
                    }
                }
            }
        }
        scope
    }

    /// The value of a field, if it is known.
    pub fn field(&self, field: usize) -> Option<serde_json::Value> {
        to_json(&self.slot(field)?.value)
    }

    /// What a field was, in words; nothing of what is the same for all entities of a kind.
    pub fn said(&self, field: usize) -> Option<String> {
        let slot = self.slot(field);
        if slot.is_some_and(|slot| slot.atom == Some(Atom::CONSTANT)) {
            return None;
        }
        let name = &self.kind.fields.0[field];
        Some(match self.field(field) {
            Some(value) => format!("{name} was {value}"),
            None => format!("{name} was not known"),
        })
    }

    /// The fields to which what was learnt last gave another value, with that value.
    pub fn told_fields(&self) -> Vec<(String, serde_json::Value)> {
        let told = self.record.told.iter();
        let new = told.filter(|field| self.record.is_new(**field));
        let said = new.filter_map(|field| {
            let name = self.kind.fields.0[*field].to_string();
            Some((name, self.field(*field)?))
        });
        said.collect()
    }

    /// What was learnt last, as faults wait for it: one event at a time.
    pub fn facts(&self) -> Vec<Fact> {
        let name = |event: &usize| self.event_name(*event).to_owned();
        let mut events = self.events().iter().map(name);
        let fact = |event| Fact {
            entity: self.kind.entity.name.clone(),
            id: self.id.to_owned(),
            event,
            ..Fact::default()
        };
        let statuses = self.record.new_statuses().iter();
        let first = Fact {
            statuses: statuses.map(|(name, _)| name.to_string()).collect(),
            fields: self.told_fields(),
            ..fact(events.next())
        };
        let others = events.map(|event| fact(Some(event)));
        std::iter::once(first).chain(others).collect()
    }

    /// Whether some of this was learnt last.
    pub fn last_tells(&self, inputs: &[Input]) -> bool {
        let told = |input: &Input| match input {
            Input::Field(field) => self.record.told.contains(field),
            Input::Event(event) => self.record.told_events.contains(event),
        };
        // In words, a status was learnt.
        self.record.told_words.is_some() || inputs.iter().any(told)
    }

    /// The events that were learnt last.
    pub fn events(&self) -> &[usize] {
        &self.record.told_events
    }

    /// The first thing that was ever seen of it.
    pub fn first(&self) -> Moment {
        self.moment(self.record.first, "first seen")
    }

    /// The last thing that was seen of it.
    pub fn last(&self) -> Moment {
        let record = self.record;
        let fields = record.told.iter().map(|field| self.became(*field));
        let events = record
            .told_events
            .iter()
            .map(|event| self.event_name(*event));
        let words: Vec<String> = record
            .told_words
            .clone()
            .into_iter()
            .chain(fields)
            .chain(events.map(str::to_owned))
            .collect();
        match words.is_empty() {
            true => self.moment(record.last, "seen"),
            false => self.moment(record.last, &words.join(", ")),
        }
    }

    /// What the event with a number told of what is read.
    pub fn told(&self, inputs: &[Input], seq: u64) -> Option<Moment> {
        let mut all = inputs.iter().filter_map(|input| {
            let stamp = self.learnt(*input).filter(|stamp| stamp.seq == seq)?;
            let words = match *input {
                Input::Field(field) => self.became(field),
                Input::Event(event) => self.event_name(event).to_owned(),
            };
            Some((stamp, words))
        });
        let (stamp, first) = all.next()?;
        let mut words = vec![first];
        for (_, more) in all {
            // Two conditions may read the same.
            if !words.contains(&more) {
                words.push(more);
            }
        }
        Some(self.moment(stamp, &words.join(", ")))
    }

    /// A moment with its words and its source.
    pub fn moment(&self, stamp: Stamp, words: &str) -> Moment {
        let source = self.kind.sources.name(stamp.source);
        Moment {
            at_ns: stamp.at_ns,
            since_ns: stamp.since_ns,
            seq: stamp.seq,
            text: format!("{words} ({source})"),
        }
    }

    /// The coming of a status.
    pub fn came(&self, status: &str, stamp: Stamp) -> Moment {
        if self.began_as(status, stamp) {
            return self.first();
        }
        let field = self.kind.entity.status.as_ref();
        let field = field.map_or("status", |status| status.field.as_str());
        self.moment(stamp, &format!("{field} became {status}"))
    }

    /// Whether it may have had others between its last two statuses: the last one was seen by a look at how things were, and
    /// no declared move leads to it, but several do.
    pub fn skipped(&self) -> bool {
        let [(left, _), (came, stamp)] = self.record.last_statuses() else {
            return false;
        };
        let kind = &self.kind.entity;
        !kind.declares(left, came)
            && self.kind.samples(stamp.source)
            && kind.reached(vec![left.as_str()]).contains(&came.as_str())
    }

    /// Whether no event told of this status, because its kind is declared to begin as it.
    pub fn began_as(&self, status: &str, stamp: Stamp) -> bool {
        let declared = self.kind.entity.status.as_ref();
        let declared = declared.and_then(|declared| declared.first.as_deref());
        stamp == self.record.first && declared == Some(status)
    }

    /// The sources that told of it. One that calls it otherwise is the same source.
    pub fn sources(&self) -> BTreeSet<&str> {
        let all = self.kind.sources.names().enumerate();
        let own = all.filter(|(number, _)| self.record.told_by(*number));
        own.map(|(_, name)| alias::source(name)).collect()
    }

    /// Whether nothing was before what is known of the part of its life that counts: what was not told has not happened.
    pub fn is_whole(&self) -> bool {
        self.segment.is_some_and(Segment::is_whole) || self.has_beginning()
    }

    /// Whether nothing was before what is known of it: what was not told has not been, fields too.
    pub fn has_beginning(&self) -> bool {
        !self.kind.exported || self.record.beginning_ns().is_some()
    }

    /// The name of a field.
    pub fn field_name(&self, field: usize) -> &str {
        &self.kind.fields.0[field]
    }

    /// The name of an event.
    pub fn event_name(&self, event: usize) -> &str {
        &self.kind.events.0[event]
    }

    fn became(&self, field: usize) -> String {
        let name = &self.kind.fields.0[field];
        match self.field(field) {
            Some(serde_json::Value::String(text)) if !text.is_empty() => {
                format!("{name} became {text}")
            }
            Some(other) => format!("{name} became {other}"),
            None => name.to_string(),
        }
    }
}
