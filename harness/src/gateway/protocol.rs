//! What harness and gateway say to each other.

use crate::history::{Captures, ExchangeId, What};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The client name of the harness's own workloads.
pub const WORKLOAD: &str = "workload";
/// The client name of the harness's own observers and probes; their exchanges are not recorded.
pub const OBSERVER: &str = "observer";
/// The client name under which the harness asks over HTTP whether a service is ready; not recorded either. It goes round the
/// instances by itself: nobody else's requests lead it past one.
pub const CHECKER: &str = "checker";
/// The client name under which the harness asks whether a service accepts connections: one byte says so, a reset that it
/// does not.
pub const PROBER: &str = "prober";

/// From harness to gateway. Commands are carried out in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Listen here on behalf of a service. Answered with [`Report::Listening`].
    Listen {
        /// The address; in a container, the gateway adds it to its interface first.
        address: IpAddr,
        /// The port.
        port: u16,
        /// The service in front of which it stands.
        service: String,
        /// The only client that uses this address. `None`: clients are known by their own addresses.
        client: Option<String>,
        /// Where the only instance of that client is that uses it. `None`: any of them may.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instance: Option<IpAddr>,
        /// What the port certainly speaks. `None`: it must be sniffed.
        speaks: Option<Speaks>,
    },
    /// The instances of the real service are now at these addresses (and connect from them); with none, it is down.
    Place {
        /// The service.
        service: String,
        /// Their addresses. Connections go round them, one after the other.
        addresses: Vec<IpAddr>,
        /// They are only about to be there: who finds nobody at these addresses finds the service down.
        #[serde(default)]
        starting: bool,
    },
    /// The calls that have names. Replaces the former list.
    Calls {
        /// The calls.
        calls: Vec<CallPattern>,
    },
    /// The calls at which to stop and ask. Replaces the former list. Answered with [`Report::Watching`] once no
    /// exchange can slip by any more.
    Watch {
        /// The stops.
        stops: Vec<Stop>,
    },
    /// The answer to a [`Report::Ask`].
    Act {
        /// Its number.
        ask: u64,
        /// What to do.
        action: Action,
    },
    /// Bend a link, or let go of it. It is in force for what passes after a [`Command::Sync`] that follows.
    Shape {
        /// The number of the shape, from 1; several may lie on one link.
        number: u64,
        /// Who connects.
        client: String,
        /// To whom.
        service: String,
        /// How; `None`: no more.
        shape: Option<Shape>,
        /// Where chance comes from.
        seed: u64,
    },
    /// Reset every connection that is open to a service; those that come later are not touched. It is done before a
    /// [`Command::Sync`] that follows is answered.
    Drop {
        /// A number as a shape has one, for [`Report::Felt`].
        number: u64,
        /// To whom they lead.
        service: String,
    },
    /// Report every connection without calls that is open, as one that is: nothing is said of it at its end.
    Streams,
    /// Say [`Report::Synced`], after all reports so far.
    Sync {
        /// What to repeat.
        number: u64,
    },
    /// Reset every connection that is held by [`Action::Hang`], and let those of [`Action::Delay`] go on.
    Release {
        /// Only these; all that are held now when `None`.
        exchanges: Option<Vec<ExchangeId>>,
    },
    /// Fill a disk and keep it full, or give its room back. Answered with [`Report::Disk`] once that is proven.
    Disk {
        /// What the answer repeats.
        number: u64,
        /// Where the gateway finds the disk.
        folder: PathBuf,
        /// The most that fits on it, in bytes.
        size_bytes: u64,
        /// Whether it is to be full, or no longer so.
        full: bool,
    },
}

/// What a port speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Speaks {
    /// HTTP, version 1 or 2.
    Http,
    /// PostgreSQL's protocol, version 3.
    Postgres,
    /// Something that is passed on unseen.
    Other,
}

/// A request that has a name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallPattern {
    /// Its name.
    pub name: String,
    /// Who asks.
    pub client: String,
    /// Who is asked.
    pub service: String,
    /// The method.
    pub method: String,
    /// The path, with `{name}` for a segment or part of one, and the query parameters that a request must have; it may
    /// have others.
    pub path: String,
}

/// A moment of a call, or of a statement, at which the gateway stops and asks.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stop {
    /// The call's name; at a moment of a statement, what the statement contains.
    pub call: String,
    /// The moment.
    pub moment: Moment,
}

/// The moments at which an exchange can be stopped: two of a call, and two of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// The request's head is here; the callee knows nothing.
    Request,
    /// The callee's whole answer is here; the caller knows nothing.
    Answer,
    /// A database is about to get the statement; it knows nothing, or has prepared it at most.
    Statement,
    /// The database has committed what the statement did; the client knows nothing.
    Commit,
}

impl Moment {
    /// Whether the callee has done its work by then.
    pub fn is_after_the_work(self) -> bool {
        matches!(self, Moment::Answer | Moment::Commit)
    }
}

