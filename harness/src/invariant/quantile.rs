//! Quantile: `quantile: 0.95, of: elapsed("A", "B"), below: 60s`: so many entities need less than that from one status to
//! another.

use super::finding::{Fate, Tale};
use super::{Clocks, Monitor};
use crate::duration;
use crate::entity::{Kind, Stamp, View};
use std::time::Duration;

pub(super) struct Quantile {
    quantile: f64,
    from: String,
    to: String,
    below: Duration,
    /// The statuses that are final: who has one of these without the other status will never have it.
    finals: Vec<String>,
    /// By entity, if it has had the first status.
    begun: Vec<Option<Begun>>,
    nothing: Tale,
}

#[derive(Clone, Copy)]
struct Begun {
    from: Stamp,
    to: Option<Stamp>,
    over: bool,
}

impl Quantile {
    pub fn new(
        quantile: f64,
        (from, to): (String, String),
        below: Duration,
        finals: Vec<String>,
    ) -> Quantile {
        Quantile {
            quantile,
            from,
            to,
            below,
            finals,
            begun: Vec::new(),
            nothing: Tale::default(),
        }
    }

    /// By entity: how long it took, the longest last. Whoever is still on its way took longer than anybody else; whoever
    /// ended elsewhere took no time at all, and does not count.
    fn times(&self) -> Vec<(usize, Option<Duration>, Begun)> {
        let mut times = Vec::new();
        for (number, begun) in self.begun.iter().enumerate() {
            let Some(begun) = begun else { continue };
            let took = begun.to.map(|to| to.at_ns.saturating_sub(begun.from.at_ns));
            if took.is_some() || !begun.over {
                times.push((number, took.map(Duration::from_nanos), *begun));
            }
        }
        times.sort_by_key(|(_, took, _)| took.unwrap_or(Duration::MAX));
        times
    }

    fn slow(&self, view: &View<'_>, took: Option<Duration>, begun: Begun) -> Fate {
        let (from, to) = (&self.from, &self.to);
        let mut proof = vec![view.came(from, begun.from)];
        let why = match took {
            None => format!("it came to {from} and never to {to}"),
            Some(took) => format!("it took {} ms from {from} to {to}", took.as_millis()),
        };
        proof.extend(begun.to.map(|stamp| view.came(to, stamp)));
        Fate::breach(why, proof)
    }
}

impl Monitor for Quantile {
    fn see(&mut self, view: &View<'_>, _: &Clocks) {
        for (status, stamp) in view.record.new_statuses() {
            if self.begun.len() <= view.number {
                self.begun.resize(view.number + 1, None);
            }
            let begun = &mut self.begun[view.number];
            if **status == self.from {
                begun.get_or_insert(Begun {
                    from: *stamp,
                    to: None,
                    over: false,
                });
            }
            if let Some(begun) = begun {
                if **status == self.to {
                    begun.to.get_or_insert(*stamp);
                }
                begun.over |= self.finals.contains(status);
            }
        }
    }

    fn tale(&self, kind: &Kind) -> Tale {
        let (from, to) = (&self.from, &self.to);
        let below = duration::print(self.below);
        let mut tale = Tale::new(
            format!(
                "a share of {} from {from} to {to} in less than {below}",
                self.quantile
            ),
            format!("it never went from {from} to {to}"),
        );
        let times = self.times();
        // The nearest rank: the smallest time within which that share of all was there.
        let rank = (self.quantile * times.len() as f64).ceil().max(1.0) as usize;
        let reached = times.get(rank - 1).and_then(|(_, took, _)| *took);
        let held = reached.is_some_and(|took| took < self.below);
        for (number, took, begun) in times {
            let slow = took.is_none_or(|took| took >= self.below);
            *tale.fate(number) = match (slow, held) {
                (false, _) => Fate::Witness,
                (true, true) => Fate::Silent,
                (true, false) => self.slow(&kind.view(number), took, begun),
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
