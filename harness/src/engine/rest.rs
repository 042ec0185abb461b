//! Whether a run has come to rest: nothing that an invariant could care about is under way or has happened for a while.
//!
//! A call that is asked as before and answered as before, with success, is somebody who looks again and again whether
//! there is something to do. That may go on for ever, and nothing happens by it. Where it took long to say so, whoever
//! asks again is taken to wait again, as those who poll a queue do.

use crate::history::{self, Answered, ExchangeId, Outcome, What};
use crate::stack::PROBE;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

/// An answer that says nothing new and took so long was waited with.
const LONG: Duration = Duration::from_millis(100);

/// What happens.
pub struct Rest {
    /// Named exchanges that have not ended, when they were asked, and what.
    under_way: HashMap<ExchangeId, (Instant, Key)>,
    /// How each call was asked and answered last.
    last: HashMap<Key, Said>,
    /// Calls whose last answer was waited with, and said nothing new.
    waiting: HashSet<Key>,
    /// Exchanges under way that said nothing new.
    idle: HashSet<ExchangeId>,
    /// What each probe showed last of each entity.
    shown: HashMap<Probed, Shown>,
    /// When something last happened, and what.
    stirred: Instant,
    by: String,
}

/// A call, and its path with its query: who asks for several things by turns hears something else each time.
type Key = (String, String);
/// A probe: its source, the kind of entity, and which one.
type Probed = (String, String, String);
/// What it showed: fields, and an event.
type Shown = (Map<String, Value>, Option<String>);
/// The digests of a request's and an answer's body.
type Said = (Option<String>, Option<String>);

impl Rest {
    /// Nothing has happened yet.
    pub fn new() -> Rest {
        Rest {
            under_way: HashMap::new(),
            last: HashMap::new(),
            waiting: HashSet::new(),
            idle: HashSet::new(),
            shown: HashMap::new(),
            stirred: Instant::now(),
            by: "nothing".to_owned(),
        }
    }

    /// Takes an event.
    pub fn see(&mut self, what: &What) {
        match what {
            What::Asked(asked) => {
                if let Some(call) = &asked.call {
                    let key = (call.clone(), asked.path.clone());
                    self.under_way.insert(asked.exchange, (Instant::now(), key));
                }
            }
            What::Answered(answered) => self.answered(answered),
            What::Delivered { exchange, .. } => {
                let named = self.under_way.remove(exchange).is_some();
                if named && !self.idle.remove(exchange) {
                    self.stirred = Instant::now();
                }
            }
            What::Worked { workload, .. } => self.stir(format!("the workload \"{workload}\"")),
            What::Observed { .. } if self.probed_again(what) => {}
            What::Observed { source, .. } => self.stir(format!("`{source}`")),
            What::Service { service, .. } => self.stir(format!("the service \"{service}\"")),
            What::Statement(statement) if statement.outcome != Outcome::Passed => {
                self.stir(format!("a statement to \"{}\"", statement.service));
            }
            _ => {}
        }
    }

    /// Whether a probe showed what it had shown before, as it does for whoever registers again and again.
    fn probed_again(&mut self, what: &What) -> bool {
        let What::Observed {
            entity,
            id,
            source,
            set,
            event,
            ..
        } = what
        else {
            return false;
        };
        if !source.starts_with(PROBE) {
            return false;
        }
        let key = (source.clone(), entity.clone(), id.clone());
        let shown = (set.clone(), event.clone());
        self.shown.insert(key, shown.clone()) == Some(shown)
    }

