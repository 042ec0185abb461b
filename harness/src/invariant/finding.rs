//! What an invariant came to, with the events that prove it.

use super::condition::Condition;
use super::hindsight::{self, Hindsight};
use super::measure::Measure;
use super::untold::Doubt;
use crate::duration;
use crate::entity::{Kind, Moment, View};
use crate::expression::Truth;
use crate::history::Heard;
use crate::verdict::Verdict;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// So many of the entities that broke an invariant are named: results must stay readable.
const MAX_ENTITIES: usize = 1000;

/// What one invariant came to in one run.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Its name.
    pub invariant: String,
    /// What it came to.
    pub verdict: Verdict,
    /// The entities that could have broken it and did not.
    pub witnesses: u64,
    /// Nothing was seen that it speaks about; another scenario may still see it.
    pub unwitnessed: bool,
    /// The first entity that broke it, or about which nothing can be told.
    pub entity: Option<String>,
    /// Why it is violated or inconclusive.
    pub reason: Option<String>,
    /// It held, although nothing ever told something that it reads.
    pub untold: Option<String>,
    /// What it comes to if another run shows that the rules work that told nothing here.
    pub doubt: Option<Box<Doubt>>,
    /// How well it could be seen, if something that it reads is only looked at now and then.
    pub sight: Option<Sight>,
    /// What should have been.
    pub expected: String,
    /// The shortest list of events that proves a violation.
    pub proof: Vec<Proof>,
    /// What should have been in time, where it came all the same, too late.
    pub right: Option<Proof>,
    /// When the time that is granted had run out, if that is what broke it. Nanoseconds since the run began.
    pub late_ns: Option<u64>,
    /// What was measured, where the invariant is a measure of all entities of a kind.
    pub measure: Option<Measure>,
    /// The faults that had struck this entity or were active.
    pub faults: Vec<String>,
    /// The ids of all entities that broke it, in the order in which they were first seen; [`MAX_ENTITIES`] at most.
    pub entities: Vec<String>,
    /// How many entities broke it.
    pub broken: u64,
}

impl Finding {
    /// Takes in what all runs of the same rules told.
    pub fn settle(&mut self, heard: &Heard) {
        if let Some(doubt) = self.doubt.take_if(|doubt| doubt.is_gone(heard)) {
            *self = doubt.finding;
        }
    }
}

/// How often observers looked: what came and went between two looks was not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sight {
    /// The longest time for which one of them could not look, if it could not.
    pub gap: Option<Duration>,
    /// The time from one look to the next, of the slowest.
    pub every: Duration,
}

impl fmt::Display for Sight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seen every {}", duration::print(self.every))?;
        match self.gap {
            Some(gap) => write!(f, ", once not for {} ms", gap.as_millis()),
            None => Ok(()),
        }
    }
}

/// One event of a proof, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Nanoseconds since the run began.
    pub at_ns: u64,
    /// The event's number in the history.
    pub seq: u64,
    /// What happened.
    pub text: String,
}

impl From<&Moment> for Proof {
    fn from(moment: &Moment) -> Proof {
        Proof {
            at_ns: moment.at_ns,
            seq: moment.seq,
            text: moment.text.clone(),
        }
    }
}

/// What a monitor has to say about its entities.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Tale {
    /// By entity.
    pub fates: Vec<Fate>,
    /// What should have been.
    pub expected: String,
    /// What nobody did, if there is no witness: "`shown == 1` never came true".
    pub unwitnessed: String,
    /// By entity: a condition that could not be evaluated at some moment, and why.
    pub unclear: BTreeMap<usize, Arc<str>>,
}

/// What an invariant came to for one entity.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Fate {
    /// It had nothing to say.
    #[default]
    Silent,
    /// It could have been broken and was not.
    Witness,
    /// What it reads has not been learnt; what.
    Unset(Arc<str>),
    /// It cannot be told; why.
    Unknown(Arc<str>),
    /// It was broken.
    Broken(Box<Breach>),
}

