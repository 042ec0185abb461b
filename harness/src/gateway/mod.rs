//! The proxy that stands in front of every service of a stack.
//!
//! The harness decides, the gateway acts: a gateway knows which exchanges match an armed fault; for those it
//! stops and asks. Everything else passes at full speed. The same code runs as tasks of the harness (process
//! runtime) and in a container of its own (docker runtime); both speak [`Command`] and [`Report`].

mod protocol;

pub use protocol::*;
