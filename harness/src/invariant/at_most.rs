//! Bounded existence: `at_most: 1, of: EVENT`.

use super::finding::{Fate, Tale};
use super::{Clocks, Monitor};
use crate::count::times;
use crate::entity::{Kind, Stamp, View};

pub(super) struct AtMost {
    bound: u64,
    event: String,
    number: usize,
    /// By entity: when it happened, until it has happened too often.
    happened: Vec<Vec<Stamp>>,
    tale: Tale,
}

impl AtMost {
    pub fn new(bound: u64, event: String, kind: &mut Kind) -> AtMost {
        let expected = format!("`{event}` at most {}", times(bound));
        let unwitnessed = format!("`{event}` never happened");
        AtMost {
            bound,
            number: kind.event(&event),
            event,
            happened: Vec::new(),
            tale: Tale::new(expected, unwitnessed),
        }
    }

    fn happened(&mut self, number: usize) -> &mut Vec<Stamp> {
        if self.happened.len() <= number {
            self.happened.resize(number + 1, Vec::new());
        }
        &mut self.happened[number]
    }
}

impl Monitor for AtMost {
    fn see(&mut self, view: &View<'_>, _: &Clocks) {
        if !view.events().contains(&self.number) || self.tale.fate(view.number).broken() {
            return;
        }
        let (last, bound) = (view.record.last(), self.bound);
        let happened = self.happened(view.number);
        happened.push(last);
        let count = happened.len() as u64;
        let fate = match count <= bound {
            true => Fate::Witness,
            false => {
                let stamps = std::mem::take(happened).into_iter();
                let proof = stamps.map(|stamp| view.moment(stamp, &self.event));
                let why = format!("`{}` happened {}", self.event, times(count));
                Fate::breach(why, proof.collect())
            }
        };
        *self.tale.fate(view.number) = fate;
    }

    fn begin(&mut self, view: &View<'_>, _: &Clocks) {
        self.happened(view.number).clear();
    }

    fn so_far(&self) -> &Tale {
        &self.tale
    }

    fn so_far_mut(&mut self) -> &mut Tale {
        &mut self.tale
    }
}
