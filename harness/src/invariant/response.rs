//! Response: `when: P, then: Q`, at once or `within` a time.

use super::clock::{Deadline, Waiting};
use super::existence::clock_words;
use super::finding::{Fate, Tale};
use super::{Clocks, Monitor};
use crate::duration;
use crate::entity::{Moment, Observation, Record};
use crate::expression::{Expression, Truth};
use crate::stack::Clock;
use std::collections::HashMap;
use std::time::Duration;

pub(super) struct Response {
    when: Expression,
    then: Expression,
    within: Option<Duration>,
    clock: Clock,
    /// Conditions that came true and have no response yet: when, and why the response cannot be evaluated now.
    open: Waiting<(Moment, Option<String>)>,
    /// Whether the condition held at the last look, so that only its coming true starts a deadline.
    held: HashMap<String, bool>,
    tale: Tale,
}

impl Response {
    pub fn new(
        when: Expression,
        then: Expression,
        within: Option<Duration>,
        clock: Clock,
    ) -> Response {
        let time = match within {
            Some(within) => format!(" within {}{}", duration::print(within), clock_words(clock)),
            None => String::new(),
        };
        let expected = format!("when {}, then {}{time}", when.text(), then.text());
        let unwitnessed = format!("`{}` never came true", when.text());
        let (open, held) = Default::default();
        let tale = Tale {
            expected,
            unwitnessed,
            ..Tale::default()
        };
        Response {
            when,
            then,
            within,
            clock,
            open,
            held,
            tale,
        }
    }

    /// Without a time, both must hold in the same state.
    fn at_once(&mut self, id: &str, record: &Record) {
        let fate = match self.then.test(record.scope()) {
            Truth::True => Fate::Witness,
            Truth::Unset(why) => Fate::Unknown(why),
            Truth::Unknown(why) => {
                self.tale.unclear.insert(id.to_owned(), why);
                return;
            }
            Truth::False => {
                let why = format!(
                    "`{}` held, but `{}` did not",
                    self.when.text(),
                    self.then.text()
                );
                Fate::Broken(why, vec![record.last.clone()])
            }
        };
        self.tale.entities.insert(id.to_owned(), fate);
    }
}

impl Monitor for Response {
    fn see(&mut self, observation: &Observation, record: &Record, clocks: &Clocks) {
        let id = observation.id.as_str();
        if self.tale.fate(id).broken() {
            return;
        }
        let holds = self.tale.holds(id, &self.when, record);
        let held = self.held.insert(id.to_owned(), holds).unwrap_or(false);
        let Some(within) = self.within else {
            if holds {
                self.at_once(id, record);
            }
            return;
        };
        if holds && !held && self.open.get_mut(id).is_none() {
            let deadline = Deadline::new(clocks, self.clock, within);
            self.open.set(id, deadline, (record.last.clone(), None));
            let why = format!("the run ended before `{}` came true", self.then.text());
            self.tale.entities.insert(id.to_owned(), Fate::Unknown(why));
        }
        let Some((_, unclear)) = self.open.get_mut(id) else {
            return;
        };
        match self.then.test(record.scope()) {
            Truth::True => {
                self.open.met(id);
                self.tale.entities.insert(id.to_owned(), Fate::Witness);
            }
            Truth::Unknown(why) => *unclear = Some(why),
            Truth::False | Truth::Unset(_) => *unclear = None,
        }
    }

    fn tick(&mut self, clocks: &Clocks) {
        let Some(within) = self.within.map(duration::print) else {
            return;
        };
        while let Some((id, (since, unclear))) = self.open.expired(clocks) {
            let (then, clock) = (self.then.text(), clock_words(self.clock));
            let why = format!("`{then}` had not come true {within}{clock} later");
            let late = || Fate::Late(clocks.read(Clock::Wall), why, vec![since]);
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
