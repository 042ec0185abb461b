//! `the answer to C is empty`: the callee did the work, the caller gets its status without its body.

use super::{Kind, Target};
use crate::gateway::{Action, Moment, Stop};
use crate::history::Seen;

pub(super) struct AnswerEmpty {
    pub call: String,
}

impl Kind for AnswerEmpty {
    fn target(&self) -> Target {
        let stop = Stop {
            call: self.call.clone(),
            moment: Moment::Answer,
        };
        Target::Exchange(stop, Action::Empty)
    }

    fn felt_as(&self, seen: &Seen) -> bool {
        matches!(seen, Seen::Answer { body_bytes: 0, .. })
    }
}
