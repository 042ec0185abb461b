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
    all: usize,
    /// Those that do not go on where the data ends.
    stays: Stays,
}

/// Who stays in its group.
#[derive(Clone, Copy, Default)]
struct Stays {
    held: usize,
    all: usize,
    /// For so many it may still come to hold, or it cannot be evaluated whether it holds.
    may_come: usize,
    /// For so many it may hold, or not hold, by what calls without an answer did.
    may_be: usize,
    may_not_be: usize,
    /// The same by what calls did of which nobody knows for whom: each of them for one.
    perhaps: usize,
    perhaps_not: usize,
}

impl Group {
    /// The share for which it holds now.
    fn share(&self) -> f64 {
        self.held as f64 / self.all as f64
    }
}

impl Stays {
    /// The smallest and the largest share for which it may come to hold, wherever so many others go that go on.
    fn least(&self, others: usize) -> f64 {
        self.held as f64 / (self.all + others) as f64
    }

    fn most(&self, others: usize) -> f64 {
        (self.held + self.may_come + others) as f64 / (self.all + others) as f64
    }

    /// The same for which it may hold in truth.
    fn least_in_truth(&self, others: usize) -> f64 {
        (self.held - self.may_not_be) as f64 / (self.all + others) as f64
    }

    fn most_in_truth(&self, others: usize) -> f64 {
        (self.held + self.may_come + self.may_be + others) as f64 / (self.all + others) as f64
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
            if one.goes_on {
                continue;
            }
            let stays = &mut group.stays;
            stays.all += 1;
            stays.held += usize::from(held);
            let may_come = one.open || matches!(one.truth, Truth::Unknown(_));
            stays.may_come += usize::from(may_come);
            let may_turn = one.doubt.is_some() && !may_come;
            stays.may_be += usize::from(may_turn && !held);
            stays.may_not_be += usize::from(may_turn && held);
            stays.perhaps += usize::from(one.perhaps && !held && !may_come);
            stays.perhaps_not += usize::from(one.perhaps && held);
        }
        let deeds = work.anyones().len();
        for Group { stays, .. } in groups.values_mut() {
            stays.may_be += stays.perhaps.min(deeds);
            stays.may_not_be += stays.perhaps_not.min(deeds);
        }
        groups
    }

    /// How far they are apart, wherever so many go that go on.
    fn spread(&self, groups: &IndexMap<String, Group>, go_on: usize) -> Spread {
        let by_share = |(_, a): &(usize, f64), (_, b): &(usize, f64)| a.total_cmp(b);
        let most_of = |share: &dyn Fn(&Group) -> f64| {
            let shares = groups.values().map(share).enumerate();
            shares.max_by(by_share).unwrap_or_default()
        };
        let least_of = |share: &dyn Fn(&Group) -> f64| {
            let shares = groups.values().map(share).enumerate();
            shares.min_by(by_share).unwrap_or_default()
        };
        // Shares are quotients of small numbers: equal ones differ by less than this.
        let apart = |a: f64, b: f64| a - b > self.tolerance + 1e-9;
        let most = |group: &Group| group.stays.most(go_on);
        let (least, at_most) = least_of(&most);
        let (most_now, share) = most_of(&Group::share);
        // Who has the most keeps it, and the other cannot come near.
        let broken = apart(
            most_of(&|group| group.stays.least_in_truth(go_on)).1,
            least_of(&|group| group.stays.most_in_truth(go_on)).1,
        );
        Spread {
            least,
            most: most_now,
            broken,
            sure: !apart(
                most_of(&most).1,
                least_of(&|group| group.stays.least(go_on)).1,
            ),
            doubtful: !broken && go_on == 0 && apart(share, at_most),
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
        // Whoever goes on may yet come into another group.
        let go_on = standings.iter().filter(|one| one.goes_on).count();
        let spread = self.spread(&groups, go_on);
        let open = !spread.sure && !spread.broken;
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
        let undecided = || {
            let why =
                format!("{why}, and with this one it may become otherwise after the data ends");
            Fate::Unknown(why.into())
        };
        for (number, one) in standings.iter().enumerate() {
            *tale.fate(number) = match (&values[number], &one.truth) {
                (_, Truth::Unknown(why)) if open => Fate::Unknown(why.clone()),
                (None, _) => untold(),
                _ if one.goes_on && open => undecided(),
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
                _ if one.open && !spread.sure => undecided(),
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
