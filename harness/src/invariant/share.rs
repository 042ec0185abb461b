//! Share: `share: P, of: ENTITY, at_least: 0.99`: at the end, P holds for so many of all entities.

use super::condition::Condition;
use super::finding::{Fate, Tale};
use super::{Clocks, Monitor};
use crate::entity::{Kind, View};
use crate::expression::Truth;
use crate::stack::Clock;
use std::time::Duration;

pub(super) struct Share {
    condition: Condition,
    at_least: f64,
    /// Whatever follows from what happened does so in this time.
    granted: Duration,
    now_ns: u64,
    nothing: Tale,
}

impl Share {
    pub fn new(condition: Condition, at_least: f64, granted: Duration) -> Share {
        Share {
            condition,
            at_least,
            granted,
            now_ns: 0,
            nothing: Tale::default(),
        }
    }

    /// Whether P may still come to hold for an entity for which it does not: the data ends, and its life goes on.
    fn may_come(&self, view: &View<'_>, truth: &Truth) -> bool {
        let kind = view.kind;
        if !kind.is_exported() {
            return false;
        }
        let unknown = matches!(truth, Truth::Unset(_)) && !view.has_beginning();
        let mut inputs = self.condition.inputs().iter();
        let only_status = inputs.all(|input| kind.is_status(*input));
        let quiet_ns = self.now_ns.saturating_sub(view.record.last().at_ns);
        let rests = only_status || Duration::from_nanos(quiet_ns) > self.granted;
        unknown || !(rests && kind.is_final(view.record))
    }
}

impl Monitor for Share {
    /// Only the end counts.
    fn see(&mut self, _: &View<'_>, _: &Clocks) {}

    fn tick(&mut self, clocks: &Clocks, _: &Kind) {
        self.now_ns = clocks.read(Clock::Wall);
    }

    fn tale(&self, kind: &Kind) -> Tale {
        let text = self.condition.text();
        let all = kind.len();
        let truth = |number| self.condition.test_without(&kind.view(number), &[]);
        let truths: Vec<Truth> = (0..all).map(truth).collect();
        let open = |number: usize| {
            let truth = &truths[number];
            *truth != Truth::True && self.may_come(&kind.view(number), truth)
        };
        let open: Vec<bool> = (0..all).map(open).collect();
        let held = truths.iter().filter(|truth| **truth == Truth::True).count();
        let may_come = open.iter().filter(|open| **open).count();
        let share = |n: usize| n as f64 / all.max(1) as f64;
        let (enough, hopeless) = (
            share(held) >= self.at_least,
            share(held + may_come) < self.at_least,
        );
        let why = format!(
            "`{text}` held for {held} of {all} at the end, a share of {:.3}",
            share(held)
        );
        let mut tale = Tale::new(
            format!("{text} for a share of at least {}", self.at_least),
            format!("`{text}` held for none"),
        );
        for (number, truth) in truths.iter().enumerate() {
            *tale.fate(number) = match truth {
                Truth::True => Fate::Witness,
                Truth::Unknown(why) => Fate::Unknown(why.clone()),
                // Not yet known is not so.
                _ if enough => Fate::Silent,
                _ if hopeless => Fate::breach(why.clone(), vec![kind.view(number).last()]),
                _ if open[number] => Fate::Unknown(
                    format!("{why}, and for {may_come} it may come to hold after the data ends")
                        .into(),
                ),
                _ => Fate::Silent,
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
