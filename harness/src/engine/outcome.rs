//! What a run came to, by the table of verdicts.

use super::Setup;
use super::failed;
use super::record::Record;
use super::rewritten;
use super::room;
use super::strain;
use super::tally::{self, Tally, Unsettled};
use super::worked::Worked;
use crate::fault::Receipt;
use crate::history::Heard;
use crate::invariant::Finding;
use crate::plan::{Judged, Plan, Step};
use crate::runtime::Failure;
use crate::secret::Secrets;
use crate::stack::Call;
use crate::verdict::Verdict;
use std::collections::{BTreeSet, HashMap};
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
    /// Those of which nobody can say that they were not met; each is among the reasons.
    pub unsettled: Vec<Unsettled>,
    /// One receipt for each fault.
    pub receipts: Vec<Receipt>,
    /// Why the run is inconclusive, beyond its invariants.
    pub reasons: Vec<String>,
    /// What is worth knowing and changes nothing.
    pub notes: Vec<String>,
    /// Services that ended by themselves, not well.
    pub crashed: BTreeSet<String>,
    /// What was told of entities.
    pub heard: Heard,
    /// Why the environment failed.
    pub failure: Option<Failure>,
    /// Why it failed before, where this was played again for that.
    pub retried: Vec<String>,
    /// From the first step of bringing the stack up to the last of taking it down.
    pub duration: Duration,
    /// Where the history and the logs are.
    pub folder: PathBuf,
    /// The file that was judged.
    pub history: PathBuf,
    /// How long the run watched after the last event.
    pub settle: Duration,
    /// Something was violated, and nobody waited for what was still to come.
    pub cut_short: bool,
}

/// The call that a fault waited for.
fn awaited<'s>(setup: &'s Setup, receipt: &Receipt) -> Option<&'s Call> {
    let mut steps = setup.plan.steps.iter();
    let call = steps.find_map(|planned| match &planned.step {
        Step::Fault(fault) if planned.text == receipt.text => fault.awaits(),
        _ => None,
    });
    setup.stack.calls.get(call?)
}

/// Why a run is inconclusive that was ended early for what was not broken after all.
pub(crate) const CUT_IN_VAIN: &str = "it was ended early for an invariant that looked violated then and was not when all was \
    known: what was still to come is not known";

/// Why a run with invariants of which none saw anything is inconclusive.
pub(crate) const NOTHING_WITNESSED: &str =
    "nothing was witnessed: no invariant saw what it speaks about";

/// Everything that was seen in a run.
#[derive(Default)]
pub(crate) struct Seen {
    /// One for each invariant of the stack.
    pub findings: Vec<Finding>,
    /// Demands on numbers.
    pub tallies: Vec<Tally>,
    /// Those of which nobody can say that they were not met.
    pub unsettled: Vec<Unsettled>,
    /// One for each fault.
    pub receipts: Vec<Receipt>,
    /// Why it is inconclusive.
    pub reasons: Vec<String>,
    /// What is worth knowing.
    pub notes: Vec<String>,
    /// Services that ended by themselves, not well.
    pub crashed: BTreeSet<String>,
    /// What was told of entities.
    pub heard: Heard,
    /// How the workloads went.
    pub worked: HashMap<String, Worked>,
    /// Why the environment failed.
    pub failure: Option<Failure>,
    /// Nobody waited for what was still to come.
    pub cut_short: bool,
}

/// A note on an invariant that broke in a scenario that does not judge for it.
fn not_asked_for(finding: &Finding) -> String {
    let whose = finding
        .entity
        .as_ref()
        .map(|entity| format!(" by {entity}"));
    format!(
        "`{}` was violated{}, which this scenario does not ask for",
        finding.invariant,
        whose.unwrap_or_default()
    )
}

/// Why a run failed that the user had stopped.
pub(super) const INTERRUPTED: &str = "interrupted";

impl Outcome {
    /// Whether the user had it stopped before it could come to anything.
    pub fn interrupted(&self) -> bool {
        let failure = self.failure.as_ref();
        failure.is_some_and(|failure| failure.what == INTERRUPTED)
    }

    /// Whether it was begun at all.
    pub fn begun(&self) -> bool {
        !self.history.as_os_str().is_empty()
    }

    /// The outcome of a run that was to begin after the user had stopped all.
    pub(crate) fn not_begun(setup: &Setup) -> Outcome {
        Outcome::failed(setup, Failure::new(INTERRUPTED))
    }

