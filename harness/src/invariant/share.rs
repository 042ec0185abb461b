//! Share: `share: P, of: ENTITY, at_least: 0.99`: at the end, P holds for so many of all entities.

use super::finding::{Fate, Tale};
use super::{Clocks, Monitor};
use crate::entity::{Moment, Observation, Record};
use crate::expression::{Expression, Truth};
use indexmap::IndexMap;

pub(super) struct Share {
    condition: Expression,
    at_least: f64,
    /// Whether it holds for an entity now, and the last thing seen of it.
    now: IndexMap<String, (Truth, Moment)>,
}

impl Share {
    pub fn new(condition: Expression, at_least: f64) -> Share {
        Share {
            condition,
            at_least,
            now: IndexMap::new(),
        }
    }

    fn fate(&self, truth: &Truth, last: &Moment, enough: bool, why: &str) -> Fate {
        match truth {
            Truth::True => Fate::Witness,
            Truth::Unknown(why) => Fate::Unknown(why.clone()),
            // Not yet known is not so.
            _ if enough => Fate::Silent,
            _ => Fate::Broken(why.to_owned(), vec![last.clone()]),
        }
    }
}

impl Monitor for Share {
    fn see(&mut self, observation: &Observation, record: &Record, _: &Clocks) {
        let truth = self.condition.test(record.scope());
        self.now
            .insert(observation.id.clone(), (truth, record.last.clone()));
    }

    fn tick(&mut self, _: &Clocks) {}

    fn tale(&self) -> Tale {
        let text = self.condition.text();
        let all = self.now.len();
        let held = self.now.values().filter(|(truth, _)| *truth == Truth::True);
        let held = held.count();
        let share = held as f64 / all.max(1) as f64;
        let why = format!("`{text}` held for {held} of {all} at the end, a share of {share:.3}");
        let fate =
            |(truth, last): &(Truth, Moment)| self.fate(truth, last, share >= self.at_least, &why);
        Tale {
            entities: self
                .now
                .iter()
                .map(|(id, now)| (id.clone(), fate(now)))
                .collect(),
            expected: format!("{text} for a share of at least {}", self.at_least),
            unwitnessed: format!("`{text}` held for none"),
            ..Tale::default()
        }
    }

    /// Until the end, nothing is decided.
    fn broken(&self) -> bool {
        false
    }
}
