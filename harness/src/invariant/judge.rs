//! One pass over a history: entities learn, monitors watch, and at the end there is a finding for each invariant.

use super::clock::Clocks;
use super::{Finding, Monitor, monitor};
use crate::entity::Entities;
use crate::history::{Captures, Event, ExchangeId, FaultMoment, What};
use crate::stack::{Evidence, Invariant, Pattern, Stack};
use crate::{duration, verdict::Verdict};
use indexmap::IndexSet;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Judges one run. Fed live or from a recorded history, the same events give the same findings.
pub struct Judge {
    entities: Entities,
    clocks: Clocks,
    watched: Vec<Watched>,
    /// Named exchanges that have not ended.
    under_way: HashMap<ExchangeId, Captures>,
    /// By kind and id: the faults that have struck an entity's exchanges.
    struck: BTreeMap<(String, String), IndexSet<String>>,
    /// The faults that struck no exchange.
    at_large: IndexSet<String>,
    /// By source: the longest blindness and its reason, and whether the run ended with it.
    blind: BTreeMap<String, (Duration, String, bool)>,
}

/// An invariant with its monitor.
struct Watched {
    invariant: Invariant,
    monitor: Box<dyn Monitor>,
    /// The polls and queries that it rests on, if it rests on nothing else, and how often they look.
    polled: Vec<(String, Duration)>,
}

impl Judge {
    /// A judge of all invariants of a stack.
    pub fn new(stack: &Stack) -> Judge {
        let watched = stack.invariants.values().filter_map(|invariant| {
            let entity = stack.entities.get(&invariant.entity)?;
            Some(Watched {
                invariant: invariant.clone(),
                monitor: monitor(invariant, entity),
                polled: polled(invariant, stack),
            })
        });
        Judge {
            entities: Entities::new(stack),
            clocks: Clocks::default(),
            watched: watched.collect(),
            under_way: HashMap::new(),
            struck: BTreeMap::new(),
            at_large: IndexSet::new(),
            blind: BTreeMap::new(),
        }
    }

    /// Takes the next event in.
    pub fn see(&mut self, event: &Event) {
        self.advance(event.at_ns);
        self.clocks.see(event);
        self.follow(&event.what);
        for observation in self.entities.observations(event) {
            let Some(record) = self.entities.learn(&observation) else {
                continue;
            };
            for watched in &mut self.watched {
                if watched.invariant.entity == observation.entity {
                    watched.monitor.see(&observation, record, &self.clocks);
                }
            }
        }
    }

    /// Lets time pass without an event.
    pub fn advance(&mut self, now_ns: u64) {
        self.clocks.advance(now_ns);
        for watched in &mut self.watched {
            watched.monitor.tick(&self.clocks);
        }
    }

    /// What is known of entities.
    pub fn entities(&self) -> &Entities {
        &self.entities
    }

    /// Whether something is broken already.
    pub fn violated(&self) -> bool {
        self.watched.iter().any(|watched| watched.monitor.broken())
    }

    /// Whether time alone can change nothing any more.
    pub fn settled(&self) -> bool {
        !self.watched.iter().any(|watched| watched.monitor.pending())
    }

    /// The longest time that any invariant grants.
    pub fn longest_within(&self) -> Duration {
        self.watched
            .iter()
            .filter_map(|w| within(&w.invariant.pattern))
            .max()
            .unwrap_or_default()
    }

    /// What is worth knowing and changes nothing: rules that could not read what they should.
    pub fn notes(&self) -> Vec<String> {
        let note = |(place, trouble): (&str, &str)| {
            format!("the rule at {place} could not be applied: {trouble}")
        };
        self.entities.troubles().map(note).collect()
    }

    /// A finding for each invariant, in the order of the stack file, if the run ends now.
    pub fn findings(&self) -> Vec<Finding> {
        self.watched
            .iter()
            .map(|watched| self.finding(watched))
            .collect()
    }

