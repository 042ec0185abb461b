//! One double at work: which mapping or operation a request is for, and what comes of it.

use super::answer::{Answer, Dribble, Fault, Reply};
use super::executions::{Execution, Executions, Status};
use super::folder::Folder;
use super::journal::Journal;
use super::operation::{Began, Operation};
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
    filler: Filler,
    random: Random,
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
    fn show(&self, answer: &Answer, data: &Value, by: String) -> Act {
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

    async fn begin(self: &Arc<Self>, operation: &Operation, request: &Request) -> Act {
        let mut values = request.values();
        values.insert(
            "pathParameters".to_owned(),
            operation.begin.variables(request).into(),
        );
        let data = context(json!({"request": values}));
        let id = operation
            .id
            .as_ref()
            .map(|id| self.filler.fill(id, &data))
            .transpose();
        let id = match id {
            Ok(id) => id.filter(|id| !id.is_empty()),
            Err(what) => {
                let text = format!("the id of an operation could not be told: {what}\n");
                return Act::now(
                    Reply::text(StatusCode::BAD_REQUEST, text),
                    Some(operation.told()),
                );
            }
        };
        if operation.id.is_some() && id.is_none() {
            let text = format!(
                "this request has no id for an operation `{}`\n",
                operation.name
            );
            return Act::now(
                Reply::text(StatusCode::BAD_REQUEST, text),
                Some(operation.told()),
            );
        }
        let (execution, number) = self.executions.begin(&operation.name, id, request);
        let Some(number) = number else {
            return self.stand(operation, &execution, request);
        };
        self.carry_out(operation.clone(), execution.clone(), number);
        match &operation.began {
            Began::Answer(answer) => self.show_of(operation, answer, &execution, request),
            Began::WhenOver => {
                execution.over().await;
                self.stand(operation, &execution, request)
            }
        }
    }

    /// Does the work of an operation, which takes its time and goes on whatever becomes of the caller.
    fn carry_out(self: &Arc<Self>, operation: Operation, execution: Arc<Execution>, number: u64) {
        let strikes = |which: &super::operation::Which| which.strikes(number, &self.random);
        let stalls = operation.stalls.as_ref().is_some_and(strikes);
        let failure = operation
            .fails
            .as_ref()
            .filter(|fails| strikes(&fails.which));
        let failure = failure.map(|fails| fails.with.clone());
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        let takes = operation.takes.draw(&mut *random);
        drop(random);
        let told = format!("operation `{}` {}", operation.name, execution.id);
        say(&format!(
            "{told}: began{}",
            if stalls { ", and stalls" } else { "" }
        ));
        if stalls {
            return;
        }
        let double = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(takes).await;
            let (status, word) = match failure {
                Some(error) => (
                    Status::Failed(error.clone()),
                    format!("failed with {error}"),
                ),
                None => (Status::Done, "done".to_owned()),
            };
            let done = status == Status::Done;
            say(&format!("{told}: {word}"));
            execution.status.send_replace(status);
            let begin = Instant::now();
            for outgoing in operation.then.iter().filter(|_| done) {
                let data = json!({"operation": execution.values(), "request": execution.values()["request"]});
                double.send(outgoing, &data, begin).await;
            }
        });
    }

    fn poll(&self, operation: &Operation, request: &Request) -> Act {
        let Some(poll) = &operation.poll else {
            return Act::now(Reply::text(StatusCode::NOT_FOUND, String::new()), None);
        };
        let mut values = request.values();
        let variables = poll.pattern.variables(request);
        values.insert("pathParameters".to_owned(), variables.clone().into());
        let id = match &poll.id {
            Some(id) => self.filler.fill(id, &context(json!({"request": values}))),
            None => Ok(variables
                .get("id")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()),
        };
        let found = id
            .as_ref()
            .ok()
            .and_then(|id| self.executions.find(&operation.name, id));
        match found {
            Some(execution) => self.stand(operation, &execution, request),
            None => {
                let id = id.unwrap_or_else(|what| what);
                let text = format!(
                    "no operation `{}` with the id `{id}` has begun\n",
                    operation.name
                );
                Act::now(
                    Reply::text(StatusCode::NOT_FOUND, text),
                    Some(operation.told()),
                )
            }
        }
    }

    /// How an operation stands.
    fn stand(&self, operation: &Operation, execution: &Execution, request: &Request) -> Act {
        let status = execution.status.borrow().clone();
        let answer = match status {
            Status::Running => &operation.running,
            Status::Done => &operation.done,
            Status::Failed(_) => &operation.failed,
        };
        match answer {
            Some(answer) => self.show_of(operation, answer, execution, request),
            // Without a poll nothing says how a running one is told of.
            None => {
                let text = format!("the operation {} is {status:?}\n", execution.id);
                Act::now(
                    Reply::text(StatusCode::CONFLICT, text),
                    Some(operation.told()),
                )
            }
        }
    }

    fn show_of(
        &self,
        operation: &Operation,
        answer: &Answer,
        execution: &Execution,
        request: &Request,
    ) -> Act {
        let mut values = request.values();
        let pattern = match &operation.poll {
            Some(poll) if !operation.begin.matches(request) => &poll.pattern,
            _ => &operation.begin,
        };
        values.insert(
            "pathParameters".to_owned(),
            pattern.variables(request).into(),
        );
        let data = json!({
            "request": values,
            "operation": execution.values(),
            "parameters": answer.parameters,
        });
        self.show(answer, &data, operation.told())
    }

    fn send_later(self: &Arc<Self>, outgoing: Outgoing, data: Value, begin: Instant) {
        let double = self.clone();
        tokio::spawn(async move { double.send(&outgoing, &data, begin).await });
    }

    /// Makes a request, some time after `begin`.
    async fn send(&self, outgoing: &Outgoing, data: &Value, begin: Instant) {
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

impl Operation {
    fn polled_by(&self, request: &Request) -> bool {
        self.poll
            .as_ref()
            .is_some_and(|poll| poll.pattern.matches(request))
    }

    /// How it is told.
    pub fn told(&self) -> String {
        format!(
            "operation `{}` ({}:{})",
            self.name,
            self.place.file.display(),
            self.place.line
        )
    }
}