/// How an invariant was broken for one entity.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Breach {
    /// Why this breaks it.
    pub why: String,
    /// The events that prove it.
    pub proof: Vec<Moment>,
    /// A time ran out at this moment, in nanoseconds since the run began. Whoever was blind then cannot have seen what
    /// came in time.
    pub late_ns: Option<u64>,
    /// It would be broken as well if events had happened that nobody told.
    pub whatever: bool,
    /// What should have been in time, where it came all the same.
    pub right: Option<Moment>,
}

impl Breach {
    /// The moment at which it was broken, in nanoseconds since the run began.
    pub fn at_ns(&self) -> Option<u64> {
        self.late_ns
            .or(self.proof.last().map(|moment| moment.at_ns))
    }
}

impl Fate {
    /// Something happened that must not.
    pub fn breach(why: String, proof: Vec<Moment>) -> Fate {
        Fate::Broken(Box::new(Breach {
            why,
            proof,
            late_ns: None,
            whatever: false,
            right: None,
        }))
    }

    /// Something is as it must not be; `whatever` says whether it is so whichever events had happened that nobody told.
    pub fn breach_in_one_state(why: String, proof: Vec<Moment>, whatever: bool) -> Fate {
        Fate::Broken(Box::new(Breach {
            why,
            proof,
            late_ns: None,
            whatever,
            right: None,
        }))
    }

    /// A time ran out.
    pub fn late(at_ns: u64, why: String, proof: Vec<Moment>) -> Fate {
        Fate::Broken(Box::new(Breach {
            why,
            proof,
            late_ns: Some(at_ns),
            whatever: false,
            right: None,
        }))
    }

    /// Whether it was broken.
    pub fn broken(&self) -> bool {
        matches!(self, Fate::Broken(_))
    }
}

impl Tale {
    /// Nothing to say yet.
    pub fn new(expected: String, unwitnessed: String) -> Tale {
        Tale {
            expected,
            unwitnessed,
            ..Tale::default()
        }
    }

    /// Whether some entity broke it at least so long before a moment.
    pub fn broken_for(&self, time: Duration, now_ns: u64) -> bool {
        let time_ns = time.as_nanos() as u64;
        self.fates.iter().any(|fate| match fate {
            Fate::Broken(breach) => {
                let at_ns = breach.at_ns().unwrap_or_default();
                now_ns.saturating_sub(at_ns) >= time_ns
            }
            _ => false,
        })
    }

    /// Whether an entity broke it.
    pub fn broke(&self, number: usize) -> bool {
        self.fates.get(number).is_some_and(Fate::broken)
    }

    /// The fate of an entity so far.
    pub fn fate(&mut self, number: usize) -> &mut Fate {
        if self.fates.len() <= number {
            self.fates.resize(number + 1, Fate::Silent);
        }
        &mut self.fates[number]
    }

    /// What one round of an entity came to. Where that cannot be told, no later one makes up for it.
    pub fn settle(&mut self, number: usize, fate: Fate) {
        match fate {
            Fate::Unknown(why) => drop(self.unclear.entry(number).or_insert(why)),
            fate => *self.fate(number) = fate,
        }
    }

    /// Whether a condition on an entity holds now. Where it cannot be evaluated, nothing that this entity does later
    /// makes up for it: a violation may have been missed.
    pub fn holds(&mut self, condition: &mut Condition, view: &View<'_>) -> bool {
        self.holds_if_known(condition, view) == Some(true)
    }

    /// The same; `None`: it rests on what may have been before anything that was told.
    pub fn holds_if_known(&mut self, condition: &mut Condition, view: &View<'_>) -> Option<bool> {
        match condition.test(view) {
            Truth::True => Some(true),
            Truth::Unset(_) if !view.has_beginning() => None,
            Truth::False | Truth::Unset(_) => Some(false),
            Truth::Unknown(why) => {
                self.unclear.entry(view.number).or_insert(why);
                Some(false)
            }
        }
    }

