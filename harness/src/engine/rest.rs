//! Whether a run has come to rest: nothing that an invariant could care about is under way or has happened for a while.
//!
//! A call that is asked as before and answered as before, with success, is somebody who looks again and again whether
//! there is something to do. That may go on for ever, and nothing happens by it.

use crate::history::{Answered, Captures, ExchangeId, What};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// What happens.
pub struct Rest {
    /// Named exchanges that have not ended, and when they were asked.
    under_way: HashMap<ExchangeId, Instant>,
    /// How each call was asked and answered last.
    last: HashMap<(String, Captures), Said>,
    /// Exchanges under way that said nothing new.
    idle: HashSet<ExchangeId>,
    /// When something last happened, and what.
    stirred: Instant,
    by: String,
}

/// The digests of a request's and an answer's body.
type Said = (Option<String>, Option<String>);

impl Rest {
    /// Nothing has happened yet.
    pub fn new() -> Rest {
        Rest {
            under_way: HashMap::new(),
            last: HashMap::new(),
            idle: HashSet::new(),
            stirred: Instant::now(),
            by: "nothing".to_owned(),
        }
    }

    /// Takes an event.
    pub fn see(&mut self, what: &What) {
        match what {
            What::Asked(asked) if asked.call.is_some() => {
                self.under_way.insert(asked.exchange, Instant::now());
            }
            What::Answered(answered) => self.answered(answered),
            What::Delivered { exchange, .. } => {
                let named = self.under_way.remove(exchange).is_some();
                if named && !self.idle.remove(exchange) {
                    self.stirred = Instant::now();
                }
            }
            What::Worked { workload, .. } => self.stir(format!("the workload \"{workload}\"")),
            What::Observed { source, .. } => self.stir(format!("`{source}`")),
            What::Service { service, .. } => self.stir(format!("the service \"{service}\"")),
            _ => {}
        }
    }

    fn answered(&mut self, answered: &Answered) {
        let Some(call) = &answered.call else {
            return;
        };
        let said = (
            answered.request.digest.clone(),
            answered.response.digest.clone(),
        );
        let key = (call.clone(), answered.captures.clone());
        let success = (200..300).contains(&answered.status);
        if success && self.last.get(&key) == Some(&said) {
            self.idle.insert(answered.exchange);
            return;
        }
        self.by = format!("the call \"{call}\"");
        match success {
            true => self.last.insert(key, said),
            false => self.last.remove(&key),
        };
    }

    fn stir(&mut self, by: String) {
        self.stirred = Instant::now();
        self.by = by;
    }

    /// When a named exchange was asked that has not ended.
    pub fn asked_at(&self, exchange: ExchangeId) -> Option<Instant> {
        self.under_way.get(&exchange).copied()
    }

    /// Whether nothing is under way, and nothing has happened for a time.
    pub fn quiet_for(&self, quiet: Duration) -> bool {
        self.under_way.is_empty() && self.stirred.elapsed() >= quiet
    }

    /// What happened last.
    pub fn disturber(&self) -> &str {
        &self.by
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Asked, Message, Seen};

    /// Plays exchanges of a call, each with its status and the digest of its answer; gives which of them stirred.
    fn stirred(answers: &[(u16, &str)]) -> Vec<bool> {
        let mut rest = Rest::new();
        let mut all = Vec::new();
        for (exchange, (status, digest)) in (0..).zip(answers) {
            let call = Some("list".to_owned());
            rest.see(&What::Asked(Asked {
                exchange,
                client: "worker".into(),
                service: "site".into(),
                port: 80,
                method: "GET".into(),
                path: "/jobs".into(),
                call: call.clone(),
                captures: Captures::new(),
            }));
            assert!(!rest.quiet_for(Duration::ZERO), "one is under way");
            let response = Message {
                digest: Some((*digest).to_owned()),
                ..Message::default()
            };
            rest.see(&What::Answered(Box::new(Answered {
                exchange,
                call,
                captures: Captures::new(),
                request: Message::default(),
                status: *status,
                response,
            })));
            let before = rest.stirred - Duration::from_secs(1);
            rest.stirred = before;
            let seen = Seen::Left;
            rest.see(&What::Delivered {
                exchange,
                seen,
                before: None,
            });
            all.push(rest.stirred != before);
            assert!(rest.quiet_for(Duration::ZERO));
        }
        all
    }

    #[test]
    fn looking_again_is_rest_and_trying_again_is_not() {
        assert_eq!(
            stirred(&[(200, "none"), (200, "none"), (200, "one"), (200, "one")]),
            [true, false, true, false]
        );
        assert_eq!(
            stirred(&[(503, "busy"), (503, "busy"), (200, "done")]),
            [true, true, true]
        );
        assert_eq!(
            stirred(&[(200, "none"), (503, "busy"), (200, "none")]),
            [true, true, true]
        );
    }
}
