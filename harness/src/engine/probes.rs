//! Probes: when a call has been answered, its answer is held at the gateway until the harness has tried what it tells.
//!
//! What faults do at the same moment they do afterwards, so that a probe does not see what they broke.

use super::barrier::Barrier;
use super::record::Record;
use crate::entity;
use crate::gateway::{Moment, OBSERVER, Stop};
use crate::history::{Answered, ExchangeId, Seen, What};
use crate::observe::Probe;
use crate::runtime::Runtime;
use crate::stack::{Evidence, Learn, Stack};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Makes the probes of a run.
pub(super) struct Probes {
    stack: Arc<Stack>,
    runtime: Arc<dyn Runtime>,
    record: Arc<Record>,
    barrier: Arc<Barrier>,
    due: Mutex<HashMap<ExchangeId, Vec<Due>>>,
}

/// A probe, or why there can be none: the place of its rule, and what it could not read.
pub(super) type Due = Result<Probe, (String, String)>;

/// The moments at which the gateway has to stop for the probes of a stack.
pub(super) fn stops(stack: &Stack) -> Vec<Stop> {
    let mut stops: Vec<Stop> = Vec::new();
    for (_, _, call) in rules(stack) {
        let (call, moment) = (call.to_owned(), Moment::Answer);
        let stop = Stop { call, moment };
        if !stops.contains(&stop) {
            stops.push(stop);
        }
    }
    stops
}

/// The rules on probes, each with its kind of entity and the call that it follows.
fn rules(stack: &Stack) -> impl Iterator<Item = (&str, &Learn, &str)> {
    let entities = stack.entities.values();
    let all = entities.flat_map(|kind| kind.learn.iter().map(move |rule| (kind, rule)));
    all.filter_map(|(kind, rule)| match &rule.evidence {
        Evidence::Probe { after, .. } => Some((kind.name.as_str(), rule, after.as_str())),
        _ => None,
    })
}

impl Probes {
    pub fn new(
        stack: Arc<Stack>,
        runtime: Arc<dyn Runtime>,
        record: Arc<Record>,
        barrier: Arc<Barrier>,
    ) -> Probes {
        Probes {
            stack,
            runtime,
            record,
            barrier,
            due: Mutex::default(),
        }
    }

    /// Takes a report of the gateway. Gives what is to follow it in the history.
    pub fn see(&self, what: &What) -> Vec<What> {
        match what {
            What::Answered(answered) => self.answered(answered),
            What::Delivered { exchange, seen, .. } => {
                let due = self.due(*exchange);
                if matches!(seen, Seen::Answer { .. } | Seen::Cut { .. }) {
                    return due.into_iter().map(slipped).collect();
                }
                // Nobody was told anything.
            }
            _ => {}
        }
        Vec::new()
    }

    fn answered(&self, answered: &Answered) {
        let Some(call) = &answered.call else {
            return;
        };
        let mut rules = rules(&self.stack)
            .filter(|(_, _, after)| after == call)
            .peekable();
        if rules.peek().is_none() {
            return;
        }
        let call = entity::call(answered);
        let due = rules.filter_map(|(entity, rule, _)| {
            let failed = |why| (rule.place.to_string(), why);
            Probe::new(entity, rule, &call).map_err(failed).transpose()
        });
        let due: Vec<Due> = due.collect();
        if !due.is_empty() {
            self.lock().insert(answered.exchange, due);
        }
    }

    /// The probes that an exchange is to be held for.
    pub fn due(&self, exchange: ExchangeId) -> Vec<Due> {
        self.lock().remove(&exchange).unwrap_or_default()
    }

    /// Makes the probes for an exchange that is held, and writes down what they show.
    pub async fn make(&self, exchange: ExchangeId, due: Vec<Due>) {
        let resolve = |host: &str, port| self.address(host, port);
        let tried = due.into_iter().map(async |due| {
            let probe = due?;
            let place = probe.place();
            probe.make(&resolve).await.map_err(|why| (place, why))
        });
        let tried = futures::future::join_all(tried).await;
        // What the probed services asked of others meanwhile came first.
        self.barrier.pass().await;
        if self.record.asked_at(exchange).is_none() {
            // It may have been killed, and with it what was probed.
            return self.record.note(
                "a probe was under way when the caller left whose answer was held for it: what it heard does not count",
            );
        }
        for what in tried {
            self.record.tried(what.unwrap_or_else(misread), exchange);
        }
    }

    /// Where the harness reaches what a URL names, by name or by an address that some service was told.
    fn address(&self, host: &str, port: u16) -> Option<SocketAddr> {
        let behind = || self.runtime.behind(host.parse::<IpAddr>().ok()?);
        let service = match self.stack.host(OBSERVER, host) {
            Some(service) => service.to_owned(),
            None => behind()?,
        };
        self.runtime.address(OBSERVER, &service, port)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ExchangeId, Vec<Due>>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn misread((rule, reason): (String, String)) -> What {
    What::Misread { rule, reason }
}

/// The caller had its answer before the probe could be made.
fn slipped(due: Due) -> What {
    let late = |probe: Probe| {
        let why = "the answer was too long to be held until the probe was made";
        (probe.place(), why.to_owned())
    };
    misread(due.map_or_else(|failed| failed, late))
}