    fn finding(&self, watched: &Watched) -> Finding {
        let kind = &watched.invariant.entity;
        let mut finding = watched
            .monitor
            .tale()
            .finding(&watched.invariant.name, kind);
        if let Some((_, every)) = watched.polled.iter().max_by_key(|(_, every)| *every) {
            finding.note = Some(format!("seen every {}", duration::print(*every)));
        }
        if let Some(id) = finding
            .entity
            .as_ref()
            .and_then(|entity| entity.strip_prefix(&format!("{kind} ")))
        {
            let key = (kind.clone(), id.to_owned());
            let struck = self.struck.get(&key).into_iter().flatten();
            finding.faults = struck.chain(&self.at_large).cloned().collect();
        }
        if finding.verdict != Verdict::Violated
            && let Some(reason) = self.blinded(watched)
        {
            finding.verdict = Verdict::Inconclusive;
            finding.unwitnessed = false;
            finding.reason = Some(reason);
        }
        finding
    }

    /// Why an invariant cannot be told for blindness, if so: it rests on an observer that was blind for longer
    /// than it grants, or at the end.
    fn blinded(&self, watched: &Watched) -> Option<String> {
        let window = within(&watched.invariant.pattern);
        watched.polled.iter().find_map(|(source, _)| {
            let (longest, reason, at_end) = self.blind.get(source)?;
            let too_long = window.is_some_and(|window| *longest > window);
            (too_long || *at_end).then(|| {
                let until = if *at_end { ", until the end" } else { "" };
                format!(
                    "`{source}` could not look for {} ms{until}: {reason}",
                    longest.as_millis()
                )
            })
        })
    }

    fn follow(&mut self, what: &What) {
        match what {
            What::Asked(asked) if asked.call.is_some() => {
                self.under_way
                    .insert(asked.exchange, asked.captures.clone());
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
                Some(captures) => {
                    for (kind, id) in captures {
                        let faults = self.struck.entry((kind.clone(), id.clone())).or_default();
                        faults.insert(text.clone());
                    }
                }
                None => {
                    self.at_large.insert(text.clone());
                }
            },
            What::Blind {
                source,
                blind_ns,
                over,
                reason,
            } => {
                let blind = Duration::from_nanos(*blind_ns);
                let entry = self.blind.entry(source.clone()).or_default();
                if blind >= entry.0 {
                    *entry = (blind, reason.clone(), !over);
                }
                entry.2 = !over;
            }
            _ => {}
        }
    }
}

/// The time that a pattern grants.
fn within(pattern: &Pattern) -> Option<Duration> {
    match pattern {
        Pattern::Response { within, .. } => *within,
        Pattern::Existence { within, .. } => Some(*within),
        _ => None,
    }
}

/// The polls and queries that an invariant rests on; empty when some of what it reads is also learnt from calls.
fn polled(invariant: &Invariant, stack: &Stack) -> Vec<(String, Duration)> {
    let Some(entity) = stack.entities.get(&invariant.entity) else {
        return Vec::new();
    };
    let (fields, events) = reads(
        invariant,
        entity.status.as_ref().map(|status| status.field.as_str()),
    );
    let teaches = |rule: &&crate::stack::Learn| {
        rule.set.keys().any(|field| fields.contains(field))
            || rule
                .event
                .as_ref()
                .is_some_and(|event| events.contains(event))
    };
    let mut polled = Vec::new();
    for rule in entity.learn.iter().filter(teaches) {
        match &rule.evidence {
            Evidence::Call(_) => return Vec::new(),
            Evidence::Poll { every, .. } | Evidence::Sql { every, .. } => {
                polled.push((rule.evidence.source(), *every));
            }
        }
    }
    polled
}

/// The fields and events that a pattern reads.
fn reads(invariant: &Invariant, status: Option<&str>) -> (Vec<String>, Vec<String>) {
    let expressions = match &invariant.pattern {
        Pattern::Always(condition) | Pattern::Never(condition) => vec![condition],
        Pattern::Response { when, then, .. } => vec![when, then],
        Pattern::Precedence { no, before } => vec![no, before],
        Pattern::Existence { eventually, .. } => vec![eventually],
        Pattern::AtMost { event, .. } => return (Vec::new(), vec![event.clone()]),
        Pattern::Moves => return (status.into_iter().map(str::to_owned).collect(), Vec::new()),
    };
    let fields = expressions
        .iter()
        .flat_map(|expression| expression.variables())
        .collect();
    let events = expressions
        .iter()
        .flat_map(|expression| expression.events())
        .collect();
    (fields, events)
}
