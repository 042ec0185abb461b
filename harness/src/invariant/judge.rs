//! One pass over a history: entities learn, monitors watch, and at the end there is a finding for each invariant.

use super::basis::{Basis, within};
use super::blindness::Blindness;
use super::clock::Clocks;
use super::finding::{Fate, Sight, Tale};
use super::{Finding, Monitor, monitor};
use crate::entity::{Entities, Fact};
use crate::history::{Captures, Event, ExchangeId, FaultMoment, What};
use crate::stack::{Invariant, Pattern, Stack};
use crate::verdict::Verdict;
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
    blindness: Blindness,
}

/// An invariant with its monitor.
struct Watched {
    invariant: Invariant,
    monitor: Box<dyn Monitor>,
    basis: Basis,
}

impl Judge {
    /// A judge of all invariants of a stack.
    pub fn new(stack: &Stack) -> Judge {
        let watched = stack.invariants.values().filter_map(|invariant| {
            let entity = stack.entities.get(&invariant.entity)?;
            Some(Watched {
                invariant: invariant.clone(),
                monitor: monitor(invariant, entity),
                basis: Basis::new(invariant, entity),
            })
        });
        Judge {
            entities: Entities::new(stack),
            clocks: Clocks::default(),
            watched: watched.collect(),
            under_way: HashMap::new(),
            struck: BTreeMap::new(),
            at_large: IndexSet::new(),
            blindness: Blindness::default(),
        }
    }

    /// Takes the next event in. Gives what it made true of entities.
    pub fn see(&mut self, event: &Event) -> Vec<Fact> {
        let mut facts = Vec::new();
        self.advance(event.at_ns);
        self.clocks.see(event);
        self.follow(event.at_ns, &event.what);
        for observation in self.entities.observations(event) {
            let Some(record) = self.entities.learn(&observation) else {
                continue;
            };
            for watched in &mut self.watched {
                if watched.invariant.entity == observation.entity {
                    watched.monitor.see(&observation, record, &self.clocks);
                }
            }
            facts.push(Fact {
                entity: observation.entity.clone(),
                id: observation.id.clone(),
                statuses: record
                    .new_statuses()
                    .iter()
                    .map(|(name, _)| name.clone())
                    .collect(),
                event: observation.event.clone(),
            });
        }
        facts
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

    /// Whether one of these invariants is broken already.
    pub fn any_broken(&self, invariants: &[String]) -> bool {
        let named = |watched: &&Watched| invariants.contains(&watched.invariant.name);
        let mut watched = self.watched.iter().filter(named);
        watched.any(|watched| watched.monitor.broken())
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
        let mut tale = watched.monitor.tale();
        self.doubt(&watched.basis, &mut tale);
        let mut finding = tale.finding(&watched.invariant.name, kind);
        finding.sight = self.sight(&watched.basis);
        if let Some(id) = finding
            .entity
            .as_ref()
            .and_then(|entity| entity.strip_prefix(&format!("{kind} ")))
        {
            let key = (kind.clone(), id.to_owned());
            let struck = self.struck.get(&key).into_iter().flatten();
            finding.faults = struck.chain(&self.at_large).cloned().collect();
        }
        let sure = finding.verdict == Verdict::Violated;
        let proven = sure && more_evidence_changes_nothing(&watched.invariant.pattern);
        let doubt = match (sure, proven) {
            (_, true) => None,
            (true, false) => self.misread(watched),
            (false, false) => self.misread(watched).or_else(|| self.blinded(watched)),
        };
        if let Some(reason) = doubt {
            finding.verdict = Verdict::Inconclusive;
            finding.unwitnessed = false;
            finding.proof.clear();
            finding.reason = Some(match finding.reason.filter(|_| sure) {
                Some(why) => format!("{why}, but {reason}"),
                None => reason,
            });
        }
        finding
    }

    /// What was not seen in time may have been there all the same, if nobody could look at that time.
    fn doubt(&self, basis: &Basis, tale: &mut Tale) {
        for fate in tale.entities.values_mut() {
            let Fate::Late(at_ns, why, _) = fate else {
                continue;
            };
            let gap = basis
                .polled
                .iter()
                .find_map(|(source, _)| self.blindness.at(source, *at_ns));
            if let Some(gap) = gap {
                *fate = Fate::Unknown(format!("{why}, but {gap}"));
            }
        }
    }

    /// How well what an invariant rests on could be seen, if it was not seen all the time.
    fn sight(&self, basis: &Basis) -> Option<Sight> {
        let every = basis.polled.iter().map(|(_, every)| *every).max()?;
        let gaps = basis.polled.iter();
        let gap = gaps
            .filter_map(|(source, _)| self.blindness.longest(source))
            .max();
        Some(Sight { gap, every })
    }

    /// A rule that an invariant rests on and that could not be applied to some call.
    fn misread(&self, watched: &Watched) -> Option<String> {
        let mut troubles = self.entities.troubles();
        let (place, trouble) =
            troubles.find(|(place, _)| watched.basis.rules.iter().any(|rule| rule == place))?;
        Some(format!(
            "the rule at {place} could not be applied: {trouble}"
        ))
    }

    /// Why an invariant cannot be told for blindness, if so: it rests on an observer that was blind for longer
    /// than it grants, or at the end.
    fn blinded(&self, watched: &Watched) -> Option<String> {
        let window = within(&watched.invariant.pattern);
        let mut sources = watched.basis.polled.iter().map(|(source, _)| source);
        sources.find_map(|source| {
            let too_long = || {
                let longest = self.blindness.longest(source)?;
                (longest > window?).then(|| self.blindness.worst(source))?
            };
            self.blindness.at_end(source).or_else(too_long)
        })
    }

    fn follow(&mut self, at_ns: u64, what: &What) {
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
                let gap_ns = (at_ns.saturating_sub(*blind_ns), at_ns);
                self.blindness.see(source, gap_ns, *over, reason);
            }
            _ => {}
        }
    }
}

/// Whether a violation of this pattern stays one, whatever else could have been learnt. Of the others, what was not
/// learnt may be what was missing.
fn more_evidence_changes_nothing(pattern: &Pattern) -> bool {
    matches!(
        pattern,
        Pattern::Always(_) | Pattern::Never(_) | Pattern::AtMost { .. }
    )
}
