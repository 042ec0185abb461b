//! A part of an entity's life that is judged by itself.

use super::record::grown;
use super::{Stamp, View};

/// What has happened since a part of an entity's life began. Fields are what they are; events are forgotten when
/// another part begins.
#[derive(Debug, Default)]
pub struct Segment {
    happened: Vec<Option<Stamp>>,
    whole: bool,
}

impl Segment {
    /// Nothing has happened yet. If it is not whole, it may have begun before, and things may have happened in it of which
    /// nobody tells.
    pub fn begin(&mut self, whole: bool) {
        self.happened.clear();
        self.whole = whole;
    }

    /// Takes in what the last observation told.
    pub fn see(&mut self, view: &View<'_>) {
        if let Some(event) = view.event() {
            grown(&mut self.happened, event).get_or_insert(view.record.last());
        }
    }

    /// Whether nothing happened in it before what was told.
    pub(super) fn is_whole(&self) -> bool {
        self.whole
    }

    /// When an event first happened in it.
    pub(super) fn since(&self, event: usize) -> Option<Stamp> {
        self.happened.get(event).copied().flatten()
    }
}
