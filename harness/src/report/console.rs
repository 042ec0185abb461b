//! The report on a terminal: a line per scenario, a short story for what did not hold.

use super::printable::printable;
use super::violation;
use crate::count;
use crate::duration::seconds;
use crate::engine::Outcome;
use crate::fault::Receipt;
use crate::invocation::Played;
use crate::runtime::Failure;
use crate::verdict::Verdict;
use indexmap::IndexMap;
use std::fmt::Write;

/// One line for a scenario: mark, verdict, name, place, time.
pub fn scenario(played: &Played) -> String {
    let plan = &played.job.plan;
    let mark = mark(played.verdict);
    let took = seconds(played.outcome.duration.as_nanos() as u64);
    format!(
        "{mark} {:<18} {}  ({}, {took})",
        played.verdict,
        plan.scenario,
        place(played)
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

/// Why scenarios did not hold, and what else is worth knowing: nothing for one that held and has nothing to tell. An
/// environment that failed in the same way for several is told once. `repeat` gives the command that plays one again.
pub fn stories(played: &[&Played], repeat: &dyn Fn(&Played) -> String) -> Vec<String> {
    let mut alike: IndexMap<_, Vec<&Played>> = IndexMap::new();
    for (i, one) in played.iter().enumerate() {
        let key = environment(one).ok_or(i);
        alike.entry(key).or_default().push(one);
    }
    let told = alike.values().map(|all| match all[0].verdict {
        Verdict::Held => held(all[0]),
        _ => story(all[0], &all[1..], &repeat(all[0])),
    });
    told.filter(|story| !story.is_empty())
        .map(|story| printable(&story))
        .collect()
}

/// The whole story of one scenario, whatever it came to.
pub(super) fn alone(played: &Played, repeat: &str) -> String {
    printable(&story(played, &[], repeat))
}

/// How the environment failed, if it did, without what is never the same: the run's own folder, times and ports, and what
/// a service answered last before it was given up, if its log tells more.
fn environment(played: &Played) -> Option<String> {
    if played.verdict != Verdict::EnvironmentFailed {
        return None;
    }
    let failure = |run: &Outcome| {
        let mut failure = run.failure.clone();
        if let Some(last) = failure.as_mut().and_then(|failure| failure.last.as_mut())
            && let Some((_, log)) = last.split_once('\n')
        {
            *last = log.to_owned();
        }
        let words = format!("{failure:?}");
        words.replace(&run.folder.display().to_string(), "")
    };
    let (stack, mutant) = (&played.job.stack.name, &played.job.mutant);
    let own = failure(&played.outcome);
    let control = played.control.as_ref().map(failure);
    let mut words = format!("{stack} {mutant:?} {own} {control:?}");
    words.retain(|c| !c.is_ascii_digit());
    Some(words)
}

fn title(text: &mut String, played: &Played) {
    let (mark, verdict) = (mark(played.verdict), played.verdict);
    let _ = writeln!(text, "{mark} {verdict}: {}", played.job.plan.scenario);
}

/// What is worth knowing of a scenario that held.
fn held(played: &Played) -> String {
    let (mut text, mut told) = (String::new(), String::new());
    all_notes(&mut told, played);
    if !told.is_empty() {
        title(&mut text, played);
    }
    text + &told
}

fn place(played: &Played) -> String {
    let place = &played.job.plan.place;
    format!("{}:{}", place.file.display(), place.line)
}

fn story(played: &Played, alike: &[&Played], repeat: &str) -> String {
    let mut text = String::new();
    title(&mut text, played);
    let _ = writeln!(text, "  where:    {}", place(played));
    if let Some(mutant) = &played.job.mutant {
        let _ = writeln!(text, "  mutant:   {mutant}");
    }
    tell(&mut text, &played.outcome, "");
    if let Some(control) = &played.control
        && control.verdict != Verdict::Held
    {
        told_of_control(&mut text, control, &played.outcome);
    }
    for receipt in &played.outcome.receipts {
        let _ = writeln!(text, "  fault:    {}", receipt_line(receipt));
    }
    all_notes(&mut text, played);
    if played.outcome.begun() {
        let _ = writeln!(text, "  history:  {}", played.outcome.history.display());
    }
    let _ = writeln!(text, "  repeat:   {repeat}");
    if !alike.is_empty() {
        let more = count::of(alike.len(), "more scenario");
        let _ = writeln!(text, "  the same: {more}");
    }
    for other in alike {
        let name = &other.job.plan.scenario;
        let _ = writeln!(text, "            {name}  ({})", place(other));
    }
    text
}

/// What the control run came to, and why, as far as the scenario's `own` run has not told so.
fn told_of_control(text: &mut String, control: &Outcome, own: &Outcome) {
    let verdict = control.verdict;
    let words = match verdict {
        Verdict::Violated => "without any fault as well: no fault was needed",
        _ if verdict == own.verdict => "without any fault as well",
        _ => "without any fault",
    };
    let _ = writeln!(text, "  control:  {verdict} {words}");
    // What decides is told; that both broke the same way needs no second story.
    let prefix = "control run: ";
    let failed = control.failure.is_some() && own.failure.is_none();
    if verdict > own.verdict || failed {
        tell(text, control, prefix);
    } else if verdict == Verdict::Inconclusive {
        let known = match own.verdict {
            Verdict::Violated => Vec::new(),
            _ => untold(own),
        };
        let news = untold(control).into_iter();
        for reason in news.filter(|reason| !known.contains(reason)) {
            let _ = writeln!(text, "  {prefix}{reason}");
        }
    }
    if control.begun() {
        let _ = writeln!(text, "            {}", control.history.display());
    }
}

fn all_notes(text: &mut String, played: &Played) {
    notes(text, &played.outcome, "");
    if let Some(control) = &played.control {
        notes(text, control, "control run: ");
    }
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
    for tally in outcome.tallies.iter().filter(|tally| !tally.met()) {
        let _ = writeln!(
            text,
            "  {prefix}{}: only {} did ({})",
            tally.text, tally.seen, tally.place
        );
    }
    if outcome.verdict != Verdict::Violated {
        for reason in untold(outcome) {
            let _ = writeln!(text, "  {prefix}{reason}");
        }
    }
}

/// What could not be told, and why.
fn untold(outcome: &Outcome) -> Vec<String> {
    let findings = outcome.findings.iter().filter(|finding| {
        finding.verdict == Verdict::Inconclusive
            && !outcome.unwitnessed.contains(&finding.invariant)
    });
    let findings = findings.map(|finding| {
        let reason = finding.reason.as_deref().unwrap_or("no reason was given");
        let name = &finding.invariant;
        format!("cannot tell whether `{name}` holds: {reason}")
    });
    findings.chain(outcome.reasons.iter().cloned()).collect()
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

/// A fault with what can be proven of it.
pub fn receipt_line(receipt: &Receipt) -> String {
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