/// What to do with a stopped exchange.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Go on.
    Pass,
    /// At the request: give this answer; the callee is not asked.
    Answer {
        /// The status code.
        status: u16,
        /// The content type, if there is a body.
        content_type: Option<String>,
        /// The body.
        body: String,
    },
    /// Keep it until [`Command::Release`] or until the caller leaves. At the request the callee is not asked; at the
    /// answer it did the work.
    Hang,
    /// At the request: do what is to be done with it so much later, or at [`Command::Release`] if that comes first.
    Delay {
        /// How much later.
        ms: u64,
        /// What is done then; it is no other delay.
        then: Box<Action>,
    },
    /// At the request: ask the callee twice, one time after the other; the caller gets the second answer.
    Twice,
    /// Reset the caller's connection. At the request the callee is not asked; at the answer and the commit it did the
    /// work.
    Reset,
    /// At the statement: it fails with this SQLSTATE, and is not done.
    Fail {
        /// The SQLSTATE.
        sqlstate: String,
    },
    /// At the answer: deliver it with another body. An answer to which that cannot be done passes as it is.
    Alter {
        /// What becomes of the body.
        body: Alteration,
    },
}

impl Action {
    /// How much later something is done, and what.
    pub(super) fn delayed(&self) -> (Option<Duration>, &Action) {
        match self {
            Action::Delay { ms, then } => (Some(Duration::from_millis(*ms)), then),
            other => (None, other),
        }
    }

    /// Whether the caller waits until it leaves, or what is held is released.
    pub(crate) fn hangs(&self) -> bool {
        *self.delayed().1 == Action::Hang
    }

    /// Both, where they go together: a delay goes with all others, and delays add up. `None`: what becomes of the
    /// exchange is settled already.
    pub(crate) fn and(self, other: Action) -> Option<Action> {
        use Action::{Delay, Pass};
        match (self, other) {
            (Pass, one) | (one, Pass) => Some(one),
            (
                Delay { ms, then },
                Delay {
                    ms: more,
                    then: other,
                },
            ) => Some(Delay {
                ms: ms.saturating_add(more),
                then: Box::new(then.and(*other)?),
            }),
            (Delay { ms, then }, other) => Some(Delay {
                ms,
                then: Box::new(then.and(other)?),
            }),
            (settled, Delay { ms, then }) => Some(Delay {
                ms,
                then: Box::new(settled.and(*then)?),
            }),
            _ => None,
        }
    }
}

/// What becomes of an answer's body.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "snake_case")]
pub enum Alteration {
    /// Nothing is left of it.
    Empty,
    /// It can no longer be parsed.
    Malformed,
    /// So much of it arrives, and then the connection ends.
    Cut {
        /// The bytes that arrive.
        after_bytes: u64,
    },
    /// Values of a JSON body are others.
    Set {
        /// Each with where it stands: names and list positions, with dots between them.
        values: Vec<(String, serde_json::Value)>,
    },
}

/// What is wrong with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Shape {
    /// Nothing passes, either way; connections stay open, and new ones reach nobody.
    Cut,
    /// What the client sends arrives later.
    Slow {
        /// How much later.
        by_ms: u64,
        /// By how much that varies, up and down.
        jitter_ms: u64,
    },
    /// So much passes each way, all connections together.
    Carries {
        /// Bytes in a second.
        bytes_per_s: u64,
    },
    /// Each connection is reset once so much has passed, both ways together.
    ResetAfter {
        /// The bytes.
        bytes: u64,
    },
}

/// From gateway to harness, in the order in which things happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "report", rename_all = "snake_case")]
pub enum Report {
    /// A [`Command::Listen`] was carried out, or could not be.
    Listening {
        /// The service.
        service: String,
        /// The port.
        port: u16,
        /// Why it could not be.
        error: Option<String>,
    },
    /// The stops of the last [`Command::Watch`] are in force.
    Watching,
    /// The answer to [`Command::Sync`].
    Synced {
        /// The number that it had.
        number: u64,
    },
    /// A connection has felt a [`Command::Shape`]; said once for each.
    Felt {
        /// Its number.
        shape: u64,
    },
    /// A connection leads to one of several instances of a service, or comes from it; said once for each. Those of the
    /// harness's own eyes do not count.
    Met {
        /// Where the instance is.
        address: IpAddr,
        /// Whether it is the one that connects.
        connects: bool,
    },
    /// A [`Command::Disk`] was carried out, or could not be.
    Disk {
        /// The number that it had.
        number: u64,
        /// So many bytes were given free on the full disk since the last report, and taken again.
        taken_again_bytes: u64,
        /// Why it could not be.
        error: Option<String>,
    },
    /// For the history: `asked`, `answered`, `delivered` or `stream`.
    Event {
        /// The event.
        what: What,
    },
    /// An exchange has been stopped.
    Ask {
        /// The number that [`Command::Act`] repeats.
        ask: u64,
        /// The exchange.
        exchange: ExchangeId,
        /// The stop that it hit.
        stop: Stop,
        /// The other stops that the same statement hit.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        also: Vec<Stop>,
        /// What the call's path caught.
        captures: Captures,
        /// Its caller has left: whatever is decided, nobody sees it.
        left: bool,
    },
}
