//! What goes wrong with a call: at which moment the gateway acts, how, and what the caller must have seen of it.

use crate::gateway::{Action, Alteration, Moment};
use crate::history::Seen;
use crate::plan::CallFault;
use std::time::Duration;

/// The moment at which a fault acts on an exchange, and how.
pub(super) fn action(fault: &CallFault) -> (Moment, Action) {
    let alter = |body| (Moment::Answer, Action::Alter { body });
    match fault.clone() {
        CallFault::Answers { status, body } => (Moment::Request, answer(status, body)),
        CallFault::Hangs => (Moment::Request, Action::Hang),
        CallFault::Refused => (Moment::Request, Action::Reset),
        CallFault::TakesLonger { by } => {
            let (ms, then) = (by.as_millis() as u64, Box::new(Action::Pass));
            (Moment::Request, Action::Delay { ms, then })
        }
        CallFault::DeliveredTwice => (Moment::Request, Action::Twice),
        CallFault::AnswerLost => (Moment::Answer, Action::Reset),
        CallFault::AnswerNeverArrives => (Moment::Answer, Action::Hang),
        CallFault::AnswerEmpty => alter(Alteration::Empty),
        CallFault::AnswerMalformed => alter(Alteration::Malformed),
        CallFault::AnswerCut { after_bytes } => alter(Alteration::Cut { after_bytes }),
        CallFault::AnswerSet { path, value } => alter(Alteration::Set {
            values: vec![(path, value)],
        }),
    }
}

/// Whether what the caller saw after so long a time is this fault, and not something else that happened to it.
pub(super) fn felt(fault: &CallFault, seen: &Seen, waited: Duration) -> bool {
    let altered = matches!(seen, Seen::Answer { altered: true, .. });
    match fault {
        CallFault::Answers { status, .. } => {
            matches!(seen, Seen::Answer { status: seen, .. } if seen == status)
        }
        // The caller gave up, or was let go by healing while it still waited.
        CallFault::Hangs | CallFault::AnswerNeverArrives => {
            matches!(seen, Seen::Left | Seen::Reset)
        }
        CallFault::Refused | CallFault::AnswerLost => *seen == Seen::Reset,
        // It got its answer late, or did not wait for it, or something else came of it once the delay was over.
        CallFault::TakesLonger { by } => {
            matches!(seen, Seen::Answer { .. } | Seen::Left) || waited >= *by
        }
        CallFault::AnswerCut { .. } => matches!(seen, Seen::Cut { .. }),
        CallFault::DeliveredTwice
        | CallFault::AnswerEmpty
        | CallFault::AnswerMalformed
        | CallFault::AnswerSet { .. } => altered,
    }
}

fn answer(status: u16, body: Option<String>) -> Action {
    let body = body.unwrap_or_default();
    let json = serde_json::from_str::<serde_json::Value>(&body).is_ok();
    let content_type = match (body.is_empty(), json) {
        (true, _) => None,
        (false, true) => Some("application/json".to_owned()),
        (false, false) => Some("text/plain; charset=utf-8".to_owned()),
    };
    Action::Answer {
        status,
        content_type,
        body,
    }
}
