//! The proxy that stands in front of every service of a stack.
//!
//! The harness decides, the gateway acts: a gateway knows which exchanges match an armed fault; for those it
//! stops and asks. Everything else passes at full speed. The same code runs as tasks of the harness (process
//! runtime) and in a container of its own (docker runtime); both speak [`Command`] and [`Report`].
//!
//! Bytes of HTTP/1 pass as they are: the case and order of headers, the boundaries of chunks, trailers. A decoder reads
//! along. HTTP/2 with prior knowledge passes stream by stream, PostgreSQL's protocol frame by frame. What follows none of
//! them is passed on raw rather than refused.
//! Deliberately absent: TLS, pools of connections (every caller's connection has its own to the callee), and callers that
//! close their sending half and still wait for an answer: that is how a killed process looks, so it counts as having left.

mod address;
mod alter;
mod ask;
mod body;
mod callee;
mod carry;
mod connection;
mod control;
mod copy;
mod courier;
mod disk;
mod downlink;
mod exchange;
mod handle;
mod head;
mod hello;
mod http2;
mod lines;
mod listener;
mod passing;
mod pattern;
mod pipe;
mod places;
mod postgres;
mod protocol;
mod raw;
mod remote;
mod reply;
mod serve;
mod session;
mod state;
mod stream;
#[cfg(test)]
mod tests;
mod timer;
mod untold;
mod uplink;
mod wire;

pub(crate) use alter::misfit;
pub(crate) use body::RECORDED_BYTES;
pub use handle::{Handle, Reports};
pub(crate) use pattern::Pattern;
pub use protocol::*;
pub use remote::{Tunnel, connect};
pub use serve::serve;

/// Runs a gateway as tasks of this process. It ends, with all its listeners and connections, when the handle's
/// `commands` are dropped. Must be called within a tokio runtime.
pub fn local() -> Handle {
    local_with(())
}

/// The same. `kept` is dropped once its last listener is closed: with it, addresses can be given back that nobody else
/// may have until then.
pub fn local_with(kept: impl Send + 'static) -> Handle {
    let ((commands, reports), _) = control::start(control::Addresses::Present, kept);
    let reports = Reports::here(reports);
    Handle { commands, reports }
}
