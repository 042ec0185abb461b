//! `the service S is killed`: its processes get SIGKILL, at once or at a trigger.

use super::{Kind, Target};
use crate::history::Seen;

pub(super) struct Killed {
    pub service: String,
}

impl Kind for Killed {
    fn target(&self) -> Target {
        Target::Service(self.service.clone())
    }

    /// A kill is felt when the runtime has seen the service dead, never through an exchange.
    fn felt_as(&self, _: &Seen) -> bool {
        false
    }
}
