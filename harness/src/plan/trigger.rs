//! The moments of a run that can be named beforehand.

use serde_json::Value;
use std::fmt;

/// A moment that sets a fault off, or ends it.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// The caller has sent the call; the callee does not know yet.
    BeforeSent {
        /// The call.
        call: String,
    },
    /// An entity is seen to have come to a status.
    Reaches {
        /// The kind of entity.
        entity: String,
        /// The status.
        status: String,
    },
    /// A field of an entity is seen to have come to a value, by whichever observer.
    Becomes {
        /// The kind of entity.
        entity: String,
        /// The field.
        field: String,
        /// Text, a number, or true or false.
        value: Value,
    },
    /// An event is seen to have happened to an entity.
    Happens {
        /// The event.
        event: String,
    },
    /// The callee has answered; the caller does not know yet.
    AfterAnswered {
        /// The call.
        call: String,
    },
}

impl Trigger {
    /// The moment in words, as a step has them behind `until`.
    pub fn until(&self) -> String {
        match self {
            Trigger::AfterAnswered { call } => format!("until \"{call}\" is answered"),
            Trigger::BeforeSent { call } => format!("until \"{call}\" is sent"),
            Trigger::Reaches { entity, status } => format!("until {entity} reaches \"{status}\""),
            Trigger::Becomes {
                entity,
                field,
                value,
            } => format!("until the {field} of {entity} is {value}"),
            Trigger::Happens { event } => format!("until \"{event}\" happens"),
        }
    }
}

/// The moment in words, as a step has them for the beginning of a fault.
impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trigger::AfterAnswered { call } => write!(f, "after \"{call}\" is answered"),
            Trigger::BeforeSent { call } => write!(f, "before \"{call}\" is sent"),
            Trigger::Reaches { entity, status } => write!(f, "when {entity} reaches \"{status}\""),
            Trigger::Becomes {
                entity,
                field,
                value,
            } => write!(f, "when the {field} of {entity} is {value}"),
            Trigger::Happens { event } => write!(f, "when \"{event}\" happens"),
        }
    }
}
