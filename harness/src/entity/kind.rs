//! One kind of entity: the names of its fields and events, and a record of each.

use super::record::{Lesson, Record, Slot};
use super::source::Sources;
use super::value::{Atom, Given, Texts};
use super::{Observation, Stamp, Told, View, alias};
use crate::expression::{Value, from_json};
use crate::stack::{Entity, Learn};
use foldhash::fast::RandomState;
use indexmap::{IndexMap, IndexSet};
use std::borrow::Cow;
use std::collections::BTreeSet;

/// The variable that holds the final statuses.
pub const FINAL: &str = "final";

/// All entities of one kind. Fields, events, sources and entities have numbers, so that nothing that is done for each
/// observation needs their names.
pub struct Kind {
    pub(super) entity: Entity,
    pub(super) fields: Names,
    pub(super) events: Names,
    pub(super) sources: Sources,
    pub(super) status: Option<usize>,
    /// The final statuses, for conditions to read.
    finals: Value,
    texts: Texts,
    /// Evidence may begin and end in the middle of an entity's life.
    pub(super) exported: bool,
    /// Evidence ends before their lives do.
    pub(super) cut_short: bool,
    /// The status whose telling shows that nothing was before.
    begins_as: Option<String>,
    /// How late in a life the first status was told again.
    retold_ns: Option<u64>,
    records: IndexMap<Box<str>, Record, RandomState>,
}

#[derive(Default)]
pub(super) struct Names(pub(super) IndexSet<Box<str>, RandomState>);

impl Names {
    fn number(&mut self, name: &str) -> usize {
        match self.0.get_index_of(name) {
            Some(n) => n,
            None => self.0.insert_full(name.into()).0,
        }
    }
}

/// Something that an expression reads of an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A field.
    Field(usize),
    /// Whether an event has happened.
    Event(usize),
}

impl Kind {
    pub(super) fn new(entity: &Entity) -> Kind {
        let mut fields = Names::default();
        let status = entity.status.as_ref();
        let status = status.map(|status| fields.number(&status.field));
        Kind {
            entity: entity.clone(),
            fields,
            events: Names::default(),
            sources: Sources::default(),
            status,
            finals: finals(entity),
            texts: Texts::default(),
            exported: false,
            cut_short: false,
            begins_as: None,
            retold_ns: None,
            records: IndexMap::default(),
        }
    }

    /// The number of a field.
    pub fn field(&mut self, name: &str) -> usize {
        self.fields.number(name)
    }

    /// From now on, evidence may begin and end in the middle of an entity's life, and leave things out.
    pub(super) fn is_exported_now(&mut self) {
        self.exported = true;
        let mut returned = self.entity.moves.values().flatten();
        // Where a move leads back to it, it may have come again.
        let begins_as = self.first().filter(|first| returned.all(|to| to != first));
        self.begins_as = begins_as.map(str::to_owned);
    }

    /// Whether evidence may begin and end in the middle of an entity's life, and leave things out.
    pub fn is_exported(&self) -> bool {
        self.exported
    }

    /// Whether lives may go on where the evidence ends.
    pub fn goes_on(&self) -> bool {
        self.exported || self.cut_short
    }

    /// Whether an expression that reads this reads the status, or which statuses are final.
    pub fn is_status(&self, input: Input) -> bool {
        match input {
            Input::Field(field) => {
                Some(field) == self.status || self.fields.0.get_index_of(FINAL) == Some(field)
            }
            Input::Event(_) => false,
        }
    }

    /// Whether an entity has one of its final statuses.
    pub fn is_final(&self, record: &Record) -> bool {
        let declared = self.entity.status.iter();
        let mut finals = declared.flat_map(|declared| &declared.finals);
        finals.any(|last| Some(last.as_str()) == record.status())
    }

    /// The status that an entity is declared to begin as.
    fn first(&self) -> Option<&str> {
        self.entity.status.as_ref()?.first.as_deref()
    }

    /// Whether the first status, once told, shows that nothing was before. Where it is told again and again, an entity may
    /// have been it since before the data begins, but for no longer than any other was.
    pub fn trusts_beginning(&self, number: usize) -> bool {
        let began = self.records[number].beginning_ns();
        began.is_none_or(|at| self.retold_ns.is_none_or(|retold| at > retold))
    }

    /// Whether evidence told a field of any entity.
    pub fn tells_field(&self, name: &str) -> bool {
        let number = self.fields.0.get_index_of(name);
        let tells = |record: &Record, n: usize| {
            let slot: Option<&Slot> = record.slots.get(n).and_then(Option::as_ref);
            slot.is_some_and(|slot| slot.since.is_some())
        };
        number.is_some_and(|n| self.records.values().any(|record| tells(record, n)))
    }

    /// Whether evidence told an event of any entity.
    pub fn tells_event(&self, name: &str) -> bool {
        let number = self.events.0.get_index_of(name);
        let tells = |record: &Record, n: usize| record.happened.get(n).is_some_and(Option::is_some);
        number.is_some_and(|n| self.records.values().any(|record| tells(record, n)))
    }

    /// The fields and events that evidence told of some entity.
    pub(super) fn heard(&self) -> (BTreeSet<String>, BTreeSet<String>) {
        let names = |names: &Names, told: &dyn Fn(&str) -> bool| {
            let told = names.0.iter().filter(|name| told(name));
            told.map(|name| name.to_string()).collect()
        };
        (
            names(&self.fields, &|name| self.tells_field(name)),
            names(&self.events, &|name| self.tells_event(name)),
        )
    }

    /// The number of an event.
    pub fn event(&mut self, name: &str) -> usize {
        self.events.number(name)
    }