    /// What an entity broke may not have been broken, as what was learnt last of it shows. Nothing that it does later makes
    /// up for that.
    pub fn doubt(&mut self, view: &View<'_>, hindsight: &Hindsight) {
        if let Fate::Broken(breach) = std::mem::take(self.fate(view.number)) {
            let why = hindsight.doubt(view, &breach.why);
            self.unclear.entry(view.number).or_insert(why);
        }
    }

    /// What an entity should have had in time is there now. Only the first such moment counts.
    pub fn came_late(&mut self, view: &View<'_>) {
        if let Fate::Broken(breach) = self.fate(view.number) {
            breach.right.get_or_insert_with(|| view.last());
        }
    }

    /// The same for what had not come in time, and is there now: it may have been there in time.
    pub fn doubt_late(&mut self, view: &View<'_>) {
        let last = view.record.last();
        if let Fate::Broken(breach) = self.fate(view.number)
            && breach.late_ns.is_some_and(|at_ns| last.reaches_back(at_ns))
        {
            let why = format!(
                "{}, only #{}: {}",
                breach.why,
                last.seq,
                hindsight::late(last)
            );
            *self.fate(view.number) = Fate::Silent;
            self.unclear.entry(view.number).or_insert(why.into());
        }
    }

    /// Makes the finding.
    pub fn finding(mut self, invariant: &str, kind: &Kind) -> Finding {
        // Where nothing was ever learnt, nothing was there to see; where others were seen, this one was missed.
        let seen = self.fates.contains(&Fate::Witness);
        for fate in &mut self.fates {
            if let Fate::Unset(why) = fate {
                *fate = match seen {
                    true => Fate::Unknown(why.clone()),
                    false => Fate::Silent,
                };
            }
        }
        for (number, why) in std::mem::take(&mut self.unclear) {
            let fate = self.fate(number);
            if !fate.broken() {
                *fate = Fate::Unknown(why);
            }
        }
        let count = |wanted: fn(&Fate) -> bool| self.fates.iter().filter(|f| wanted(f)).count();
        let witnesses = count(|fate| *fate == Fate::Witness) as u64;
        let broken = count(Fate::broken) as u64;
        let mut finding = Finding {
            invariant: invariant.to_owned(),
            verdict: Verdict::Held,
            witnesses,
            unwitnessed: false,
            entity: None,
            reason: None,
            untold: None,
            doubt: None,
            sight: None,
            expected: self.expected.clone(),
            proof: Vec::new(),
            right: None,
            late_ns: None,
            measure: None,
            faults: Vec::new(),
            entities: Vec::new(),
            broken,
        };
        let first = |wanted: fn(&Fate) -> bool| {
            let (number, fate) = self.fates.iter().enumerate().find(|(_, f)| wanted(f))?;
            let (noun, id) = (&kind.entity().name, kind.view(number).id);
            Some((format!("{noun} {id}"), fate))
        };
        if let Some((entity, Fate::Broken(breach))) = first(Fate::broken) {
            finding.verdict = Verdict::Violated;
            finding.entity = Some(entity);
            finding.reason = Some(breach.why.clone());
            finding.proof = breach.proof.iter().map(Proof::from).collect();
            finding.right = breach.right.as_ref().map(Proof::from);
            finding.late_ns = breach.late_ns;
            let fates = self.fates.iter().enumerate();
            let broken = fates.filter(|(_, fate)| fate.broken());
            let ids = broken.map(|(number, _)| kind.view(number).id.to_owned());
            finding.entities = ids.take(MAX_ENTITIES).collect();
        } else if let Some((entity, Fate::Unknown(why))) =
            first(|fate| matches!(fate, Fate::Unknown(_)))
        {
            finding.verdict = Verdict::Inconclusive;
            finding.reason = Some(format!("{entity}: {why}"));
            finding.entity = Some(entity);
        } else if witnesses == 0 {
            finding.verdict = Verdict::Inconclusive;
            finding.unwitnessed = true;
            finding.reason = Some(match kind.is_empty() {
                true => format!("no {} was ever seen", kind.entity().name),
                false => self.unwitnessed,
            });
        }
        finding
    }
}
