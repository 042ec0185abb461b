//! One fault in force: what it waits for, what it does, and its receipt.

use super::late::{Came, Late};
use super::tally::Tally;
use super::{
    Decision, Deed, Doing, Fact, Receipt, Target, call, event, moments, operation, statement,
    target,
};
use crate::gateway::{Action, Moment, Stop, misfit};
use crate::history::{Answered, Captures, ExchangeId, FaultMoment, Message, Seen, Statement, What};
use crate::plan::{Effect, Fault, LinkFault, StatementFault};
use crate::seed::Seed;
use crate::size;
use crate::stack::Operation;
use moments::Moments;
use operation::Polled;
use std::collections::{HashMap, HashSet};
use tokio::time::Instant;

pub(super) struct Armed {
    number: usize,
    fault: Fault,
    tally: Tally,
    moments: Moments,
    /// The operation that it is about.
    polled: Option<Polled>,
    /// Exchanges on which the fault acts and whose end is still to come.
    under_way: HashMap<ExchangeId, UnderWay>,
    /// Exchanges on which the fault acted, for which the callee is still to do the work.
    struck: HashSet<ExchangeId>,
    /// The keys for which something was done to a service, a link or a disk that their moment has not ended.
    in_force: HashSet<String>,
    /// How often it was done to a service, a link or a disk that is not well again. Below 0 while it is told that one is
    /// well before it is told that it was not.
    down: i64,
    /// `Applied` was said, and `Ended` not yet.
    active: bool,
    pub over: bool,
    /// What it waited for, and what came when it was over.
    late: Late,
    receipt: Receipt,
}

/// An exchange on which a fault acts.
struct UnderWay {
    /// The key for which it does.
    key: String,
    /// What it does.
    action: Action,
    since: Instant,
}

impl Armed {
    pub fn new(
        number: usize,
        fault: &Fault,
        text: &str,
        teachers: Vec<String>,
        operation: Option<Operation>,
        seed: Seed,
    ) -> Armed {
        let name = format!("fault {number}");
        Armed {
            number,
            fault: fault.clone(),
            tally: Tally::new(fault.times, fault.chance, &fault.whom, seed, name),
            moments: Moments::new(fault, teachers),
            polled: operation.map(Polled::new),
            under_way: HashMap::new(),
            struck: HashSet::new(),
            in_force: HashSet::new(),
            down: 0,
            active: false,
            over: false,
            late: Late::default(),
            receipt: Receipt::new(text),
        }
    }

    /// What to do without waiting for anything.
    pub fn at_once(&mut self, events: &mut Vec<What>) -> Option<Deed> {
        let Target::Other(what) = target(&self.fault) else {
            return None;
        };
        if self.fault.trigger.is_some() {
            return None;
        }
        let all = self.tally.key(|_| None);
        self.set_off(&all, what, None, events)
    }

    pub fn stops(&self) -> Vec<Stop> {
        let own = self.own_stop();
        own.into_iter().chain(self.moments.stops()).collect()
    }

    /// Where it strikes an exchange.
    fn own_stop(&self) -> Option<Stop> {
        match target(&self.fault) {
            Target::Exchange(stop, _) => Some(stop),
            Target::Poll => self.polled.as_ref().map(Polled::stop),
            Target::Other(_) => None,
        }
    }

    /// Something came when it was over.
    pub fn missed(&mut self, came: Came<'_>, at_ns: u64) {
        let began = self.moments.began();
        let waited_for = match came {
            Came::Fact(fact) => !began && self.moments.begins_with(fact),
            Came::Call(stop) if began => self.own_stop().as_ref() == Some(stop),
            Came::Call(stop) => self.moments.begins_at(stop),
        };
        if waited_for {
            self.late.see(at_ns);
        }
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
        if self.moments.ends_at(stop) {
            let deeds = self.end(&key, Some(exchange), &mut decision.events);
            decision.deeds.extend(deeds);
        }
        let sets_off = self.moments.begins_at(stop);
        // What is not sent yet can still be struck itself; what is answered cannot.
        if sets_off && stop.moment == Moment::Request {
            self.moments.begin(&key);
        }
        if !self.tally.spares(&key) {
            match target(&self.fault) {
                Target::Exchange(own, action) if own == *stop && self.moments.live(&key) => {
                    self.strike(&key, stop, exchange, action, decision);
                }
                Target::Poll if self.moments.live(&key) => {
                    if let Some(action) = self.told(stop, captures) {
                        self.strike(&key, stop, exchange, action, decision);
                    }
                }
                Target::Other(what) if sets_off => {
                    let deed = self.set_off(&key, what, Some(exchange), &mut decision.events);
                    decision.deeds.extend(deed);
                    if stop.moment == Moment::Answer {
                        // The callee has answered already: that is the trigger.
                        self.reached(exchange, &mut decision.events);
                    }
                }
                _ => {}
            }
        }
        if sets_off {
            self.moments.begin(&key);
        }
    }

