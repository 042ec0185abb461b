//! Absence and universality: `never: P` and `always: P` (`always: P` is the absence of `!P`).

use super::condition::{Condition, proof};
use super::finding::{Fate, Tale};
use super::hindsight::Hindsight;
use super::{Clocks, Monitor};
use crate::entity::{Kind, View};
use crate::expression::Truth;

pub(super) struct Absence {
    condition: Condition,
    /// What the condition must be.
    wanted: Truth,
    hindsight: Hindsight,
    tale: Tale,
}

impl Absence {
    pub fn always(condition: Condition, kind: &Kind) -> Absence {
        Absence::new("always", condition, Truth::True, kind)
    }

    pub fn never(condition: Condition, kind: &Kind) -> Absence {
        Absence::new("never", condition, Truth::False, kind)
    }

    fn new(word: &str, condition: Condition, wanted: Truth, kind: &Kind) -> Absence {
        let expected = format!("{word} {}", condition.text());
        let unwitnessed = format!("`{}` could never be evaluated", condition.text());
        Absence {
            hindsight: Hindsight::new(kind, condition.inputs()),
            condition,
            wanted,
            tale: Tale::new(expected, unwitnessed),
        }
    }

    fn breach(&self, view: &View<'_>, truth: &Truth) -> Fate {
        let text = self.condition.text();
        let why = match self.wanted {
            Truth::True => format!("`{text}` did not hold"),
            _ => format!("`{text}` came true"),
        };
        let proven = |without: &[u64]| self.condition.test_without(view, without) == *truth;
        let proof = proof(view, self.condition.inputs(), proven);
        Fate::breach_in_one_state(why, proof, self.condition.stays(view, truth))
    }
}

impl Monitor for Absence {
    fn see(&mut self, view: &View<'_>, _: &Clocks) {
        if self.tale.fate(view.number).broken() {
            if self.hindsight.reaches_back(view) && self.condition.test(view) == self.wanted {
                self.tale.doubt(view, &self.hindsight);
            }
            return;
        }
        let fate = match self.condition.test(view) {
            // It is not known yet. If it stays so, nobody can tell.
            Truth::Unset(why) => match self.tale.fate(view.number) {
                // An event may have happened before the data begins, which then tells nothing of it.
                Fate::Silent if !self.condition.hangs_on_the_past(view) => Fate::Unset(why),
                _ => return,
            },
            Truth::Unknown(why) => {
                self.tale.unclear.entry(view.number).or_insert(why);
                return;
            }
            truth if truth != self.wanted => {
                self.hindsight.broke(view);
                self.breach(view, &truth)
            }
            _ => Fate::Witness,
        };
        *self.tale.fate(view.number) = fate;
    }

    fn so_far(&self) -> &Tale {
        &self.tale
    }

    fn so_far_mut(&mut self) -> &mut Tale {
        &mut self.tale
    }
}
