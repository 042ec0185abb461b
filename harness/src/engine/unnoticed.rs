//! Disks that were full while nobody called their service: the fault is proven, and yet nobody can have noticed.

use crate::history::{ExchangeId, What};
use crate::plan::{Effect, Fault, ServiceFault};
use crate::stack::Stack;
use std::collections::{BTreeMap, HashMap};

/// The services whose disks faults are about, and the calls to them.
#[derive(Default)]
pub struct Unnoticed {
    services: BTreeMap<String, Service>,
    /// Calls that the service may still work on.
    under_way: HashMap<ExchangeId, String>,
}

#[derive(Default)]
struct Service {
    full: bool,
    was_full: bool,
    /// It was called at some time.
    called: bool,
    /// It was called while its disk was full.
    called_when_full: bool,
}

impl Unnoticed {
    /// A fault is about to be armed.
    pub fn arm(&mut self, fault: &Fault) {
        if let Effect::Service {
            service,
            fault: ServiceFault::DiskFull,
        } = &fault.effect
        {
            self.services.entry(service.clone()).or_default();
        }
    }

    /// Takes an event.
    pub fn see(&mut self, what: &What) {
        if self.services.is_empty() {
            return;
        }
        match what {
            What::Asked(asked) => {
                if let Some(service) = self.services.get_mut(&asked.service) {
                    service.called = true;
                    service.called_when_full |= service.full;
                    self.under_way.insert(asked.exchange, asked.service.clone());
                }
            }
            What::Answered(answered) => self.worked(answered.exchange),
            What::Delivered { exchange, .. } => self.worked(*exchange),
            _ => {}
        }
    }

    /// The service has done what an exchange asked of it.
    pub fn worked(&mut self, exchange: ExchangeId) {
        self.under_way.remove(&exchange);
    }

    /// A disk is full.
    pub fn filled(&mut self, name: &str) {
        let called = self.under_way.values().any(|service| service == name);
        let service = self.services.entry(name.to_owned()).or_default();
        (service.full, service.was_full) = (true, true);
        service.called_when_full |= called;
    }

    /// It has room again.
    pub fn emptied(&mut self, name: &str) {
        if let Some(service) = self.services.get_mut(name) {
            service.full = false;
        }
    }

    /// One note for each service that has calls, and had none while its disk was full. What is done by one that is never
    /// called is not known here.
    pub fn notes(&self, stack: &Stack) -> Vec<String> {
        let named = |name: &str| stack.calls.values().any(|call| call.service == name);
        let services = self.services.iter().filter(|(name, service)| {
            service.was_full && !service.called_when_full && (service.called || named(name))
        });
        let note = |(name, _): (&String, &Service)| {
            format!(
                "the disk of `{name}` was full, but nobody called `{name}` meanwhile: what happens to a call then was \
                 not tried"
            )
        };
        services.map(note).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Answered, Asked, Message, Seen};

    enum Did {
        Ask(u64, &'static str),
        Answer(u64),
        Deliver(u64),
        Fill,
        Empty,
    }
    use Did::*;

    fn asked(exchange: u64, service: &str) -> What {
        What::Asked(Asked {
            exchange,
            client: "worker".into(),
            service: service.into(),
            port: 80,
            method: "GET".into(),
            path: "/".into(),
            call: None,
            captures: Default::default(),
        })
    }

    fn answered(exchange: u64) -> What {
        What::Answered(Box::new(Answered {
            exchange,
            call: None,
            captures: Default::default(),
            request: Message::default(),
            status: 200,
            response: Message::default(),
        }))
    }

    /// How many notes there are about the disk of `db`, of a stack file that names no call.
    fn notes(done: &[Did]) -> usize {
        let mut unnoticed = Unnoticed::default();
        unnoticed.arm(&Fault::new(Effect::Service {
            service: "db".to_owned(),
            fault: ServiceFault::DiskFull,
        }));
        for one in done {
            match one {
                Ask(exchange, service) => unnoticed.see(&asked(*exchange, service)),
                Answer(exchange) => unnoticed.see(&answered(*exchange)),
                Deliver(exchange) => unnoticed.see(&What::Delivered {
                    exchange: *exchange,
                    seen: Seen::Reset,
                    before: None,
                }),
                Fill => unnoticed.filled("db"),
                Empty => unnoticed.emptied("db"),
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let compose = "services: {db: {image: a, expose: ['80']}}";
        std::fs::write(folder.path().join("compose.yaml"), compose).unwrap();
        let file = folder.path().join("shakedown.yaml");
        std::fs::write(&file, "stack: s\ncompose: compose.yaml\n").unwrap();
        unnoticed.notes(&Stack::read(&file).unwrap().stack).len()
    }

    #[test]
    fn a_disk_that_is_full_when_nobody_calls_is_told() {
        assert_eq!(notes(&[Ask(1, "db"), Answer(1), Deliver(1), Fill]), 1);
        assert_eq!(notes(&[Fill, Ask(1, "other"), Empty, Ask(2, "db")]), 1);
        // The service has answered: nothing is left for it to do.
        assert_eq!(
            notes(&[Ask(1, "db"), Answer(1), Fill, Deliver(1), Empty]),
            1
        );
        assert_eq!(notes(&[Fill, Ask(1, "db"), Empty]), 0);
        // It still had to do what it was asked before.
        assert_eq!(notes(&[Ask(1, "db"), Fill, Answer(1), Empty]), 0);
        // One time of two is enough.
        assert_eq!(notes(&[Fill, Empty, Fill, Ask(1, "db")]), 0);
        // Whoever is never called may write by itself.
        assert_eq!(notes(&[Fill, Empty]), 0);
        assert_eq!(notes(&[Ask(1, "db")]), 0);
    }
}
