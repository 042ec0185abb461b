//! One fault in force: what it waits for, what it does, and its receipt.

use super::tally::Tally;
use super::{Decision, Deed, Fact, Receipt, Target, call, event, target, trigger};
use crate::gateway::{Action, Moment, Stop};
use crate::history::{Captures, ExchangeId, FaultMoment, Seen, What};
use crate::plan::{Effect, Fault, ServiceFault, Trigger};
use crate::seed::Seed;
use std::collections::HashSet;

pub(super) struct Armed {
    number: usize,
    effect: Effect,
    tally: Tally,
    trigger: Option<Trigger>,
    /// The calls that can teach what the trigger waits for: their answers are held back until it has been heard.
    teachers: Vec<String>,
    /// The keys for which the trigger has gone off.
    triggered: HashSet<String>,
    /// Exchanges on which the fault acts and whose end is still to come.
    under_way: HashSet<ExchangeId>,
    /// Exchanges on which the fault acted, for which the callee is still to do the work.
    struck: HashSet<ExchangeId>,
    /// The service is down by this fault.
    down: bool,
    /// `Applied` was said, and `Ended` not yet.
    active: bool,
    pub over: bool,
    receipt: Receipt,
}

impl Armed {
    pub fn new(
        number: usize,
        fault: &Fault,
        text: &str,
        teachers: Vec<String>,
        seed: Seed,
    ) -> Armed {
        let name = format!("fault {number}");
        Armed {
            number,
            effect: fault.effect.clone(),
            tally: Tally::new(fault.times, fault.chance, &fault.whom, seed, name),
            trigger: fault.trigger.clone(),
            teachers,
            triggered: HashSet::new(),
            under_way: HashSet::new(),
            struck: HashSet::new(),
            down: false,
            active: false,
            over: false,
            receipt: Receipt::new(text),
        }
    }

    /// What to do to a service without waiting for anything.
    pub fn at_once(&self) -> Option<Deed> {
        match (target(&self.effect), &self.trigger) {
            (Target::Service(service, what), None) => Some(Deed {
                fault: self.number,
                service,
                what,
                exchange: None,
            }),
            _ => None,
        }
    }

    pub fn stops(&self) -> Vec<Stop> {
        let own = match target(&self.effect) {
            Target::Exchange(stop, _) => Some(stop),
            Target::Service(..) => None,
        };
        let trigger = self.trigger.as_ref().and_then(trigger::stop);
        let teachers = self.teachers.iter().map(|call| Stop {
            call: call.clone(),
            moment: Moment::Answer,
        });
        own.into_iter().chain(trigger).chain(teachers).collect()
    }

    pub fn confirm(&mut self) -> Option<What> {
        if self.receipt.armed == 1 {
            return None;
        }
        self.receipt.armed = 1;
        Some(self.event(FaultMoment::Armed, None))
    }

    /// Decides about a stopped exchange.
    pub fn decide(
        &mut self,
        stop: &Stop,
        captures: &Captures,
        exchange: ExchangeId,
        decision: &mut Decision,
    ) {
        let key = self
            .tally
            .key(|entity| captures.get(entity).map(String::as_str));
        let sets_off = self.trigger.as_ref().and_then(trigger::stop).as_ref() == Some(stop);
        // What is not sent yet can still be struck itself; what is answered cannot.
        if sets_off && stop.moment == Moment::Request {
            self.triggered.insert(key.clone());
        }
        if !self.tally.spares(&key) {
            match target(&self.effect) {
                Target::Exchange(own, action) if own == *stop && self.live(&key) => {
                    self.strike(&key, stop, exchange, action, decision);
                }
                Target::Service(service, what) if sets_off => {
                    let (events, exchange) = (&mut decision.events, Some(exchange));
                    let deed = self.set_off(&key, service, what, exchange, events);
                    decision.deeds.extend(deed);
                    if let (Moment::Answer, Some(exchange)) = (stop.moment, exchange) {
                        // The callee has answered already: that is the trigger.
                        self.reached(exchange, &mut decision.events);
                    }
                }
                _ => {}
            }
        }
        if sets_off {
            self.triggered.insert(key);
        }
    }

