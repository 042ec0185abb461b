//! A part of an entity's life that is judged by itself.

use super::record::grown;
use super::{Input, Stamp, View};

/// What has happened since a part of an entity's life began. Fields are what they are; events are forgotten when
/// another part begins.
#[derive(Debug, Default)]
pub struct Segment {
    happened: Vec<Option<Stamp>>,
    whole: bool,
    /// The observation by which it began, and the fields of which its beginning tells.
    begun: Option<(u64, Vec<usize>)>,
}

impl Segment {
    /// Nothing has happened yet. If it is not whole, it may have begun before, and things may have happened in it of which
    /// nobody tells.
    pub fn begin(&mut self, whole: bool) {
        self.happened.clear();
        self.whole = whole;
        self.begun = None;
    }

    /// What was just observed began it, because of what these inputs are.
    pub fn begin_by(&mut self, view: &View<'_>, inputs: &[Input]) {
        let fields = inputs.iter().filter_map(|input| match *input {
            Input::Field(field) => Some(field),
            Input::Event(_) => None,
        });
        let fields = fields.chain(view.record.told.iter().copied()).collect();
        self.begun = Some((view.record.last().seq, fields));
    }

    /// Whether the beginning tells what an input was then, so that what it is now cannot be told without what changed it.
    pub(super) fn is_told(&self, input: Input) -> bool {
        let Some((seq, fields)) = &self.begun else {
            return false;
        };
        match input {
            Input::Field(field) => fields.contains(&field),
            Input::Event(event) => self.since(event).is_some_and(|stamp| stamp.seq == *seq),
        }
    }

    /// Takes in what was learnt last.
    pub fn see(&mut self, view: &View<'_>) {
        self.see_others(view, &[]);
    }

    /// The same, but for the events among these inputs.
    pub fn see_others(&mut self, view: &View<'_>, but: &[Input]) {
        for event in view.events() {
            if !but.contains(&Input::Event(*event)) {
                grown(&mut self.happened, *event).get_or_insert(view.record.last());
            }
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
