//! The report on a terminal: a line per scenario, a short story for what did not hold, a summary.

use super::violation;
use crate::duration::seconds;
use crate::engine::Outcome;
use crate::fault::Receipt;
use crate::invariant::{Finding, Sight};
use crate::invocation::{self, Played};
use crate::runtime::Failure;
use crate::verdict::Verdict;
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::fmt::Write;

/// One line for a scenario: mark, verdict, name, place, time.
pub fn scenario(played: &Played) -> String {
    let plan = &played.job.plan;
    let mark = mark(played.verdict);
    let took = seconds(played.outcome.duration.as_nanos() as u64);
    let place = format!("{}:{}", plan.place.file.display(), plan.place.line);
    format!(
        "{mark} {:<18} {}  ({place}, {took})",
        played.verdict, plan.scenario
    )
}

pub(super) fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Held => "✓",
        Verdict::Violated => "✗",
        Verdict::Inconclusive => "?",
        Verdict::EnvironmentFailed => "!",
    }
}

/// Why a scenario did not hold, and what else is worth knowing; empty for one that held and has nothing to tell.
/// `repeat` is the command that plays it again.
pub fn story(played: &Played, repeat: &str) -> String {
    let mut text = String::new();
    let control_notes = |text: &mut String| {
        if let Some(control) = &played.control {
            notes(text, control, "control run: ");
        }
    };
    if played.verdict == Verdict::Held {
        notes(&mut text, &played.outcome, "");
        control_notes(&mut text);
        return text;
    }
    let plan = &played.job.plan;
    let _ = writeln!(
        text,
        "{} {}: {}",
        mark(played.verdict),
        played.verdict,
        plan.scenario
    );
    let _ = writeln!(
        text,
        "  where:    {}:{}",
        plan.place.file.display(),
        plan.place.line
    );
    if let Some(mutant) = &played.job.mutant {
        let _ = writeln!(text, "  mutant:   {mutant}");
    }
    tell(&mut text, &played.outcome, "");
    if let Some(control) = &played.control
        && control.verdict != Verdict::Held
    {
        let no_fault = match control.verdict {
            Verdict::Violated => ": no fault was needed",
            _ => "",
        };
        let _ = writeln!(
            text,
            "  control:  {} without any fault as well{no_fault}",
            control.verdict
        );
        if played.outcome.verdict == Verdict::Held {
            tell(&mut text, control, "control run: ");
        }
        let _ = writeln!(text, "            {}", control.history.display());
    }
    for receipt in &played.outcome.receipts {
        let _ = writeln!(text, "  fault:    {}", receipt_line(receipt));
    }
    notes(&mut text, &played.outcome, "");
    control_notes(&mut text);
    let _ = writeln!(text, "  history:  {}", played.outcome.history.display());
    let _ = writeln!(text, "  repeat:   {repeat}");
    text
}

fn notes(text: &mut String, outcome: &Outcome, prefix: &str) {
    for note in &outcome.notes {
        let _ = writeln!(text, "  note:     {prefix}{note}");
    }
}

/// What one run came to, without where it can be read.
fn tell(text: &mut String, outcome: &Outcome, prefix: &str) {
    if let Some(failure) = &outcome.failure {
        failed(text, failure, prefix);
    }
    for finding in outcome
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Violated)
    {
        violation::tell(text, finding, prefix);
    }
    for tally in outcome
        .tallies
        .iter()
        .filter(|tally| tally.seen < tally.wanted)
    {
        let _ = writeln!(
            text,
            "  {prefix}{}: only {} did ({})",
            tally.text, tally.seen, tally.place
        );
    }
    if outcome.verdict != Verdict::Violated {
        untold(text, outcome, prefix);
    }
}

/// What could not be told, and why.
fn untold(text: &mut String, outcome: &Outcome, prefix: &str) {
    for finding in outcome
        .findings
        .iter()
        .filter(|finding| finding.verdict == Verdict::Inconclusive)
    {
        if !outcome.unwitnessed.contains(&finding.invariant) {
            let reason = finding.reason.as_deref().unwrap_or("no reason was given");
            let _ = writeln!(
                text,
                "  {prefix}cannot tell whether `{}` holds: {reason}",
                finding.invariant
            );
        }
    }
    for reason in &outcome.reasons {
        let _ = writeln!(text, "  {prefix}{reason}");
    }
}

