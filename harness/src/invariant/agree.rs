//! Agreement: `agree: [a, b], within: T`: fields say the same, or do so again within a time.

use super::clock::{Deadline, Waiting};
use super::existence::clock_words;
use super::finding::{Fate, Tale};
use super::{Clocks, Monitor};
use crate::duration;
use crate::entity::{Moment, Observation, Record};
use crate::stack::Clock;
use std::time::Duration;

pub(super) struct Agree {
    fields: Vec<String>,
    within: Duration,
    clock: Clock,
    /// Since when fields disagree, and what they say.
    open: Waiting<(Moment, String)>,
    tale: Tale,
}

impl Agree {
    pub fn new(fields: Vec<String>, within: Duration, clock: Clock) -> Agree {
        let all = fields.join("`, `");
        let tale = Tale {
            expected: format!(
                "`{all}` agree within {}{}",
                duration::print(within),
                clock_words(clock)
            ),
            unwitnessed: format!("`{all}` were never all known and the same"),
            ..Tale::default()
        };
        Agree {
            fields,
            within,
            clock,
            open: Waiting::default(),
            tale,
        }
    }

    /// What the fields say, and whether that is the same. `None`: nothing is known of any of them.
    fn compare(&self, record: &Record) -> Option<(bool, String)> {
        let values: Vec<_> = self.fields.iter().map(|name| record.field(name)).collect();
        values.iter().find(|value| value.is_some())?;
        let same = values[0].is_some() && values.iter().all(|value| *value == values[0]);
        let said = self
            .fields
            .iter()
            .zip(&values)
            .map(|(name, value)| match value {
                Some(value) => format!("{name} is {value}"),
                None => format!("{name} is not known"),
            });
        Some((same, said.collect::<Vec<_>>().join(", ")))
    }
}

impl Monitor for Agree {
    fn see(&mut self, observation: &Observation, record: &Record, clocks: &Clocks) {
        let id = &observation.id;
        if self.tale.fate(id).broken() {
            return;
        }
        match self.compare(record) {
            None => {}
            Some((true, _)) => {
                self.open.met(id);
                *self.tale.fate(id) = Fate::Witness;
            }
            Some((false, said)) => {
                if let Some((_, last)) = self.open.get_mut(id) {
                    *last = said;
                    return;
                }
                let deadline = Deadline::new(clocks, self.clock, self.within);
                let why = format!("the run ended while {said}");
                *self.tale.fate(id) = Fate::Unknown(why);
                self.open.set(id, deadline, (record.last.clone(), said));
            }
        }
    }

    fn tick(&mut self, clocks: &Clocks) {
        let (within, clock) = (duration::print(self.within), clock_words(self.clock));
        while let Some((id, (since, said))) = self.open.expired(clocks) {
            let why = format!("{said}, {within}{clock} after they parted");
            *self.tale.fate(&id) = Fate::Late(clocks.read(Clock::Wall), why, vec![since]);
        }
    }

    fn pending(&self) -> bool {
        !self.open.is_empty()
    }

    fn tale(&self) -> Tale {
        self.tale.clone()
    }

    fn broken(&self) -> bool {
        self.tale.broken()
    }
}
