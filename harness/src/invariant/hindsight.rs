//! What is learnt after the fact: a look, or a line of a log, may tell only now what was so already when something broke
//! for want of it.

use crate::entity::{Input, Kind, Stamp, View};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Remembers by what an invariant broke, by entity, where what it reads is told by several rules. One rule alone tells
/// everything of a moment at once.
pub(super) struct Hindsight {
    inputs: Vec<Input>,
    /// Whether there are several.
    several: bool,
    broke: HashMap<usize, Stamp>,
}

impl Hindsight {
    /// For an invariant that reads this.
    pub fn new(kind: &Kind, inputs: &[Input]) -> Hindsight {
        let tellers = inputs.iter().flat_map(|input| kind.tellers(*input));
        let tellers: BTreeSet<String> = tellers.collect();
        Hindsight {
            inputs: inputs.to_vec(),
            several: tellers.len() > 1,
            broke: HashMap::new(),
        }
    }

    /// It broke for an entity with the last thing that was learnt of it.
    pub fn broke(&mut self, view: &View<'_>) {
        if self.several {
            self.broke.insert(view.number, view.record.last());
        }
    }

    /// Whether what was learnt last of an entity is read and may have been so already when it broke.
    pub fn reaches_back(&self, view: &View<'_>) -> bool {
        let broke = self.broke.get(&view.number);
        broke.is_some_and(|broken| view.last_tells(&self.inputs) && self.precedes(view, broken))
    }

    /// The same for something that broke by what was learnt at a moment.
    pub fn precedes(&self, view: &View<'_>, broken: &Stamp) -> bool {
        let now = view.record.last();
        now.since_ns < broken.at_ns && now.seq != broken.seq && !view.kind.in_order(*broken, now)
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
