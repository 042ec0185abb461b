//! One fault in force: its counts, what it waits for, and its receipt.

use super::receipt::Short;
use super::{Decision, Receipt, Target, call, event, target, trigger_stop};
use crate::gateway::{Action, Moment, Stop};
use crate::history::{Captures, ExchangeId, FaultMoment, Seen, What};
use crate::plan::{Effect, Fault, Times};
use std::collections::{HashMap, HashSet};

/// The key under which a fault counts when it does not count for each entity.
const ALL: &str = "";

pub(super) struct Armed {
    number: usize,
    effect: Effect,
    times: Times,
    each: Option<String>,
    trigger: Option<Stop>,
    /// The keys for which the trigger has gone off.
    triggered: HashSet<String>,
    /// How often the call came by, per key.
    counts: HashMap<String, u64>,
    /// Exchanges on which the fault acts and whose end is still to come.
    under_way: HashSet<ExchangeId>,
    /// Exchanges on which the fault acted, for which the callee did the work.
    struck: HashSet<ExchangeId>,
    /// The service is down by this fault.
    down: bool,
    /// `Applied` was said, and `Ended` not yet.
    active: bool,
    pub over: bool,
    pub receipt: Receipt,
}

impl Armed {
    pub fn new(number: usize, fault: &Fault, text: &str) -> Armed {
        Armed {
            number,
            effect: fault.effect.clone(),
            times: fault.times,
            each: fault.each.clone(),
            trigger: fault.trigger.as_ref().map(trigger_stop),
            triggered: HashSet::new(),
            counts: HashMap::new(),
            under_way: HashSet::new(),
            struck: HashSet::new(),
            down: false,
            active: false,
            over: false,
            receipt: Receipt::new(text),
        }
    }

    /// The service to kill without waiting for anything.
    pub fn immediate_kill(&self) -> Option<String> {
        match (target(&self.effect), &self.trigger) {
            (Target::Service(service), None) => Some(service),
            _ => None,
        }
    }

    pub fn stops(&self) -> Vec<Stop> {
        let own = match target(&self.effect) {
            Target::Exchange(stop, _) => Some(stop),
            Target::Service(_) => None,
        };
        own.into_iter().chain(self.trigger.clone()).collect()
    }

    pub fn confirm(&mut self) -> Option<What> {
        if self.receipt.armed == 1 {
            return None;
        }
        self.receipt.armed = 1;
        self.judge();
        Some(self.event(FaultMoment::Armed, None))
    }

    pub fn decide(
        &mut self,
        stop: &Stop,
        captures: &Captures,
        exchange: ExchangeId,
        decision: &mut Decision,
    ) {
        let key = match &self.each {
            Some(entity) => captures.get(entity).cloned().unwrap_or_default(),
            None => ALL.to_owned(),
        };
        match target(&self.effect) {
            Target::Exchange(own, action) if own == *stop && self.live(&key) => {
                let applies = self.count(&key, exchange, decision);
                // Another fault that was armed earlier may have decided already.
                if applies && decision.action == Action::Pass {
                    decision.action = action;
                    self.under_way.insert(exchange);
                    self.struck.insert(exchange);
                    self.apply(Some(exchange), &mut decision.events);
                    if stop.moment == Moment::Answer {
                        self.reached(exchange, &mut decision.events);
                    }
                }
            }
            Target::Service(service) if self.trigger.as_ref() == Some(stop) => {
                let applies = self.count(&key, exchange, decision);
                if applies {
                    self.struck.insert(exchange);
                    // The callee has answered already: that is the trigger.
                    self.reached(exchange, &mut decision.events);
                    self.apply(Some(exchange), &mut decision.events);
                    decision.kills.push((self.number, service));
                }
            }
            _ => {}
        }
        if self.trigger.as_ref() == Some(stop) {
            self.triggered.insert(key);
        }
        self.judge();
    }

    /// Counts a match; true when the fault applies to it.
    fn count(&mut self, key: &str, exchange: ExchangeId, decision: &mut Decision) -> bool {
        let count = self.counts.entry(key.to_owned()).or_default();
        *count += 1;
        let applies = match self.times {
            Times::Always => true,
            Times::First(n) => *count <= n,
            Times::Nth(n) => *count == n,
        };
        self.receipt.matched += 1;
        decision
            .events
            .push(self.event(FaultMoment::Matched, Some(exchange)));
        applies
    }

