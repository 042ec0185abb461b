//! How often a fault's moment came by, for whom, and whether it strikes this time.

use super::receipt::{Each, Short};
use crate::plan::{Times, Whom};
use crate::seed::Seed;
use rand::RngExt;
use std::collections::{HashMap, HashSet};

/// The key under which a fault counts when it does not count for each entity.
const ALL: &str = "";

/// The counts of one fault.
pub(super) struct Tally {
    times: Times,
    /// The chance with which it strikes when its count says that it may.
    chance: Option<f64>,
    whom: Whom,
    /// The one entity that it strikes, once there is one.
    chosen: Option<String>,
    counts: HashMap<String, u64>,
    /// How often the count said that it may strike.
    allowed: u64,
    /// How often it was to strike.
    struck: u64,
    /// The keys for which it struck.
    done: HashSet<String>,
    /// Where its coins come from.
    seed: Seed,
    name: String,
}

impl Tally {
    /// Nothing came by yet. `name` makes its coins its own.
    pub fn new(times: Times, chance: Option<f64>, whom: &Whom, seed: Seed, name: String) -> Tally {
        Tally {
            times,
            chance,
            whom: whom.clone(),
            chosen: None,
            counts: HashMap::new(),
            allowed: 0,
            struck: 0,
            done: HashSet::new(),
            seed,
            name,
        }
    }

    /// The key for which something counts that is about an entity, if `id` knows one of its kind.
    pub fn key<'i>(&self, id: impl FnOnce(&str) -> Option<&'i str>) -> String {
        match &self.whom {
            Whom::All => ALL.to_owned(),
            Whom::Each(entity) | Whom::One(entity) => id(entity).unwrap_or(ALL).to_owned(),
        }
    }

    /// Whether the fault spares this key: it strikes one entity, and that is another one.
    pub fn spares(&self, key: &str) -> bool {
        self.chosen.as_ref().is_some_and(|chosen| chosen != key)
    }

    /// Counts; true when the fault strikes.
    pub fn count(&mut self, key: &str) -> bool {
        if matches!(self.whom, Whom::One(_)) {
            self.chosen.get_or_insert_with(|| key.to_owned());
        }
        let count = self.counts.entry(key.to_owned()).or_default();
        *count += 1;
        let may = is_one_of(self.times, *count);
        // Each coin has a name of its own, so that the order in which entities come by changes none of them.
        let name = format!("{} {key} {count}", self.name);
        let strikes = may
            && self
                .chance
                .is_none_or(|chance| self.seed.rng(&name).random_bool(chance));
        self.allowed += u64::from(may);
        self.struck += u64::from(strikes);
        strikes
    }

    /// It was done for this key.
    pub fn done(&mut self, key: &str) {
        if !self.done.contains(key) {
            self.done.insert(key.to_owned());
        }
    }

    /// For how many entities it was counted and done, where that is for each.
    pub fn each(&self) -> Option<Each> {
        let reached = |count: &&u64| (1..=**count).any(|n| is_one_of(self.times, n));
        match &self.whom {
            Whom::Each(entity) => Some(Each {
                entity: entity.clone(),
                came: self.counts.len(),
                reached: self.counts.values().filter(reached).count(),
                struck: self.done.len(),
                by_chance: self.chance.is_some(),
            }),
            Whom::All | Whom::One(_) => None,
        }
    }

    /// How often it is meant to strike.
    pub fn times(&self) -> Times {
        self.times
    }

    /// The chance with which it strikes.
    pub fn chance(&self) -> Option<f64> {
        self.chance
    }

    /// How often the count said that it may strike, whatever its chance made of it.
    pub fn allowed(&self) -> u64 {
        self.allowed
    }

    /// How often it was to strike; another fault may have acted instead.
    pub fn struck(&self) -> u64 {
        self.struck
    }

    /// The keys that have been counted and may be struck again.
    pub fn counting(&self) -> impl Iterator<Item = &str> {
        let may = |count: u64| match self.times {
            Times::Always => true,
            Times::First(n) => count < n,
            Times::Nth(_) => false,
        };
        let keys = self.counts.iter().filter(move |(_, count)| may(**count));
        keys.map(|(key, _)| key.as_str())
    }

    /// The counts that `the first n times` did not reach. With a chance none is demanded: who was spared has no reason
    /// to come again.
    pub fn short(&self) -> Option<Short> {
        let (Times::First(wanted), None) = (self.times, self.chance) else {
            return None;
        };
        let below = self
            .counts
            .values()
            .filter(|count| **count < wanted)
            .count();
        let lowest = self.counts.values().copied().min()?;
        let each = match &self.whom {
            Whom::All => None,
            Whom::Each(entity) | Whom::One(entity) => Some(entity.clone()),
        };
        (below > 0).then_some(Short {
            below,
            counted: self.counts.len(),
            each,
            lowest,
        })
    }
}

/// Whether it strikes when it comes by for this time, counted from 1.
fn is_one_of(times: Times, count: u64) -> bool {
    match times {
        Times::Always => true,
        Times::First(n) => count <= n,
        Times::Nth(n) => count == n,
    }
}
