//! `the call C hangs`: the callee is not asked, the caller waits until it gives up or the fault is healed.

use super::{Kind, Target};
use crate::gateway::{Action, Moment, Stop};
use crate::history::Seen;

pub(super) struct Hangs {
    pub call: String,
}

impl Kind for Hangs {
    fn target(&self) -> Target {
        let stop = Stop {
            call: self.call.clone(),
            moment: Moment::Request,
        };
        Target::Exchange(stop, Action::Hang)
    }

    /// The caller gave up, or was let go by healing while it still waited.
    fn felt_as(&self, seen: &Seen) -> bool {
        matches!(seen, Seen::Left | Seen::Reset)
    }
}
