//! What is broken on purpose: arming, deciding, and the receipt that proves it.
//!
//! A fault here only decides. The gateway acts on exchanges, the engine acts on services, and both come back
//! with what was seen; that is what the receipt counts.

mod armed;
mod call;
mod late;
mod moments;
mod operation;
mod receipt;
mod statement;
mod tally;

use crate::entity::Fact;
use crate::gateway::{Action, Stop};
use crate::history::{Captures, ExchangeId, FaultMoment, Message, What};
use crate::plan::{Effect, Fault, Link, LinkFault, ServiceFault};
use crate::seed::Seed;
use crate::stack::Operation;
use armed::Armed;
pub use late::Came;
pub use receipt::Receipt;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Where a fault strikes, and how.
enum Target {
    /// At an exchange, which the gateway then treats so.
    Exchange(Stop, Action),
    /// At what is told of an operation.
    Poll,
    /// At something else, to which this is done.
    Other(Doing),
}

fn target(fault: &Fault) -> Target {
    match &fault.effect {
        Effect::Operation { .. } => Target::Poll,
        Effect::Call { call, fault } => {
            let (moment, action) = call::action(fault);
            let call = call.clone();
            Target::Exchange(Stop { call, moment }, action)
        }
        Effect::Statement { text, fault } => {
            let (moment, action) = statement::action(fault);
            let call = text.clone();
            Target::Exchange(Stop { call, moment }, action)
        }
        Effect::Connections { service } => Target::Other(Doing::Drop {
            service: service.clone(),
        }),
        Effect::Service {
            service,
            fault: ServiceFault::DiskFull,
        } => Target::Other(Doing::Fill {
            service: service.clone(),
        }),
        Effect::Service { service, fault } => Target::Other(Doing::Strike {
            service: service.clone(),
            how: *fault,
        }),
        Effect::Link { link, fault: how } => Target::Other(Doing::Bend {
            link: link.clone(),
            how: *how,
            lasting: fault.lasting,
        }),
    }
}

/// The faults of one run.
pub struct Faults {
    armed: Vec<Armed>,
    seed: Seed,
    /// Deeds that were set off and that nobody has taken on yet.
    deeds: Vec<Deed>,
    /// What callees answered to exchanges that are not at their end, where a fault may alter that.
    answers: HashMap<ExchangeId, Message>,
    /// How many deeds were taken on and are not carried out yet.
    under_way: usize,
}

/// Something that is to be done now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// The fault's number.
    pub fault: usize,
    /// What is to be done.
    pub what: Doing,
    /// The exchange that is to go on only once it is done.
    pub exchange: Option<ExchangeId>,
}

/// What can be done beside treating an exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    /// A service is struck.
    Strike {
        /// The service.
        service: String,
        /// How.
        how: ServiceFault,
    },
    /// A link is bent.
    Bend {
        /// The link.
        link: Link,
        /// How.
        how: LinkFault,
        /// How long; until something ends it when `None`.
        lasting: Option<Duration>,
    },
    /// The connections to a service are reset.
    Drop {
        /// The service.
        service: String,
    },
    /// The disk of a service is filled.
    Fill {
        /// The service.
        service: String,
    },
    /// The disk is to have the room that it had before the fault, unless another one holds it full.
    Empty,
    /// A service that the fault struck is to come back.
    Recover {
        /// The service.
        service: String,
    },
    /// The link is to be as it was before the fault.
    Straighten,
    /// The exchanges that the fault holds are to be let go.
    LetGo {
        /// Which.
        exchanges: Vec<ExchangeId>,
    },
}

impl Doing {
    /// Whether it undoes what a fault did.
    fn ends(&self) -> bool {
        match self {
            Doing::Strike { .. } | Doing::Bend { .. } | Doing::Drop { .. } | Doing::Fill { .. } => {
                false
            }
            Doing::Empty | Doing::Recover { .. } | Doing::Straighten | Doing::LetGo { .. } => true,
        }
    }
}

