//! Bounded existence: `at_most: 1, of: EVENT`.

use super::finding::{Fate, Tale};
use super::{Clocks, Monitor};
use crate::entity::{Observation, Record};

pub(super) struct AtMost {
    bound: u64,
    event: String,
    tale: Tale,
}

impl AtMost {
    pub fn new(bound: u64, event: String) -> AtMost {
        let expected = format!("`{event}` at most {}", times(bound));
        let unwitnessed = format!("`{event}` never happened");
        AtMost {
            bound,
            event,
            tale: Tale {
                expected,
                unwitnessed,
                ..Tale::default()
            },
        }
    }
}

impl Monitor for AtMost {
    fn see(&mut self, observation: &Observation, record: &Record, _: &Clocks) {
        let fate = self.tale.fate(&observation.id);
        if observation.event.as_ref() != Some(&self.event) || fate.broken() {
            return;
        }
        let moments: Vec<_> = record.happened(&self.event).cloned().collect();
        let count = moments.len() as u64;
        *fate = match count <= self.bound {
            true => Fate::Witness,
            false => Fate::Broken(
                format!("`{}` happened {}", self.event, times(count)),
                moments,
            ),
        };
    }

    fn tick(&mut self, _: &Clocks) {}

    fn tale(&self) -> Tale {
        self.tale.clone()
    }

    fn broken(&self) -> bool {
        self.tale.broken()
    }
}

fn times(n: u64) -> String {
    match n {
        1 => "once".to_owned(),
        n => format!("{n} times"),
    }
}
