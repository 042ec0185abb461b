//! Evidence -> observations -> one record for each entity.

mod alias;
mod calls;
mod evidence;
mod kind;
mod record;
mod segment;
mod snapshot;
mod source;
mod together;
mod value;
mod view;

pub use evidence::call;
pub use kind::{FINAL, Input, Kind};
pub use record::{Came, Moment, Record, Stamp};
pub use segment::Segment;
pub use snapshot::Snapshot;
pub use value::{Atom, Given, same};
pub use view::View;

use crate::history::{Captures, Event, Heard, What};
use crate::stack::Stack;
use calls::Calls;
use indexmap::IndexMap;
use record::Lesson;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Something that was learnt about one entity at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// When it was learnt, in nanoseconds since the run began.
    pub at_ns: u64,
    /// Since when it may have been so: what a call does happens at some moment between its request and its answer, and
    /// what a look sees at some moment since the last look.
    pub since_ns: u64,
    /// It was learnt by looking, and not from a call.
    pub looked: bool,
    /// The event that it was learnt from.
    pub seq: u64,
    /// The kind of entity.
    pub entity: String,
    /// Which one.
    pub id: String,
    /// Fields with their new values.
    pub set: Map<String, Value>,
    /// An event that happened to it.
    pub event: Option<String>,
    /// Who learnt it: `call upload scores`, `poll GET ...`.
    pub source: String,
    /// The key of the rule by which it was learnt.
    pub rule: Option<Arc<str>>,
}

/// A single fact about an entity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Told<'a> {
    /// The number of a field, and its new value.
    Field(usize, Given<'a>),
    /// The number of an event that happened.
    Event(usize),
}

/// What has just become true of an entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fact {
    /// The kind of entity.
    pub entity: String,
    /// Which one.
    pub id: String,
    /// The statuses that it has come to.
    pub statuses: Vec<String>,
    /// The fields that have come to another value, with that value.
    pub fields: Vec<(String, Value)>,
    /// The event that happened to it.
    pub event: Option<String>,
}

/// All entities of a run.
pub struct Entities {
    kinds: IndexMap<String, Kind>,
    calls: Calls,
    /// The last trouble of each rule that could not read what it should, by place.
    troubles: BTreeMap<String, String>,
    /// The keys of the rules that taught something.
    taught: BTreeSet<Arc<str>>,
}

impl Entities {
    /// None seen yet.
    pub fn new(stack: &Stack) -> Entities {
        let kinds = stack.entities.iter();
        Entities {
            kinds: kinds
                .map(|(name, entity)| (name.clone(), Kind::new(entity)))
                .collect(),
            calls: Calls::new(stack),
            troubles: BTreeMap::new(),
            taught: BTreeSet::new(),
        }
    }

    /// Takes an event in. Gives what it taught of one entity after the other, each in turns: what is learnt together through
    /// [`Entities::learn`] is so at one moment, and is looked at before the next turn.
    pub fn turns(&mut self, event: &Event) -> Vec<Vec<Observation>> {
        let observations = self.observations(event);
        match observations.len() {
            0 => Vec::new(),
            1 => vec![observations],
            _ => together::together(observations),
        }
    }

    /// The same, observation by observation.
    pub fn observations(&mut self, event: &Event) -> Vec<Observation> {
        let mut observations = self.seen(event);
        for observation in &mut observations {
            if let Some(kind) = self.kinds.get(&observation.entity) {
                alias::resolve(kind.entity(), observation);
            }
        }
        observations
    }

    /// What an event taught, in the words of its source.
    fn seen(&mut self, event: &Event) -> Vec<Observation> {
        let lessons = match &event.what {
            What::Asked(asked) => {
                self.calls.asked(asked, event.at_ns);
                return Vec::new();
            }
            What::Answered(answered) => self.calls.answered(answered, event),
            What::Delivered {
                exchange,
                seen,
                before,
            } => self.calls.delivered(*exchange, seen, *before, event),
            What::Observed {
                entity,
                id,
                source,
                set,
                event: happened,
                since_ns,
                rule,
            } => {
                return vec![Observation {
                    at_ns: event.at_ns,
                    since_ns: since_ns.unwrap_or(event.at_ns),
                    looked: since_ns.is_some(),
                    seq: event.seq,
                    entity: entity.clone(),
                    id: id.clone(),
                    set: set.clone(),
                    event: happened.clone(),
                    source: source.clone(),
                    rule: rule.as_deref().map(Arc::from),
                }];
            }
            What::Misread { rule, reason } => {
                self.troubles.insert(rule.clone(), reason.clone());
                return Vec::new();
            }
            _ => return Vec::new(),
        };
        self.troubles.extend(lessons.troubles);
        lessons.observations
    }

    /// Makes observations that are so at one moment part of the record of the entity that they are about. Gives the numbers
    /// of its kind and of itself.
    pub fn learn(&mut self, turn: &[Observation]) -> Option<(usize, usize)> {
        let all = turn.iter().enumerate();
        all.fold(None, |_, (n, observation)| self.add(observation, n > 0))
    }

