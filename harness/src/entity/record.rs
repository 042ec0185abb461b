//! What is known of one entity.

use super::Observation;
use crate::expression::Scope;
use crate::stack::Entity;
use serde_json::Value;

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
pub type Came = (String, Moment);

/// What is known of one entity, and since when.
#[derive(Clone, Debug)]
pub struct Record {
    /// The first thing that was ever seen of it.
    pub first: Moment,
    /// The last thing that was seen of it.
    pub last: Moment,
    scope: Scope,
    /// The status field's values so far, each with the moment of its coming.
    statuses: Vec<Came>,
    /// How many statuses there were before the last observation; `None`: there was no observation yet.
    known: Option<usize>,
    events: Vec<(String, Moment)>,
}

impl Record {
    pub(super) fn new(kind: &Entity, first: &Observation) -> Record {
        let moment = Moment {
            at_ns: first.at_ns,
            since_ns: first.since_ns,
            seq: first.seq,
            text: format!("first seen ({})", first.source),
        };
        let (last, events) = (moment.clone(), Vec::new());
        let mut record = Record {
            first: moment,
            last,
            scope: Scope::new(),
            statuses: Vec::new(),
            known: None,
            events,
        };
        if let Some(status) = &kind.status {
            record
                .scope
                .set("final", &Value::from(status.finals.clone()));
            if let Some(name) = &status.first {
                record.scope.set(&status.field, &Value::from(name.as_str()));
                record.statuses.push((name.clone(), record.first.clone()));
            }
        }
        record
    }

    pub(super) fn learn(&mut self, kind: &Entity, observation: &Observation) {
        let moment = |text: String| Moment {
            at_ns: observation.at_ns,
            since_ns: observation.since_ns,
            seq: observation.seq,
            text: format!("{text} ({})", observation.source),
        };
        self.known = Some(self.known.map_or(0, |_| self.statuses.len()));
        self.last = moment(in_words(observation));
        let status = kind.status.as_ref().map(|status| status.field.as_str());
        let overtaken = self.overtaken(kind, observation);
        for (field, value) in &observation.set {
            if overtaken.is_none() || Some(field.as_str()) != status {
                self.scope.set(field, value);
            }
        }
        if let Some(event) = &observation.event {
            self.scope.happened(event);
            self.events.push((event.clone(), moment(event.clone())));
        }
        let Some(name) = status.and_then(|field| observation.set.get(field)) else {
            return;
        };
        let Some(name) = name.as_str() else { return };
        let came = (
            name.to_owned(),
            moment(format!("{} became {name}", status.unwrap_or("status"))),
        );
        if let Some(at) = overtaken {
            let known = at.checked_sub(1).map(|before| &self.statuses[before].0);
            if known.is_none_or(|known| known != name) {
                self.statuses.insert(at, came);
            }
            self.known = Some(self.statuses.len());
        } else if self.status() != Some(name) {
            self.statuses.push(came);
        }
    }

    /// Where a status belongs that was overtaken by the last one: their calls overlap, so that either may have been
    /// first, and the declared moves only allow that this one was.
    fn overtaken(&self, kind: &Entity, observation: &Observation) -> Option<usize> {
        let field = &kind.status.as_ref()?.field;
        let name = observation.set.get(field)?.as_str()?;
        let (last, moment) = self.statuses.last()?;
        let allowed = |from: &str, to: &str| {
            from == to
                || kind
                    .moves
                    .get(from)
                    .is_some_and(|all| all.iter().any(|one| one == to))
        };
        let overlap = observation.since_ns < moment.at_ns && observation.seq != moment.seq;
        let before = self
            .statuses
            .len()
            .checked_sub(2)
            .map(|i| &self.statuses[i].0);
        let fits = allowed(name, last) && before.is_none_or(|before| allowed(before, name));
        (overlap && !allowed(last, name) && fits).then_some(self.statuses.len() - 1)
    }

    /// What expressions about this entity can see.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Its status now.
    pub fn status(&self) -> Option<&str> {
        self.statuses.last().map(|(name, _)| name.as_str())
    }

    /// Whether it ever had a status.
    pub fn reached(&self, status: &str) -> bool {
        self.statuses.iter().any(|(name, _)| name == status)
    }

    /// The value of a field, if it is known.
    pub fn field(&self, name: &str) -> Option<Value> {
        self.scope.get(name)
    }

    /// The statuses that the last observation brought, with the one that it began as if that was the first.
    pub fn new_statuses(&self) -> &[Came] {
        &self.statuses[self.known.unwrap_or(0)..]
    }

    /// All its statuses so far.
    pub fn statuses(&self) -> &[Came] {
        &self.statuses
    }

    /// The moments at which an event happened.
    pub fn happened(&self, event: &str) -> impl Iterator<Item = &Moment> {
        self.events
            .iter()
            .filter(move |(name, _)| name == event)
            .map(|(_, moment)| moment)
    }
}

/// An observation in words: `status became Finished`, `scores stored`.
fn in_words(observation: &Observation) -> String {
    let fields = observation.set.iter().map(|(field, value)| match value {
        Value::String(text) => format!("{field} became {text}"),
        other => format!("{field} became {other}"),
    });
    let words: Vec<String> = fields.chain(observation.event.clone()).collect();
    if words.is_empty() {
        "seen".to_owned()
    } else {
        words.join(", ")
    }
}
