//! What the reports for CI are made from, and what all of them say in the same words.

use super::{MutantResult, console};
use crate::invocation::{self, Played};
use crate::seed::Seed;
use crate::verdict::Verdict;
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// An invocation that has ended.
pub struct Results<'r> {
    /// What was played, in order.
    pub played: &'r [Played],
    /// All of it together.
    pub verdict: Verdict,
    /// The seed.
    pub seed: Seed,
    /// The command that plays a scenario again.
    pub repeat: &'r dyn Fn(&Played) -> String,
    /// What became of planted bugs; then the scenarios are those without any.
    pub mutants: &'r [MutantResult],
    unwitnessed: BTreeMap<String, BTreeSet<String>>,
}

impl<'r> Results<'r> {
    /// The results of a run.
    pub fn new(
        played: &'r [Played],
        seed: Seed,
        repeat: &'r dyn Fn(&Played) -> String,
    ) -> Results<'r> {
        Results {
            played,
            verdict: invocation::verdict(played),
            seed,
            repeat,
            mutants: &[],
            unwitnessed: invocation::unwitnessed(played),
        }
    }

    /// The same with planted bugs.
    pub fn with_mutants(self, mutants: &'r [MutantResult]) -> Results<'r> {
        Results { mutants, ..self }
    }

    /// The scenarios by their feature files, in order.
    pub(super) fn by_file(&self) -> IndexMap<&'r Path, Vec<&'r Played>> {
        let mut files: IndexMap<&Path, Vec<&Played>> = IndexMap::new();
        for one in self.played {
            files.entry(&one.job.plan.place.file).or_default().push(one);
        }
        files
    }

    /// Those that did not hold, the worst first.
    pub(super) fn failed(&self) -> Vec<&'r Played> {
        let failed = self
            .played
            .iter()
            .filter(|one| one.verdict != Verdict::Held);
        let mut failed: Vec<&Played> = failed.collect();
        failed.sort_by_key(|one| std::cmp::Reverse(one.verdict));
        failed
    }

    /// By stack: what no scenario witnessed.
    pub(super) fn unwitnessed(&self) -> &BTreeMap<String, BTreeSet<String>> {
        &self.unwitnessed
    }

    /// The whole story of a scenario, as on the terminal.
    pub(super) fn story(&self, one: &Played) -> String {
        console::alone(one, &(self.repeat)(one))
    }
}

/// The name of a scenario, with what tells it from others of the same name.
pub(super) fn name(one: &Played) -> String {
    let mutant = one.job.mutant.iter().map(|name| format!("[{name}] "));
    let round = match one.job.round {
        1 => String::new(),
        round => format!(" (round {round})"),
    };
    format!(
        "{}{}{round}",
        mutant.collect::<String>(),
        one.job.plan.scenario
    )
}

/// Why a scenario did not hold, in a line; its verdict comes first, for those who see nothing else.
pub(super) fn headline(one: &Played) -> String {
    let own = why(one);
    let line = own.lines().next().unwrap_or_default().trim();
    match line.is_empty() {
        true => one.verdict.to_string(),
        false => format!("{}: {line}", one.verdict),
    }
}

fn why(one: &Played) -> String {
    let control = one.control.as_ref();
    let decides = control.filter(|control| control.verdict > one.outcome.verdict);
    let (run, prefix) = match decides {
        Some(control) => (control, "control run: "),
        None => (&one.outcome, ""),
    };
    if let Some(failure) = &run.failure {
        return format!("{prefix}{}", failure.what);
    }
    let of = |verdict| {
        let findings = run.findings.iter();
        let mut found = findings.filter(move |finding| finding.verdict == verdict);
        found.find(|finding| !run.unwitnessed.contains(&finding.invariant))
    };
    if let Some(finding) = of(Verdict::Violated) {
        let entity = finding.entity.as_deref().unwrap_or("the run");
        return format!("{prefix}`{}` broke for {entity}", finding.invariant);
    }
    let mut tallies = run.tallies.iter();
    if let Some(tally) = tallies.find(|tally| !tally.met()) {
        return format!("{prefix}{}: only {} did", tally.text, tally.seen);
    }
    if let Some(reason) = run.reasons.first() {
        return format!("{prefix}{reason}");
    }
    match of(Verdict::Inconclusive) {
        Some(finding) => {
            let reason = finding.reason.as_deref().unwrap_or("no reason was given");
            format!(
                "{prefix}cannot tell whether `{}` holds: {reason}",
                finding.invariant
            )
        }
        None => String::new(),
    }
}
