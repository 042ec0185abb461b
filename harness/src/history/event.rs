//! What a history is made of.

use super::Heard;
use crate::plan::Judged;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// One line of a history. Events are ordered by `seq`; `at_ns` never decreases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Its number, from 0.
    pub seq: u64,
    /// Nanoseconds since the run began.
    pub at_ns: u64,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// The phase from which on nobody waits for what is still to come, since an invariant was violated.
pub const CUT_SHORT: &str = "cut short";

/// What the braces of a call's path caught: entity name to id.
pub type Captures = BTreeMap<String, String>;

/// The number of an exchange, unique within a history.
pub type ExchangeId = u64;

/// The kinds of event.
///
/// An exchange leaves up to three: `asked` when the gateway has its head, `answered` when the callee's whole
/// answer has arrived at the gateway, and `delivered` when it is settled what the caller saw. `answered` is
/// written before the caller can see the answer's last byte, so whatever the caller does next comes later.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// The run began.
    Started {
        /// The run's id.
        run: String,
        /// The scenario's name.
        scenario: String,
        /// The stack's name.
        stack: String,
        /// `docker` or `process`.
        runtime: String,
        /// The seed.
        seed: u64,
        /// The planted bug, if any.
        mutant: Option<String>,
        /// The invariants that its scenario asks for.
        #[serde(default, skip_serializing_if = "Judged::is_every")]
        judges: Judged,
        /// What its control run told; empty without one. Absent where what nothing tells was not so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        heard: Option<Heard>,
    },
    /// The run went on to its next phase.
    Phase {
        /// `up`, `ready`, `steps`, `heal`, `settle`, `down`; [`CUT_SHORT`] in between.
        name: String,
    },
    /// A service changed its state.
    Service {
        /// Its name.
        service: String,
        /// The new state.
        state: ServiceState,
        /// An exit code, a signal, the reason.
        detail: Option<String>,
    },
    /// A request's head arrived at the gateway.
    Asked(Asked),
    /// The callee's whole answer arrived at the gateway.
    Answered(Box<Answered>),
    /// The callee had the request, or some of it, and no whole answer came: nobody knows whether it did the work.
    Unanswered {
        /// The exchange.
        exchange: ExchangeId,
    },
    /// It is settled what the caller saw.
    Delivered {
        /// The exchange.
        exchange: ExchangeId,
        /// What the caller saw.
        seen: Seen,
        /// It had been written out before the exchanges from this number on were asked, though an `asked` of theirs came
        /// first: its caller may have known of it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        before: Option<ExchangeId>,
    },
    /// A connection that does not speak HTTP, or does not any more, at its end.
    Stream {
        /// Who connected.
        client: String,
        /// To whom.
        service: String,
        /// The port.
        port: u16,
        /// Bytes from client to service.
        sent_bytes: u64,
        /// Bytes from service to client.
        received_bytes: u64,
        /// The exchange that turned it into one, as the opening of a WebSocket does; it is the last of its connection,
        /// and its bytes are not counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exchange: Option<ExchangeId>,
        /// Why it has no calls although it began like one that has: the callee does not speak what the client does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
        /// It was still open when the run was over: so much had passed by then.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        open: bool,
    },
    /// A statement to a database at which the gateway stopped for a fault; it is settled what its client saw.
    Statement(Statement),
    /// Something about a fault.
    Fault {
        /// The fault's number in its plan, from 0.
        fault: usize,
        /// Its words.
        text: String,
        /// What.
        moment: FaultMoment,
        /// The exchange, where there is one.
        exchange: Option<ExchangeId>,
    },
    /// An observer or a workload learnt something about one entity. Calls are not among these: what they
    /// teach is worked out from `answered` when the history is judged.
    Observed {
        /// The kind of entity.
        entity: String,
        /// Which one.
        id: String,
        /// Who learnt it: `poll GET http://...`, `probe GET http://...`, `sql on db`, `workload submit`.
        source: String,
        /// Fields with their new values.
        set: Map<String, Value>,
        /// An event that happened to the entity.
        event: Option<String>,
        /// It may have been so from then on: then the last look began that did not see it. Nanoseconds since the run
        /// began.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since_ns: Option<u64>,
        /// The rule by which it was learnt, as [`crate::stack::Learn::key`] has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
    },
    /// An observer could not look for a while.
    Blind {
        /// The observer.
        source: String,
        /// For how long, until this event, it had not seen anything. Nanoseconds.
        blind_ns: u64,
        /// Whether it can look again; false when the run ends with it still blind.
        over: bool,
        /// The last thing that it was told.
        reason: String,
        /// The rule by which it looks, as [`crate::stack::Learn::key`] has it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rule: Option<String>,
    },
    /// A rule on a probe or a line of a log could not be applied: what it would have taught is not known.
    Misread {
        /// The place of the rule.
        rule: String,
        /// Why.
        reason: String,
    },
    /// A workload's request ended.
    Worked {
        /// The workload.
        workload: String,
        /// The number of the request, from 1.
        n: u64,
        /// Whether it was accepted (a 2xx answer).
        accepted: bool,
        /// The status, or why there was none.
        detail: String,
    },
}

