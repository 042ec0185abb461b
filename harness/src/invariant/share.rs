//! Share: `share: P, of: ENTITY, at_least: 0.99`: at the end, P holds for so many of all entities.

use super::at_end::{AtEnd, Standing};
use super::finding::{Fate, Tale};
use super::measure::{Group, Measure};
use super::{Clocks, Monitor, Work};
use crate::entity::{Kind, View};
use crate::expression::Truth;

pub(super) struct Share {
    condition: AtEnd,
    at_least: f64,
    nothing: Tale,
}

impl Share {
    pub fn new(condition: AtEnd, at_least: f64) -> Share {
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

    fn tick(&mut self, clocks: &Clocks, _: &Kind) {
        self.condition.tick(clocks);
    }

    fn tale(&self, kind: &Kind) -> Tale {
        self.tale_despite(kind, &Work::default())
    }

    fn tale_despite(&self, kind: &Kind, work: &Work) -> Tale {
        let text = self.condition.text();
        let standings = self.condition.standings(kind, work);
        let all = standings.len();
        let held = standings.iter().filter(|one| one.truth == Truth::True);
        let (held, may_come) = (
            held.count(),
            standings.iter().filter(|one| one.open).count(),
        );
        // What some call did without an answer may be just what is missing.
        let missing = || {
            let no = |truth: &Truth| matches!(truth, Truth::False | Truth::Unset(_));
            standings.iter().filter(move |one| no(&one.truth))
        };
        let done = missing().filter(|one| one.doubt.is_some() && !one.open);
        let perhaps = missing().filter(|one| one.perhaps && !one.open);
        // So may be what could not be evaluated.
        let unknown = |one: &&Standing| matches!(one.truth, Truth::Unknown(_));
        let may_be = done.count()
            + perhaps.count().min(work.anyones().len())
            + standings.iter().filter(unknown).count();
        let share = |n: usize| n as f64 / all.max(1) as f64;
        let (enough, hopeless) = (
            share(held) >= self.at_least,
            share(held + may_come + may_be) < self.at_least,
        );
        let why = format!(
            "`{text}` held for {held} of {all} at the end, a share of {:.3}",
            share(held)
        );
        let mut tale = Tale::new(
            format!("{text} for a share of at least {}", self.at_least),
            format!("`{text}` held for none"),
        );
        for (number, one) in standings.iter().enumerate() {
            *tale.fate(number) = match &one.truth {
                Truth::True => Fate::Witness,
                // Not yet known is not so.
                _ if enough => Fate::Silent,
                Truth::Unknown(_) if hopeless => Fate::Silent,
                Truth::Unknown(why) => Fate::Unknown(why.clone()),
                _ if hopeless => Fate::breach(
                    why.clone(),
                    self.condition.against(&kind.view(number), &one.truth),
                ),
                _ if one.open => Fate::Unknown(
                    format!("{why}, and for {may_come} it may come to hold after the data ends")
                        .into(),
                ),
                _ => match (&one.doubt, work.anyones().first()) {
                    (Some(words), _) => Fate::Unknown(format!("{why}, but {words}").into()),
                    (None, Some(deed)) if one.perhaps => {
                        Fate::Unknown(format!("{why}, but {}", deed.words).into())
                    }
                    _ => Fate::Silent,
                },
            };
        }
        tale
    }

    fn measure(&self, kind: &Kind) -> Option<Measure> {
        let standings = self.condition.standings(kind, &Work::default());
        let held = standings.iter().filter(|one| one.truth == Truth::True);
        Some(Measure::Share {
            at_least: self.at_least,
            group: Group {
                held: held.count(),
                all: standings.len(),
            },
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