    /// The number of a source; `rule` is the key of the rule by which it learnt.
    pub fn source(&mut self, name: &str, rule: Option<&str>) -> usize {
        self.sources.number(&self.entity, name, rule)
    }

    /// What an expression reads.
    pub fn inputs(&mut self, expression: &crate::expression::Expression) -> Vec<Input> {
        let fields = expression.variables().into_iter();
        let mut inputs: Vec<Input> = fields.map(|name| Input::Field(self.field(&name))).collect();
        for name in expression.events() {
            let input = Input::Event(self.event(&name));
            if !inputs.contains(&input) {
                inputs.push(input);
            }
        }
        inputs
    }

    /// The keys of the rules that can tell what an expression reads.
    pub fn tellers(&self, input: Input) -> Vec<String> {
        let tells = |rule: &&Learn| match input {
            Input::Field(field) => rule.set.contains_key(&*self.fields.0[field]),
            Input::Event(event) => rule.tells(&self.events.0[event]),
        };
        let rules = self.entity.learn.iter().filter(tells);
        rules.map(Learn::key).collect()
    }

    /// Whether a source only sees how things are when it looks.
    pub fn samples(&self, source: usize) -> bool {
        self.sources.samples(source)
    }

    /// Whether both were seen by looks of different rules: which was so first is not known where the times overlap that
    /// these looks stand for.
    pub fn looked_apart(&self, one: Stamp, other: Stamp) -> bool {
        self.sources.looked_apart(one, other)
    }

    /// Whether one observer saw both, and what it saw later was so later. Calls overlap with each other.
    pub fn in_order(&self, one: Stamp, other: Stamp) -> bool {
        self.sources.in_order(one, other)
    }

    /// As the stack declares it.
    pub fn entity(&self) -> &Entity {
        &self.entity
    }

    /// Takes an observation of one entity in; gives the entity's number.
    pub(super) fn learn(&mut self, id: &str, lesson: &Lesson<'_>) -> usize {
        let number = match self.records.get_index_of(id) {
            Some(number) => number,
            None => self.begin(id, lesson.stamp),
        };
        let record = &self.records[number];
        if self.exported && record.first_told().is_some() && self.tells_first(lesson) {
            let age = lesson.stamp.at_ns.saturating_sub(record.first.at_ns);
            self.retold_ns = self.retold_ns.max(Some(age));
        }
        let record = &mut self.records[number];
        let status = (self.status, self.begins_as.as_deref());
        record.learn(&self.entity, status, &mut self.texts, lesson);
        number
    }

    /// Whether an observation tells the status that an entity is declared to begin as.
    fn tells_first(&self, lesson: &Lesson<'_>) -> bool {
        let mut set = lesson.set.iter();
        set.any(|(field, given)| {
            let is_first = |name: Cow<'_, str>| self.first() == Some(&*name);
            Some(*field) == self.status && given.status().is_some_and(is_first)
        })
    }

    /// A single fact, with everything by its name.
    pub(super) fn observation(&self, id: &str, stamp: Stamp, fact: Told<'_>) -> Observation {
        let (set, event) = match fact {
            Told::Field(field, given) => {
                (Some((self.fields.0[field].to_string(), given.json())), None)
            }
            Told::Event(event) => (None, Some(self.events.0[event].to_string())),
        };
        Observation {
            at_ns: stamp.at_ns,
            since_ns: stamp.since_ns,
            looked: stamp.looked,
            seq: stamp.seq,
            entity: self.entity.name.clone(),
            id: id.to_owned(),
            set: set.into_iter().collect(),
            event,
            source: self.sources.name(stamp.source).to_owned(),
            rule: None,
        }
    }

    fn begin(&mut self, id: &str, stamp: Stamp) -> usize {
        let (fields, events) = (self.fields.0.len(), self.events.0.len());
        let mut record = Record::new(stamp, fields, events);
        if let (Some(field), Some(status)) = (self.status, &self.entity.status) {
            let all = self.fields.number(FINAL);
            record.begin(all, self.finals.clone(), Some(Atom::CONSTANT), false);
            if let Some(first) = status.first.as_ref().filter(|_| !self.exported) {
                let (value, atom) = self.texts.value(Given::Text(first));
                record.begin(field, value, atom, true);
            }
        }
        self.records.insert_full(id.into(), record).0
    }

    /// All entities, in the order in which they were first seen.
    pub fn records(&self) -> impl Iterator<Item = (&str, &Record)> {
        self.records.iter().map(|(id, record)| (&**id, record))
    }

    /// How many entities there are.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// One entity, by its number.
    pub fn view(&self, number: usize) -> View<'_> {
        let (id, record) = self.records.get_index(number).expect("numbers are given");
        View {
            kind: self,
            number,
            id,
            record,
            segment: None,
        }
    }

    /// The number of the entity with this id.
    pub fn number(&self, id: &str) -> Option<usize> {
        self.records.get_index_of(id)
    }

    /// The id that counts.
    pub fn id<'a>(&'a self, id: &'a str) -> &'a str {
        alias::id(&self.entity, id)
    }

    /// One entity, by its id.
    pub fn record(&self, id: &str) -> Option<&Record> {
        self.records.get(id)
    }
}

/// The final statuses of a kind. One whose name is a number may be told as a number.
fn finals(entity: &Entity) -> Value {
    use serde_json::Value as Json;
    let names = entity.status.iter().flat_map(|status| &status.finals);
    let number = |name: &String| serde_json::from_str(name).ok().filter(Json::is_number);
    let numbers: Vec<Json> = names.clone().filter_map(number).collect();
    from_json(&names.cloned().map(Json::from).chain(numbers).collect())
}
