//! The last lines of a report: what nobody witnessed, how well things could be seen, the counts.

use super::printable::printable;
use crate::count;
use crate::invariant::{Finding, Sight};
use crate::invocation::{self, Played};
use crate::verdict::Verdict;
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

/// The last lines: what nobody witnessed, the counts, the seed if there is one.
pub fn summary(played: &[Played], seed: Option<u64>) -> String {
    let mut text = unseen(played);
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
        "{verdict}: {}, {}; {} felt, {}{seed}",
        scenarios(played),
        counts.join(", "),
        count::of(felt, "fault"),
        count::of(witnesses, "witness")
    );
    printable(&text)
}

/// How many scenarios there were, and how often each was played if more than once.
fn scenarios(played: &[Played]) -> String {
    let scenarios = invocation::rounds(played).len();
    match played.iter().map(|one| one.job.round).max() {
        Some(rounds @ 2..) => format!("{} {rounds} times", count::of(scenarios, "scenario")),
        _ => count::of(played.len(), "scenario"),
    }
}

/// So many reasons of a stack are told; where one scenario of many is played, there are dozens.
const REASONS: usize = 5;

/// What no scenario witnessed, a line for all of a stack with the same reason, and one for those whose reasons are not told.
fn unseen(played: &[Played]) -> String {
    let stacks = invocation::unwitnessed(played);
    let stacks = stacks.into_iter();
    stacks
        .flat_map(|(stack, names)| unseen_of(played, &stack, names))
        .map(|line| format!("? {line}\n"))
        .collect()
}

fn unseen_of(played: &[Played], stack: &str, names: BTreeSet<String>) -> Vec<String> {
    let mut alike: IndexMap<Option<&str>, Vec<String>> = IndexMap::new();
    for name in names {
        let why = reason(played, stack, &name);
        alike.entry(why).or_default().push(name);
    }
    without_witnesses(stack, alike)
}

fn without_witnesses(stack: &str, mut alike: IndexMap<Option<&str>, Vec<String>>) -> Vec<String> {
    // Nobody is spared a line by a line.
    let rest = match alike.len() > REASONS + 1 {
        true => alike.split_off(REASONS),
        false => IndexMap::new(),
    };
    let lines = alike.iter();
    let mut lines: Vec<String> = lines
        .map(|(why, names)| without_witness(stack, names, *why))
        .collect();
    let names: Vec<String> = rest.into_values().flatten().collect();
    if !names.is_empty() {
        let (count, names) = (names.len(), quoted(&names));
        lines.push(format!(
            "nor {count} more, of which `check FOLDER --invariant NAME` says why: {names}"
        ));
    }
    lines
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
    let mut alike: BTreeMap<Sight, Vec<&str>> = BTreeMap::new();
    for (name, sight) in worst {
        alike.entry(sight).or_default().push(name);
    }
    let lines = alike.iter();
    lines
        .map(|(sight, names)| format!("note: {sight}: {}\n", quoted(names)))
        .collect()
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

/// That no scenario of a stack witnessed an invariant, with the reason that the first of them gave.
pub(super) fn no_witness(played: &[Played], stack: &str, invariant: &str) -> String {
    without_witness(stack, &[invariant], reason(played, stack, invariant))
}

fn without_witness(stack: &str, names: &[impl AsRef<str>], why: Option<&str>) -> String {
    let why = why.map(|why| format!(": {why}")).unwrap_or_default();
    let names = quoted(names);
    format!("no scenario witnessed {names} of stack `{stack}`{why}")
}

/// Why the first scenario of a stack did not witness an invariant.
fn reason<'p>(played: &'p [Played], stack: &str, invariant: &str) -> Option<&'p str> {
    let mut findings = played
        .iter()
        .filter(|one| one.job.stack.name == stack)
        .flat_map(|one| &one.outcome.findings)
        .filter(|finding| finding.invariant == invariant);
    findings.find_map(|finding| finding.reason.as_deref())
}

fn quoted(names: &[impl AsRef<str>]) -> String {
    let names: Vec<String> = names
        .iter()
        .map(|name| format!("`{}`", name.as_ref()))
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_reasons_some_are_told_and_all_names() {
        let reasons: Vec<String> = (1..=8).map(|n| format!("reason {n}")).collect();
        let of = |count: usize| {
            let names = |why: &String| vec![format!("{why}a"), format!("{why}b")];
            let alike = reasons[..count]
                .iter()
                .map(|why| (Some(why.as_str()), names(why)));
            without_witnesses("shop", alike.collect())
        };
        assert_eq!(of(6).len(), 6);
        assert!(of(6)[5].ends_with("of stack `shop`: reason 6"));
        let told = of(8);
        assert_eq!(told.len(), 6);
        let rest = "nor 6 more, of which `check FOLDER --invariant NAME` says why: `reason 6a`, `reason 6b`, `reason 7a`";
        assert!(told[5].starts_with(rest), "{}", told[5]);
        assert!(told[5].ends_with("`reason 8b`"), "{}", told[5]);
    }
}
