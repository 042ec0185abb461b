//! Quantile: `quantile: 0.95, of: elapsed("A", "B"), below: 60s`: so many entities need less than that from one status to
//! another.

use super::finding::{Fate, Tale};
use super::{Clocks, Monitor};
use crate::duration;
use crate::entity::{Moment, Observation, Record};
use indexmap::IndexMap;
use std::time::Duration;

pub(super) struct Quantile {
    quantile: f64,
    from: String,
    to: String,
    below: Duration,
    /// The statuses that are final: who has one of these without the other status will never have it.
    finals: Vec<String>,
    begun: IndexMap<String, Begun>,
}

/// An entity that has had the first status.
struct Begun {
    from: Moment,
    to: Option<Moment>,
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
            begun: IndexMap::new(),
        }
    }

    /// By entity: how long it took, the longest last. Whoever is still on its way took longer than anybody else; whoever
    /// ended elsewhere took no time at all, and does not count.
    fn times(&self) -> Vec<(&str, Option<Duration>, &Begun)> {
        let mut times = Vec::new();
        for (id, begun) in &self.begun {
            let took = begun
                .to
                .as_ref()
                .map(|to| to.at_ns.saturating_sub(begun.from.at_ns));
            if took.is_some() || !begun.over {
                times.push((id.as_str(), took.map(Duration::from_nanos), begun));
            }
        }
        times.sort_by_key(|(_, took, _)| took.unwrap_or(Duration::MAX));
        times
    }
}

impl Monitor for Quantile {
    fn see(&mut self, observation: &Observation, record: &Record, _: &Clocks) {
        for (status, moment) in record.new_statuses() {
            let id = &observation.id;
            if *status == self.from && !self.begun.contains_key(id) {
                let begun = Begun {
                    from: moment.clone(),
                    to: None,
                    over: false,
                };
                self.begun.insert(id.clone(), begun);
            }
            if let Some(begun) = self.begun.get_mut(id) {
                if *status == self.to && begun.to.is_none() {
                    begun.to = Some(moment.clone());
                }
                begun.over |= self.finals.contains(status);
            }
        }
    }

    fn tick(&mut self, _: &Clocks) {}

    fn tale(&self) -> Tale {
        let (from, to) = (&self.from, &self.to);
        let below = duration::print(self.below);
        let mut tale = Tale {
            expected: format!(
                "a share of {} from {from} to {to} in less than {below}",
                self.quantile
            ),
            unwitnessed: format!("it never went from {from} to {to}"),
            ..Tale::default()
        };
        let ended_elsewhere = |(id, _): (&String, &Begun)| (id.clone(), Fate::Silent);
        tale.entities = self.begun.iter().map(ended_elsewhere).collect();
        let times = self.times();
        // The nearest rank: the smallest time within which that share of all was there.
        let rank = (self.quantile * times.len() as f64).ceil().max(1.0) as usize;
        let reached = times.get(rank - 1).and_then(|(_, took, _)| *took);
        let held = reached.is_some_and(|took| took < self.below);
        for (id, took, begun) in times {
            let slow = took.is_none_or(|took| took >= self.below);
            let fate = match (slow, held, took) {
                (false, ..) => Fate::Witness,
                (true, true, _) => Fate::Silent,
                (true, false, None) => {
                    let why = format!("it came to {from} and never to {to}");
                    Fate::Broken(why, vec![begun.from.clone()])
                }
                (true, false, Some(took)) => {
                    let took = took.as_millis();
                    let why = format!("it took {took} ms from {from} to {to}");
                    let proof = std::iter::once(&begun.from).chain(&begun.to);
                    Fate::Broken(why, proof.cloned().collect())
                }
            };
            tale.entities.insert(id.to_owned(), fate);
        }
        tale
    }

    /// Until the end, nothing is decided.
    fn broken(&self) -> bool {
        false
    }
}