    /// The outcome of a run that could not even begin.
    pub(crate) fn failed(setup: &Setup, failure: Failure) -> Outcome {
        Outcome {
            failure: Some(failure),
            verdict: Verdict::EnvironmentFailed,
            ..Outcome::nothing(setup.stack.settle)
        }
    }

    fn nothing(settle: Duration) -> Outcome {
        Outcome {
            verdict: Verdict::Inconclusive,
            findings: Vec::new(),
            unwitnessed: Vec::new(),
            tallies: Vec::new(),
            unsettled: Vec::new(),
            receipts: Vec::new(),
            reasons: Vec::new(),
            notes: Vec::new(),
            crashed: BTreeSet::new(),
            heard: Heard::default(),
            failure: None,
            retried: Vec::new(),
            duration: Duration::ZERO,
            folder: PathBuf::new(),
            history: PathBuf::new(),
            settle,
            cut_short: false,
        }
    }

    /// Judges what was recorded.
    pub(super) fn judge(
        setup: &Setup,
        record: &Record,
        unmet: Vec<String>,
        failure: Option<Failure>,
    ) -> Outcome {
        let mut receipts = record.receipts();
        let rewritten = rewritten::notes(&setup.plan, &setup.stack, &receipts);
        let seen = record.look(|state| {
            let vain = |receipt: &&mut Receipt| receipt.matched == 0 && !receipt.late;
            for receipt in receipts.iter_mut().filter(vain) {
                let near = awaited(setup, receipt).and_then(|call| state.strangers.near(call));
                if let (Some(missing), Some(near)) = (&mut receipt.missing, near) {
                    *missing += &format!(", {near}");
                }
            }
            let entities = state.judge.entities();
            let known = |kind: &str| entities.records(kind).count();
            let some = receipts.iter().filter_map(|one| one.some_of_each(&known));
            let some: Vec<String> = some.collect();
            let (tallies, unsettled) = tally::tallies(&setup.plan, &state.judge);
            Seen {
                findings: state.judge.findings(),
                tallies,
                unsettled,
                receipts,
                reasons: unmet,
                notes: [
                    state.notes.lines(),
                    state.judge.notes(&setup.judges()),
                    state.unnoticed.notes(&setup.stack),
                    rewritten,
                    some,
                ]
                .concat(),
                crashed: state.crashed.clone(),
                heard: state.judge.entities().heard(),
                worked: state.worked.clone(),
                cut_short: state.judge.cut_short(),
                failure: failure
                    .or(state.broken.clone().map(Failure::new))
                    .or_else(|| room::none_left(&setup.out)),
            }
        });
        let mut outcome =
            Outcome::weighed(&setup.plan, setup.stack.settle, seen).only(&setup.judges());
        if outcome.verdict > Verdict::Held {
            outcome.notes.extend(failed::note(&record.history()));
            outcome.notes.extend(strain::note());
        }
        outcome
    }

    /// What it came to for whoever judges for these invariants.
    pub fn only(mut self, judged: &Judged) -> Outcome {
        self.findings
            .retain(|finding| judged.includes(&finding.invariant));
        self.unwitnessed.retain(|name| judged.includes(name));
        self.verdict = self.weigh();
        self
    }

    /// Takes in what all runs of the same rules told: those that told nothing here may work all the same.
    pub fn settle(&mut self, heard: &Heard) {
        for finding in &mut self.findings {
            finding.settle(heard);
        }
        let settled = self.unsettled.extract_if(.., |one| one.settled(heard));
        for settled in settled {
            let reason = settled.reason();
            self.reasons.retain(|other| *other != reason);
            self.tallies.push(settled.tally().clone());
        }
        self.verdict = self.verdict.and(self.weigh());
    }

