//! Calls, and what takes more than one of them.

use crate::problem::Place;

/// A named kind of request on a link.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Who asks: a service, or `workload` for the harness itself.
    pub client: String,
    /// Who answers.
    pub service: String,
    /// The method in capitals.
    pub method: String,
    /// The path, with `{entity}` for a segment or part of one, and a query that demands parameters.
    pub path: String,
}

/// Something that takes its time: a call asks again and again whether it is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// The call that asks.
    pub poll: String,
    /// Where its status stands in the answer: names and list positions, with dots between them.
    pub status: String,
    /// The status of one that is not done.
    pub running: String,
    /// The status of one that is done, well or not.
    pub done: String,
    /// Where its error stands, if one says so.
    pub error: Option<String>,
}
