//! The history as it grows, and everything that lives from it: the judge and the faults.
//!
//! One lock keeps one order. What an event leads to (a fault felt, a fault ended) follows it at once.

use super::live::{Live, Sight};
use super::notes::Notes;
use super::rest::Rest;
use super::strangers::Strangers;
use super::unnoticed::Unnoticed;
use super::worked::Worked;
use crate::fault::{Came, Decision, Deed, Faults, Receipt};
use crate::gateway::{Moment, Stop};
use crate::history::{Captures, Event, ExchangeId, FaultMoment, What, Writer};
use crate::invariant::Judge;
use crate::plan::Fault;
use crate::secret::Secrets;
use crate::seed::Seed;
use crate::stack::Operation;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, mpsc, watch};

/// How often a condition that depends on time alone is looked at again.
const TICK: Duration = Duration::from_millis(20);

/// The record of one run.
pub struct Record {
    state: Mutex<State>,
    secrets: Arc<Secrets>,
    /// The moments at which the gateway stops whatever the faults are.
    probed: Vec<Stop>,
    changed: watch::Sender<u64>,
    /// What was done to a service, a link or a disk is over.
    over: Notify,
}

/// What the record knows at one moment.
pub struct State {
    writer: Writer,
    /// Follows entities and invariants.
    pub judge: Judge,
    faults: Faults,
    /// Workload requests: how many there were, how many were accepted, and the last refusal.
    pub worked: HashMap<String, Worked>,
    /// How often a fault has struck.
    pub struck: u64,
    /// Requests that were no call.
    pub strangers: Strangers,
    /// Disks that were full when nobody called.
    pub unnoticed: Unnoticed,
    /// Whether something happens still.
    pub rest: Rest,
    /// What is worth knowing and changes nothing.
    pub notes: Notes,
    /// Services that ended by themselves, not well.
    pub crashed: BTreeSet<String>,
    /// How many secrets were known when the history was last gone through for them.
    hidden: usize,
    /// The first error of the disk.
    pub broken: Option<String>,
    /// Whoever watches.
    sights: Option<mpsc::UnboundedSender<Sight>>,
}

impl Record {
    /// A record that writes to `writer`, nothing of it with its secrets.
    ///
    /// The gateway stops at `probed` whatever the faults are; `live` is shown every event.
    pub fn new(
        (writer, secrets): (Writer, Arc<Secrets>),
        judge: Judge,
        seed: Seed,
        probed: Vec<Stop>,
        live: Option<&Live>,
    ) -> Record {
        let state = State {
            writer,
            judge,
            faults: Faults::new(seed),
            worked: HashMap::new(),
            struck: 0,
            strangers: Strangers::default(),
            unnoticed: Unnoticed::default(),
            rest: Rest::new(),
            notes: Notes::default(),
            crashed: BTreeSet::new(),
            hidden: 0,
            broken: None,
            sights: live.map(|live| live.sights.clone()),
        };
        Record {
            state: Mutex::new(state),
            secrets,
            probed,
            changed: watch::Sender::new(0),
            over: Notify::new(),
        }
    }

    /// When the history began.
    pub fn begun(&self) -> Instant {
        self.state().writer.begun()
    }

    /// Appends an event and whatever it leads to.
    pub fn append(&self, what: What) {
        self.reported(what, true);
    }

    /// The same; it is on its way to the disk with the `last` of the events that are at hand.
    pub fn reported(&self, what: What, last: bool) {
        let what = self.secrets.redacted(what);
        let mut state = self.state();
        let follow_ups = state.faults.see(&what);
        state.put(what);
        self.follow_up(state, follow_ups, last);
    }

    /// Appends what was tried while an exchange was held: what faults do because of it is done before that goes on.
    pub fn tried(&self, what: What, exchange: ExchangeId) {
        let what = self.secrets.redacted(what);
        let mut state = self.state();
        state.put_during(what, Some(exchange));
        self.follow_up(state, Vec::new(), true);
    }

    /// Adds a fault to those that the gateway must stop for.
    pub fn arm(
        &self,
        fault: &Fault,
        text: &str,
        teachers: Vec<String>,
        operation: Option<Operation>,
    ) {
        let mut state = self.state();
        state.unnoticed.arm(fault);
        state.faults.arm(fault, text, teachers, operation);
    }

