//! One pass over a history: entities learn, monitors watch, and at the end there is a finding for each invariant.

mod findings;
mod reached;

pub use reached::Unsure;

use super::basis::{Basis, within};
use super::blindness::Blindness;
use super::clock::Clocks;
use super::unanswered::{Call, Unanswered};
use super::untold::Untold;
use super::{Monitor, monitor};
use crate::entity::{Entities, Fact, Stamp, Told};
use crate::history::{CUT_SHORT, Event, ExchangeId, FaultMoment, Heard, What};
use crate::plan::Judged;
use crate::stack::{Clock, Invariant, Stack};
use crate::verdict::Verdict;
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::time::Duration;

/// Judges one run. Fed live or from a recorded history, the same events give the same findings.
pub struct Judge {
    entities: Entities,
    clocks: Clocks,
    watched: Vec<Watched>,
    /// Named exchanges that have not ended.
    under_way: BTreeMap<ExchangeId, Call>,
    unanswered: Unanswered,
    /// By kind and id: the faults that have struck an entity's exchanges.
    struck: BTreeMap<(String, String), Struck>,
    /// The faults that struck no exchange, or one of which nobody knows whose it is.
    at_large: Struck,
    told: Telling,
    blindness: Blindness,
}

/// Faults, each with the moment of its first strike: nanoseconds since the run began.
type Struck = IndexMap<String, u64>;

/// What it means that nothing tells a field or an event.
enum Telling {
    /// It was not so.
    Complete,
    /// What is judged was exported, perhaps without that; no observer of the stack saw it.
    Export,
    /// Its rules may not work, unless they told it in this other run.
    Run(Heard),
}

/// An invariant with its monitor.
struct Watched {
    invariant: Invariant,
    /// The number of its kind of entity.
    kind: usize,
    monitor: Box<dyn Monitor>,
    basis: Basis,
}

impl Judge {
    /// A judge of all invariants of a stack.
    pub fn new(stack: &Stack) -> Judge {
        let mut entities = Entities::new(stack);
        let patterns = stack.invariants.values().map(|one| within(&one.pattern));
        let granted = stack.settle + patterns.flatten().max().unwrap_or_default();
        let watched = stack.invariants.values().filter_map(|invariant| {
            let (number, kind) = entities.kind_mut(&invariant.entity)?;
            Some(Watched {
                invariant: invariant.clone(),
                kind: number,
                basis: Basis::new(&invariant.pattern, &invariant.scope, kind.entity()),
                monitor: monitor(invariant, kind, granted),
            })
        });
        let watched = watched.collect();
        Judge {
            entities,
            clocks: Clocks::default(),
            watched,
            under_way: BTreeMap::new(),
            unanswered: Unanswered::default(),
            struck: BTreeMap::new(),
            at_large: Struck::new(),
            told: Telling::Complete,
            blindness: Blindness::default(),
        }
    }

    /// A judge of a run. `heard`: what its control run told, if it has one. `None`: what nothing tells was not so, as with a
    /// planted bug, which may be the very reason.
    pub fn of_run(stack: &Stack, heard: Option<Heard>) -> Judge {
        Judge {
            told: heard.map_or(Telling::Complete, Telling::Run),
            ..Judge::new(stack)
        }
    }

    /// A judge of evidence that no observer of the stack gave: nobody looked only now and then, and it may begin late
    /// and leave things out.
    pub fn of_export(stack: &Stack) -> Judge {
        let mut judge = Judge::without_gaps(stack);
        judge.entities.are_exported();
        judge.told = Telling::Export;
        judge
    }

    /// A judge to whom nothing is seen only now and then.
    pub(super) fn without_gaps(stack: &Stack) -> Judge {
        let mut judge = Judge::new(stack);
        for watched in &mut judge.watched {
            watched.basis.polled.clear();
        }
        judge
    }

    /// Takes the next event in. Gives what it made true of entities.
    pub fn see(&mut self, event: &Event) -> Vec<Fact> {
        let mut facts = Vec::new();
        self.advance(event.at_ns);
        self.clocks.see(event);
        self.follow(event.at_ns, &event.what);
        for turn in self.entities.turns(event) {
            let Some((kind, number)) = self.entities.learn(&turn) else {
                continue;
            };
            self.show(kind, number);
            facts.extend(self.entities.kind(kind).view(number).facts());
        }
        facts
    }

    /// Takes in a single fact about the entity with this id, with its kind and everything else by number.
    pub fn take(&mut self, kind: usize, id: &str, stamp: Stamp, fact: Told<'_>) {
        self.advance(stamp.at_ns);
        let number = self.entities.take(kind, id, stamp, fact);
        self.show(kind, number);
    }

    /// An entity's record has just changed.
    fn show(&mut self, kind: usize, number: usize) {
        let view = self.entities.kind(kind).view(number);
        for watched in &mut self.watched {
            if watched.kind == kind {
                watched.monitor.see(&view, &self.clocks);
            }
        }
    }

