//! Absence and universality: `never: P` and `always: P` (`always: P` is the absence of `!P`).

use super::finding::{Fate, Tale};
use super::{Clocks, Monitor};
use crate::entity::{Observation, Record};
use crate::expression::{Expression, Truth};

pub(super) struct Absence {
    condition: Expression,
    /// What the condition must be.
    wanted: Truth,
    tale: Tale,
}

impl Absence {
    pub fn always(condition: Expression) -> Absence {
        Absence::new("always", condition, Truth::True)
    }

    pub fn never(condition: Expression) -> Absence {
        Absence::new("never", condition, Truth::False)
    }

    /// Something that the condition reads is not known yet. If it stays so, nobody can tell.
    fn unset(&mut self, id: &str, why: String) {
        let fate = self.tale.fate(id);
        if *fate == Fate::Silent {
            *fate = Fate::Unset(why);
        }
    }

    fn new(word: &str, condition: Expression, wanted: Truth) -> Absence {
        let expected = format!("{word} {}", condition.text());
        let unwitnessed = format!("`{}` could never be evaluated", condition.text());
        Absence {
            condition,
            wanted,
            tale: Tale {
                expected,
                unwitnessed,
                ..Tale::default()
            },
        }
    }
}

impl Monitor for Absence {
    fn see(&mut self, observation: &Observation, record: &Record, _: &Clocks) {
        let fate = self.tale.fate(&observation.id);
        if fate.broken() {
            return;
        }
        match self.condition.test(record.scope()) {
            Truth::Unset(why) => self.unset(&observation.id, why),
            Truth::Unknown(why) => {
                self.tale
                    .unclear
                    .entry(observation.id.clone())
                    .or_insert(why);
            }
            truth if truth != self.wanted => {
                let why = match self.wanted {
                    Truth::True => format!("`{}` did not hold", self.condition.text()),
                    _ => format!("`{}` came true", self.condition.text()),
                };
                *fate = Fate::Broken(why, vec![record.last.clone()]);
            }
            _ => *fate = Fate::Witness,
        }
    }

    fn tick(&mut self, _: &Clocks) {}

    fn tale(&self) -> Tale {
        self.tale.clone()
    }

    fn broken(&self) -> bool {
        self.tale.broken()
    }
}