fn failed(text: &mut String, failure: &Failure, prefix: &str) {
    let _ = writeln!(text, "  {prefix}{}", failure.what);
    if let Some(last) = &failure.last {
        let _ = writeln!(
            text,
            "    last:     {}",
            last.trim_end().replace('\n', "\n              ")
        );
    }
    if let Some(help) = &failure.help {
        let _ = writeln!(text, "    help:     {help}");
    }
}

fn receipt_line(receipt: &Receipt) -> String {
    let Receipt {
        text,
        armed,
        matched,
        applied,
        felt,
        reached,
        ..
    } = receipt;
    format!(
        "{text} (armed {armed}, matched {matched}, applied {applied}, felt {felt}, reached {reached})"
    )
}

/// The last lines: what nobody witnessed, the counts, the seed if there is one.
pub fn summary(played: &[Played], seed: Option<u64>) -> String {
    let mut text = String::new();
    for (stack, names) in invocation::unwitnessed(played) {
        for name in names {
            let _ = writeln!(
                text,
                "? no scenario witnessed `{name}` of stack `{stack}`{}",
                why(played, &name)
            );
        }
    }
    text += &sights(played);
    text += &untold_of_held(played);
    let mut counts: BTreeMap<Verdict, usize> = BTreeMap::new();
    for one in played {
        *counts.entry(one.verdict).or_default() += 1;
    }
    let counts: Vec<String> = counts
        .iter()
        .rev()
        .map(|(verdict, count)| format!("{count} {verdict}"))
        .collect();
    let witnesses: u64 = played
        .iter()
        .flat_map(|one| &one.outcome.findings)
        .map(|f| f.witnesses)
        .sum();
    let felt: u64 = played
        .iter()
        .flat_map(|one| &one.outcome.receipts)
        .map(|r| r.felt)
        .sum();
    let verdict = invocation::verdict(played);
    let seed = seed.map(|seed| format!("; seed {seed}"));
    let seed = seed.unwrap_or_default();
    let _ = writeln!(
        text,
        "{verdict}: {}, {}; {felt} faults felt, {witnesses} witnesses{seed}",
        scenarios(played),
        counts.join(", ")
    );
    text
}

/// How many scenarios there were, and how often each was played if more than once.
fn scenarios(played: &[Played]) -> String {
    let scenarios = invocation::rounds(played).len();
    match played.iter().map(|one| one.job.round).max() {
        Some(rounds @ 2..) => format!("{scenarios} scenarios {rounds} times"),
        _ => format!("{} scenarios", played.len()),
    }
}

/// The invariants that were only looked at now and then, each with its worst sight.
fn sights(played: &[Played]) -> String {
    let findings = played.iter().flat_map(|one| &one.outcome.findings);
    let mut worst: IndexMap<&str, Sight> = IndexMap::new();
    for finding in findings.filter(|finding| finding.witnesses > 0) {
        if let Some(sight) = finding.sight {
            let known = worst.entry(&finding.invariant).or_insert(sight);
            *known = sight.max(*known);
        }
    }
    let lines = worst
        .iter()
        .map(|(name, sight)| format!("note: `{name}` was {sight}\n"));
    lines.collect()
}

/// The invariants that held although nothing ever told something that they read, in any scenario.
fn untold_of_held(played: &[Played]) -> String {
    let mut untold: IndexMap<(&str, &str), Option<&str>> = IndexMap::new();
    for one in played {
        let stack = one.job.stack.name.as_str();
        let decided = |finding: &&Finding| finding.verdict != Verdict::Inconclusive;
        for finding in one.outcome.findings.iter().filter(decided) {
            let key = (stack, finding.invariant.as_str());
            let words = finding.untold.as_deref();
            let known = untold.entry(key).or_insert(words);
            *known = known.and(words);
        }
    }
    let lines = untold.iter().filter_map(|((_, name), words)| {
        let words = (*words)?;
        Some(format!("note: `{name}` held, but {words}\n"))
    });
    lines.collect()
}

/// The reason that the first scenario without a witness gave.
fn why(played: &[Played], invariant: &str) -> String {
    let findings = played.iter().flat_map(|one| &one.outcome.findings);
    let reason = findings
        .filter(|f| f.invariant == invariant)
        .find_map(|f| f.reason.as_deref());
    reason
        .map(|reason| format!(": {reason}"))
        .unwrap_or_default()
}
