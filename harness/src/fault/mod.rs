//! What is broken on purpose: arming, deciding, and the receipt that proves it.
//!
//! A fault here only decides. The gateway acts on exchanges, the engine acts on services, and both come back
//! with what was seen; that is what the receipt counts.

mod armed;
mod call;
mod receipt;

use crate::gateway::{Action, Moment, Stop};
use crate::history::{Captures, ExchangeId, FaultMoment, What};
use crate::plan::{Effect, Fault, Trigger};
use armed::Armed;
pub use receipt::Receipt;

/// Where a fault strikes, and how.
enum Target {
    /// At an exchange, which the gateway then treats so.
    Exchange(Stop, Action),
    /// At a service, which gets SIGKILL.
    Service(String),
}

fn target(effect: &Effect) -> Target {
    match effect {
        Effect::Call { call, fault } => {
            let (moment, action) = call::action(fault);
            let call = call.clone();
            Target::Exchange(Stop { call, moment }, action)
        }
        Effect::Killed { service } => Target::Service(service.clone()),
    }
}

/// The faults of one run.
#[derive(Default)]
pub struct Faults {
    armed: Vec<Armed>,
}

/// What to do with an exchange that the gateway has stopped.
#[derive(Debug, PartialEq)]
pub struct Decision {
    /// For the gateway, once the kills are done.
    pub action: Action,
    /// The faults that kill a service first, and the service.
    pub kills: Vec<(usize, String)>,
    /// For the history, before anything is done.
    pub events: Vec<What>,
}

impl Faults {
    /// Adds a fault. It counts as armed once [`Faults::watching`] says so.
    ///
    /// Gives its number, and the service to kill at once when it needs no trigger.
    pub fn arm(&mut self, fault: &Fault, text: &str) -> (usize, Option<String>) {
        let armed = Armed::new(self.armed.len(), fault, text);
        let kill = armed.immediate_kill();
        self.armed.push(armed);
        (self.armed.len() - 1, kill)
    }

    /// The moments at which the gateway has to stop for the faults that are not over.
    pub fn stops(&self) -> Vec<Stop> {
        let mut stops: Vec<Stop> = Vec::new();
        for stop in self
            .armed
            .iter()
            .filter(|armed| !armed.over)
            .flat_map(Armed::stops)
        {
            if !stops.contains(&stop) {
                stops.push(stop);
            }
        }
        stops
    }

    /// The gateway now stops for everything in [`Faults::stops`]. Gives the events of newly armed faults.
    pub fn watching(&mut self) -> Vec<What> {
        self.armed.iter_mut().filter_map(Armed::confirm).collect()
    }

    /// Decides about a stopped exchange. Faults are asked in the order in which they were armed: the first that
    /// acts on the exchange decides what the caller sees, services are killed for every fault whose trigger
    /// this is.
    pub fn decide(&mut self, stop: &Stop, captures: &Captures, exchange: ExchangeId) -> Decision {
        let mut decision = Decision {
            action: Action::Pass,
            kills: Vec::new(),
            events: Vec::new(),
        };
        for armed in self.armed.iter_mut().filter(|armed| !armed.over) {
            armed.decide(stop, captures, exchange, &mut decision);
        }
        decision
    }

    /// Takes note of what an exchange came to. Gives the events that follow from it.
    pub fn see(&mut self, what: &What) -> Vec<What> {
        match what {
            What::Answered(answered) => {
                self.each(|armed, events| armed.reached(answered.exchange, events))
            }
            What::Delivered { exchange, seen } => {
                self.each(|armed, events| armed.delivered(*exchange, seen, events))
            }
            _ => Vec::new(),
        }
    }

    /// A kill that was decided was carried out: the service is dead.
    pub fn killed(&mut self, fault: usize) -> Vec<What> {
        self.armed[fault].killed()
    }

    /// A service is ready again: the faults that killed it are over for now.
    pub fn recovered(&mut self, service: &str) -> Vec<What> {
        self.each(|armed, events| armed.recovered(service, events))
    }

    /// Ends every fault for good.
    pub fn heal(&mut self) -> Vec<What> {
        self.each(Armed::heal)
    }

    /// What can be proven of each fault, in the order of arming.
    pub fn receipts(&self) -> Vec<Receipt> {
        self.armed
            .iter()
            .map(|armed| armed.receipt.clone())
            .collect()
    }

    fn each(&mut self, mut step: impl FnMut(&mut Armed, &mut Vec<What>)) -> Vec<What> {
        let mut events = Vec::new();
        for armed in &mut self.armed {
            step(armed, &mut events);
        }
        events
    }
}

/// The stop at which a trigger is noticed.
fn trigger_stop(trigger: &Trigger) -> Stop {
    match trigger {
        Trigger::AfterAnswered { call } => Stop {
            call: call.clone(),
            moment: Moment::Answer,
        },
    }
}

/// An event in the life of a fault.
fn event(fault: usize, text: &str, moment: FaultMoment, exchange: Option<ExchangeId>) -> What {
    What::Fault {
        fault,
        text: text.to_owned(),
        moment,
        exchange,
    }
}

#[cfg(test)]
mod tests;
