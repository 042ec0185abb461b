//! What an invariant came to, with the events that prove it.

use crate::duration;
use crate::entity::{Moment, Record};
use crate::expression::{Expression, Truth};
use crate::verdict::Verdict;
use indexmap::IndexMap;
use std::fmt;
use std::time::Duration;

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
    /// How well it could be seen, if something that it reads is only looked at now and then.
    pub sight: Option<Sight>,
    /// What should have been.
    pub expected: String,
    /// The shortest list of events that proves a violation.
    pub proof: Vec<Proof>,
    /// The faults that had struck this entity or were active.
    pub faults: Vec<String>,
    /// How many more entities broke it.
    pub also: u64,
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
    /// By entity id, in the order in which they were first seen.
    pub entities: IndexMap<String, Fate>,
    /// What should have been.
    pub expected: String,
    /// What nobody did, if there is no witness: "`shown == 1` never came true".
    pub unwitnessed: String,
    /// By entity id: a condition that could not be evaluated at some moment, and why.
    pub unclear: IndexMap<String, String>,
}

/// What an invariant came to for one entity.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fate {
    /// It had nothing to say.
    Silent,
    /// It could have been broken and was not.
    Witness,
    /// What it reads has not been learnt; what.
    Unset(String),
    /// It cannot be told; why.
    Unknown(String),
    /// It was broken: why, and the events that prove it.
    Broken(String, Vec<Moment>),
    /// A time ran out, in nanoseconds since the run began: why that breaks it, and the events that prove it. Whoever
    /// was blind at that moment cannot have seen what came in time.
    Late(u64, String, Vec<Moment>),
}

impl Fate {
    /// Whether it was broken, one way or the other.
    pub fn broken(&self) -> bool {
        matches!(self, Fate::Broken(..) | Fate::Late(..))
    }
}

impl Tale {
    /// Whether some entity broke it.
    pub fn broken(&self) -> bool {
        self.entities.values().any(Fate::broken)
    }

    /// The fate of an entity so far.
    pub fn fate(&mut self, id: &str) -> &mut Fate {
        self.entities.entry(id.to_owned()).or_insert(Fate::Silent)
    }

    /// Whether a condition on an entity holds now. Where it cannot be evaluated, nothing that this entity does later
    /// makes up for it: a violation may have been missed.
    pub fn holds(&mut self, id: &str, condition: &Expression, record: &Record) -> bool {
        match condition.test(record.scope()) {
            Truth::True => true,
            Truth::False | Truth::Unset(_) => false,
            Truth::Unknown(why) => {
                self.unclear.entry(id.to_owned()).or_insert(why);
                false
            }
        }
    }

    /// Makes the finding. `kind` is the kind of entity.
    pub fn finding(mut self, invariant: &str, kind: &str) -> Finding {
        // Where nothing was ever learnt, nothing was there to see; where others were seen, this one was missed.
        let seen = self.entities.values().any(|fate| *fate == Fate::Witness);
        for fate in self.entities.values_mut() {
            if let Fate::Unset(why) = fate {
                *fate = match seen {
                    true => Fate::Unknown(std::mem::take(why)),
                    false => Fate::Silent,
                };
            }
        }
        for (id, why) in std::mem::take(&mut self.unclear) {
            let fate = self.fate(&id);
            if !fate.broken() {
                *fate = Fate::Unknown(why);
            }
        }
        let count =
            |wanted: fn(&Fate) -> bool| self.entities.values().filter(|f| wanted(f)).count() as u64;
        let witnesses = count(|fate| *fate == Fate::Witness);
        let broken = count(Fate::broken);
        let mut finding = Finding {
            invariant: invariant.to_owned(),
            verdict: Verdict::Held,
            witnesses,
            unwitnessed: false,
            entity: None,
            reason: None,
            sight: None,
            expected: self.expected.clone(),
            proof: Vec::new(),
            faults: Vec::new(),
            also: broken.saturating_sub(1),
        };
        let first = |wanted: fn(&Fate) -> bool| self.entities.iter().find(|(_, fate)| wanted(fate));
        if let Some((id, Fate::Broken(why, proof) | Fate::Late(_, why, proof))) =
            first(Fate::broken)
        {
            finding.verdict = Verdict::Violated;
            finding.entity = Some(format!("{kind} {id}"));
            finding.reason = Some(why.clone());
            finding.proof = proof.iter().map(Proof::from).collect();
        } else if let Some((id, Fate::Unknown(why))) =
            first(|fate| matches!(fate, Fate::Unknown(_)))
        {
            finding.verdict = Verdict::Inconclusive;
            finding.entity = Some(format!("{kind} {id}"));
            finding.reason = Some(format!("{kind} {id}: {why}"));
        } else if witnesses == 0 {
            finding.verdict = Verdict::Inconclusive;
            finding.unwitnessed = true;
            finding.reason = Some(match self.entities.is_empty() {
                true => format!("no {kind} was ever seen"),
                false => self.unwitnessed,
            });
        }
        finding
    }
}
