//! Existence: `eventually: P, within: T`, counted from the first observation of the entity.

use super::condition::Condition;
use super::deadline::Waiting;
use super::finding::{Fate, Tale};
use super::midway;
use super::{Clocks, Monitor};
use crate::entity::{Kind, Moment, View};
use crate::expression::Truth;
use crate::stack::Clock;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct Existence {
    eventually: Condition,
    /// What has not come yet.
    open: Waiting<Awaited>,
    /// By entity: it is waited for, or was.
    begun: Vec<bool>,
    tale: Tale,
}

#[derive(Default)]
struct Awaited {
    /// What began the scope; `None`: the entity was first seen.
    begin: Option<Moment>,
    /// Why the condition cannot be evaluated now.
    unclear: Option<Arc<str>>,
    /// It may have begun before, and have been met.
    unsure: bool,
}

impl Existence {
    pub fn new(eventually: Condition, within: Duration, clock: Clock) -> Existence {
        let open = Waiting::new(within, clock);
        let expected = format!("{} within {}", eventually.text(), open.words());
        let unwitnessed = format!("`{}` never came true", eventually.text());
        Existence {
            eventually,
            open,
            begun: Vec::new(),
            tale: Tale::new(expected, unwitnessed),
        }
    }

    fn begun(&mut self, number: usize) -> &mut bool {
        if self.begun.len() <= number {
            self.begun.resize(number + 1, false);
        }
        &mut self.begun[number]
    }
}

impl Existence {
    /// What had not come in time may have been there, and was only not seen.
    fn late(&mut self, view: &View<'_>) {
        if self.tale.broke(view.number) && self.eventually.met(view) == Truth::True {
            self.tale.doubt_late(view);
            self.tale.came_late(view);
        }
    }
}

impl Monitor for Existence {
    fn see(&mut self, view: &View<'_>, clocks: &Clocks) {
        let number = view.number;
        if !std::mem::replace(self.begun(number), true) {
            let unsure = !view.is_whole();
            let awaited = Awaited {
                unsure,
                ..Awaited::default()
            };
            self.open.set(number, clocks, awaited);
        }
        let Some(awaited) = self.open.get_mut(number) else {
            return self.late(view);
        };
        match self.eventually.met(view) {
            Truth::True => {
                self.open.met(number);
                *self.tale.fate(number) = Fate::Witness;
            }
            Truth::Unknown(why) => {
                awaited.unclear = Some(why);
                awaited.unsure |= !view.has_beginning();
            }
            Truth::False | Truth::Unset(_) => awaited.unclear = None,
        }
    }

    fn tick(&mut self, clocks: &Clocks, kind: &Kind) {
        while let Some((number, awaited, late_ns)) = self.open.expired(clocks) {
            let Awaited {
                begin,
                unclear,
                unsure,
            } = awaited;
            let (text, within) = (self.eventually.text(), self.open.words());
            let (first, last) = (
                begin.unwrap_or(kind.view(number).first()),
                kind.view(number).last(),
            );
            let seen = match last.seq == first.seq {
                true => String::new(),
                false => format!("; the last thing seen of it, #{}: {}", last.seq, last.text),
            };
            let why = format!("`{text}` had not come true after {within}{seen}");
            let view = kind.view(number);
            let late = || match unsure && !view.has_beginning() {
                true => midway::unknown(&why, &view),
                false => Fate::late(late_ns, why, vec![first]),
            };
            let fate = unclear.map_or_else(late, Fate::Unknown);
            self.tale.settle(number, fate);
        }
    }

    fn begin(&mut self, view: &View<'_>, clocks: &Clocks) {
        if !self.tale.broke(view.number) {
            *self.begun(view.number) = true;
            let begin = Some(view.last());
            let awaited = Awaited {
                begin,
                unclear: None,
                unsure: !view.is_whole(),
            };
            self.open.set(view.number, clocks, awaited);
        }
    }

    fn end(&mut self, view: &View<'_>) {
        let Some(awaited) = self.open.met(view.number) else {
            return;
        };
        let why = format!(
            "`{}` had not come true when the scope ended",
            self.eventually.text()
        );
        let proof = awaited.begin.into_iter().collect();
        let broken = || match awaited.unsure && !view.has_beginning() {
            true => midway::unknown(&why, view),
            false => Fate::breach(why, proof),
        };
        let fate = awaited.unclear.map_or_else(broken, Fate::Unknown);
        self.tale.settle(view.number, fate);
    }

    fn pending(&self) -> bool {
        !self.open.is_empty()
    }

    fn tale(&self, _: &Kind) -> Tale {
        let text = self.eventually.text();
        self.open.tale(&self.tale, |_| {
            format!("the run ended before `{text}` came true")
        })
    }

    fn so_far(&self) -> &Tale {
        &self.tale
    }

    fn so_far_mut(&mut self) -> &mut Tale {
        &mut self.tale
    }
}
