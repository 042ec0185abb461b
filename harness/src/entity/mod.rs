//! Evidence -> observations -> one record for each entity.

mod evidence;
mod record;

pub use record::{Came, Moment, Record};

use crate::history::{Event, ExchangeId, What};
use crate::stack::{Entity, Evidence, Learn, Stack};
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};

/// Something that was learnt about one entity at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Observation {
    /// When it was learnt, in nanoseconds since the run began.
    pub at_ns: u64,
    /// Since when it may have been so: what a call does happens at some moment between its request and its answer.
    pub since_ns: u64,
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
}

/// What an observation has just made true of an entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fact {
    /// The kind of entity.
    pub entity: String,
    /// Which one.
    pub id: String,
    /// The statuses that it has come to.
    pub statuses: Vec<String>,
    /// The event that happened to it.
    pub event: Option<String>,
}

/// All entities of a run.
pub struct Entities {
    kinds: IndexMap<String, Entity>,
    /// For each call, the kinds and rules that learn from it.
    calls: BTreeMap<String, Vec<(String, Learn)>>,
    records: BTreeMap<String, IndexMap<String, Record>>,
    /// When the named calls that have not ended were asked.
    asked: HashMap<ExchangeId, u64>,
    /// The last trouble of each rule that could not read what it should, by place.
    troubles: BTreeMap<String, String>,
}

impl Entities {
    /// None seen yet.
    pub fn new(stack: &Stack) -> Entities {
        let mut calls: BTreeMap<String, Vec<(String, Learn)>> = BTreeMap::new();
        for entity in stack.entities.values() {
            for rule in &entity.learn {
                if let Evidence::Call(call) = &rule.evidence {
                    calls
                        .entry(call.clone())
                        .or_default()
                        .push((entity.name.clone(), rule.clone()));
                }
            }
        }
        let records = stack
            .entities
            .keys()
            .map(|name| (name.clone(), IndexMap::new()))
            .collect();
        Entities {
            kinds: stack.entities.clone(),
            calls,
            records,
            asked: HashMap::new(),
            troubles: BTreeMap::new(),
        }
    }

    /// Takes an event in. Gives what it taught, in order; each is part of its record already when the next
    /// event comes, so look at them one by one through [`Entities::learn`].
    pub fn observations(&mut self, event: &Event) -> Vec<Observation> {
        match &event.what {
            What::Asked(asked) if asked.call.is_some() => {
                self.asked.insert(asked.exchange, event.at_ns);
                Vec::new()
            }
            What::Delivered { exchange, .. } => {
                self.asked.remove(exchange);
                Vec::new()
            }
            What::Answered(answered) => {
                let since_ns = self.asked.get(&answered.exchange).copied();
                let since_ns = since_ns.unwrap_or(event.at_ns);
                let Some(rules) = answered.call.as_ref().and_then(|call| self.calls.get(call))
                else {
                    return Vec::new();
                };
                let scope = evidence::scope(answered);
                let mut observations = Vec::new();
                for (entity, rule) in rules {
                    match evidence::apply(entity, rule, &scope, answered) {
                        Ok(Some((id, set))) => observations.push(Observation {
                            at_ns: event.at_ns,
                            since_ns,
                            seq: event.seq,
                            entity: entity.clone(),
                            id,
                            set,
                            event: rule.event.clone(),
                            source: rule.evidence.source(),
                        }),
                        Ok(None) => {}
                        Err(trouble) => {
                            self.troubles.insert(rule.place.to_string(), trouble);
                        }
                    }
                }
                observations
            }
            What::Observed {
                entity,
                id,
                source,
                set,
                event: happened,
            } => vec![Observation {
                at_ns: event.at_ns,
                since_ns: event.at_ns,
                seq: event.seq,
                entity: entity.clone(),
                id: id.clone(),
                set: set.clone(),
                event: happened.clone(),
                source: source.clone(),
            }],
            _ => Vec::new(),
        }
    }

    /// Makes an observation part of its entity's record, and gives the record.
    pub fn learn(&mut self, observation: &Observation) -> Option<&Record> {
        let kind = self.kinds.get(&observation.entity)?;
        let records = self.records.get_mut(&observation.entity)?;
        let record = records
            .entry(observation.id.clone())
            .or_insert_with(|| Record::new(kind, observation));
        record.learn(kind, observation);
        Some(record)
    }

    /// All entities of a kind, in the order in which they were first seen.
    pub fn records(&self, entity: &str) -> impl Iterator<Item = (&str, &Record)> {
        let records = self.records.get(entity).into_iter().flatten();
        records.map(|(id, record)| (id.as_str(), record))
    }

    /// Whether an entity has one of its final statuses.
    pub fn is_final(&self, entity: &str, id: &str) -> bool {
        let finals = self
            .kinds
            .get(entity)
            .and_then(|kind| kind.status.as_ref())
            .map(|s| &s.finals);
        let status = self
            .records
            .get(entity)
            .and_then(|all| all.get(id))
            .and_then(Record::status);
        matches!((finals, status), (Some(finals), Some(status)) if finals.iter().any(|f| f == status))
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
