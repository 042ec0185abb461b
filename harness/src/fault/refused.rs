//! `the call C is refused`: the callee is not asked, the caller's connection is reset.

use super::{Kind, Target};
use crate::gateway::{Action, Moment, Stop};
use crate::history::Seen;

pub(super) struct Refused {
    pub call: String,
}

impl Kind for Refused {
    fn target(&self) -> Target {
        let stop = Stop {
            call: self.call.clone(),
            moment: Moment::Request,
        };
        Target::Exchange(stop, Action::Reset)
    }

    fn felt_as(&self, seen: &Seen) -> bool {
        *seen == Seen::Reset
    }
}
