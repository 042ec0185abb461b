//! What a run came to, by the table of verdicts.

use super::Setup;
use super::record::{Record, Worked};
use crate::fault::Receipt;
use crate::invariant::Finding;
use crate::plan::Step;
use crate::problem::Place;
use crate::runtime::Failure;
use crate::verdict::Verdict;
use std::path::PathBuf;
use std::time::Duration;

/// The result of one run.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The verdict of this run alone: no control run, no witnesses from other scenarios.
    pub verdict: Verdict,
    /// The invariants that counted.
    pub findings: Vec<Finding>,
    /// The invariants without a witness that some other scenario may still witness.
    pub unwitnessed: Vec<String>,
    /// Demands on numbers: `at least 10 submission reach "Finished"`.
    pub tallies: Vec<Tally>,
    /// One receipt for each fault.
    pub receipts: Vec<Receipt>,
    /// Why the run is inconclusive, beyond its invariants.
    pub reasons: Vec<String>,
    /// What is worth knowing and changes nothing.
    pub notes: Vec<String>,
    /// Why the environment failed.
    pub failure: Option<Failure>,
    /// From the first step of bringing the stack up to the last of taking it down.
    pub duration: Duration,
    /// Where the history and the logs are.
    pub folder: PathBuf,
    /// How long the run watched after the last event.
    pub settle: Duration,
}

/// A demand on a number of entities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Its words.
    pub text: String,
    /// Where it stands.
    pub place: Place,
    /// How many were demanded.
    pub wanted: u64,
    /// How many there were.
    pub seen: u64,
}

impl Outcome {
    /// The outcome of a run that could not even begin.
    pub(super) fn failed(setup: &Setup, failure: Failure) -> Outcome {
        Outcome {
            verdict: Verdict::EnvironmentFailed,
            findings: Vec::new(),
            unwitnessed: Vec::new(),
            tallies: Vec::new(),
            receipts: Vec::new(),
            reasons: Vec::new(),
            notes: Vec::new(),
            failure: Some(failure),
            duration: Duration::ZERO,
            folder: PathBuf::new(),
            settle: setup.stack.settle,
        }
    }

    /// Judges what was recorded.
    pub(super) fn judge(
        setup: &Setup,
        record: &Record,
        unmet: Vec<String>,
        failure: Option<Failure>,
    ) -> Outcome {
        let (findings, tallies, notes, broken, worked) = record.look(|state| {
            let tallies = setup
                .plan
                .steps
                .iter()
                .filter_map(|planned| match &planned.step {
                    Step::AtLeast {
                        count,
                        entity,
                        status,
                    } => Some(Tally {
                        text: planned.text.clone(),
                        place: planned.place.clone(),
                        wanted: *count,
                        seen: state.judge.entities().reached(entity, status),
                    }),
                    _ => None,
                });
            let findings = state.judge.findings();
            let worked = state.worked.clone();
            (
                findings,
                tallies.collect(),
                [state.notes.clone(), state.judge.notes()].concat(),
                state.broken.clone(),
                worked,
            )
        });
        let mut outcome = Outcome::failed(setup, Failure::new(""));
        outcome.failure = failure.or(broken.map(Failure::new));
        outcome.receipts = record.receipts();
        outcome.tallies = tallies;
        outcome.notes = notes;
        outcome.choose(setup, findings);
        outcome.reasons = unmet;
        for (name, worked) in worked {
            outcome.reasons.extend(nothing_accepted(&name, &worked));
            outcome.notes.extend(something_refused(&name, &worked));
        }
        let witnessed = |finding: &Finding| finding.witnesses > 0 || !finding.unwitnessed;
        let judged = outcome.failure.is_none() && !outcome.findings.is_empty();
        if judged && !outcome.findings.iter().any(witnessed) {
            let what = "nothing was witnessed: no invariant saw what it speaks about";
            outcome.reasons.push(what.to_owned());
        }
        for receipt in &outcome.receipts {
            if let Some(missing) = &receipt.missing {
                outcome.reasons.push(format!(
                    "the fault `{}` proves nothing: {missing}",
                    receipt.text
                ));
            }
        }
        outcome.verdict = outcome.weigh();
        outcome
    }

    /// Keeps the findings that the scenario asks for.
    fn choose(&mut self, setup: &Setup, findings: Vec<Finding>) {
        let steps = || setup.plan.steps.iter().map(|planned| &planned.step);
        let every = steps().any(|step| *step == Step::EveryInvariant);
        let named = |name: &str| steps().any(|step| *step == Step::Invariant(name.to_owned()));
        for finding in findings {
            let name = finding.invariant.clone();
            if every && !named(&name) && finding.unwitnessed {
                self.unwitnessed.push(name.clone());
            }
            if every || named(&name) {
                self.findings.push(finding);
            }
        }
    }

    fn weigh(&self) -> Verdict {
        let mut verdict = match (&self.failure, self.reasons.is_empty()) {
            (Some(_), _) => Verdict::EnvironmentFailed,
            (None, false) => Verdict::Inconclusive,
            (None, true) => Verdict::Held,
        };
        for finding in &self.findings {
            if !self.unwitnessed.contains(&finding.invariant) {
                verdict = verdict.and(finding.verdict);
            }
        }
        if self.tallies.iter().any(|tally| tally.seen < tally.wanted) {
            // A run that broke down on its way has not shown that the number cannot be reached.
            verdict = verdict.and(if self.failure.is_none() {
                Verdict::Violated
            } else {
                verdict
            });
        }
        verdict
    }

    /// Adds how taking the stack down went. It never hides what was found before.
    pub(super) fn and_down(
        mut self,
        down: Result<Result<(), Failure>, tokio::time::error::Elapsed>,
    ) -> Outcome {
        let failure = match down {
            Ok(Ok(())) => return self,
            Ok(Err(failure)) => failure,
            Err(_) => Failure::new("the stack was not down in time; the reaper goes on with it"),
        };
        self.verdict = self.verdict.and(Verdict::EnvironmentFailed);
        self.failure.get_or_insert(failure);
        self
    }
}

/// Part of the work may have been refused because of a fault, or because it should be; whoever reads the verdict should
/// know on how much work it stands.
fn something_refused(name: &str, worked: &Worked) -> Option<String> {
    let refused = worked.ended - worked.accepted;
    let last = worked.refusal.as_deref().unwrap_or_default();
    (refused > 0 && worked.accepted > 0).then(|| {
        format!(
            "{} of the {} requests of `{name}` were not accepted; last: {last}",
            refused, worked.ended
        )
    })
}

fn nothing_accepted(name: &str, worked: &Worked) -> Option<String> {
    (worked.accepted == 0).then(|| {
        let last = worked.refusal.as_deref().unwrap_or("nothing was sent");
        format!(
            "the workload `{name}` ran {} times and nothing was accepted; last: {last}",
            worked.ended
        )
    })
}