    /// Weighs what was seen against what a plan demands.
    pub(crate) fn weighed(plan: &Plan, settle: Duration, seen: Seen) -> Outcome {
        let mut outcome = Outcome {
            tallies: seen.tallies,
            unsettled: seen.unsettled,
            receipts: seen.receipts,
            reasons: seen.reasons,
            notes: seen.notes,
            crashed: seen.crashed,
            heard: seen.heard,
            failure: seen.failure,
            cut_short: seen.cut_short,
            ..Outcome::nothing(settle)
        };
        let unsettled = outcome.unsettled.iter();
        outcome.reasons.extend(unsettled.map(Unsettled::reason));
        outcome.choose(plan, seen.findings);
        if outcome.cut_short {
            outcome.leave_open();
            let violated = |finding: &Finding| finding.verdict == Verdict::Violated;
            if !outcome.findings.iter().any(violated) {
                outcome.reasons.push(CUT_IN_VAIN.to_owned());
            }
        }
        for (name, worked) in seen.worked {
            outcome.reasons.extend(worked.nothing_accepted(&name));
            outcome.notes.extend(worked.something_refused(&name));
            outcome.notes.extend(worked.created_again(&name));
        }
        let witnessed = |finding: &Finding| finding.witnesses > 0 || !finding.unwitnessed;
        let judged = outcome.failure.is_none() && !outcome.findings.is_empty();
        if judged && !outcome.findings.iter().any(witnessed) {
            outcome.reasons.push(NOTHING_WITNESSED.to_owned());
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

    /// Nobody knows whether numbers that were not reached would have been.
    fn leave_open(&mut self) {
        let unmet = self.tallies.extract_if(.., |tally| !tally.met());
        self.reasons.extend(unmet.map(
            |Tally {
                 text, place, seen, ..
             }| {
                format!("`{text}` ({place}): {seen} did when nobody waited any longer")
            },
        ));
    }

    /// Keeps the findings that the scenario judges for.
    fn choose(&mut self, plan: &Plan, findings: Vec<Finding>) {
        let steps = || plan.steps.iter().map(|planned| &planned.step);
        let every = steps().any(|step| *step == Step::EveryInvariant);
        let named = |name: &str| steps().any(|step| *step == Step::Invariant(name.to_owned()));
        for finding in findings {
            let name = finding.invariant.clone();
            if every && !named(&name) && finding.unwitnessed {
                self.unwitnessed.push(name.clone());
            }
            if every || named(&name) {
                self.findings.push(finding);
            } else if finding.verdict == Verdict::Violated {
                self.notes.push(not_asked_for(&finding));
            }
        }
    }

    /// What broke in an environment that had failed may have broken for that.
    fn weigh(&self) -> Verdict {
        if self.failure.is_some() {
            return Verdict::EnvironmentFailed;
        }
        let mut verdict = match self.reasons.is_empty() {
            false => Verdict::Inconclusive,
            true => Verdict::Held,
        };
        for finding in &self.findings {
            if !self.unwitnessed.contains(&finding.invariant) {
                verdict = verdict.and(finding.verdict);
            }
        }
        if !self.tallies.iter().all(Tally::met) {
            verdict = verdict.and(Verdict::Violated);
        }
        verdict
    }

    /// Adds whether logs that were written could be cleared of what became known as a secret only later.
    pub(super) fn and_hidden(mut self, hidden: std::io::Result<()>) -> Outcome {
        if let Err(error) = hidden {
            let what = format!("logs may still have secrets that became known late: {error}");
            self.verdict = self.verdict.and(Verdict::EnvironmentFailed);
            self.failure.get_or_insert(Failure::new(what));
        }
        self
    }

    /// Hides secrets in what it tells beyond its history.
    pub(super) fn hide(&mut self, secrets: &Secrets) {
        let hide = |text: &mut String| *text = secrets.text(text);
        self.reasons.iter_mut().for_each(hide);
        self.notes.iter_mut().for_each(hide);
        let missing = self.receipts.iter_mut();
        missing
            .filter_map(|receipt| receipt.missing.as_mut())
            .for_each(hide);
        if let Some(failure) = &mut self.failure {
            hide(&mut failure.what);
            let more = [&mut failure.last, &mut failure.help];
            more.into_iter().flatten().for_each(hide);
        }
        self.notes.extend(secrets.overflow().map(|searched| {
            format!(
                "more than {searched} secrets came by: those that followed are hidden in headers and URLs, and not searched \
                 for elsewhere"
            )
        }));
    }

    /// Adds how taking the stack down went. It never hides what was found before.
    pub(super) fn and_down(
        mut self,
        down: Result<Result<Vec<String>, Failure>, tokio::time::error::Elapsed>,
    ) -> Outcome {
        let failure = match down {
            Ok(Ok(left)) => {
                self.notes.extend(left);
                return self;
            }
            Ok(Err(failure)) => failure,
            Err(_) => Failure::new("the stack was not down in time; the reaper goes on with it"),
        };
        self.verdict = self.verdict.and(Verdict::EnvironmentFailed);
        self.failure.get_or_insert(failure);
        self
    }
}
