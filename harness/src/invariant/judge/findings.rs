//! What a judge has to say: a finding for each invariant, with all that casts doubt on it.

use super::{Judge, Telling, Watched};
use crate::invariant::basis::{Basis, within};
use crate::invariant::finding::{Fate, Finding, Sight, Tale};
use crate::invariant::untold::Untold;
use crate::invariant::{alone, midway};
use crate::plan::Judged;
use crate::stack::{Invariant, Learn, Pattern};
use crate::verdict::Verdict;
use indexmap::IndexSet;

impl Judge {
    /// What is worth knowing and changes nothing: rules that could not read what they should, and, where it matters for
    /// an invariant that is asked for, entities that may have another name.
    pub fn notes(&self, judged: &Judged) -> Vec<String> {
        let note = |(place, trouble): (&str, &str)| {
            format!("the rule at {place} could not be applied: {trouble}")
        };
        let troubles = self.entities.troubles().map(note);
        let counts = |watched: &&Watched| judged.includes(&watched.invariant.name);
        let alone = self.watched.iter().filter(counts).filter_map(|watched| {
            let kind = self.entities.kind(watched.kind);
            alone::note(kind, &watched.basis, &self.finding(watched))
        });
        let alone: IndexSet<String> = alone.collect();
        troubles
            .chain(alone)
            .chain(self.mute(judged))
            .chain(self.unknown_work(judged))
            .collect()
    }

    /// The rules that taught nothing in this run nor in its control run, where an invariant broke that learns from them and
    /// from others: what they would have told may be just what was missing.
    fn mute(&self, judged: &Judged) -> Vec<String> {
        let Telling::Run(heard) = &self.told else {
            return Vec::new();
        };
        let silent = |rule: &&Learn| {
            let key = rule.key();
            !self.entities.taught(&key) && !heard.rule(&key)
        };
        let counts = |one: &&Watched| judged.includes(&one.invariant.name);
        let mut notes = Vec::new();
        for watched in self.watched.iter().filter(counts) {
            if self.finding(watched).verdict != Verdict::Violated {
                continue;
            }
            let rules = &self.entities.kind(watched.kind).entity().learn;
            let read = |rule: &&Learn| watched.basis.rules.contains(&rule.place.to_string());
            notes.extend(rules.iter().filter(read).filter(silent).map(|rule| {
                format!(
                    "the rule at {} ({}), from which `{}` learns, never matched anything: it may have a mistake",
                    rule.place,
                    rule.evidence.source(),
                    watched.invariant.name
                )
            }));
        }
        notes
    }

    /// What was never answered may have broken what is not broken, as far as is known.
    fn unknown_work(&self, judged: &Judged) -> Vec<String> {
        let counts = |one: &&Watched| judged.includes(&one.invariant.name);
        let held = self.watched.iter().filter(counts).filter(|one| {
            let finding = self.finding(one);
            finding.verdict == Verdict::Held || finding.unwitnessed
        });
        self.unanswered.notes(held.map(|one| {
            let Invariant { name, entity, .. } = &one.invariant;
            (name.as_str(), &one.basis, entity.as_str())
        }))
    }

    /// A finding for each invariant, in the order of the stack file, if the run ends now.
    pub fn findings(&self) -> Vec<Finding> {
        self.watched
            .iter()
            .map(|watched| self.finding(watched))
            .collect()
    }

    pub(super) fn finding(&self, watched: &Watched) -> Finding {
        let untold = self.untold(watched);
        let mut finding = self.weighed(watched, untold.as_ref());
        let without = || self.weighed(watched, None);
        finding.doubt = untold.and_then(|untold| untold.cast_on(without));
        finding
    }

    /// The finding, if so much was never told.
    fn weighed(&self, watched: &Watched, untold: Option<&Untold>) -> Finding {
        let kind = self.entities.kind(watched.kind);
        let lasting = more_evidence_changes_nothing(&watched.invariant.pattern);
        let mut tale = self.tale(watched, lasting);
        midway::doubt(kind, &watched.invariant.pattern, &mut tale);
        if let Some(untold) = untold {
            untold.doubt(&mut tale);
        }
        let mut finding = tale.finding(&watched.invariant.name, kind);
        finding.measure = watched.monitor.measure(kind);
        let kind = &watched.invariant.entity;
        finding.sight = self.sight(&watched.basis);
        if let Some(id) = finding
            .entity
            .as_ref()
            .and_then(|entity| entity.strip_prefix(&format!("{kind} ")))
        {
            let key = (kind.clone(), id.to_owned());
            let struck = self.struck.get(&key).into_iter().flatten();
            let faults = struck.chain(&self.at_large);
            // What struck later has nothing to do with it.
            let proven_ns = finding.proof.iter().map(|proof| proof.at_ns).max();
            let broke_ns = finding.late_ns.max(proven_ns).unwrap_or(u64::MAX);
            let before = faults.filter(|(_, at_ns)| **at_ns <= broke_ns);
            finding.faults = before.map(|(text, _)| text.clone()).collect();
        }
        let sure = finding.verdict == Verdict::Violated;
        let proven = sure && lasting;
        let doubt = match (sure, proven) {
            (_, true) => None,
            (true, false) => self.misread(&watched.basis),
            (false, false) => self
                .misread(&watched.basis)
                .or_else(|| self.blinded(watched)),
        };
        if let Some(reason) = doubt {
            finding.verdict = Verdict::Inconclusive;
            finding.unwitnessed = false;
            finding.proof.clear();
            (finding.right, finding.late_ns) = (None, None);
            finding.entities.clear();
            finding.reason = Some(match finding.reason {
                Some(why) if why.contains(&reason) => why,
                Some(why) if sure => format!("{why}, but {reason}"),
                _ => reason,
            });
        }
        if let Some(untold) = untold {
            untold.weigh(&mut finding);
        }
        finding
    }

