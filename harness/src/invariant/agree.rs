//! Agreement: `agree: [a, b], within: T`: fields say the same, or do so again within a time.

use super::condition::proof;
use super::deadline::Waiting;
use super::finding::{Fate, Tale};
use super::{Clocks, Monitor};
use crate::entity::{Atom, Input, Kind, Snapshot, View, same};
use crate::stack::Clock;
use std::time::Duration;

pub(super) struct Agree {
    names: Vec<String>,
    fields: Vec<Input>,
    /// The entities whose fields disagree, and what they said when they parted.
    open: Waiting<Box<Snapshot>>,
    tale: Tale,
}

impl Agree {
    pub fn new(names: Vec<String>, within: Duration, clock: Clock, kind: &mut Kind) -> Agree {
        let all = names.join("`, `");
        let open = Waiting::new(within, clock);
        let tale = Tale::new(
            format!("`{all}` agree within {}", open.words()),
            format!("`{all}` were never all known and the same"),
        );
        let fields = names.iter().map(|name| Input::Field(kind.field(name)));
        Agree {
            fields: fields.collect(),
            names,
            open,
            tale,
        }
    }

    /// Whether the fields say the same. `None`: nothing is known of any of them.
    fn same(&self, view: &View<'_>) -> Option<bool> {
        let mut atoms = self.fields.iter().map(|field| view.atom(*field));
        let first = atoms.next()?;
        let rest_like_first = atoms.all(|atom| atom == first);
        match (first, rest_like_first) {
            (Some(Atom::UNSET), true) => None,
            (Some(_), true) => Some(true),
            _ => self.same_without(view, &[]),
        }
    }

    /// The same, without what the events of these numbers told.
    fn same_without(&self, view: &View<'_>, events: &[u64]) -> Option<bool> {
        let values = self.values(view, events);
        let mut known = values.iter().flatten();
        let first = known.next()?;
        let (all_known, alike) = (
            values.iter().all(Option::is_some),
            known.all(|value| same(value, first)),
        );
        // What is not known of an entity of which not everything was told may be like the others.
        (all_known || !alike || view.is_whole()).then_some(all_known && alike)
    }

    fn nothing_known(&self, view: &View<'_>) -> bool {
        let mut values = self.values(view, &[]).into_iter();
        values.all(|value| value.is_none())
    }

    fn values(&self, view: &View<'_>, without: &[u64]) -> Vec<Option<serde_json::Value>> {
        let scope = view.scope(&self.fields, without);
        self.names.iter().map(|name| scope.get(name)).collect()
    }

    fn said(&self, view: &View<'_>) -> String {
        let values = self.values(view, &[]).into_iter();
        let said = self
            .names
            .iter()
            .zip(values)
            .map(|(name, value)| match value {
                Some(value) => format!("{name} is {value}"),
                None => format!("{name} is not known"),
            });
        said.collect::<Vec<_>>().join(", ")
    }
}

impl Agree {
    /// They may have agreed in time, and it was only not seen.
    fn late(&mut self, view: &View<'_>) {
        if self.same(view) == Some(true) {
            self.tale.doubt_late(view);
            self.tale.came_late(view);
        }
    }
}

impl Monitor for Agree {
    fn see(&mut self, view: &View<'_>, clocks: &Clocks) {
        let number = view.number;
        if self.tale.fate(number).broken() {
            return self.late(view);
        }
        match self.same(view) {
            None => {
                self.open.met(number);
                if *self.tale.fate(number) == Fate::Silent && !self.nothing_known(view) {
                    *self.tale.fate(number) = Fate::Unset(self.said(view).into());
                }
            }
            Some(true) => {
                self.open.met(number);
                *self.tale.fate(number) = Fate::Witness;
            }
            Some(false) if self.open.get_mut(number).is_some() => {}
            Some(false) => {
                let mut parted = Box::<Snapshot>::default();
                parted.take(view, &self.fields);
                self.open.set(number, clocks, parted);
            }
        }
    }

    fn tick(&mut self, clocks: &Clocks, kind: &Kind) {
        while let Some((number, parted, late_ns)) = self.open.expired(clocks) {
            let view = kind.view(number);
            let record = parted.restore(view.record);
            let then = view.then(&record);
            let parted = match self.values(&then, &[]).contains(&None) {
                true => "the first of them was known",
                false => "they parted",
            };
            let (said, within) = (self.said(&view), self.open.words());
            let why = format!("{said}, {within} after {parted}");
            let proof = proof(&then, &self.fields, |without| {
                self.same_without(&then, without) == Some(false)
            });
            *self.tale.fate(number) = Fate::late(late_ns, why, proof);
        }
    }

    fn pending(&self) -> bool {
        !self.open.is_empty()
    }

    fn tale(&self, kind: &Kind) -> Tale {
        self.open.tale(&self.tale, |number| {
            format!("the run ended while {}", self.said(&kind.view(number)))
        })
    }

    fn so_far(&self) -> &Tale {
        &self.tale
    }

    fn so_far_mut(&mut self) -> &mut Tale {
        &mut self.tale
    }
}
