//! Something broken on purpose, as a value.

use super::{CallFault, Link, LinkFault, OperationFault, StatementFault, Trigger};
use std::time::Duration;

/// Something broken on purpose.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// What happens.
    pub effect: Effect,
    /// How often.
    pub times: Times,
    /// The chance with which it strikes each of these times, above 0 and up to 1; certainly when `None`.
    pub chance: Option<f64>,
    /// For whom.
    pub whom: Whom,
    /// From which moment on; at once when `None`.
    pub trigger: Option<Trigger>,
    /// Up to which moment; until the faults are healed when `None`.
    pub until: Option<Trigger>,
    /// How long each time, for a fault on a link; until the faults are healed when `None`.
    pub lasting: Option<Duration>,
}

impl Fault {
    /// One that strikes every time, at everybody, from now on.
    pub fn new(effect: Effect) -> Fault {
        Fault {
            effect,
            times: Times::Always,
            chance: None,
            whom: Whom::All,
            trigger: None,
            until: None,
            lasting: None,
        }
    }

    /// The call that must come by for it to strike: that of its moment, or else the one that it strikes.
    pub fn awaits(&self) -> Option<&str> {
        match (&self.trigger, &self.effect) {
            (Some(Trigger::BeforeSent { call } | Trigger::AfterAnswered { call }), _)
            | (None, Effect::Call { call, .. }) => Some(call),
            _ => None,
        }
    }
}

/// What a fault does.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// A call goes wrong.
    Call {
        /// The call.
        call: String,
        /// How.
        fault: CallFault,
    },
    /// An operation goes wrong.
    Operation {
        /// The operation.
        operation: String,
        /// How.
        fault: OperationFault,
    },
    /// A link goes wrong.
    Link {
        /// The link.
        link: Link,
        /// How.
        fault: LinkFault,
    },
    /// A statement to a database goes wrong.
    Statement {
        /// What the statement contains; case and runs of white space do not count.
        text: String,
        /// How.
        fault: StatementFault,
    },
    /// The connections that are open to a service are reset; new ones are not touched.
    Connections {
        /// The service.
        service: String,
    },
    /// A service goes wrong.
    Service {
        /// The service.
        service: String,
        /// How.
        fault: ServiceFault,
    },
}

/// How a service goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceFault {
    /// Its processes get SIGKILL. It starts again by its restart policy, or when the faults are healed.
    Killed,
    /// It is asked to end (SIGTERM), and gets SIGKILL if it does not. It starts again when the faults are healed.
    Stopped,
    /// Its processes stand still until the faults are healed; its connections stay open.
    Paused,
    /// It is stopped and started again at once.
    Restarted,
    /// One more instance of it runs until the faults are healed.
    Joined,
    /// Nothing more can be written to its disk until the faults are healed; the service itself is not touched.
    DiskFull,
}

impl ServiceFault {
    /// What has been done to the service.
    pub fn word(self) -> &'static str {
        match self {
            ServiceFault::Killed => "killed",
            ServiceFault::Stopped => "stopped",
            ServiceFault::Paused => "paused",
            ServiceFault::Restarted => "restarted",
            ServiceFault::Joined => "joined by a second one",
            ServiceFault::DiskFull => "left without room on its disk",
        }
    }
}

/// How often a fault applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// Every time.
    Always,
    /// The first so many times.
    First(u64),
    /// The nth time only, from 1.
    Nth(u64),
}

/// For whom a fault counts and strikes.
#[derive(Clone, Debug, PartialEq)]
pub enum Whom {
    /// For all together.
    All,
    /// For each entity of this kind on its own.
    Each(String),
    /// For the first entity of this kind that comes by, and for no other.
    One(String),
}

impl Whom {
    /// The kind of entity.
    pub fn entity(&self) -> Option<&String> {
        match self {
            Whom::All => None,
            Whom::Each(entity) | Whom::One(entity) => Some(entity),
        }
    }
}