/// What to do with an exchange that the gateway has stopped.
#[derive(Debug, PartialEq)]
pub struct Decision {
    /// For the gateway, once the deeds are done.
    pub action: Action,
    /// What is done to services first.
    pub deeds: Vec<Deed>,
    /// For the history, before anything is done.
    pub events: Vec<What>,
    /// The caller has left, and nothing can be done to the exchange.
    pub(super) unseen: bool,
}

impl Faults {
    /// No faults yet; chances are drawn from the seed.
    pub fn new(seed: Seed) -> Faults {
        let (armed, deeds, answers) = Default::default();
        Faults {
            armed,
            seed,
            deeds,
            answers,
            under_way: 0,
        }
    }

    /// Adds a fault. It counts as armed once [`Faults::watching`] says so. `teachers` are the calls whose answers can
    /// teach what its triggers wait for.
    ///
    /// # Panics
    /// If the fault strikes an operation and none is given.
    pub fn arm(
        &mut self,
        fault: &Fault,
        text: &str,
        teachers: Vec<String>,
        operation: Option<Operation>,
    ) {
        let number = self.armed.len();
        let armed = Armed::new(number, fault, text, teachers, operation, self.seed);
        self.armed.push(armed);
    }

    /// What the newest fault does at once, when that needs no trigger, and the events that go before it.
    pub fn at_once(&mut self) -> (Option<Deed>, Vec<What>) {
        let mut events = Vec::new();
        let newest = self.armed.last_mut();
        let deed = newest.and_then(|armed| armed.at_once(&mut events));
        (deed, events)
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
    /// does more to the exchange than delay it decides what the caller sees, delays add up, services and links are struck for every fault whose
    /// trigger this is.
    pub fn decide(&mut self, stop: &Stop, captures: &Captures, exchange: ExchangeId) -> Decision {
        self.decided(&[stop], captures, exchange, false)
    }

    /// The same for a statement, which may have hit several stops.
    pub fn decide_statement(&mut self, stops: &[&Stop], exchange: ExchangeId) -> Decision {
        self.decided(stops, &Captures::new(), exchange, false)
    }

    /// Decides about an exchange whose caller has left: nothing can be done to it any more, but at this moment something
    /// may be done to a service, a link or a disk.
    pub fn decide_unseen(
        &mut self,
        stop: &Stop,
        captures: &Captures,
        exchange: ExchangeId,
    ) -> Decision {
        self.decided(&[stop], captures, exchange, true)
    }

    fn decided(
        &mut self,
        stops: &[&Stop],
        captures: &Captures,
        exchange: ExchangeId,
        unseen: bool,
    ) -> Decision {
        let mut decision = Decision {
            action: Action::Pass,
            deeds: Vec::new(),
            events: Vec::new(),
            unseen,
        };
        for armed in self.armed.iter_mut().filter(|armed| !armed.over) {
            for stop in stops {
                armed.decide(stop, captures, exchange, &mut decision);
            }
        }
        let decided = std::mem::take(&mut decision.deeds);
        let now = decided.into_iter().filter_map(|deed| self.in_turn(deed));
        decision.deeds = now.collect();
        let due = self.take(|deed| deed.exchange == Some(exchange));
        decision.deeds.extend(due);
        self.under_way += decision.deeds.len();
        decision
    }

    /// Takes note of something that has just been learnt about an entity, and of the exchange that taught it. Gives
    /// the events that follow from it.
    pub fn learn(&mut self, fact: &Fact, exchange: Option<ExchangeId>) -> Vec<What> {
        let mut events = Vec::new();
        let mut deeds = Vec::new();
        for armed in self.armed.iter_mut().filter(|armed| !armed.over) {
            deeds.extend(armed.learn(fact, exchange, &mut events));
        }
        for deed in deeds {
            let deed = self.in_turn(deed);
            self.deeds.extend(deed);
        }
        events
    }

    /// Has what ends a fault wait for what begins it, if nobody has taken that on yet: else the end would come first,
    /// change nothing, and the fault would last for good. Gives back what need not wait.
    fn in_turn(&mut self, mut deed: Deed) -> Option<Deed> {
        let begins = |waiting: &&Deed| waiting.fault == deed.fault && !waiting.what.ends();
        let beginning = self.deeds.iter().rfind(begins).filter(|_| deed.what.ends());
        let Some(beginning) = beginning else {
            return Some(deed);
        };
        deed.exchange = beginning.exchange;
        self.deeds.push(deed);
        None
    }

    /// Takes note of something for which faults that are over may have waited, so many nanoseconds after the run began.
    pub fn missed(&mut self, came: Came<'_>, at_ns: u64) {
        for armed in self.armed.iter_mut().filter(|armed| armed.over) {
            armed.missed(came, at_ns);
        }
    }

    /// The deeds that wait for no exchange.
    pub fn loose_deeds(&mut self) -> Vec<Deed> {
        let loose = self.take(|deed| deed.exchange.is_none());
        self.under_way += loose.len();
        loose
    }

    /// A deed that was taken on has been carried out, or could not be.
    pub fn carried_out(&mut self) {
        self.under_way -= 1;
    }

    /// Whether nothing that was set off is still to be done.
    pub fn idle(&self) -> bool {
        self.deeds.is_empty() && self.under_way == 0
    }

    fn take(&mut self, which: impl Fn(&Deed) -> bool) -> Vec<Deed> {
        self.deeds.extract_if(.., |deed| which(deed)).collect()
    }

    /// Takes note of what an exchange came to. Gives the events that follow from it.
    pub fn see(&mut self, what: &What) -> Vec<What> {
        match what {
            What::Answered(answered) => {
                if self.armed.iter().any(|armed| armed.alters(answered)) {
                    let answer = answered.response.clone();
                    self.answers.insert(answered.exchange, answer);
                }
                self.each(|armed, events| armed.reached(answered.exchange, events))
            }
            What::Delivered { exchange, seen, .. } => {
                // It went on before anybody could stop it; the deed comes too late to be exact, but it comes.
                let late = |deed: &&mut Deed| deed.exchange == Some(*exchange);
                self.deeds
                    .iter_mut()
                    .filter(late)
                    .for_each(|deed| deed.exchange = None);
                let answer = self.answers.remove(exchange);
                self.each(|armed, events| armed.delivered(*exchange, seen, answer.as_ref(), events))
            }
            What::Statement(statement) => {
                self.each(|armed, events| armed.stated(statement, events))
            }
            _ => Vec::new(),
        }
    }

    /// A deed that was decided was carried out: the service is dead, or stands still; the link is bent;
    /// the disk is full.
    pub fn done(&mut self, fault: usize) -> Vec<What> {
        self.armed[fault].done()
    }

    /// A connection has felt what was done to its link, or a write that the disk is full.
    pub fn felt(&mut self, fault: usize) -> Vec<What> {
        self.armed[fault].felt()
    }

    /// A link or a disk is as it was before the fault.
    pub fn straightened(&mut self, fault: usize) -> Vec<What> {
        self.armed[fault].straightened()
    }

    /// A service is ready again: the faults that struck it are over for now.
    pub fn recovered(&mut self, service: &str) -> Vec<What> {
        self.each(|armed, events| armed.recovered(service, events))
    }

    /// Ends every fault for good. What was set off and is not taken on yet is not done any more.
    pub fn heal(&mut self) -> Vec<What> {
        self.deeds.clear();
        self.each(Armed::heal)
    }

    /// The calls that hang still and whose callers wait for an answer, in words; `at` says when something was.
    pub fn hanging(&self, at: impl Fn(Instant) -> String) -> Vec<String> {
        let words = |armed: &Armed| {
            let (count, since) = armed.hanging()?;
            let (name, since) = (armed.name(), at(since));
            Some(match count {
                1 => format!("{name} hangs (since {since}) and its caller waits"),
                _ => format!("{name} hangs {count} times (since {since}) and its callers wait"),
            })
        };
        self.armed.iter().filter_map(words).collect()
    }

    /// What can be proven of each fault, in the order of arming.
    pub fn receipts(&self) -> Vec<Receipt> {
        self.armed.iter().map(Armed::receipt).collect()
    }

    fn each(&mut self, mut step: impl FnMut(&mut Armed, &mut Vec<What>)) -> Vec<What> {
        let mut events = Vec::new();
        for armed in &mut self.armed {
            step(armed, &mut events);
        }
        events
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