    fn answered(&mut self, answered: &Answered) {
        let Some(call) = &answered.call else {
            return;
        };
        if history::streams(&answered.response.headers) {
            // It goes on for as long as somebody listens.
            self.under_way.remove(&answered.exchange);
            return self.stir(format!("the call \"{call}\""));
        }
        let said = (
            answered.request.digest.clone(),
            answered.response.digest.clone(),
        );
        let Some((asked, key)) = self.under_way.get(&answered.exchange).cloned() else {
            return;
        };
        let success = (200..300).contains(&answered.status);
        let long = asked.elapsed() >= LONG;
        let idle = success && self.last.get(&key) == Some(&said);
        match idle && long {
            true => self.waiting.insert(key.clone()),
            false => self.waiting.remove(&key),
        };
        if idle {
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
        let (asked, _) = self.under_way.get(&exchange)?;
        Some(*asked)
    }

    /// Whether nothing is under way but what waits for something to happen, and nothing has happened for a time.
    pub fn quiet_for(&self, quiet: Duration) -> bool {
        let mut under_way = self.under_way.values();
        under_way.all(|(_, key)| self.waiting.contains(key)) && self.stirred.elapsed() >= quiet
    }

    /// What does not end, or what happened last.
    pub fn disturber(&self) -> String {
        let mut under_way = self.under_way.values();
        match under_way.find(|(_, key)| !self.waiting.contains(key)) {
            Some((_, (call, _))) => format!("what went on was the call \"{call}\""),
            None => format!("what kept happening last was {}", self.by),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Asked, Captures, Message, Seen};

    fn asked(exchange: ExchangeId) -> What {
        What::Asked(Asked {
            exchange,
            client: "worker".into(),
            service: "site".into(),
            port: 80,
            method: "GET".into(),
            path: "/jobs".into(),
            call: Some("list".to_owned()),
            captures: Captures::new(),
        })
    }

    fn answered(exchange: ExchangeId, status: u16, digest: &str) -> What {
        let response = Message {
            digest: Some(digest.to_owned()),
            ..Message::default()
        };
        What::Answered(Box::new(Answered {
            exchange,
            call: Some("list".to_owned()),
            captures: Captures::new(),
            request: Message::default(),
            status,
            response,
        }))
    }

    fn delivered(exchange: ExchangeId) -> What {
        What::Delivered {
            exchange,
            seen: Seen::Left,
            before: None,
        }
    }

    /// Whether it is quiet while the last of these exchanges is under way, each of which was under way for so long and
    /// had an answer with this digest.
    fn quiet_after(answers: &[(Duration, &str)]) -> bool {
        let mut rest = Rest::new();
        for (exchange, (lasted, digest)) in (1..).zip(answers) {
            rest.see(&asked(exchange));
            let (since, _) = rest.under_way.get_mut(&exchange).unwrap();
            *since -= *lasted;
            rest.see(&answered(exchange, 200, digest));
            rest.see(&delivered(exchange));
        }
        rest.see(&asked(0));
        rest.quiet_for(Duration::ZERO)
    }

    #[test]
    fn whoever_asks_for_two_things_by_turns_hears_the_same_of_each() {
        let mut rest = Rest::new();
        let mut stirred = Vec::new();
        for (exchange, query) in (1..).zip(["new", "paid", "new", "paid"]) {
            let What::Asked(asked) = asked(exchange) else {
                unreachable!("it is asked")
            };
            let path = format!("/jobs?status={query}");
            rest.see(&What::Asked(Asked { path, ..asked }));
            rest.see(&answered(exchange, 200, query));
            stirred.push(!rest.idle.contains(&exchange));
            rest.see(&delivered(exchange));
        }
        assert_eq!(stirred, [true, true, false, false]);
    }

    #[test]
    fn whoever_waited_in_vain_and_asks_again_waits_again() {
        let (long, short) = (LONG, Duration::ZERO);
        assert!(quiet_after(&[(long, "none"), (long, "none")]));
        assert!(!quiet_after(&[(long, "none")]));
        assert!(!quiet_after(&[(long, "none"), (long, "one")]));
        assert!(!quiet_after(&[(short, "none"), (short, "none")]));
        assert!(!quiet_after(&[
            (long, "none"),
            (long, "none"),
            (long, "one"),
        ]));
    }

    /// Plays exchanges of a call, each with its status and the digest of its answer; gives which of them stirred.
    fn stirred(answers: &[(u16, &str)]) -> Vec<bool> {
        let mut rest = Rest::new();
        let mut all = Vec::new();
        for (exchange, (status, digest)) in (0..).zip(answers) {
            rest.see(&asked(exchange));
            assert!(!rest.quiet_for(Duration::ZERO), "one is under way");
            rest.see(&answered(exchange, *status, digest));
            let before = rest.stirred - Duration::from_secs(1);
            rest.stirred = before;
            rest.see(&delivered(exchange));
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
