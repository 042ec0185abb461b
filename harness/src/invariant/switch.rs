//! What begins or ends a scope: a condition to which an event counts only since the scope last began or ended, so that
//! `happened` comes true at each event anew.

use super::condition::Condition;
use super::finding::Tale;
use crate::entity::{Input, Segment, View};
use crate::expression::Truth;

pub(super) struct Switch {
    condition: Condition,
    /// The event that is all that it waits for. Whatever was before, it comes true where that is told, and by nothing
    /// else: had it been told before, the scope would have begun or ended then.
    sole: Option<usize>,
    /// Where nothing has happened.
    nothing: Segment,
}

impl Switch {
    pub fn new(condition: Condition) -> Switch {
        let mut nothing = Segment::default();
        nothing.begin(true);
        Switch {
            sole: condition.sole_event(),
            condition,
            nothing,
        }
    }

    pub fn condition(&self) -> &Condition {
        &self.condition
    }

    /// Whether it holds with what has happened `since`; where nobody can tell, neither can anybody what was in the scope.
    /// `None`: it rests on what may have been before anything that was told.
    pub fn holds(&mut self, view: &View<'_>, since: &Segment, tale: &mut Tale) -> Option<bool> {
        let segment = Some(since);
        let view = View { segment, ..*view };
        match self.sole {
            Some(event) => {
                let told = view.events().contains(&event);
                Some(told && view.learnt(Input::Event(event)).is_some())
            }
            None => tale.holds_if_known(&mut self.condition, &view),
        }
    }

    /// Whether it would hold if nothing had happened.
    pub fn holds_anyway(&mut self, view: &View<'_>) -> Option<bool> {
        if self.sole.is_some() {
            return Some(false);
        }
        let segment = Some(&self.nothing);
        match self.condition.test(&View { segment, ..*view }) {
            Truth::True => Some(true),
            Truth::Unset(_) if !view.has_beginning() => None,
            Truth::False | Truth::Unset(_) | Truth::Unknown(_) => Some(false),
        }
    }

    /// Whether it comes to hold, where it `held` before or not.
    pub fn comes(&self, held: Option<bool>, holds: Option<bool>) -> Option<bool> {
        let held = match self.sole {
            Some(_) => Some(false),
            None => held,
        };
        match (held, holds) {
            (_, Some(false)) | (Some(true), _) => Some(false),
            (Some(false), Some(true)) => Some(true),
            (_, None) | (None, Some(true)) => None,
        }
    }
}