    /// Takes note of something that has just been learnt. Gives the deed that it sets off.
    pub fn learn(
        &mut self,
        fact: &Fact,
        exchange: Option<ExchangeId>,
        events: &mut Vec<What>,
    ) -> Option<Deed> {
        let waited_for = self
            .trigger
            .as_ref()
            .is_some_and(|trigger| trigger::met(trigger, fact));
        if !waited_for {
            return None;
        }
        let key = self
            .tally
            .key(|entity| (entity == fact.entity).then_some(fact.id.as_str()));
        self.triggered.insert(key.clone());
        let deed = match target(&self.effect) {
            Target::Service(service, what) if !self.tally.spares(&key) => {
                self.set_off(&key, service, what, exchange, events)
            }
            _ => None,
        };
        if let Some(exchange) = exchange {
            // The callee has answered already: that is how it was learnt.
            self.reached(exchange, events);
        }
        deed
    }

    /// Acts on an exchange, if its count says so.
    fn strike(
        &mut self,
        key: &str,
        stop: &Stop,
        exchange: ExchangeId,
        action: Action,
        decision: &mut Decision,
    ) {
        let strikes = self.count(key, Some(exchange), &mut decision.events);
        // Another fault that was armed earlier may have decided already.
        if strikes && decision.action == Action::Pass {
            decision.action = action;
            self.under_way.insert(exchange);
            self.struck.insert(exchange);
            self.apply(Some(exchange), &mut decision.events);
            if stop.moment == Moment::Answer {
                self.reached(exchange, &mut decision.events);
            }
        }
    }

    /// Has something done to the service, if the count says so.
    fn set_off(
        &mut self,
        key: &str,
        service: String,
        what: ServiceFault,
        exchange: Option<ExchangeId>,
        events: &mut Vec<What>,
    ) -> Option<Deed> {
        if !self.count(key, exchange, events) {
            return None;
        }
        self.struck.extend(exchange);
        self.apply(exchange, events);
        Some(Deed {
            fault: self.number,
            service,
            what,
            exchange,
        })
    }

    fn count(&mut self, key: &str, exchange: Option<ExchangeId>, events: &mut Vec<What>) -> bool {
        self.receipt.matched += 1;
        events.push(self.event(FaultMoment::Matched, exchange));
        self.tally.count(key)
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
        // What is done to a service is felt when the runtime has seen it done, never through an exchange.
        if matches!(&self.effect, Effect::Call { fault, .. } if call::felt(fault, seen)) {
            self.receipt.felt += 1;
            events.push(self.event(FaultMoment::Felt, Some(exchange)));
        }
        self.rest(events);
    }

    pub fn done(&mut self) -> Vec<What> {
        let mut events = Vec::new();
        if self.trigger.is_none() {
            self.receipt.matched += 1;
            let all = self.tally.key(|_| None);
            self.tally.count(&all);
            self.apply(None, &mut events);
        }
        self.down = true;
        self.receipt.armed = 1;
        self.receipt.felt += 1;
        events.push(self.event(FaultMoment::Felt, None));
        events
    }

    pub fn recovered(&mut self, service: &str, events: &mut Vec<What>) {
        if self.down && matches!(target(&self.effect), Target::Service(own, _) if own == service) {
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
        let counting =
            matches!(target(&self.effect), Target::Exchange(..)) && self.tally.counting();
        let idle = self.under_way.is_empty() && !self.down && (self.over || !counting);
        if self.active && idle {
            self.active = false;
            events.push(self.event(FaultMoment::Ended, None));
        }
    }

    /// What can be proven of it so far.
    pub fn receipt(&self) -> Receipt {
        let trigger = self.trigger.as_ref().map(Trigger::to_string);
        let never = match (&trigger, target(&self.effect)) {
            (Some(trigger), _) if self.triggered.is_empty() => {
                format!("its moment never came: {trigger}")
            }
            (_, Target::Service(service, what)) => {
                format!("the service \"{service}\" was never {}", what.word())
            }
            (_, Target::Exchange(stop, _)) => format!(
                "the call \"{}\" never came by: nobody made that request on that link",
                stop.call
            ),
        };
        let subject = match (trigger, target(&self.effect)) {
            (None, Target::Exchange(stop, _)) => format!("the call \"{}\"", stop.call),
            (Some(trigger), Target::Exchange(stop, _)) => {
                format!("the call \"{}\" ({trigger})", stop.call)
            }
            (Some(trigger), Target::Service(..)) => format!("its moment ({trigger})"),
            (None, Target::Service(service, _)) => format!("the service \"{service}\""),
        };
        let mut receipt = self.receipt.clone();
        receipt.judge(&never, &subject, &self.tally);
        receipt
    }

    fn event(&self, moment: FaultMoment, exchange: Option<ExchangeId>) -> What {
        event(self.number, &self.receipt.text, moment, exchange)
    }
}