    /// Lets time pass without an event.
    pub fn advance(&mut self, now_ns: u64) {
        self.clocks.advance(now_ns);
        for watched in &mut self.watched {
            let kind = self.entities.kind(watched.kind);
            watched.monitor.tick(&self.clocks, kind);
        }
    }

    /// The kinds of entities, to give their fields and events numbers.
    pub fn entities_mut(&mut self) -> &mut Entities {
        &mut self.entities
    }

    /// What is known of entities.
    pub fn entities(&self) -> &Entities {
        &self.entities
    }

    /// The first of these invariants that is certainly broken already.
    pub fn broken(&self, judged: &Judged) -> Option<&str> {
        let found = self
            .watched
            .iter()
            .find(|watched| self.breaks(watched, judged))?;
        Some(&found.invariant.name)
    }

    /// Those of these invariants that are certainly broken already.
    pub fn all_broken(&self, judged: &Judged) -> Vec<&str> {
        let broken = self
            .watched
            .iter()
            .filter(|watched| self.breaks(watched, judged));
        broken
            .map(|watched| watched.invariant.name.as_str())
            .collect()
    }

    fn breaks(&self, watched: &Watched, judged: &Judged) -> bool {
        judged.includes(&watched.invariant.name) && self.certainly_broken(watched)
    }

    fn certainly_broken(&self, watched: &Watched) -> bool {
        let tale = watched.monitor.so_far();
        // The finding takes its time, and is asked for again and again.
        let untold = || self.untold(watched);
        let now_ns = self.clocks.read(Clock::Wall);
        tale.broken_for(watched.basis.hindsight, now_ns)
            && untold().is_none_or(|untold| untold.leaves_broken(tale))
            && self.finding(watched).verdict == Verdict::Violated
    }

    fn untold(&self, watched: &Watched) -> Option<Untold> {
        let kind = self.entities.kind(watched.kind);
        match &self.told {
            Telling::Complete => None,
            Telling::Export => Untold::in_export(&watched.basis, kind),
            Telling::Run(heard) => Untold::in_run(&watched.basis, kind, heard),
        }
    }

    /// The evidence ends before the run does: measures of all entities say nothing yet.
    pub fn ends_early(&mut self) {
        self.entities.are_cut_short();
    }

    /// Whether it ended before what was still to come: an invariant was violated, and nobody waited any longer.
    pub fn cut_short(&self) -> bool {
        self.entities.cut_short()
    }

    /// Whether time alone can change nothing any more.
    pub fn settled(&self) -> bool {
        !self.watched.iter().any(|watched| watched.monitor.pending())
    }

    /// Whether any fault is active.
    pub fn troubled(&self) -> bool {
        self.clocks.troubled()
    }

    /// The longest time that any invariant grants.
    pub fn longest_within(&self) -> Duration {
        self.watched
            .iter()
            .filter_map(|w| within(&w.invariant.pattern))
            .max()
            .unwrap_or_default()
    }

    fn follow(&mut self, at_ns: u64, what: &What) {
        match what {
            What::Asked(asked) if asked.call.is_some() => {
                let captures = self.entities.resolved(&asked.captures);
                if let Some(call) = Call::new(asked, captures, at_ns) {
                    self.under_way.insert(asked.exchange, call);
                }
            }
            What::Answered(answered) => {
                if let Some(call) = self.under_way.get_mut(&answered.exchange) {
                    call.answered = true;
                }
            }
            What::Unanswered { exchange } => {
                if let Some(call) = self.under_way.get_mut(exchange) {
                    call.over = true;
                    self.unanswered.add(call.clone());
                }
            }
            What::Delivered { exchange, .. } => {
                self.under_way.remove(exchange);
            }
            What::Fault {
                text,
                moment: FaultMoment::Applied,
                exchange,
                ..
            } => match exchange.and_then(|exchange| self.under_way.get(&exchange)) {
                // What is done to a service, a link or a disk concerns everybody, whoever set it off.
                _ if !on_exchange(text) => {
                    self.at_large.entry(text.clone()).or_insert(at_ns);
                }
                Some(one) if one.captures.keys().any(|kind| self.entities.has(kind)) => {
                    for (kind, id) in &one.captures {
                        let faults = self.struck.entry((kind.clone(), id.clone())).or_default();
                        faults.entry(text.clone()).or_insert(at_ns);
                    }
                }
                _ => {
                    self.at_large.entry(text.clone()).or_insert(at_ns);
                }
            },
            What::Phase { name } if name == CUT_SHORT => self.entities.are_cut_short(),
            What::Blind {
                source,
                blind_ns,
                over,
                reason,
                rule,
            } => {
                let gap_ns = (at_ns.saturating_sub(*blind_ns), at_ns);
                let observer = rule.as_ref().unwrap_or(source);
                self.blindness.see(observer, gap_ns, *over, reason);
            }
            _ => {}
        }
    }
}

/// Whether a fault with these words strikes exchanges one by one.
fn on_exchange(text: &str) -> bool {
    const BEGINS: [&str; 5] = [
        "the call ",
        "the answer ",
        "the operation ",
        "the statement ",
        "the commit ",
    ];
    BEGINS.iter().any(|begin| text.starts_with(begin))
}
