//! `the answer to C is lost`: the callee did the work, the caller's connection is reset.

use super::{Kind, Target};
use crate::gateway::{Action, Moment, Stop};
use crate::history::Seen;

pub(super) struct AnswerLost {
    pub call: String,
}

impl Kind for AnswerLost {
    fn target(&self) -> Target {
        let stop = Stop {
            call: self.call.clone(),
            moment: Moment::Answer,
        };
        Target::Exchange(stop, Action::Reset)
    }

    fn felt_as(&self, seen: &Seen) -> bool {
        *seen == Seen::Reset
    }
}
