//! Existence: `eventually: P, within: T`, counted from the first observation of the entity.

use super::clock::{Deadline, Waiting};
use super::finding::{Fate, Tale};
use super::{Clocks, Monitor};
use crate::duration;
use crate::entity::{Moment, Observation, Record};
use crate::expression::{Expression, Truth};
use crate::stack::Clock;
use std::time::Duration;

pub(super) struct Existence {
    eventually: Expression,
    within: Duration,
    clock: Clock,
    /// What has not come yet.
    open: Waiting<Awaited>,
    tale: Tale,
}

/// An entity that is not there yet.
struct Awaited {
    /// The first and the last thing seen of it.
    first: Moment,
    last: Moment,
    /// Why the condition cannot be evaluated now.
    unclear: Option<String>,
}

impl Existence {
    pub fn new(eventually: Expression, within: Duration, clock: Clock) -> Existence {
        let expected = format!(
            "{} within {}{}",
            eventually.text(),
            duration::print(within),
            clock_words(clock)
        );
        let unwitnessed = format!("`{}` never came true", eventually.text());
        let tale = Tale {
            expected,
            unwitnessed,
            ..Tale::default()
        };
        Existence {
            eventually,
            within,
            clock,
            open: Waiting::default(),
            tale,
        }
    }
}

/// How a deadline is counted, for a reader.
pub(super) fn clock_words(clock: Clock) -> &'static str {
    match clock {
        Clock::Wall => "",
        Clock::Healed => " without an active fault",
    }
}

impl Monitor for Existence {
    fn see(&mut self, observation: &Observation, record: &Record, clocks: &Clocks) {
        let id = &observation.id;
        if !self.tale.entities.contains_key(id) {
            let deadline = Deadline::new(clocks, self.clock, self.within);
            let awaited = Awaited {
                first: record.first.clone(),
                last: record.last.clone(),
                unclear: None,
            };
            self.open.set(id, deadline, awaited);
            let why = format!(
                "the run ended before `{}` came true",
                self.eventually.text()
            );
            self.tale.entities.insert(id.clone(), Fate::Unknown(why));
        }
        let Some(awaited) = self.open.get_mut(id) else {
            return;
        };
        awaited.last = record.last.clone();
        match self.eventually.test(record.scope()) {
            Truth::True => {
                self.open.met(id);
                self.tale.entities.insert(id.clone(), Fate::Witness);
            }
            Truth::Unknown(why) => awaited.unclear = Some(why),
            Truth::False | Truth::Unset(_) => awaited.unclear = None,
        }
    }

    fn tick(&mut self, clocks: &Clocks) {
        let (within, clock) = (duration::print(self.within), clock_words(self.clock));
        while let Some((id, awaited)) = self.open.expired(clocks) {
            let Awaited {
                first,
                last,
                unclear,
            } = awaited;
            let text = self.eventually.text();
            let why = format!("`{text}` had not come true after {within}{clock}");
            let mut proof = vec![first.clone()];
            if last.seq != first.seq {
                proof.push(Moment {
                    text: format!("the last thing seen of it: {}", last.text),
                    ..last
                });
            }
            let late = || Fate::Late(clocks.read(Clock::Wall), why, proof);
            let fate = unclear.map_or_else(late, Fate::Unknown);
            self.tale.entities.insert(id, fate);
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
