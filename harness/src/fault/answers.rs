//! `the call C answers 503`: the callee is not asked, the caller gets this answer.

use super::{Kind, Target};
use crate::gateway::{Action, Moment, Stop};
use crate::history::Seen;

pub(super) struct Answers {
    pub call: String,
    pub status: u16,
    pub body: Option<String>,
}

impl Kind for Answers {
    fn target(&self) -> Target {
        let body = self.body.clone().unwrap_or_default();
        let json = serde_json::from_str::<serde_json::Value>(&body).is_ok();
        let content_type = match (body.is_empty(), json) {
            (true, _) => None,
            (false, true) => Some("application/json".to_owned()),
            (false, false) => Some("text/plain; charset=utf-8".to_owned()),
        };
        let stop = Stop {
            call: self.call.clone(),
            moment: Moment::Request,
        };
        Target::Exchange(
            stop,
            Action::Answer {
                status: self.status,
                content_type,
                body,
            },
        )
    }

    fn felt_as(&self, seen: &Seen) -> bool {
        matches!(seen, Seen::Answer { status, .. } if *status == self.status)
    }
}