    fn live(&self, key: &str) -> bool {
        self.trigger.is_none() || self.triggered.contains(key)
    }

    fn apply(&mut self, exchange: Option<ExchangeId>, events: &mut Vec<What>) {
        self.receipt.applied += 1;
        self.active = true;
        events.push(self.event(FaultMoment::Applied, exchange));
    }

    pub fn reached(&mut self, exchange: ExchangeId, events: &mut Vec<What>) {
        if self.struck.remove(&exchange) {
            self.receipt.reached += 1;
            events.push(self.event(FaultMoment::Reached, Some(exchange)));
        }
    }

    pub fn delivered(&mut self, exchange: ExchangeId, seen: &Seen, events: &mut Vec<What>) {
        if !self.under_way.remove(&exchange) {
            return;
        }
        self.struck.remove(&exchange);
        // A kill is felt when the runtime has seen the service dead, never through an exchange.
        if matches!(&self.effect, Effect::Call { fault, .. } if call::felt(fault, seen)) {
            self.receipt.felt += 1;
            events.push(self.event(FaultMoment::Felt, Some(exchange)));
        }
        self.rest(events);
        self.judge();
    }

    pub fn killed(&mut self) -> Vec<What> {
        let mut events = Vec::new();
        if self.trigger.is_none() {
            self.receipt.matched += 1;
            *self.counts.entry(ALL.to_owned()).or_default() += 1;
            self.apply(None, &mut events);
        }
        self.down = true;
        self.receipt.armed = 1;
        self.receipt.felt += 1;
        events.push(self.event(FaultMoment::Felt, None));
        self.judge();
        events
    }

    pub fn recovered(&mut self, service: &str, events: &mut Vec<What>) {
        if self.down && matches!(target(&self.effect), Target::Service(own) if own == service) {
            self.down = false;
            self.rest(events);
        }
    }

    pub fn heal(&mut self, events: &mut Vec<What>) {
        self.over = true;
        // What still hangs or is down ends when it is let go; until then the fault is active.
        self.rest(events);
    }

    /// Says `Ended` when nothing of the fault is left for now: no exchange under way, the service up, and no
    /// entity in the middle of its count.
    fn rest(&mut self, events: &mut Vec<What>) {
        let counting = match self.times {
            Times::Always => {
                self.immediate_kill().is_none()
                    && !matches!(target(&self.effect), Target::Service(_))
            }
            Times::First(n) => self.counts.values().any(|count| *count < n),
            Times::Nth(_) => false,
        };
        let idle = self.under_way.is_empty() && !self.down && (self.over || !counting);
        if self.active && idle {
            self.active = false;
            events.push(self.event(FaultMoment::Ended, None));
        }
    }

    fn judge(&mut self) {
        let subject = match (&self.trigger, target(&self.effect)) {
            (None, Target::Exchange(stop, _)) => format!("the call \"{}\"", stop.call),
            (Some(trigger), Target::Exchange(stop, _)) => {
                format!(
                    "the call \"{}\" (after \"{}\" was answered)",
                    stop.call, trigger.call
                )
            }
            (Some(trigger), Target::Service(_)) => format!("the answer to \"{}\"", trigger.call),
            (None, Target::Service(service)) => format!("the service \"{service}\""),
        };
        let short = match self.times {
            Times::First(n) => self.short(n),
            _ => None,
        };
        self.receipt.judge(&subject, self.times, short);
    }

    fn short(&self, wanted: u64) -> Option<Short> {
        let below = self
            .counts
            .values()
            .filter(|count| **count < wanted)
            .count();
        let lowest = self.counts.values().copied().min()?;
        (below > 0).then(|| Short {
            below,
            hit: self.counts.len(),
            each: self.each.clone(),
            lowest,
        })
    }

    fn event(&self, moment: FaultMoment, exchange: Option<ExchangeId>) -> What {
        event(self.number, &self.receipt.text, moment, exchange)
    }
}
