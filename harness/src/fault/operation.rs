//! What whoever polls a long-running operation is told of it.

use crate::gateway::{Action, Alteration, Moment, Stop};
use crate::history::{Captures, Message};
use crate::plan::OperationFault;
use crate::stack::Operation;
use serde_json::{Value, json};
use std::collections::HashMap;
use tokio::time::Instant;

/// One operation under a fault.
pub(super) struct Polled {
    operation: Operation,
    /// When each was polled first, by what the path of its poll names.
    since: HashMap<Captures, Instant>,
}

impl Polled {
    /// Nobody has polled it yet.
    pub fn new(operation: Operation) -> Polled {
        let since = HashMap::new();
        Polled { operation, since }
    }

    /// Where the gateway must stop.
    pub fn stop(&self) -> Stop {
        Stop {
            call: self.operation.poll.clone(),
            moment: Moment::Answer,
        }
    }

    /// What becomes of the answer to a poll. `None`: the time of the fault is over for this operation.
    pub fn action(&mut self, fault: &OperationFault, captures: &Captures) -> Option<Action> {
        let Operation {
            status,
            running,
            done,
            error: place,
            ..
        } = &self.operation;
        let value = |path: &String, value: Value| (path.clone(), value);
        let values = match fault {
            OperationFault::Stalls => vec![value(status, running.as_str().into())],
            OperationFault::FailsWith { error } => {
                let error = place.as_ref().map(|place| placed(place, error));
                let done = value(status, done.as_str().into());
                [Some(done), error].into_iter().flatten().collect()
            }
            OperationFault::Takes { at_least } => {
                let since = self.since.entry(captures.clone());
                let over = since.or_insert_with(Instant::now).elapsed() >= *at_least;
                if over {
                    return None;
                }
                vec![value(status, running.as_str().into())]
            }
        };
        let body = Alteration::Set { values };
        Some(Action::Alter { body })
    }
}

impl Polled {
    /// What is told where an answer does not say how far the operation is, so that a fault which makes it say so deceives
    /// nobody.
    pub fn nowhere(&self, answer: &Message) -> Option<String> {
        let path = &self.operation.status;
        // Of a long body only its beginning is known.
        let body: Value = serde_json::from_str(&answer.body).ok()?;
        let at = path.split('.').try_fold(&body, |at, name| match at {
            Value::Array(items) => items.get(name.parse::<usize>().ok()?),
            other => other.get(name),
        });
        at.is_none().then(|| format!("the answer says nothing at `{path}`, where the stack file has the operation's status"))
    }
}

/// An error at its place. What it stands in may not be there while all is well, so it is set as a whole.
fn placed(place: &str, error: &Value) -> (String, Value) {
    match place.rsplit_once('.') {
        Some((parent, last)) => (parent.to_owned(), json!({last: error})),
        None => (place.to_owned(), error.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn polled() -> Polled {
        Polled::new(Operation {
            name: "create vm".to_owned(),
            place: crate::problem::Place::new("shakedown.yaml".as_ref(), 1, 1),
            poll: "get operation".to_owned(),
            status: "status".to_owned(),
            running: "RUNNING".to_owned(),
            done: "DONE".to_owned(),
            error: Some("error.code".to_owned()),
        })
    }

    fn set(values: &[(&str, Value)]) -> Option<Action> {
        let values = values.iter().map(|(p, v)| (p.to_string(), v.clone()));
        let values = values.collect();
        let body = Alteration::Set { values };
        Some(Action::Alter { body })
    }

    #[test]
    fn an_answer_that_does_not_say_how_far_it_is_deceives_nobody() {
        let nowhere = |body: &str| {
            let body = body.to_owned();
            let answer = Message {
                body,
                ..Message::default()
            };
            polled().nowhere(&answer).is_some()
        };
        assert!(nowhere(r#"{"state": "RUNNING"}"#));
        assert!(!nowhere(r#"{"status": "RUNNING"}"#));
        assert!(
            !nowhere(r#"{"status": "RUNN"#),
            "of a long body, this is not known"
        );
    }

    #[test]
    fn one_stalls_and_another_fails() {
        let none = Captures::new();
        let running = set(&[("status", json!("RUNNING"))]);
        assert_eq!(polled().action(&OperationFault::Stalls, &none), running);
        let error = json!("QUOTA_EXCEEDED");
        let failed = set(&[("status", json!("DONE")), ("error", json!({"code": error}))]);
        let fault = OperationFault::FailsWith { error };
        assert_eq!(polled().action(&fault, &none), failed);
    }

    #[tokio::test(start_paused = true)]
    async fn each_takes_its_time_from_its_own_first_poll() {
        let fault = OperationFault::Takes {
            at_least: Duration::from_secs(30),
        };
        let of = |id: &str| Captures::from([("operation".to_owned(), id.to_owned())]);
        let mut polled = polled();
        let mut told = async |id, seconds| {
            tokio::time::advance(Duration::from_secs(seconds)).await;
            polled.action(&fault, &of(id)).is_some()
        };
        assert!(told("1", 0).await && told("1", 20).await && told("2", 9).await);
        assert!(!told("1", 1).await && told("2", 28).await);
        assert!(!told("2", 1).await);
    }
}
