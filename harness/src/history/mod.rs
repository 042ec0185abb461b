//! The one ordered record of a run: every exchange, observation and fault, as JSON lines.

mod event;
mod heard;
mod reader;
mod writer;

pub use event::*;
pub use heard::Heard;
pub use reader::{Reader, read};
pub use writer::Writer;

/// Where parts put what they learn; the receiver stamps it and keeps the order.
pub type Sink = std::sync::Arc<dyn Fn(What) + Send + Sync>;
