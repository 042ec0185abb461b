//! Connections that speak HTTP/2 with prior knowledge, gRPC among them.
//!
//! Every stream is an exchange. The gateway is a server to the caller and a client to the callee, one connection to each
//! side; heads, bodies, interim answers and trailers pass stream by stream. What belongs to a connection is the gateway's
//! own on either side: settings, windows, pings, the compression of headers. Deliberately absent: pushed answers, which
//! the callee is told not to send, priorities, and WebSockets over HTTP/2, which callers are not offered.
//!
//! A fault strikes one stream and leaves its connection alone, so a reset is one of the stream: `REFUSED_STREAM` where the
//! callee was not asked, `INTERNAL_ERROR` where it may have been. Only what would have ended the caller's connection
//! without the gateway ends it here: a callee that cannot be reached, or whose connection breaks.

mod caller;
mod copy;
mod downlink;
mod exchange;
mod message;
mod preface;
mod proof;
mod rewound;
mod socket;
mod trunk;
mod uplink;
mod upstream;

pub(super) use preface::{PREFACE, answers, begins};
pub(super) use proof::REFUSED;

use h2::Reason;

/// The window of one stream: the most of a body that waits in the gateway for the side that takes it.
const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
/// The window of a connection, the largest there can be, so that a stream that stands still never stops another.
const CONNECTION_WINDOW_BYTES: u32 = (1 << 31) - 1;
/// The most streams that a caller may open and reset before the gateway has looked at them. It protects from attacks;
/// a caller that does that to its callee may do it here.
const RESET_STREAMS: usize = 1 << 20;

/// Why an exchange came to no proper end.
#[derive(Debug)]
enum Broken {
    /// The caller left.
    Left,
    /// The callee's connection ended too early.
    Lost,
    /// The callee could not be reached.
    Unreachable(String),
    /// The caller's stream is to be reset, because the harness wants it or the callee has reset its own.
    Reset(Reason),
}

impl Broken {
    /// What the caller of a stream must see when the callee's has failed.
    fn by_callee(error: &h2::Error) -> Broken {
        tracing::debug!(%error, "the callee's stream broke");
        match error.reason() {
            Some(reason) if error.is_reset() => Broken::Reset(reason),
            // The callee says that it has not looked at this stream.
            Some(Reason::NO_ERROR) if error.is_go_away() && error.is_remote() => {
                Broken::Reset(Reason::REFUSED_STREAM)
            }
            _ => Broken::Lost,
        }
    }
}

/// The caller has reset its stream, or its connection is gone.
#[derive(Debug, PartialEq, Eq)]
struct Left;

impl From<Left> for Broken {
    fn from(Left: Left) -> Broken {
        Broken::Left
    }
}
