//! One kind of entity: the names of its fields and events, and a record of each.

use super::alias;
use super::record::{Lesson, Record, Slot};
use super::value::{Atom, Given, Texts};
use super::{Moment, Observation, Segment, Stamp, Told};
use crate::expression::{Scope, Value, from_json, to_json};
use crate::stack::Entity;
use foldhash::fast::RandomState;
use indexmap::{IndexMap, IndexSet};
use std::collections::BTreeSet;

/// The variable that holds the final statuses.
pub const FINAL: &str = "final";

/// All entities of one kind. Fields, events, sources and entities have numbers, so that nothing that is done for each
/// observation needs their names.
pub struct Kind {
    entity: Entity,
    fields: Names,
    events: Names,
    sources: Names,
    status: Option<usize>,
    texts: Texts,
    /// Evidence may begin and end in the middle of an entity's life.
    exported: bool,
    /// The status whose telling shows that nothing was before.
    begins_as: Option<String>,
    /// How late in a life the first status was told again.
    retold_ns: Option<u64>,
    records: IndexMap<Box<str>, Record, RandomState>,
}

#[derive(Default)]
struct Names(IndexSet<Box<str>, RandomState>);

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
            sources: Names::default(),
            status,
            texts: Texts::default(),
            exported: false,
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
        let moves = self.entity.moves.values().flatten();
        let returned: Vec<&String> = moves.collect();
        let first = self.first().map(str::to_owned);
        // Where a move leads back to it, it may have come again.
        self.begins_as = first.filter(|first| !returned.contains(&first));
    }

    /// Whether evidence may begin and end in the middle of an entity's life, and leave things out.
    pub fn is_exported(&self) -> bool {
        self.exported
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

    /// The number of a source.
    pub fn source(&mut self, name: &str) -> usize {
        self.sources.number(name)
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
            Some(*field) == self.status
                && matches!(given, Given::Text(name) if self.first() == Some(name))
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
            seq: stamp.seq,
            entity: self.entity.name.clone(),
            id: id.to_owned(),
            set: set.into_iter().collect(),
            event,
            source: self.sources.0[stamp.source].to_string(),
        }
    }

    fn begin(&mut self, id: &str, stamp: Stamp) -> usize {
        let (fields, events) = (self.fields.0.len(), self.events.0.len());
        let mut record = Record::new(stamp, fields, events);
        if let (Some(field), Some(status)) = (self.status, &self.entity.status) {
            let finals = from_json(&serde_json::Value::from(status.finals.clone()));
            let all = self.fields.number(FINAL);
            record.begin(all, finals, Some(Atom::CONSTANT), false);
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

    /// One entity, by its id.
    pub fn record(&self, id: &str) -> Option<&Record> {
        self.records.get(id)
    }
}

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

    /// The event that the last observation told.
    pub fn event(&self) -> Option<usize> {
        self.record.told_event
    }

    /// The first thing that was ever seen of it.
    pub fn first(&self) -> Moment {
        self.moment(self.record.first, "first seen")
    }

    /// The last thing that was seen of it.
    pub fn last(&self) -> Moment {
        let record = self.record;
        let fields = record.told.iter().map(|field| self.became(*field));
        let event = record.told_event.map(|event| self.event_name(event));
        let words: Vec<String> = record
            .told_words
            .clone()
            .into_iter()
            .chain(fields)
            .chain(event.map(str::to_owned))
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
        let source = &self.kind.sources.0[stamp.source];
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

    /// Whether no event told of this status, because its kind is declared to begin as it.
    pub fn began_as(&self, status: &str, stamp: Stamp) -> bool {
        let declared = self.kind.entity.status.as_ref();
        let declared = declared.and_then(|declared| declared.first.as_deref());
        stamp == self.record.first && declared == Some(status)
    }

    /// The sources that told of it. One that calls it otherwise is the same source.
    pub fn sources(&self) -> BTreeSet<&str> {
        let all = self.kind.sources.0.iter().enumerate();
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

    /// The name of an event.
    pub fn event_name(&self, event: usize) -> &str {
        &self.kind.events.0[event]
    }

    fn became(&self, field: usize) -> String {
        let name = &self.kind.fields.0[field];
        match self.field(field) {
            Some(serde_json::Value::String(text)) => format!("{name} became {text}"),
            Some(other) => format!("{name} became {other}"),
            None => name.to_string(),
        }
    }
}