    /// What the newest fault does at once.
    pub fn at_once(&self) -> Option<Deed> {
        let mut deed = None;
        self.change(|state| {
            let (at_once, events) = state.faults.at_once();
            deed = at_once;
            events
        });
        deed
    }

    /// Waits for deeds that no stopped exchange waits for.
    pub async fn loose_deeds(&self) -> Vec<Deed> {
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            let deeds = self.state().faults.loose_deeds();
            if !deeds.is_empty() {
                return deeds;
            }
            // The sender lives as long as `self`.
            let _ = changed.changed().await;
        }
    }

    /// The moments at which the gateway must stop now.
    pub fn stops(&self) -> Vec<Stop> {
        let mut stops = self.state().faults.stops();
        let probed = self.probed.iter();
        let more: Vec<Stop> = probed
            .filter(|stop| !stops.contains(stop))
            .cloned()
            .collect();
        stops.extend(more);
        stops
    }

    /// The gateway has them in force.
    pub fn watching(&self) {
        self.change(|state| state.faults.watching());
    }

    /// Whether every fault so far is in force.
    pub fn all_armed(state: &State) -> bool {
        state
            .faults
            .receipts()
            .iter()
            .all(|receipt| receipt.armed > 0)
    }

    /// Decides about a stopped exchange, whose caller may have left; the decision's events are written down first.
    pub fn decide(
        &self,
        stop: &Stop,
        captures: &Captures,
        exchange: ExchangeId,
        left: bool,
    ) -> Decision {
        let captures = &self.secrets.captures(captures);
        let mut decision = None;
        self.change(|state| {
            let captures = state.judge.entities().resolved(captures);
            if stop.moment == Moment::Answer {
                state.unnoticed.worked(exchange);
            }
            let faults = &mut state.faults;
            let mut made = match left {
                true => faults.decide_unseen(stop, &captures, exchange),
                false => faults.decide(stop, &captures, exchange),
            };
            let events = std::mem::take(&mut made.events);
            decision = Some(made);
            events
        });
        decision.expect("the change was made")
    }

    /// Decides about a statement that hit these stops; the decision's events are written down first.
    pub fn decide_statement(&self, stop: &Stop, also: &[Stop], exchange: ExchangeId) -> Decision {
        let mut decision = None;
        self.change(|state| {
            let stops: Vec<&Stop> = [stop].into_iter().chain(also).collect();
            let mut made = state.faults.decide_statement(&stops, exchange);
            let events = std::mem::take(&mut made.events);
            decision = Some(made);
            events
        });
        decision.expect("the change was made")
    }

    /// When an exchange that is still under way was asked.
    pub fn asked_at(&self, exchange: ExchangeId) -> Option<Instant> {
        self.state().rest.asked_at(exchange)
    }

    /// A deed was carried out.
    pub fn done(&self, fault: usize) {
        self.change(|state| state.faults.done(fault));
    }

    /// A deed that was taken on has been carried out, or could not be.
    pub fn carried_out(&self) {
        self.change(|state| {
            state.faults.carried_out();
            Vec::new()
        });
    }

    /// Whether nothing that was set off is still to be done.
    pub fn idle(state: &State) -> bool {
        state.faults.idle()
    }

    /// A connection has felt what a fault did to its link, or a write what it did to a disk.
    pub fn felt(&self, fault: usize) {
        self.change(|state| state.faults.felt(fault));
    }

    /// The disk of a service is full.
    pub fn filled(&self, service: &str) {
        self.state().unnoticed.filled(service);
    }

    /// It has room again.
    pub fn emptied(&self, service: &str) {
        self.state().unnoticed.emptied(service);
    }

    /// A link or a disk is as it was before the fault.
    pub fn straightened(&self, fault: usize) {
        self.ease(|faults| faults.straightened(fault));
    }

    /// A service is back.
    pub fn recovered(&self, service: &str) {
        self.ease(|faults| faults.recovered(service));
    }

    /// Waits until what was done to a service, a link or a disk is over. For one to wait at a time.
    pub async fn fault_over(&self) {
        self.over.notified().await;
    }

    /// Takes note of something that is worth knowing and changes nothing.
    pub fn note(&self, what: &str) {
        let mut state = self.state();
        let at_ns = state.writer.now_ns();
        state.notes.add(what, None, at_ns);
    }

    /// A service ended by itself where it was not to.
    pub fn crashed(&self, service: &str, detail: &str, log: &Path, last: Option<String>) {
        let log = log.display();
        let what = format!("service `{service}` ended by itself: {detail}; its log: {log}");
        let last = last.map(|last| format!("its last word was `{last}`"));
        let mut state = self.state();
        let at_ns = state.writer.now_ns();
        state.notes.add(&what, last, at_ns);
        state.crashed.insert(service.to_owned());
    }

    /// No fault strikes any more.
    pub fn heal(&self) {
        self.change(|state| state.faults.heal());
    }

    /// Hides what became known as a secret only when it had been written, and has what is left judged by a `fresh` judge,
    /// so that whoever judges it again finds the same.
    pub fn hide_late(&self, fresh: impl FnOnce() -> Judge) {
        let mut state = self.state();
        if let Err(error) = state.hide_late(&self.secrets, fresh) {
            state.broke(&error);
        }
    }

    /// The same while the run goes on, where something has become known since the last time; says whether it had been
    /// written before. Until then, whoever has it for an id goes by two names.
    pub fn hide_new(&self, fresh: impl FnOnce() -> Judge) -> bool {
        let mut state = self.state();
        let learnt = self.secrets.learnt();
        if std::mem::replace(&mut state.hidden, learnt) == learnt {
            return false;
        }
        let hidden = state.hide_late(&self.secrets, fresh);
        hidden.unwrap_or_else(|error| {
            state.broke(&error);
            false
        })
    }

    /// What the run is for was said only now: the history begins with it, and `judge` sees it anew.
    pub fn meant_for(&self, started: What, judge: Judge) {
        let started = self.secrets.redacted(started);
        let mut state = self.state();
        let rewritten = state.judge_anew(judge, |event| {
            if event.seq == 0 {
                event.what = started.clone();
            }
        });
        rewritten.unwrap_or_else(|error| state.broke(&error));
    }

    /// The calls that hang still and whose callers wait for an answer, in words.
    pub fn hanging(&self) -> Vec<String> {
        let state = self.state();
        let begun = state.writer.begun();
        let at = |when: Instant| {
            let at = when.saturating_duration_since(begun);
            format!("+{:.1} s", at.as_secs_f64())
        };
        state.faults.hanging(at)
    }

    /// What can be proven of each fault.
    pub fn receipts(&self) -> Vec<Receipt> {
        self.state().faults.receipts()
    }

    /// The ids of the entities of a kind that are known by now.
    pub fn ids(&self, kind: &str) -> Vec<String> {
        self.look(|state| {
            let known = state.judge.entities().records(kind);
            known.map(|(id, _)| id.to_owned()).collect()
        })
    }

    /// The secrets, of which nothing is written.
    pub fn secrets(&self) -> &Arc<Secrets> {
        &self.secrets
    }

    /// Where the history is.
    pub fn history(&self) -> PathBuf {
        self.state().writer.path().to_owned()
    }

    /// Looks at the state.
    pub fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state())
    }

    /// Waits until `condition` holds, or until the deadline: then gives false.
    pub async fn until(
        &self,
        deadline: Instant,
        mut condition: impl FnMut(&State) -> bool,
    ) -> bool {
        let mut changed = self.changed.subscribe();
        loop {
            changed.mark_unchanged();
            if self.ripe(&mut condition) {
                return true;
            }
            if Instant::now() >= deadline {
                return false;
            }
            // Some conditions ripen with time alone, so a change is not the only reason to look again.
            let _ = tokio::time::timeout(TICK, changed.changed()).await;
        }
    }

    fn ripe(&self, condition: &mut impl FnMut(&State) -> bool) -> bool {
        let mut state = self.state();
        let now_ns = state.writer.now_ns();
        state.judge.advance(now_ns);
        condition(&state)
    }

    fn change(&self, step: impl FnOnce(&mut State) -> Vec<What>) {
        let mut state = self.state();
        let follow_ups = step(&mut state);
        self.follow_up(state, follow_ups, true);
    }

    /// The same, of something that may end faults.
    fn ease(&self, step: impl FnOnce(&mut Faults) -> Vec<What>) {
        let mut over = false;
        self.change(|state| {
            let ended = step(&mut state.faults);
            over = !ended.is_empty();
            ended
        });
        if over {
            self.over.notify_one();
        }
    }

    fn follow_up(&self, mut state: MutexGuard<'_, State>, follow_ups: Vec<What>, last: bool) {
        for what in follow_ups {
            state.put(what);
        }
        if last && let Err(error) = state.writer.flush() {
            state.broke(&error);
        }
        drop(state);
        self.changed.send_modify(|n| *n += 1);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere must not hide what was recorded until then.
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Where a named call could have been stopped that is asked or answered by this event.
fn stop(what: &What) -> Option<Stop> {
    let (call, moment) = match what {
        What::Asked(asked) => (&asked.call, Moment::Request),
        What::Answered(answered) => (&answered.call, Moment::Answer),
        _ => return None,
    };
    let call = call.clone()?;
    Some(Stop { call, moment })
}

impl State {
    fn put(&mut self, what: What) {
        let exchange = match &what {
            What::Answered(answered) => Some(answered.exchange),
            _ => None,
        };
        self.put_during(what, exchange);
    }

    /// The same, of something that an exchange taught that can still be held.
    fn put_during(&mut self, what: What, exchange: Option<ExchangeId>) {
        self.follow(&what);
        match self.writer.append_first(what) {
            Ok(event) => {
                if let Some(stop) = stop(&event.what) {
                    self.faults.missed(Came::Call(&stop), event.at_ns);
                }
                self.show(|| Sight::Event(Box::new(event.clone())));
                for fact in self.judge.see(&event) {
                    self.show(|| Sight::Fact(fact.clone()));
                    self.faults.missed(Came::Fact(&fact), event.at_ns);
                    for follow_up in self.faults.learn(&fact, exchange) {
                        self.put(follow_up);
                    }
                }
            }
            Err(error) => self.broke(&error),
        }
    }

    fn show(&self, sight: impl FnOnce() -> Sight) {
        if let Some(sights) = &self.sights {
            let _ = sights.send(sight());
        }
    }

    fn hide_late(
        &mut self,
        secrets: &Secrets,
        fresh: impl FnOnce() -> Judge,
    ) -> std::io::Result<bool> {
        self.writer.flush()?;
        let late = secrets.late_in_json(self.writer.path())?;
        if late {
            self.judge_anew(fresh(), |event| {
                secrets.again(&mut event.what);
            })?;
        }
        Ok(late)
    }

    /// Writes all events anew, as `change` leaves them, and has `judge` see them from the first.
    fn judge_anew(
        &mut self,
        mut judge: Judge,
        mut change: impl FnMut(&mut Event),
    ) -> std::io::Result<()> {
        self.writer.rewrite(|event| {
            change(event);
            judge.see(event);
        })?;
        self.judge = judge;
        Ok(())
    }

    /// Keeps the first error of the disk.
    fn broke(&mut self, error: &std::io::Error) {
        self.broken
            .get_or_insert_with(|| format!("the history could not be written: {error}"));
    }

    fn follow(&mut self, what: &What) {
        self.rest.see(what);
        self.unnoticed.see(what);
        match what {
            What::Asked(asked) => self.strangers.see(asked),
            What::Fault {
                moment: FaultMoment::Applied,
                ..
            } => self.struck += 1,
            What::Worked {
                workload,
                accepted,
                detail,
                ..
            } => {
                let worked = self.worked.entry(workload.clone()).or_default();
                worked.add(*accepted, detail);
            }
            What::Observed {
                entity, id, source, ..
            } => {
                if let Some(workload) = source.strip_prefix("workload ") {
                    let worked = self.worked.entry(workload.to_owned()).or_default();
                    worked.create(entity, id);
                }
            }
            _ => {}
        }
    }
}