    /// Takes note of something that has just been learnt. Gives the deeds that follow from it.
    pub fn learn(
        &mut self,
        fact: &Fact,
        exchange: Option<ExchangeId>,
        events: &mut Vec<What>,
    ) -> Vec<Deed> {
        let key = self
            .tally
            .key(|entity| (entity == fact.entity).then_some(fact.id.as_str()));
        let mut deeds = Vec::new();
        if self.moments.ends_with(fact) {
            deeds.extend(self.end(&key, exchange, events));
        }
        if self.moments.begins_with(fact) {
            self.moments.begin(&key);
            if let Target::Other(what) = target(&self.fault)
                && !self.tally.spares(&key)
            {
                deeds.extend(self.set_off(&key, what, exchange, events));
            }
            if let Some(exchange) = exchange {
                // The callee has answered already: that is how it was learnt.
                self.reached(exchange, events);
            }
        }
        deeds
    }

    /// What whoever polls is told of the operation, if this is its poll.
    fn told(&mut self, stop: &Stop, captures: &Captures) -> Option<Action> {
        let polled = self.polled.as_mut()?;
        let Effect::Operation { fault, .. } = &self.fault.effect else {
            return None;
        };
        (polled.stop() == *stop).then(|| polled.action(fault, captures))?
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
        if decision.unseen {
            return;
        }
        let strikes = self.count(key, Some(exchange), &mut decision.events);
        // Another fault that was armed earlier may have decided already.
        let both = decision.action.clone().and(action.clone());
        if let Some(both) = both.filter(|_| strikes) {
            decision.action = both;
            let under_way = UnderWay {
                key: key.to_owned(),
                action,
                since: Instant::now(),
            };
            self.under_way.insert(exchange, under_way);
            self.struck.insert(exchange);
            self.apply(key, Some(exchange), &mut decision.events);
            if stop.moment.is_after_the_work() {
                self.reached(exchange, &mut decision.events);
            }
        }
    }

    /// Has something done to a service or a link, if the count says so.
    fn set_off(
        &mut self,
        key: &str,
        what: Doing,
        exchange: Option<ExchangeId>,
        events: &mut Vec<What>,
    ) -> Option<Deed> {
        if !self.count(key, exchange, events) {
            return None;
        }
        self.struck.extend(exchange);
        self.in_force.insert(key.to_owned());
        self.apply(key, exchange, events);
        Some(self.deed(what, exchange))
    }

    /// The moment has come up to which it lasts.
    fn end(
        &mut self,
        key: &str,
        exchange: Option<ExchangeId>,
        events: &mut Vec<What>,
    ) -> Option<Deed> {
        if !self.moments.end(key) {
            return None;
        }
        // What was not done for this key is not undone by it, nor what is in force for another one as well.
        let on_calls = self.on_calls();
        if !on_calls && (!self.in_force.remove(key) || !self.in_force.is_empty()) {
            return None;
        }
        let what = match target(&self.fault) {
            Target::Exchange(..) | Target::Poll => {
                let held = self.under_way.iter().filter(|(_, held)| held.key == key);
                let exchanges = held.map(|(exchange, _)| *exchange).collect();
                Doing::LetGo { exchanges }
            }
            Target::Other(Doing::Strike { service, .. }) => Doing::Recover { service },
            Target::Other(Doing::Fill { .. }) => Doing::Empty,
            Target::Other(_) => Doing::Straighten,
        };
        self.rest(events);
        Some(self.deed(what, exchange))
    }

    fn deed(&self, what: Doing, exchange: Option<ExchangeId>) -> Deed {
        Deed {
            fault: self.number,
            what,
            exchange,
        }
    }

    fn count(&mut self, key: &str, exchange: Option<ExchangeId>, events: &mut Vec<What>) -> bool {
        self.receipt.matched += 1;
        events.push(self.event(FaultMoment::Matched, exchange));
        self.tally.count(key)
    }

    fn apply(&mut self, key: &str, exchange: Option<ExchangeId>, events: &mut Vec<What>) {
        self.receipt.applied += 1;
        self.tally.done(key);
        self.active = true;
        events.push(self.event(FaultMoment::Applied, exchange));
    }