    /// `more`: it is so at the moment of the last one of its entity.
    fn add(&mut self, observation: &Observation, more: bool) -> Option<(usize, usize)> {
        let index = self.kinds.get_index_of(&observation.entity)?;
        if let Some(rule) = &observation.rule
            && !self.taught.contains(rule)
        {
            self.taught.insert(rule.clone());
        }
        let kind = &mut self.kinds[index];
        let set: Vec<(usize, Given<'_>)> = observation
            .set
            .iter()
            .map(|(field, value)| (kind.field(field), Given::from(value)))
            .collect();
        let lesson = Lesson {
            stamp: Stamp {
                at_ns: observation.at_ns,
                since_ns: observation.since_ns,
                looked: observation.looked,
                seq: observation.seq,
                source: kind.source(&observation.source, observation.rule.as_deref()),
            },
            set: &set,
            event: observation.event.as_ref().map(|event| kind.event(event)),
            more,
        };
        Some((index, kind.learn(&observation.id, &lesson)))
    }

    /// Makes a single fact part of the record of the entity with this id, with everything by its number. Gives the
    /// entity's number.
    pub fn take(&mut self, kind: usize, id: &str, stamp: Stamp, fact: Told<'_>) -> usize {
        if !self.kinds[kind].entity().aliases.is_empty() {
            return self.take_resolved(kind, id, stamp, fact);
        }
        let (set, event) = match fact {
            Told::Field(field, given) => (Some((field, given)), None),
            Told::Event(event) => (None, Some(event)),
        };
        let lesson = Lesson {
            stamp,
            set: set.as_slice(),
            event,
            more: false,
        };
        self.kinds[kind].learn(id, &lesson)
    }

    /// The same, for a kind that has aliases.
    fn take_resolved(&mut self, kind: usize, id: &str, stamp: Stamp, fact: Told<'_>) -> usize {
        let mut observation = self.kinds[kind].observation(id, stamp, fact);
        alias::resolve(self.kinds[kind].entity(), &mut observation);
        let (_, number) = self.add(&observation, false).expect("its kind is known");
        number
    }

    /// What the braces of a call's path caught, with each entity by the name that counts.
    pub fn resolved(&self, captures: &Captures) -> Captures {
        let one = |(entity, id): (&String, &String)| {
            let kind = self.kinds.get(entity);
            let id = kind.map_or(id.as_str(), |kind| alias::id(kind.entity(), id));
            (entity.clone(), id.to_owned())
        };
        captures.iter().map(one).collect()
    }

    /// From now on, evidence was exported: it may begin and end in the middle of an entity's life, and leave things out.
    pub fn are_exported(&mut self) {
        self.kinds.values_mut().for_each(Kind::is_exported_now);
    }

    /// From now on, nobody waits for what is still to come.
    pub fn are_cut_short(&mut self) {
        let kinds = self.kinds.values_mut();
        kinds.for_each(|kind| kind.cut_short = true);
    }

    /// Whether nobody waits for what is still to come.
    pub fn cut_short(&self) -> bool {
        self.kinds.values().any(|kind| kind.cut_short)
    }

    /// What evidence has told of them so far.
    pub fn heard(&self) -> Heard {
        let mut heard = Heard::default();
        for (name, kind) in &self.kinds {
            let (fields, events) = kind.heard();
            heard.add(name, fields, events);
        }
        heard.taught(self.taught.iter().map(|rule| rule.to_string()));
        heard
    }

    /// Whether a rule taught something, by its key.
    pub fn taught(&self, rule: &str) -> bool {
        self.taught.contains(rule)
    }

    /// Whether there is a kind of that name.
    pub fn has(&self, kind: &str) -> bool {
        self.kinds.contains_key(kind)
    }

    /// A kind, by its number: their order in the stack file.
    pub fn kind(&self, number: usize) -> &Kind {
        &self.kinds[number]
    }

    /// A kind, by its name.
    pub fn kind_named(&self, name: &str) -> Option<&Kind> {
        self.kinds.get(name)
    }

    /// A kind, by its name, and its number.
    pub fn kind_mut(&mut self, name: &str) -> Option<(usize, &mut Kind)> {
        let (number, _, kind) = self.kinds.get_full_mut(name)?;
        Some((number, kind))
    }

    /// All entities of a kind, in the order in which they were first seen.
    pub fn records(&self, entity: &str) -> impl Iterator<Item = (&str, &Record)> {
        self.kinds.get(entity).into_iter().flat_map(Kind::records)
    }

    /// Whether an entity has one of its final statuses.
    pub fn is_final(&self, entity: &str, id: &str) -> bool {
        let Some(kind) = self.kinds.get(entity) else {
            return false;
        };
        let id = alias::id(kind.entity(), id);
        kind.record(id).is_some_and(|record| kind.is_final(record))
    }

    /// How many entities of a kind ever had a status.
    pub fn reached(&self, entity: &str, status: &str) -> u64 {
        self.records(entity)
            .filter(|(_, record)| record.reached(status))
            .count() as u64
    }

    /// Rules that could not read what they should, with their place and their last trouble.
    pub fn troubles(&self) -> impl Iterator<Item = (&str, &str)> {
        self.troubles
            .iter()
            .map(|(place, trouble)| (place.as_str(), trouble.as_str()))
    }
}
