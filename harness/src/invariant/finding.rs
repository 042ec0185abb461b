//! What an invariant came to, with the events that prove it.

use crate::entity::Moment;
use crate::verdict::Verdict;
use indexmap::IndexMap;

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
    /// A limit of what was seen: `seen every 100ms`.
    pub note: Option<String>,
    /// What should have been.
    pub expected: String,
    /// The shortest list of events that proves a violation.
    pub proof: Vec<Proof>,
    /// The faults that had struck this entity or were active.
    pub faults: Vec<String>,
    /// How many more entities broke it.
    pub also: u64,
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
}

/// What an invariant came to for one entity.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fate {
    /// It had nothing to say.
    Silent,
    /// It could have been broken and was not.
    Witness,
    /// It cannot be told; why.
    Unknown(String),
    /// It was broken: why, and the events that prove it.
    Broken(String, Vec<Moment>),
}

impl Tale {
    /// Whether some entity broke it.
    pub fn broken(&self) -> bool {
        self.entities
            .values()
            .any(|fate| matches!(fate, Fate::Broken(..)))
    }

    /// Makes the finding. `kind` is the kind of entity.
    pub fn finding(self, invariant: &str, kind: &str) -> Finding {
        let count =
            |wanted: fn(&Fate) -> bool| self.entities.values().filter(|f| wanted(f)).count() as u64;
        let witnesses = count(|fate| *fate == Fate::Witness);
        let broken = count(|fate| matches!(fate, Fate::Broken(..)));
        let mut finding = Finding {
            invariant: invariant.to_owned(),
            verdict: Verdict::Held,
            witnesses,
            unwitnessed: false,
            entity: None,
            reason: None,
            note: None,
            expected: self.expected.clone(),
            proof: Vec::new(),
            faults: Vec::new(),
            also: broken.saturating_sub(1),
        };
        let first = |wanted: fn(&Fate) -> bool| self.entities.iter().find(|(_, fate)| wanted(fate));
        if let Some((id, Fate::Broken(why, proof))) = first(|fate| matches!(fate, Fate::Broken(..)))
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