    pub fn reached(&mut self, exchange: ExchangeId, events: &mut Vec<What>) {
        if self.struck.remove(&exchange) {
            self.receipt.reached += 1;
            events.push(self.event(FaultMoment::Reached, Some(exchange)));
        }
    }

    /// Whether it may alter this answer.
    pub fn alters(&self, answered: &Answered) -> bool {
        let stop = self.own_stop().filter(|_| !self.over);
        stop.is_some_and(|stop| {
            stop.moment == Moment::Answer && Some(&stop.call) == answered.call.as_ref()
        })
    }

    /// It is settled what the caller saw, of this answer if it is one that may be altered.
    pub fn delivered(
        &mut self,
        exchange: ExchangeId,
        seen: &Seen,
        answer: Option<&Message>,
        events: &mut Vec<What>,
    ) {
        let Some(UnderWay { since, action, .. }) = self.under_way.get(&exchange) else {
            return;
        };
        // What is done to a service or a link is not felt through one exchange.
        let felt = match &self.fault.effect {
            Effect::Call { fault, .. } => call::felt(fault, seen, since.elapsed()),
            Effect::Operation { .. } => {
                let polled = self.polled.as_ref();
                let nowhere = answer.and_then(|answer| polled?.nowhere(answer));
                let altered = matches!(seen, Seen::Answer { altered: true, .. });
                let felt = altered && nowhere.is_none();
                self.receipt.unfelt = self.receipt.unfelt.take().or(nowhere);
                felt
            }
            Effect::Statement { .. }
            | Effect::Connections { .. }
            | Effect::Service { .. }
            | Effect::Link { .. } => false,
        };
        if let (Action::Alter { body }, Some(answer)) = (action, answer)
            && let (Seen::Answer { .. }, false) = (seen, felt)
            && self.receipt.unfelt.is_none()
        {
            self.receipt.unfelt = misfit(body, answer);
        }
        self.settled(exchange, felt, events);
    }

    /// It is settled what the client of a statement saw.
    pub fn stated(&mut self, stated: &Statement, events: &mut Vec<What>) {
        let felt = match &self.fault.effect {
            Effect::Statement { fault, .. } => statement::felt(fault, &stated.outcome),
            _ => false,
        };
        self.settled(stated.exchange, felt, events);
    }

    fn settled(&mut self, exchange: ExchangeId, felt: bool, events: &mut Vec<What>) {
        if self.under_way.remove(&exchange).is_none() {
            return;
        }
        self.struck.remove(&exchange);
        if felt {
            self.receipt.felt += 1;
            events.push(self.event(FaultMoment::Felt, Some(exchange)));
        }
        self.rest(events);
    }

    pub fn done(&mut self) -> Vec<What> {
        match target(&self.fault) {
            Target::Other(Doing::Strike { .. }) => {
                self.down = 1;
                self.felt()
            }
            _ => {
                let mut events = Vec::new();
                self.down += 1;
                self.rest(&mut events);
                events
            }
        }
    }

    pub fn felt(&mut self) -> Vec<What> {
        self.receipt.felt += 1;
        vec![self.event(FaultMoment::Felt, None)]
    }

    pub fn recovered(&mut self, service: &str, events: &mut Vec<What>) {
        // A full disk is none the emptier for it.
        let struck = matches!(
            target(&self.fault),
            Target::Other(Doing::Strike { service: own, .. }) if own == service
        );
        if self.down > 0 && struck {
            self.down = 0;
            self.rest(events);
        }
    }

    pub fn straightened(&mut self) -> Vec<What> {
        let mut events = Vec::new();
        self.down -= 1;
        self.rest(&mut events);
        events
    }

    pub fn heal(&mut self, events: &mut Vec<What>) {
        self.over = true;
        // What still hangs or is down ends when it is let go; until then the fault is active.
        self.rest(events);
    }

    /// Says `Ended` when nothing of the fault is left for now: no exchange under way, the service up, the link as it
    /// was, and no entity in the middle of its count.
    fn rest(&mut self, events: &mut Vec<What>) {
        let on_calls = self.on_calls();
        let counting = on_calls && self.tally.counting().any(|key| self.moments.live(key));
        let idle = self.under_way.is_empty() && self.down == 0 && (self.over || !counting);
        if self.active && idle {
            self.active = false;
            events.push(self.event(FaultMoment::Ended, None));
        }
    }

