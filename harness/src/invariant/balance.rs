//! Balance: `balance: P, of: ENTITY, by: FIELD, tolerance: 0.05`: at the end, P holds for shares that are no further apart
//! than that, among the entities for which the field says the same.

use super::at_end::{AtEnd, Standing};
use super::finding::{Fate, Tale};
use super::measure::{self, Measure};
use super::{Clocks, Monitor};
use crate::entity::{Kind, View};
use crate::expression::Truth;
use indexmap::IndexMap;

pub(super) struct Balance {
    condition: AtEnd,
    by: String,
    /// The number of that field.
    field: usize,
    tolerance: f64,
    nothing: Tale,
}

/// The entities for which the field says the same.
#[derive(Clone, Copy, Default)]
struct Group {
    held: usize,
    may_come: usize,
    all: usize,
}

impl Group {
    /// The share for which it holds now.
    fn share(&self) -> f64 {
        self.held as f64 / self.all as f64
    }

    /// The share for which it may come to hold.
    fn most(&self) -> f64 {
        (self.held + self.may_come) as f64 / self.all as f64
    }
}

/// How far the shares are apart.
struct Spread {
    /// The group that can come to the least, and the one that has the most.
    least: usize,
    most: usize,
    /// It is too far, whatever is still to come.
    broken: bool,
    /// It is not, whatever is still to come.
    sure: bool,
}

impl Balance {
    pub fn new(condition: AtEnd, by: String, tolerance: f64, kind: &mut Kind) -> Balance {
        Balance {
            condition,
            field: kind.field(&by),
            by,
            tolerance,
            nothing: Tale::default(),
        }
    }

    /// What the field says of an entity.
    fn value(&self, kind: &Kind, number: usize) -> Option<String> {
        let value = kind.view(number).field(self.field)?;
        Some(match value {
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        })
    }

    fn groups(&self, values: &[Option<String>], standings: &[Standing]) -> IndexMap<String, Group> {
        let mut groups: IndexMap<String, Group> = IndexMap::new();
        for (value, one) in values.iter().zip(standings) {
            let Some(value) = value else { continue };
            let group = groups.entry(value.clone()).or_default();
            group.all += 1;
            group.held += usize::from(one.truth == Truth::True);
            group.may_come += usize::from(one.open);
        }
        groups
    }

    fn spread(&self, groups: &IndexMap<String, Group>) -> Spread {
        let groups: Vec<&Group> = groups.values().collect();
        let extreme = |share: fn(&Group) -> f64, most: bool| {
            let by = |a: &usize, b: &usize| share(groups[*a]).total_cmp(&share(groups[*b]));
            let all = 0..groups.len();
            let one = if most { all.max_by(by) } else { all.min_by(by) };
            one.unwrap_or_default()
        };
        // Shares are quotients of small numbers: equal ones differ by less than this.
        let apart = |a: f64, b: f64| a - b > self.tolerance + 1e-9;
        let (least, most) = (extreme(Group::most, false), extreme(Group::share, true));
        let worst = groups[extreme(Group::share, false)].share();
        let best = groups[extreme(Group::most, true)].most();
        Spread {
            least,
            most,
            // Who has the most keeps it, and the other cannot come near.
            broken: apart(groups[most].share(), groups[least].most()),
            sure: !apart(best, worst),
        }
    }
}

impl Monitor for Balance {
    /// Only the end counts.
    fn see(&mut self, _: &View<'_>, _: &Clocks) {}

    fn tick(&mut self, clocks: &Clocks, _: &Kind) {
        self.condition.tick(clocks);
    }

    fn tale(&self, kind: &Kind) -> Tale {
        let (text, by) = (self.condition.text(), &self.by);
        let mut tale = Tale::new(
            format!(
                "{text} for shares by {by} that are at most {} apart",
                self.tolerance
            ),
            format!("`{by}` never told two kinds of them apart"),
        );
        let standings = self.condition.standings(kind);
        let values: Vec<_> = (0..kind.len()).map(|n| self.value(kind, n)).collect();
        let groups = self.groups(&values, &standings);
        let untold = || Fate::Unknown(format!("its `{by}` was never told").into());
        if groups.len() < 2 {
            for (number, value) in values.iter().enumerate() {
                if value.is_none() {
                    *tale.fate(number) = untold();
                }
            }
            return tale;
        }
        let mut spread = self.spread(&groups);
        // Whoever goes on may yet come into another group.
        let goes_on = standings.iter().any(|one| one.goes_on);
        spread.broken &= !goes_on;
        spread.sure &= !goes_on;
        let said = |n: usize| {
            let (name, group) = groups.get_index(n).expect("a group");
            format!("{} of {} where {by} is {name}", group.held, group.all)
        };
        let why = format!(
            "`{text}` held for {} at the end, and for {}",
            said(spread.least),
            said(spread.most)
        );
        let (lowest, _) = groups.get_index(spread.least).expect("a group");
        for (number, one) in standings.iter().enumerate() {
            *tale.fate(number) = match (&values[number], &one.truth) {
                (_, Truth::Unknown(why)) => Fate::Unknown(why.clone()),
                (None, _) => untold(),
                (_, Truth::True) => Fate::Witness,
                (Some(value), _) if spread.broken && value == lowest => Fate::breach(
                    why.clone(),
                    self.condition.against(&kind.view(number), &one.truth),
                ),
                _ if (one.open || one.goes_on) && !spread.sure => Fate::Unknown(
                    format!("{why}, and with this one it may become otherwise after the data ends")
                        .into(),
                ),
                _ => Fate::Silent,
            };
        }
        tale
    }

    fn measure(&self, kind: &Kind) -> Option<Measure> {
        let values: Vec<_> = (0..kind.len()).map(|n| self.value(kind, n)).collect();
        let groups = self.groups(&values, &self.condition.standings(kind));
        let group = |(name, group): (String, Group)| {
            let Group { held, all, .. } = group;
            (name, measure::Group { held, all })
        };
        Some(Measure::Balance {
            by: self.by.clone(),
            tolerance: self.tolerance,
            groups: groups.into_iter().map(group).collect(),
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
