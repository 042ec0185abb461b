//! What is learnt after the fact: a look, or a line of a log, may tell only now what was so already when something broke
//! for want of it.

use crate::entity::{Input, Kind, Stamp, View};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Remembers when an invariant broke, by entity, where what it reads is told by several sources. One source alone tells
/// everything of a moment at once.
pub(super) struct Hindsight {
    /// Several sources tell what is read.
    several: bool,
    broke: HashMap<usize, u64>,
}

impl Hindsight {
    /// For an invariant that reads this.
    pub fn new(kind: &Kind, inputs: &[Input]) -> Hindsight {
        let sources: BTreeSet<String> = inputs
            .iter()
            .flat_map(|input| kind.tellers(*input))
            .collect();
        Hindsight {
            several: sources.len() > 1,
            broke: HashMap::new(),
        }
    }

    /// It broke for an entity with the last thing that was learnt of it.
    pub fn broke(&mut self, view: &View<'_>) {
        if self.several {
            self.broke.insert(view.number, view.record.last().at_ns);
        }
    }

    /// Whether what was learnt last of an entity may have been so already when it broke.
    pub fn reaches_back(&self, view: &View<'_>) -> bool {
        let broke = self.broke.get(&view.number);
        broke.is_some_and(|at_ns| view.record.last().since_ns < *at_ns)
    }

    /// The same for something that broke at a moment.
    pub fn precedes(&self, now: &Stamp, broken: &Stamp) -> bool {
        now.since_ns < broken.at_ns && (self.several || !now.looked)
    }

    /// Why it cannot be told whether it is broken.
    pub fn doubt(&self, view: &View<'_>, why: &str) -> Arc<str> {
        let last = view.last();
        let seq = last.seq;
        format!(
            "{why}, but #{seq} ({}) may have been so already: {}",
            last.text,
            late(view.record.last())
        )
        .into()
    }
}

/// How late something may have been learnt, in words.
pub(super) fn late(stamp: Stamp) -> String {
    let ms = stamp.at_ns.saturating_sub(stamp.since_ns) / 1_000_000;
    match stamp.looked {
        true => format!("it was seen up to {ms} ms after it was so"),
        false => format!("the call took {ms} ms"),
    }
}