    /// How many exchanges it keeps hanging, and since when the first of them.
    pub fn hanging(&self) -> Option<(usize, std::time::Instant)> {
        let held = self.under_way.values().filter(|held| held.action.hangs());
        let since: Vec<Instant> = held.map(|held| held.since).collect();
        Some((since.len(), since.into_iter().min()?.into_std()))
    }

    /// What it is about.
    pub fn name(&self) -> String {
        match &self.fault.effect {
            Effect::Call { call, .. } => format!("the call \"{call}\""),
            Effect::Operation { operation, .. } => format!("the operation \"{operation}\""),
            Effect::Service { service, .. } => format!("the service \"{service}\""),
            Effect::Link { link, .. } => format!("the link \"{link}\""),
            Effect::Statement { text, fault } => match fault {
                StatementFault::FailsWith { .. } => format!("a statement with \"{text}\""),
                StatementFault::CommitLost => format!("a commit of \"{text}\""),
            },
            Effect::Connections { service } => format!("the connections to \"{service}\""),
        }
    }

    /// What can be proven of it so far.
    pub fn receipt(&self) -> Receipt {
        let trigger = self.moments.begin_words();
        let name = self.name();
        let never = match (&trigger, &self.fault.effect) {
            (Some(trigger), _) if !self.moments.began() => {
                format!("its moment never came while it was armed: {trigger}")
            }
            (_, Effect::Service { fault, .. }) => format!("{name} was never {}", fault.word()),
            (_, Effect::Link { .. }) => format!("{name} was never touched"),
            (_, Effect::Connections { .. }) => format!("{name} were never dropped"),
            (
                _,
                Effect::Statement {
                    fault: StatementFault::CommitLost,
                    ..
                },
            ) => format!(
                "{name} never came by while it was armed: no client was seen to commit it over a connection that the \
                 gateway reads as PostgreSQL's (what is rolled back, to a savepoint too, is not committed)"
            ),
            (_, Effect::Statement { .. }) => format!(
                "{name} never came by while it was armed: no client sent it over a connection that the gateway reads as \
                 PostgreSQL's"
            ),
            (_, Effect::Operation { .. }) => {
                format!("nobody polled {name} while the fault had something to say")
            }
            // It may have been asked in time.
            (_, Effect::Call { .. }) if self.late.came() && self.on_answers() => {
                format!("{name} was never answered while it was armed")
            }
            (_, Effect::Call { .. }) => {
                format!(
                    "{name} never came by while it was armed: nobody made that request on that link"
                )
            }
        };
        let late = self.late.words();
        let never = match &late {
            Some(late) => format!("{never}, {late}"),
            None => never,
        };
        let subject = match trigger {
            None => name,
            Some(trigger) if self.on_calls() => format!("{name} ({trigger})"),
            Some(trigger) => format!("its moment ({trigger})"),
        };
        // Nothing may pass a link while it is bent for a short time, and an operation may be running anyway when it is
        // polled: one time of several is enough.
        let once = matches!(
            self.fault.effect,
            Effect::Link { .. } | Effect::Operation { .. } | Effect::Connections { .. }
        );
        let mut receipt = self.receipt.clone();
        if let Effect::Link { fault, .. } = &self.fault.effect {
            receipt.unfelt = unfelt(fault);
        }
        receipt.late = late.is_some();
        receipt.judge(&never, &subject, &self.tally, !once);
        if let (Effect::Service { .. }, 1.., 0) =
            (&self.fault.effect, receipt.applied, receipt.felt)
        {
            receipt.missing = Some(never);
        }
        receipt
    }

    fn on_answers(&self) -> bool {
        self.own_stop()
            .is_some_and(|stop| stop.moment == Moment::Answer)
    }

    fn on_calls(&self) -> bool {
        let effect = &self.fault.effect;
        matches!(
            effect,
            Effect::Call { .. } | Effect::Operation { .. } | Effect::Statement { .. }
        )
    }

    fn event(&self, moment: FaultMoment, exchange: Option<ExchangeId>) -> What {
        event(self.number, &self.receipt.text, moment, exchange)
    }
}

/// Why nobody felt what was wrong with a link.
fn unfelt(fault: &LinkFault) -> Option<String> {
    match fault {
        LinkFault::Cut => Some(
            "nothing was sent over it meanwhile (that a connection is closed is not felt)"
                .to_owned(),
        ),
        LinkFault::Slow { .. } => Some(
            "its client sent nothing meanwhile (that a connection is closed is not felt)"
                .to_owned(),
        ),
        LinkFault::Carries { .. } => None,
        LinkFault::ResetAfter { bytes } => {
            let size = size::print(*bytes);
            Some(format!("no connection carried as much as {size}"))
        }
    }
}
