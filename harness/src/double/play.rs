//! One double at work: which mapping or operation a request is for, and what comes of it.

use super::answer::{Answer, Dribble, Fault, Reply};
use super::executions::Executions;
use super::folder::Folder;
use super::journal::Journal;
use super::outgoing::Outgoing;
use super::request::Request;
use super::scenarios::Scenarios;
use super::stub::Stub;
use super::template::{Filler, Random, context};
use super::{nearest, say};
use crate::seed::Seed;
use http::StatusCode;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A double, with all that it remembers.
pub(super) struct Double {
    pub folder: Folder,
    pub scenarios: Scenarios,
    pub executions: Executions,
    pub journal: Journal,
    pub filler: Filler,
    pub random: Random,
    /// Where other services are found.
    hosts: HashMap<String, String>,
    client: reqwest::Client,
}

/// What a caller is to see, and after how long.
#[derive(Debug)]
pub(super) struct Act {
    pub wait: Duration,
    pub seen: Seen,
    /// Which mapping or operation it comes from.
    pub by: Option<String>,
}

/// What a caller sees.
#[derive(Debug)]
pub(super) enum Seen {
    Reply(Reply, Option<Dribble>),
    Fault(Fault),
}

impl Act {
    /// An answer at once.
    pub fn now(reply: Reply, by: Option<String>) -> Act {
        let seen = Seen::Reply(reply, None);
        Act {
            wait: Duration::ZERO,
            seen,
            by,
        }
    }
}

impl Double {
    pub fn new(folder: Folder, hosts: HashMap<String, String>, seed: Seed) -> Double {
        let random = Arc::new(Mutex::new(seed.rng("double")));
        Double {
            folder,
            scenarios: Scenarios::default(),
            executions: Executions::default(),
            journal: Journal::default(),
            filler: Filler::new(&random),
            random,
            hosts,
            client: client(),
        }
    }

    /// Works on a request.
    pub async fn act(self: &Arc<Self>, request: &Request) -> Act {
        let operation = self.folder.operations.iter().find_map(|operation| {
            let begins = operation.begin.matches(request);
            (begins || operation.polled_by(request)).then_some((operation, begins))
        });
        let above = operation.map(|(operation, _)| operation.priority);
        let fit = |stub: &&Stub| {
            above.is_none_or(|above| stub.priority < above) && stub.pattern.matches(request)
        };
        match (
            self.scenarios.first(self.folder.stubs.iter().filter(fit)),
            operation,
        ) {
            (Some(stub), _) => self.play(stub, request),
            (None, Some((operation, true))) => self.begin(operation, request).await,
            (None, Some((operation, false))) => self.poll(operation, request),
            (None, None) => {
                let text = nearest::text(&self.folder, &self.scenarios, request);
                Act::now(Reply::text(StatusCode::NOT_FOUND, text), None)
            }
        }
    }

    fn play(self: &Arc<Self>, stub: &Stub, request: &Request) -> Act {
        let mut values = request.values();
        values.insert(
            "pathParameters".to_owned(),
            stub.pattern.variables(request).into(),
        );
        let data = json!({
            "request": values,
            "originalRequest": values,
            "parameters": stub.answer.parameters,
        });
        let act = self.show(&stub.answer, &data, stub.told());
        for hook in &stub.hooks {
            let begin = Instant::now() + act.wait;
            self.send_later(hook.clone(), data.clone(), begin);
        }
        act
    }

    /// Fills an answer in.
    pub fn show(&self, answer: &Answer, data: &Value, by: String) -> Act {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        let wait = answer
            .delays
            .iter()
            .map(|delay| delay.draw(&mut *random))
            .sum();
        drop(random);
        let seen = match answer.fault {
            Some(fault) => Seen::Fault(fault),
            None => match answer.fill(&self.filler, &context(data.clone())) {
                Ok(reply) => Seen::Reply(reply, answer.dribble),
                Err(what) => {
                    let text = format!("a template could not be filled in: {what}\n");
                    Seen::Reply(Reply::text(StatusCode::INTERNAL_SERVER_ERROR, text), None)
                }
            },
        };
        Act {
            wait,
            seen,
            by: Some(by),
        }
    }

    fn send_later(self: &Arc<Self>, outgoing: Outgoing, data: Value, begin: Instant) {
        let double = self.clone();
        tokio::spawn(async move { double.send(&outgoing, &data, begin).await });
    }

    /// Makes a request, some time after `begin`.
    pub async fn send(&self, outgoing: &Outgoing, data: &Value, begin: Instant) {
        let after = outgoing.after.as_ref().map(|delay| {
            let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
            delay.draw(&mut *random)
        });
        tokio::time::sleep_until(begin + after.unwrap_or_default()).await;
        match outgoing.fill(&self.filler, &context(data.clone())) {
            Ok(ready) => say(&ready.make(&self.client, &self.hosts).await),
            Err(what) => say(&format!("a request could not be filled in: {what}")),
        }
    }
}

/// Asks whom it is told to ask, and nobody else.
fn client() -> reqwest::Client {
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none());
    client
        .build()
        .expect("nothing is set that could be refused")
}
