//! Share: `share: P, of: ENTITY, at_least: 0.99`: at the end, P holds for so many of all entities.

use super::condition::Condition;
use super::finding::{Fate, Tale};
use super::{Clocks, Monitor};
use crate::entity::{Kind, View};
use crate::expression::Truth;

pub(super) struct Share {
    condition: Condition,
    at_least: f64,
    nothing: Tale,
}

impl Share {
    pub fn new(condition: Condition, at_least: f64) -> Share {
        Share {
            condition,
            at_least,
            nothing: Tale::default(),
        }
    }
}

impl Monitor for Share {
    /// Only the end counts.
    fn see(&mut self, _: &View<'_>, _: &Clocks) {}

    fn tale(&self, kind: &Kind) -> Tale {
        let text = self.condition.text();
        let all = kind.len();
        let truths: Vec<Truth> = (0..all)
            .map(|number| self.condition.test_without(&kind.view(number), &[]))
            .collect();
        let held = truths.iter().filter(|truth| **truth == Truth::True).count();
        let share = held as f64 / all.max(1) as f64;
        let enough = share >= self.at_least;
        let why = format!("`{text}` held for {held} of {all} at the end, a share of {share:.3}");
        let mut tale = Tale::new(
            format!("{text} for a share of at least {}", self.at_least),
            format!("`{text}` held for none"),
        );
        for (number, truth) in truths.into_iter().enumerate() {
            *tale.fate(number) = match truth {
                Truth::True => Fate::Witness,
                Truth::Unknown(why) => Fate::Unknown(why),
                // Not yet known is not so.
                _ if enough => Fate::Silent,
                _ => Fate::breach(why.clone(), vec![kind.view(number).last()]),
            };
        }
        tale
    }

    /// Until the end, nothing is decided.
    fn so_far(&self) -> &Tale {
        &self.nothing
    }

    fn so_far_mut(&mut self) -> &mut Tale {
        &mut self.nothing
    }
}
