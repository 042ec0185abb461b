//! The moments that set faults off.

use super::Fact;
use crate::gateway::{Moment, Stop};
use crate::plan::Trigger;

/// The stop at which a moment of a call is noticed; `None`: it is learnt from what is known of entities.
pub(super) fn stop(trigger: &Trigger) -> Option<Stop> {
    let at = |call: &String, moment| {
        let call = call.clone();
        Some(Stop { call, moment })
    };
    match trigger {
        Trigger::AfterAnswered { call } => at(call, Moment::Answer),
        Trigger::BeforeSent { call } => at(call, Moment::Request),
        Trigger::Reaches { .. } | Trigger::Happens { .. } => None,
    }
}

/// Whether a fact is the one that is waited for.
pub(super) fn met(trigger: &Trigger, fact: &Fact) -> bool {
    match trigger {
        Trigger::AfterAnswered { .. } | Trigger::BeforeSent { .. } => false,
        Trigger::Reaches { entity, status } => {
            fact.entity == *entity && fact.statuses.contains(status)
        }
        Trigger::Happens { event } => fact.event.as_ref() == Some(event),
    }
}
