//! Requests that a callee refused, or that reached nobody: where something never came to its end, they often say why.
//!
//! What a fault answered in a callee's place is none of them.

use crate::count::times;
use crate::duration::seconds;
use crate::history::{Asked, ExchangeId, Reader, Seen, What};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// The most different failures that are remembered.
const REMEMBERED: usize = 1000;

/// So many of them are told, the most frequent first.
const TOLD: usize = 5;

/// What went wrong in a run, for whoever wonders why something did not come to its end.
pub fn note(history: &Path) -> Option<String> {
    let mut failed = Failed::default();
    for event in Reader::open(history).ok()?.map_while(Result::ok) {
        failed.see(&event.what, event.at_ns);
    }
    failed.words()
}

/// What went wrong between services, and how often.
#[derive(Default)]
struct Failed {
    under_way: HashMap<ExchangeId, String>,
    failures: BTreeMap<(String, String), Times>,
}

struct Times {
    count: u64,
    first_ns: u64,
}

impl Failed {
    /// Takes an event.
    fn see(&mut self, what: &What, at_ns: u64) {
        match what {
            What::Asked(asked) => {
                self.under_way.insert(asked.exchange, name(asked));
            }
            What::Answered(answered) if answered.status >= 400 => {
                let how = format!("was answered {}", answered.status);
                self.count(answered.exchange, how, at_ns);
            }
            What::Delivered { exchange, seen, .. } => {
                if let Seen::Unreachable { reason } = seen {
                    self.count(*exchange, format!("reached nobody ({reason})"), at_ns);
                }
                self.under_way.remove(exchange);
            }
            _ => {}
        }
    }

    fn count(&mut self, exchange: ExchangeId, how: String, at_ns: u64) {
        let Some(name) = self.under_way.get(&exchange) else {
            return;
        };
        let key = (name.clone(), how);
        if self.failures.len() < REMEMBERED || self.failures.contains_key(&key) {
            let first = Times {
                count: 0,
                first_ns: at_ns,
            };
            self.failures.entry(key).or_insert(first).count += 1;
        }
    }

    fn words(&self) -> Option<String> {
        let mut all: Vec<_> = self.failures.iter().collect();
        all.sort_by_key(|(_, times)| std::cmp::Reverse(times.count));
        let more = all.len().saturating_sub(TOLD);
        let told = all.iter().take(TOLD).map(|((name, how), one)| {
            let (count, first) = (times(one.count), seconds(one.first_ns));
            format!("{name} {how} {count}, first at +{first}")
        });
        let told: Vec<String> = told.collect();
        let more = match more {
            0 => String::new(),
            more => format!("; and {more} more"),
        };
        let some = !told.is_empty();
        some.then(|| format!("failed requests: {}{more}", told.join("; ")))
    }
}

/// The call's name, or what was asked of whom.
fn name(asked: &Asked) -> String {
    match &asked.call {
        Some(call) => format!("`{call}`"),
        None => format!(
            "`{} {}` on {} -> {}",
            asked.method,
            asked.without_query(),
            asked.client,
            asked.service
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Answered, Message};

    /// What came of one request after the other, each in its own second.
    fn note(requests: &[(Option<&str>, u16)]) -> Option<String> {
        let mut failed = Failed::default();
        for (exchange, (call, status)) in (1..).zip(requests) {
            let at_ns = exchange * 1_000_000_000;
            let asked = Asked {
                exchange,
                client: "worker".into(),
                service: "site".into(),
                port: 80,
                method: "PUT".into(),
                path: "/jobs/7?try=2".into(),
                call: call.map(str::to_owned),
                captures: Default::default(),
            };
            failed.see(&What::Asked(asked), at_ns);
            let answered = Answered {
                exchange,
                call: call.map(str::to_owned),
                captures: Default::default(),
                request: Message::default(),
                status: *status,
                response: Message::default(),
            };
            let unreachable = Seen::Unreachable {
                reason: "connection refused".into(),
            };
            let seen = match status {
                0 => unreachable,
                _ => {
                    failed.see(&What::Answered(answered.into()), at_ns);
                    Seen::Reset
                }
            };
            let before = None;
            let delivered = What::Delivered {
                exchange,
                seen,
                before,
            };
            failed.see(&delivered, at_ns);
        }
        assert!(failed.under_way.is_empty());
        failed.words()
    }

    #[test]
    fn failures_are_told_by_how_often_there_were() {
        assert_eq!(note(&[(Some("tell"), 200), (None, 302)]), None);
        let all = [
            (Some("tell"), 500),
            (None, 0),
            (Some("tell"), 200),
            (None, 0),
            (Some("tell"), 404),
        ];
        let expected = "failed requests: `PUT /jobs/7` on worker -> site reached nobody (connection refused) 2 times, \
                        first at +2.000 s; `tell` was answered 404 once, first at +5.000 s; \
                        `tell` was answered 500 once, first at +1.000 s";
        assert_eq!(note(&all).as_deref(), Some(expected));
        let many: Vec<_> = (400..407).map(|status| (Some("tell"), status)).collect();
        let told = note(&many).unwrap();
        assert!(told.ends_with("; and 2 more"), "{told}");
    }
}
