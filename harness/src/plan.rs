//! The ordered steps of a scenario, as plain values.
//!
//! Printing and parsing of steps belongs to the language above; a plan only carries the words
//! of each step for reports.

use crate::problem::Place;
use std::fmt;
use std::time::Duration;

/// One scenario, ready to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The feature's name.
    pub feature: String,
    /// The scenario's name.
    pub scenario: String,
    /// Where the scenario stands.
    pub place: Place,
    /// Tags, without `@`.
    pub tags: Vec<String>,
    /// The stack that it runs on.
    pub stack: String,
    /// What happens, in order.
    pub steps: Vec<Planned>,
}

/// A step with the words it was written in.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// The step.
    pub step: Step,
    /// Its words.
    pub text: String,
    /// Where it stands.
    pub place: Place,
}

/// One phrase of the language.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `the stack "codabench"`
    Stack(String),
    /// A fault is armed.
    Fault(Fault),
    /// `"submit" runs 20 times with 4 clients`
    Work {
        /// The workload's name.
        workload: String,
        /// How often it runs.
        times: u64,
        /// How many requests are under way at once; 1 unless given.
        clients: u64,
    },
    /// `every submission is final within 60s`
    AllFinal {
        /// The entity.
        entity: String,
        /// How long that may take.
        within: Duration,
    },
    /// `all faults are healed`
    Heal,
    /// `every invariant holds`
    EveryInvariant,
    /// `"finished implies scores" holds`
    Invariant(String),
    /// `at least 10 submission reach "Finished"`
    AtLeast {
        /// How many.
        count: u64,
        /// The entity.
        entity: String,
        /// The status.
        status: String,
    },
}

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
}

impl ServiceFault {
    /// What has been done to the service.
    pub fn word(self) -> &'static str {
        match self {
            ServiceFault::Killed => "killed",
            ServiceFault::Stopped => "stopped",
            ServiceFault::Paused => "paused",
            ServiceFault::Restarted => "restarted",
        }
    }
}

/// How a call goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum CallFault {
    /// The callee is not asked; the caller gets this answer.
    Answers {
        /// The status code.
        status: u16,
        /// The body; empty unless given.
        body: Option<String>,
    },
    /// The callee is not asked; the caller waits.
    Hangs,
    /// The callee is not asked; the caller's connection is reset.
    Refused,
    /// The callee is asked so much later.
    TakesLonger {
        /// How much later.
        by: Duration,
    },
    /// The callee is asked twice; the caller sees the second answer.
    DeliveredTwice,
    /// The callee did the work; the caller's connection is reset.
    AnswerLost,
    /// The callee did the work; the caller waits.
    AnswerNeverArrives,
    /// The callee did the work; the caller gets its status with an empty body.
    AnswerEmpty,
    /// The callee did the work; the caller gets a body that cannot be read.
    AnswerMalformed,
    /// The callee did the work; the caller gets the beginning of the body, and then the end of the connection.
    AnswerCut {
        /// The bytes of the body that arrive.
        after_bytes: u64,
    },
    /// The callee did the work; in the JSON that the caller gets, one value is another.
    AnswerSet {
        /// Where the value stands: names and list positions, with dots between them.
        path: String,
        /// The value that the caller sees.
        value: serde_json::Value,
    },
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

/// The moment that sets a fault off.
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

/// The moment in words, as a step has them.
impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trigger::AfterAnswered { call } => write!(f, "after \"{call}\" is answered"),
            Trigger::BeforeSent { call } => write!(f, "before \"{call}\" is sent"),
            Trigger::Reaches { entity, status } => write!(f, "when {entity} reaches \"{status}\""),
            Trigger::Happens { event } => write!(f, "when \"{event}\" happens"),
        }
    }
}
