//! What is known of one entity.

use super::Given;
use super::value::{Atom, Texts};
use crate::expression::Value;
use crate::stack::Entity;
use std::sync::Arc;

/// When something was learnt, and from what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// When it was learnt, in nanoseconds since the run began.
    pub at_ns: u64,
    /// Since when it may have been so.
    pub since_ns: u64,
    /// It was learnt by looking, and not from a call.
    pub looked: bool,
    /// The event's number.
    pub seq: u64,
    /// The number of the source.
    pub source: usize,
}

impl Stamp {
    /// Whether what was seen only later may have been so at a moment.
    pub fn reaches_back(&self, at_ns: u64) -> bool {
        self.looked && self.since_ns < at_ns
    }
}

/// A moment in an entity's life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When it was learnt, in nanoseconds since the run began.
    pub at_ns: u64,
    /// Since when it may have been so.
    pub since_ns: u64,
    /// The event's number.
    pub seq: u64,
    /// What happened, in words.
    pub text: String,
}

/// A status and the moment of its coming.
pub type Came = (Arc<String>, Stamp);

/// The value of a field, and when it was learnt.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub value: Value,
    pub atom: Option<Atom>,
    /// `None`: it was so from the beginning.
    pub since: Option<Stamp>,
    /// How many observations of the entity there had been when it last changed.
    pub changed: u64,
}

/// What one observation says.
pub(super) struct Lesson<'a> {
    pub stamp: Stamp,
    /// Numbers of fields, and their new values.
    pub set: &'a [(usize, Given<'a>)],
    /// The number of an event.
    pub event: Option<usize>,
    /// It is so at the same moment as the last one, and is looked at together with it.
    pub more: bool,
}

/// What is known of one entity, and since when.
#[derive(Clone, Debug)]
pub struct Record {
    pub(super) first: Stamp,
    pub(super) last: Stamp,
    pub(super) slots: Vec<Option<Slot>>,
    /// By event: when it first happened.
    pub(super) happened: Vec<Option<Stamp>>,
    /// What was learnt last: fields and events, or words where a field is not what it told.
    pub(super) told: Vec<usize>,
    pub(super) told_events: Vec<usize>,
    pub(super) told_words: Option<String>,
    /// The last statuses.
    statuses: Vec<Came>,
    /// How many of these the last observation brought.
    new: usize,
    /// How many statuses there have been.
    count: u64,
    reached: Vec<Arc<String>>,
    /// The first status that evidence told.
    first_told: Option<Arc<String>>,
    /// When evidence showed that nothing was before it, in nanoseconds since the run began.
    beginning_ns: Option<u64>,
    observations: u64,
    /// Who told of it, a bit for each source.
    sources: u64,
    overtaken: bool,
}

/// So many statuses are kept: one that is overtaken comes before the last, or before some that came one after the other
/// while a slow answer was on its way.
const KEPT: usize = 4;

/// Sources from this one on share a bit.
const LAST_SOURCE: usize = 63;

impl Record {
    /// Of an entity that may have so many fields and events.
    pub(super) fn new(stamp: Stamp, fields: usize, events: usize) -> Record {
        Record {
            first: stamp,
            last: stamp,
            slots: Vec::with_capacity(fields),
            happened: Vec::with_capacity(events),
            told: Vec::new(),
            told_events: Vec::new(),
            told_words: None,
            statuses: Vec::with_capacity(KEPT + 1),
            new: 0,
            count: 0,
            reached: Vec::new(),
            first_told: None,
            beginning_ns: None,
            observations: 0,
            sources: 0,
            overtaken: false,
        }
    }

    /// A value that it has from the beginning.
    pub(super) fn begin(&mut self, field: usize, value: Value, atom: Option<Atom>, status: bool) {
        if let (true, Value::String(name)) = (status, &value) {
            self.came(name.clone(), self.first);
        }
        let slot = Slot {
            value,
            atom,
            since: None,
            changed: 0,
        };
        *grown(&mut self.slots, field) = Some(slot);
    }

    /// Takes an observation in. `begins_as` is the status whose telling shows that nothing was before.
    pub(super) fn learn(
        &mut self,
        kind: &Entity,
        (status, begins_as): (Option<usize>, Option<&str>),
        texts: &mut Texts,
        lesson: &Lesson<'_>,
    ) {
        if !lesson.more {
            self.turn();
        }
        self.sources |= 1 << lesson.stamp.source.min(LAST_SOURCE);
        self.last = lesson.stamp;
        self.told_events.extend(lesson.event);
        for &(field, given) in lesson.set {
            let (value, atom) = texts.value(given);
            let named = match &value {
                _ if Some(field) != status => None,
                Value::String(name) => Some(name.clone()),
                _ => given.status().map(|name| texts.of(&name).0),
            };
            if let Some(name) = &named
                && let Some(place) = self.overtaken_at(kind, name, &lesson.stamp)
            {
                self.overtaken = true;
                let field = kind.status.as_ref().map_or("status", |s| s.field.as_str());
                self.told_words = Some(format!("{field} became {name}"));
                self.insert(place, name.clone(), lesson.stamp);
                continue;
            }
            if let Some(name) = &named {
                let begins = self.first_told.is_none() && begins_as == Some(name.as_str());
                self.first_told.get_or_insert_with(|| name.clone());
                let came = match begins {
                    true => self.first,
                    false => lesson.stamp,
                };
                self.beginning_ns = self.beginning_ns.or(begins.then_some(lesson.stamp.at_ns));
                self.status_is(name.clone(), came);
            }
            self.told.push(field);
            self.set(field, value, atom, lesson.stamp);
        }
        if let Some(event) = lesson.event {
            grown(&mut self.happened, event).get_or_insert(lesson.stamp);
        }
    }

