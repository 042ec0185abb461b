//! What can go wrong with a long-running operation.

use std::time::Duration;

/// How an operation goes wrong, as whoever polls it sees it. The service itself is not touched.
#[derive(Clone, Debug, PartialEq)]
pub enum OperationFault {
    /// It never ends.
    Stalls,
    /// It has ended, with this error.
    FailsWith {
        /// The error: a text, or JSON.
        error: serde_json::Value,
    },
    /// It has not ended before so much time has passed since it was polled for the first time.
    Takes {
        /// How long.
        at_least: Duration,
    },
}
