//! The moments at which a fault begins and ends, and for whom it is in force.

use super::Fact;
use crate::entity::same;
use crate::gateway::{Moment, Stop};
use crate::plan::{Fault, Trigger};
use std::collections::HashSet;

/// The moments of one fault.
pub(super) struct Moments {
    begin: Option<Trigger>,
    end: Option<Trigger>,
    /// The calls that can teach what is waited for: their answers are held back until it has been heard.
    teachers: Vec<String>,
    /// It began for somebody.
    began: bool,
    /// The keys for which it has begun and not ended, when it waits for its beginning.
    begun: HashSet<String>,
    /// The keys for which it has ended, when it does not.
    ended: HashSet<String>,
}

impl Moments {
    /// Neither has come.
    pub fn new(fault: &Fault, teachers: Vec<String>) -> Moments {
        Moments {
            begin: fault.trigger.clone(),
            end: fault.until.clone(),
            teachers,
            began: false,
            begun: HashSet::new(),
            ended: HashSet::new(),
        }
    }

    /// Where the gateway must stop to notice them.
    pub fn stops(&self) -> impl Iterator<Item = Stop> {
        let own = [&self.begin, &self.end].into_iter().flatten();
        let teachers = self.teachers.iter().map(|call| Stop {
            call: call.clone(),
            moment: Moment::Answer,
        });
        own.filter_map(stop).chain(teachers)
    }

    pub fn begins_at(&self, at: &Stop) -> bool {
        self.begin.as_ref().and_then(stop).as_ref() == Some(at)
    }

    pub fn ends_at(&self, at: &Stop) -> bool {
        self.end.as_ref().and_then(stop).as_ref() == Some(at)
    }

    pub fn begins_with(&self, fact: &Fact) -> bool {
        self.begin.as_ref().is_some_and(|begin| met(begin, fact))
    }

    pub fn ends_with(&self, fact: &Fact) -> bool {
        self.end.as_ref().is_some_and(|end| met(end, fact))
    }

    /// It begins for a key.
    pub fn begin(&mut self, key: &str) {
        self.began = true;
        self.begun.insert(key.to_owned());
    }

    /// It ends for a key. False: it was not in force.
    pub fn end(&mut self, key: &str) -> bool {
        match self.begin {
            Some(_) => self.begun.remove(key),
            None => self.ended.insert(key.to_owned()),
        }
    }

    /// Whether it is in force for a key.
    pub fn live(&self, key: &str) -> bool {
        match self.begin {
            Some(_) => self.begun.contains(key),
            None => !self.ended.contains(key),
        }
    }

    /// Whether it ever began.
    pub fn began(&self) -> bool {
        self.began || self.begin.is_none()
    }

    /// Its beginning in words, if it waits for one.
    pub fn begin_words(&self) -> Option<String> {
        self.begin.as_ref().map(Trigger::to_string)
    }
}

/// The stop at which a moment of a call is noticed; `None`: it is learnt from what is known of entities.
fn stop(trigger: &Trigger) -> Option<Stop> {
    let at = |call: &String, moment| {
        let call = call.clone();
        Some(Stop { call, moment })
    };
    match trigger {
        Trigger::AfterAnswered { call } => at(call, Moment::Answer),
        Trigger::BeforeSent { call } => at(call, Moment::Request),
        Trigger::Reaches { .. } | Trigger::Becomes { .. } | Trigger::Happens { .. } => None,
    }
}

/// Whether a fact is the one that is waited for.
fn met(trigger: &Trigger, fact: &Fact) -> bool {
    match trigger {
        Trigger::AfterAnswered { .. } | Trigger::BeforeSent { .. } => false,
        Trigger::Reaches { entity, status } => {
            fact.entity == *entity && fact.statuses.contains(status)
        }
        Trigger::Becomes {
            entity,
            field,
            value,
        } => {
            let mut fields = fact.fields.iter();
            fact.entity == *entity && fields.any(|(name, now)| name == field && same(now, value))
        }
        Trigger::Happens { event } => fact.event.as_ref() == Some(event),
    }
}
