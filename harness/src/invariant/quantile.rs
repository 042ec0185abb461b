//! Quantile: `quantile: 0.95, of: elapsed("A", "B"), below: 60s`: so many entities need less than that from one status to
//! another.

use super::finding::{Fate, Tale};
use super::measure::{Measure, chosen};
use super::{Clocks, Monitor, Work};
use crate::duration;
use crate::entity::{Kind, Stamp, View};
use crate::stack::Clock;
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
    now_ns: u64,
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
            now_ns: 0,
            nothing: Tale::default(),
        }
    }

    /// By entity: how long it took. Whoever is still on its way took longer than anybody else; whoever ended elsewhere took
    /// no time at all, and does not count.
    fn times(&self) -> Vec<(usize, Option<Duration>, Begun)> {
        let mut times = Vec::new();
        for (number, begun) in self.begun.iter().enumerate() {
            let Some(begun) = begun else { continue };
            let took = begun.to.map(|to| to.at_ns.saturating_sub(begun.from.at_ns));
            if took.is_some() || !begun.over {
                times.push((number, took.map(Duration::from_nanos), *begun));
            }
        }
        times
    }

    /// Whether so many of these times, and no fewer, are short enough.
    fn held(&self, times: &[Option<Duration>]) -> bool {
        // Of quotients, not of a product: 0.55 times 100 is more than 55.
        let fast = times.iter().flatten().filter(|took| **took < self.below);
        !times.is_empty() && fast.count() as f64 / times.len() as f64 >= self.quantile
    }

    /// Whether it would be broken however everything goes on that is under way where the data ends: what can still be in
    /// time is, and what cannot ends elsewhere.
    fn hopeless(
        &self,
        kind: &Kind,
        times: &[(usize, Option<Duration>, Begun)],
        work: &Work,
    ) -> bool {
        let now_ns = self.now_ns;
        let mut anyones = work.anyones().len();
        let best = times.iter().filter_map(|(number, took, begun)| {
            // It may have come to the first status before the data begins, and again and again.
            let mut unsure = !kind.view(*number).is_whole() || !work.to(*number).is_empty();
            let slow = took.is_none_or(|took| took >= self.below);
            if !unsure && slow && anyones > 0 {
                anyones -= 1;
                unsure = true;
            }
            let waits = Duration::from_nanos(now_ns.saturating_sub(begun.from.at_ns));
            match took {
                _ if unsure => Some(Some(Duration::ZERO)),
                Some(took) => Some(Some(*took)),
                None if !kind.goes_on() => Some(None),
                None => (waits < self.below).then_some(Some(Duration::ZERO)),
            }
        });
        let best: Vec<Option<Duration>> = best.collect();
        !best.is_empty() && !self.held(&best)
    }

    /// Whether how long it took may turn out otherwise than by the data so far.
    fn is_open(&self, view: &View<'_>, took: Option<Duration>) -> bool {
        view.kind.goes_on() && (took.is_none() || !view.is_whole())
    }

    fn undecided(&self) -> Fate {
        let (from, to) = (&self.from, &self.to);
        let why = format!("the data does not show how long it took from {from} to {to}");
        Fate::Unknown(why.into())
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

    fn tick(&mut self, clocks: &Clocks, _: &Kind) {
        self.now_ns = clocks.read(Clock::Wall);
    }

    fn tale(&self, kind: &Kind) -> Tale {
        self.tale_despite(kind, &Work::default())
    }

    fn tale_despite(&self, kind: &Kind, work: &Work) -> Tale {
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
        // Of an entity that may have come to the first status before the data begins, how long it took is not known.
        let counted = times.iter().map(|(number, took, _)| {
            let whole = kind.view(*number).is_whole();
            took.filter(|_| whole)
        });
        let held = self.held(&counted.collect::<Vec<_>>());
        let settled = !kind.goes_on() && work.is_empty();
        let broken = !held && (settled || self.hopeless(kind, &times, work));
        for (number, took, begun) in times {
            let view = kind.view(number);
            let slow = took.is_none_or(|took| took >= self.below);
            *tale.fate(number) = match (held, broken) {
                _ if !slow && view.is_whole() => Fate::Witness,
                (true, _) => Fate::Silent,
                (_, true) if !self.is_open(&view, took) => self.slow(&view, took, begun),
                (_, false) if self.is_open(&view, took) => self.undecided(),
                (_, false) => {
                    let deeds = work.to(number).iter().chain(work.anyones());
                    deeds.last().map_or(Fate::Silent, |deed| {
                        let (from, to) = (&self.from, &self.to);
                        let why = format!("when it came from {from} to {to} is not known");
                        Fate::Unknown(format!("{why}: {}", deed.words).into())
                    })
                }
                _ => Fate::Silent,
            };
        }
        tale
    }

    fn measure(&self, kind: &Kind) -> Option<Measure> {
        let times = self.times().into_iter();
        let whole = times.filter(|(number, ..)| kind.view(*number).is_whole());
        let times: Vec<Option<Duration>> = whole.map(|(_, took, _)| took).collect();
        let took: Vec<Duration> = times.iter().flatten().copied().collect();
        Some(Measure::Times {
            quantile: self.quantile,
            below: self.below,
            arrived: took.len(),
            on_their_way: times.len() - took.len(),
            took: chosen(took),
        })
    }

    /// Until the end, nothing is decided.
    fn so_far(&self) -> &Tale {
        &self.nothing
    }

    fn so_far_mut(&mut self) -> &mut Tale {
        &mut self.nothing
    }
}
