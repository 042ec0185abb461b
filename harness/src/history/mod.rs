//! The one ordered record of a run: every exchange, observation and fault, as JSON lines.

mod event;

pub use event::*;
