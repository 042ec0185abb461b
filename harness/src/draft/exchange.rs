//! The calls of a history, each with its answer.

use crate::history::{Event, What};
use serde_json::Value;
use std::collections::HashMap;

/// A request and its answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Exchange {
    /// Who asked.
    pub client: String,
    /// Who was asked.
    pub service: String,
    /// At which port.
    pub port: u16,
    /// The method.
    pub method: String,
    /// The path without its query.
    pub path: String,
    /// The query, if there is one.
    pub query: Option<String>,
    /// Whether it says by its headers who asks.
    pub logged_in: bool,
    /// The request's body, where it is JSON.
    pub sent: Option<Value>,
    /// The status of the answer.
    pub status: u16,
    /// The answer's body, where it is JSON.
    pub answer: Option<Value>,
    /// When it was asked: the number of the event.
    pub asked: u64,
    /// When it was answered.
    pub answered: u64,
    /// The same in time: nanoseconds since the run began.
    pub answered_ns: u64,
}

/// The headers by which somebody says who asks.
const LOGIN: [&str; 2] = ["authorization", "cookie"];

/// The exchanges of a history that were answered, in the order of their answers.
pub fn exchanges(events: &[Event]) -> Vec<Exchange> {
    let mut asked = HashMap::new();
    let mut all = Vec::new();
    for event in events {
        match &event.what {
            What::Asked(one) => {
                asked.insert(one.exchange, (event.seq, one));
            }
            What::Answered(one) => {
                let Some((begun, request)) = asked.get(&one.exchange) else {
                    continue;
                };
                let whole = request.path.split('#').next().unwrap_or_default();
                let (path, query) = match whole.split_once('?') {
                    Some((path, query)) => (path, Some(query.to_owned())),
                    None => (whole, None),
                };
                let mut headers = one.request.headers.iter();
                all.push(Exchange {
                    client: request.client.clone(),
                    service: request.service.clone(),
                    port: request.port,
                    method: request.method.clone(),
                    path: path.to_owned(),
                    query,
                    logged_in: headers
                        .any(|(name, _)| LOGIN.iter().any(|one| name.eq_ignore_ascii_case(one))),
                    sent: serde_json::from_str(&one.request.body).ok(),
                    status: one.status,
                    answer: serde_json::from_str(&one.response.body).ok(),
                    asked: *begun,
                    answered: event.seq,
                    answered_ns: event.at_ns,
                });
            }
            _ => {}
        }
    }
    all
}
