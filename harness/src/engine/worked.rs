//! How a workload went, and what is to be said of it.

use crate::count;
use std::collections::{BTreeMap, BTreeSet};

/// How a workload went.
#[derive(Clone, Debug, Default)]
pub struct Worked {
    counts: Counts,
    /// What the last one that was not accepted came to.
    refusal: Option<String>,
    /// By kind of entity: how many were created, and with which ids.
    created: BTreeMap<String, (u64, BTreeSet<String>)>,
}

/// How many of its requests went how.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Requests that ended.
    ended: u64,
    /// Of these, those that were accepted.
    accepted: u64,
    /// Of these, those that the service refused with a 4xx, as it may have been asked to.
    refused: u64,
}

impl Worked {
    /// A request ended: with an answer that accepted it, or as `detail` says.
    pub fn add(&mut self, accepted: bool, detail: &str) {
        self.counts.ended += 1;
        self.counts.accepted += u64::from(accepted);
        if !accepted {
            self.counts.refused += u64::from(detail.starts_with("status 4"));
            self.refusal = Some(detail.to_owned());
        }
    }

    /// An accepted answer gave the id of an entity that it created.
    pub fn create(&mut self, entity: &str, id: &str) {
        let (count, ids) = self.created.entry(entity.to_owned()).or_default();
        *count += 1;
        ids.insert(id.to_owned());
    }

    /// How many of its requests went how so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// What the last request came to, where all since then failed and earlier ones did not. Requests that the service refuses
    /// by a 4xx may be what a scenario is about.
    pub fn in_vain_since(&self, before: Counts) -> Option<&str> {
        let Counts {
            ended,
            accepted,
            refused,
        } = self.counts;
        let vain = accepted == before.accepted && refused == before.refused;
        let last = self.refusal.as_deref().unwrap_or_default();
        (ended > before.ended && before.accepted > 0 && vain).then_some(last)
    }

    /// Part of the work may have been refused because of a fault, or because it should be; whoever reads the verdict should
    /// know on how much work it stands.
    pub fn something_refused(&self, name: &str) -> Option<String> {
        let Counts {
            ended, accepted, ..
        } = self.counts;
        let refused = ended - accepted;
        let last = self.refusal.as_deref().unwrap_or_default();
        (refused > 0 && accepted > 0).then(|| {
            format!(
                "of {} of `{name}`, {refused} {} not accepted; last: {last}",
                count::of(ended, "request"),
                if refused == 1 { "was" } else { "were" }
            )
        })
    }

    /// Nothing of it was accepted.
    pub fn nothing_accepted(&self, name: &str) -> Option<String> {
        (self.counts.accepted == 0).then(|| {
            let last = self.refusal.as_deref().unwrap_or("nothing was sent");
            format!(
                "the workload `{name}` ran {} and nothing was accepted; last: {last}",
                count::times(self.counts.ended)
            )
        })
    }

    /// Entities with one and the same id are one to every invariant.
    pub fn created_again(&self, name: &str) -> Vec<String> {
        let again = |(entity, (count, ids)): (&String, &(u64, BTreeSet<String>))| {
            let twice = count.saturating_sub(ids.len() as u64);
            (twice > 0).then(|| {
                format!(
                    "of {} that `{name}` created, {twice} had the id of an earlier one: they are taken for one",
                    count::of(*count, entity)
                )
            })
        };
        self.created.iter().filter_map(again).collect()
    }
}
