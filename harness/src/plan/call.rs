//! What can go wrong with a call.

use std::time::Duration;

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
