//! Balance: `balance: P, of: ENTITY, by: FIELD, tolerance: 0.05`: at the end, P holds for shares that are no further apart
//! than that, among the entities for which the field says the same.

use super::at_end::{AtEnd, Standing};
use super::finding::{Fate, Tale};
use super::measure::{self, Measure};
use super::{Clocks, Monitor, Work};
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
    /// For so many it may hold, or not hold, by what calls without an answer did.
    may_be: usize,
    may_not_be: usize,
    /// The same by what calls did of which nobody knows for whom: each of them for one.
    perhaps: usize,
    perhaps_not: usize,
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

    /// The smallest and the largest share for which it may hold in truth.
    fn least_in_truth(&self) -> f64 {
        (self.held - self.may_not_be) as f64 / self.all as f64
    }

    fn most_in_truth(&self) -> f64 {
        (self.held + self.may_come + self.may_be) as f64 / self.all as f64
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
    /// It is too far by what is known, and may not be by what calls without an answer did.
    doubtful: bool,
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

    fn groups(
        &self,
        values: &[Option<String>],
        standings: &[Standing],
        work: &Work,
    ) -> IndexMap<String, Group> {
        let mut groups: IndexMap<String, Group> = IndexMap::new();
        for (value, one) in values.iter().zip(standings) {
            let Some(value) = value else { continue };
            let group = groups.entry(value.clone()).or_default();
            let held = one.truth == Truth::True;
            group.all += 1;
            group.held += usize::from(held);
            group.may_come += usize::from(one.open);
            let may_turn = one.doubt.is_some() && !one.open;
            group.may_be += usize::from(may_turn && !held);
            group.may_not_be += usize::from(may_turn && held);
            group.perhaps += usize::from(one.perhaps && !held && !one.open);
            group.perhaps_not += usize::from(one.perhaps && held);
        }
        let deeds = work.anyones().len();
        for group in groups.values_mut() {
            group.may_be += group.perhaps.min(deeds);
            group.may_not_be += group.perhaps_not.min(deeds);
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
            broken: apart(
                groups[extreme(Group::least_in_truth, true)].least_in_truth(),
                groups[extreme(Group::most_in_truth, false)].most_in_truth(),
            ),
            sure: !apart(best, worst),
            doubtful: apart(groups[most].share(), groups[least].most()),
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
        self.tale_despite(kind, &Work::default())
    }

    fn tale_despite(&self, kind: &Kind, work: &Work) -> Tale {
        let (text, by) = (self.condition.text(), &self.by);
        let mut tale = Tale::new(
            format!(
                "{text} for shares by {by} that are at most {} apart",
                self.tolerance
            ),
            format!("`{by}` never told two kinds of them apart"),
        );
        let standings = self.condition.standings(kind, work);
        let values: Vec<_> = (0..kind.len()).map(|n| self.value(kind, n)).collect();
        let groups = self.groups(&values, &standings, work);
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
        spread.doubtful &= !goes_on && !spread.broken;
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
                _ if spread.doubtful && (one.doubt.is_some() || one.perhaps) => {
                    let deed = || work.anyones().first().map(|deed| deed.words.clone());
                    let words = one.doubt.clone().or_else(deed).unwrap_or_default();
                    Fate::Unknown(format!("{why}, but {words}").into())
                }
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
        let nothing = Work::default();
        let standings = self.condition.standings(kind, &nothing);
        let groups = self.groups(&values, &standings, &nothing);
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
