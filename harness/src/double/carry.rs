//! Operations at work: how they begin, go on behind the requests, and are told of.

use super::answer::{Answer, Reply};
use super::executions::{Execution, Status};
use super::operation::{Began, Operation, Which};
use super::play::{Act, Double};
use super::request::Request;
use super::say;
use super::template::context;
use http::StatusCode;
use serde_json::{Value, json};
use std::sync::{Arc, PoisonError};
use tokio::time::Instant;

impl Double {
    /// A request that begins an operation, or one that has begun.
    pub async fn begin(self: &Arc<Self>, operation: &Operation, request: &Request) -> Act {
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
        let strikes = |which: &Which| which.strikes(number, &self.random);
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

    /// A request that asks how an operation stands.
    pub fn poll(&self, operation: &Operation, request: &Request) -> Act {
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
}

impl Operation {
    /// Whether a request asks for one of these.
    pub fn polled_by(&self, request: &Request) -> bool {
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
