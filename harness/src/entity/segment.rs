//! A part of an entity's life that is judged by itself.

use super::record::grown;
use super::{Stamp, View};

/// What has happened since a part of an entity's life began. Fields are what they are; events are forgotten when
/// another part begins.
#[derive(Debug, Default)]
pub struct Segment {
    happened: Vec<Option<Stamp>>,
}

impl Segment {
    /// Nothing has happened yet.
    pub fn begin(&mut self) {
        self.happened.clear();
    }

    /// Takes in what the last observation told.
    pub fn see(&mut self, view: &View<'_>) {
        if let Some(event) = view.event() {
            grown(&mut self.happened, event).get_or_insert(view.record.last());
        }
    }

    /// When an event first happened in it.
    pub(super) fn since(&self, event: usize) -> Option<Stamp> {
        self.happened.get(event).copied().flatten()
    }
}