/// A request's head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// The exchange.
    pub exchange: ExchangeId,
    /// Who asks.
    pub client: String,
    /// Who is asked.
    pub service: String,
    /// The port.
    pub port: u16,
    /// The method.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The call's name, if the request is one that has a name.
    pub call: Option<String>,
    /// What the call's path caught.
    #[serde(default, skip_serializing_if = "Captures::is_empty")]
    pub captures: Captures,
}

impl Asked {
    /// The path without its query.
    pub fn without_query(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

/// A whole exchange between the gateway and the callee.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answered {
    /// The exchange.
    pub exchange: ExchangeId,
    /// The call's name, if it has one.
    pub call: Option<String>,
    /// What the call's path caught.
    #[serde(default, skip_serializing_if = "Captures::is_empty")]
    pub captures: Captures,
    /// The request's headers and body.
    pub request: Message,
    /// The answer's status code.
    pub status: u16,
    /// The answer's headers and body.
    pub response: Message,
}

/// Headers and the beginning of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Headers in their order, names in lower case. Those of HTTP/2 have the authority as `host`, and what trails the body
    /// comes last.
    pub headers: Vec<(String, String)>,
    /// The first 64 KiB of the body as text; what is not UTF-8 is replaced.
    pub body: String,
    /// The body's whole length in bytes.
    pub body_bytes: u64,
    /// The whole body's XXH3 (128 bits, hexadecimal), which tells whether two bodies are the same; none without a body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// Whether headers are those of an answer that goes on for as long as somebody listens.
pub fn streams(headers: &[(String, String)]) -> bool {
    const STREAMS: [&str; 2] = ["text/event-stream", "multipart/x-mixed-replace"];
    let mut types = headers.iter().filter(|(name, _)| name == "content-type");
    types.any(|(_, kind)| STREAMS.iter().any(|stream| kind.starts_with(stream)))
}

/// What a caller saw of its exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum Seen {
    /// An answer, written out to the caller whole.
    Answer {
        /// Its status code.
        status: u16,
        /// The bytes of its body.
        body_bytes: u64,
        /// The gateway made it another one, or had the callee do the work twice.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        altered: bool,
        /// What was written out, where that is not what the callee answered to this request alone: it is altered, or the
        /// gateway made it itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        told: Option<Box<Message>>,
    },
    /// The beginning of an answer, and then the end of the connection.
    Cut {
        /// Its status code.
        status: u16,
        /// The bytes of its body that arrived.
        body_bytes: u64,
        /// Its headers, and what arrived of its body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        told: Option<Box<Message>>,
    },
    /// Nothing: the gateway asked once more than the caller did, and nobody waited for the answer.
    Copy,
    /// Its connection was reset.
    Reset,
    /// The caller left before there was an answer.
    Left,
    /// The callee could not be reached; the connection was reset.
    Unreachable {
        /// Why.
        reason: String,
    },
}

/// A statement to a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statement {
    /// The number that faults know it by.
    pub exchange: ExchangeId,
    /// Who sent it.
    pub client: String,
    /// To whom.
    pub service: String,
    /// The port.
    pub port: u16,
    /// Its first 200 characters.
    pub text: String,
    /// What its client saw.
    pub outcome: Outcome,
}

/// What the client of a statement saw of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum Outcome {
    /// Whatever the database said.
    Passed,
    /// An error that the gateway made, instead of what the database would have said.
    Failed {
        /// Its SQLSTATE.
        sqlstate: String,
    },
    /// Another error: the database had skipped the statement, because one before it had failed.
    Skipped,
    /// Its connection was reset.
    Reset,
    /// Nothing: the connection ended before there was an answer.
    Left,
}

/// The states of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServiceState {
    /// It is being started.
    Starting,
    /// It answered its readiness probe.
    Ready,
    /// The harness killed it, and it is dead.
    Killed,
    /// The harness asked it to end, and it has ended.
    Stopped,
    /// The harness made it stand still.
    Paused,
    /// The harness let it go on.
    Resumed,
    /// It ended by itself.
    Exited,
}

/// The life of a fault. From `applied` to the next `ended` it counts as active.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultMoment {
    /// The gateway stops for it.
    Armed,
    /// Its call or trigger came by.
    Matched,
    /// It was done.
    Applied,
    /// The caller saw it, or the service is dead.
    Felt,
    /// The real callee did the work all the same.
    Reached,
    /// It is over: used up, or healed.
    Ended,
}