    /// What its monitor has to say, and what is left of that with what nobody could see.
    fn tale(&self, watched: &Watched, lasting: bool) -> Tale {
        let Watched { basis, monitor, .. } = watched;
        let (kind, under_way) = (self.entities.kind(watched.kind), self.under_way.values());
        let pattern = &watched.invariant.pattern;
        let of_all = is_of_all(pattern);
        let mut tale = match of_all {
            true => {
                monitor.tale_despite(kind, &self.unanswered.work(under_way.clone(), basis, kind))
            }
            false => monitor.tale(kind),
        };
        // What happened too often did so, whatever else there was to see.
        if !matches!(pattern, Pattern::AtMost { .. }) {
            self.doubt(basis, of_all, &mut tale);
        }
        if !of_all {
            self.unanswered
                .doubt(under_way, (basis, lasting), kind, &mut tale);
        }
        tale
    }

    /// What was not seen in time may have been there all the same, if nobody could look at that time. What was not seen when
    /// it was needed may have been there as well, if nobody could look from before that until the end: one who looked again
    /// would have told. `of_all`: it is needed at the end.
    fn doubt(&self, basis: &Basis, of_all: bool, tale: &mut Tale) {
        for fate in &mut tale.fates {
            let Fate::Broken(breach) = fate else {
                continue;
            };
            let needed_ns = breach.at_ns().filter(|_| !of_all).unwrap_or(u64::MAX);
            let gap = |observer| match breach.late_ns {
                Some(at_ns) => self.blindness.at(observer, at_ns),
                None => self.blindness.since_before(observer, needed_ns),
            };
            if let Some(gap) = basis.polled.iter().find_map(gap) {
                *fate = Fate::Unknown(format!("{}, but {gap}", breach.why).into());
            }
        }
    }

    /// How well what an invariant rests on could be seen, if it was not seen all the time.
    fn sight(&self, basis: &Basis) -> Option<Sight> {
        let every = basis.polled.iter().map(|observer| observer.every).max()?;
        let gaps = basis.polled.iter();
        let gap = gaps
            .filter_map(|observer| self.blindness.longest(observer))
            .max();
        Some(Sight { gap, every })
    }

    /// A rule that an invariant rests on and that could not be applied to some call.
    pub(super) fn misread(&self, basis: &Basis) -> Option<String> {
        let mut troubles = self.entities.troubles();
        let (place, trouble) =
            troubles.find(|(place, _)| basis.rules.iter().any(|rule| rule == place))?;
        Some(format!(
            "the rule at {place} could not be applied: {trouble}"
        ))
    }

    /// Why an invariant cannot be told for blindness, if so: it rests on an observer that was blind at the end, or that
    /// nothing else stands in for and that was blind for longer than it grants.
    fn blinded(&self, watched: &Watched) -> Option<String> {
        let window = within(&watched.invariant.pattern);
        let Basis { polled, beside, .. } = &watched.basis;
        let mut all = polled.iter().chain(beside);
        let at_end = all.find_map(|observer| self.blindness.at_end(observer));
        let too_long = |observer| {
            let longest = self.blindness.longest(observer)?;
            (longest > window?).then(|| self.blindness.worst(observer))?
        };
        at_end.or_else(|| polled.iter().find_map(too_long))
    }
}

/// Whether this pattern speaks of all entities at once.
fn is_of_all(pattern: &Pattern) -> bool {
    matches!(
        pattern,
        Pattern::Share { .. } | Pattern::Balance { .. } | Pattern::Quantile { .. }
    )
}

/// Whether a violation of this pattern stays one, whatever else could have been learnt. Of the others, what was not
/// learnt may be what was missing.
fn more_evidence_changes_nothing(pattern: &Pattern) -> bool {
    matches!(
        pattern,
        Pattern::Always(_) | Pattern::Never(_) | Pattern::AtMost { .. }
    )
}