    /// Something is learnt that is not so at the moment of the last.
    fn turn(&mut self) {
        self.observations += 1;
        self.new = match self.observations {
            1 => self.statuses.len(),
            _ => 0,
        };
        self.overtaken = false;
        self.told.clear();
        self.told_events.clear();
        self.told_words = None;
    }

    /// Whether what was learnt last gave a field another value.
    pub(super) fn is_new(&self, field: usize) -> bool {
        let slot = self.slots.get(field).and_then(Option::as_ref);
        slot.is_some_and(|slot| slot.changed == self.observations)
    }

    fn set(&mut self, field: usize, value: Value, atom: Option<Atom>, stamp: Stamp) {
        let changed = self.observations;
        let slot = grown(&mut self.slots, field);
        if let Some(known) = slot
            && known.atom == atom
            && (atom.is_some() || known.value == value)
        {
            // From the beginning no event told it; now one has.
            known.since.get_or_insert(stamp);
            return;
        }
        *slot = Some(Slot {
            value,
            atom,
            since: Some(stamp),
            changed,
        });
    }

    fn status_is(&mut self, name: Arc<String>, stamp: Stamp) {
        if self.status() != Some(&name) {
            self.came(name, stamp);
            self.new += 1;
        }
    }

    fn came(&mut self, name: Arc<String>, stamp: Stamp) {
        self.note(&name);
        if self.statuses.len() == KEPT {
            self.statuses.remove(0);
        }
        self.statuses.push((name, stamp));
        self.count += 1;
    }

    /// A status that belongs before one that was known already.
    fn insert(&mut self, place: usize, name: Arc<String>, stamp: Stamp) {
        self.note(&name);
        self.new = 0;
        let before = place.checked_sub(1).map(|n| &self.statuses[n].0);
        if before == Some(&name) || self.statuses[place].0 == name {
            return;
        }
        self.statuses.insert(place, (name, stamp));
        self.count += 1;
        if self.statuses.len() > KEPT {
            self.statuses.remove(0);
        }
    }

    fn note(&mut self, name: &Arc<String>) {
        if !self.reached.contains(name) {
            self.reached.push(name.clone());
        }
    }

    /// Before which of the statuses one belongs that was overtaken by it and by those after it: their calls overlap, so
    /// that any of them may have been first, and the declared moves only allow that this one was.
    fn overtaken_at(&self, kind: &Entity, name: &str, stamp: &Stamp) -> Option<usize> {
        let allowed = |from: &str, to: &str| from == to || kind.declares(from, to);
        let overlaps = |(_, came): &Came| stamp.since_ns < came.at_ns && stamp.seq != came.seq;
        let all_known = self.count == self.statuses.len() as u64;
        let fits = |place: &usize| {
            let before = place.checked_sub(1).map(|n| &self.statuses[n].0);
            allowed(name, &self.statuses[*place].0)
                && before.map_or(all_known, |before| allowed(before, name))
        };
        let places = (0..self.statuses.len()).rev();
        // Most overlap with nothing: the moves are looked up for the others alone.
        let mut overtook = places.take_while(|place| overlaps(&self.statuses[*place]));
        let place = overtook.find(fits)?;
        (!allowed(self.status()?, name)).then_some(place)
    }

    /// Its status now.
    pub fn status(&self) -> Option<&str> {
        self.statuses.last().map(|(name, _)| name.as_str())
    }

    /// Whether a source told of it, or perhaps another one with a high number.
    pub fn told_by(&self, source: usize) -> bool {
        self.sources >> source.min(LAST_SOURCE) & 1 == 1
    }

    /// The first status that evidence told, and not only its kind's declaration.
    pub fn first_told(&self) -> Option<&str> {
        self.first_told.as_ref().map(|name| name.as_str())
    }

    /// When evidence showed that nothing was before it, in nanoseconds since the run began.
    pub(super) fn beginning_ns(&self) -> Option<u64> {
        self.beginning_ns
    }

    /// Whether it ever had a status.
    pub fn reached(&self, status: &str) -> bool {
        self.reached.iter().any(|name| **name == status)
    }

    /// Every status that it ever had.
    pub fn all_reached(&self) -> impl Iterator<Item = &str> {
        self.reached.iter().map(|name| name.as_str())
    }

    /// The statuses that the last observation brought, with the one that it began as if that was the first.
    pub fn new_statuses(&self) -> &[Came] {
        &self.statuses[self.statuses.len() - self.new.min(self.statuses.len())..]
    }

    /// Its last two statuses.
    pub fn last_statuses(&self) -> &[Came] {
        &self.statuses[self.statuses.len().saturating_sub(2)..]
    }

    /// How many statuses it has had.
    pub fn status_count(&self) -> u64 {
        self.count
    }

    /// Whether the last observation told a status that belongs before one that was known already.
    pub fn overtaken(&self) -> bool {
        self.overtaken
    }

    /// When the last thing was seen of it.
    pub fn last(&self) -> Stamp {
        self.last
    }
}

/// The place of a number in a list, which grows as needed.
pub(super) fn grown<T: Clone + Default>(list: &mut Vec<T>, n: usize) -> &mut T {
    if list.len() <= n {
        list.resize(n + 1, T::default());
    }
    &mut list[n]
}
