//! A report in the JSON of cucumber-jvm, for dashboards that read it.
//!
//! A step fails when it demanded what was not so, when its fault proved nothing, or when what it waited for did not
//! come. What no scenario witnessed fails the last step that demanded every invariant. That format knows no
//! *inconclusive*: such a step is failed too, and its message says so. Single steps have no times, so a scenario's whole time is that of its first step.

use super::results::{Results, headline, name};
use super::source::Source;
use super::summary::no_witness;
use crate::engine::{Outcome, Unsettled};
use crate::invocation::Played;
use crate::plan::{Planned, Step};
use crate::verdict::Verdict;
use serde_json::{Value, json};
use std::path::Path;

/// The value of the file.
pub fn cucumber_json(results: &Results<'_>) -> Value {
    let files = results.by_file();
    let features = files
        .iter()
        .map(|(file, played)| feature(file, played, results));
    features.collect()
}

fn feature(file: &Path, played: &[&Played], results: &Results<'_>) -> Value {
    let (source, plan) = (Source::read(file), &played[0].job.plan);
    let (line, keyword) = source.feature(&plan.feature);
    let elements = played.iter().map(|one| element(one, &source, results));
    json!({
        "uri": file.display().to_string(),
        "id": slug(&plan.feature),
        "line": line,
        "keyword": keyword,
        "name": plan.feature,
        "description": "",
        "elements": elements.collect::<Vec<_>>(),
    })
}

fn element(one: &Played, source: &Source, results: &Results<'_>) -> Value {
    let plan = &one.job.plan;
    let mut steps: Vec<&Planned> = plan.steps.iter().collect();
    // A step of somebody's own stands for several.
    steps.dedup_by(|a, b| a.place == b.place && a.text == b.text);
    let unseen = unseen(one, results);
    let mut failing = failing(one, &steps);
    if !unseen.is_empty() {
        let every = steps
            .iter()
            .rposition(|planned| planned.step == Step::EveryInvariant);
        failing.extend(every);
    }
    let own = (one.verdict != Verdict::Held).then(|| headline(one));
    let why: Vec<String> = own.into_iter().chain(unseen).collect();
    let message = format!("{}\n\n{}", why.join("\n"), results.story(one));
    let steps = steps.iter().enumerate().map(|(i, planned)| {
        let status = match one.verdict {
            Verdict::EnvironmentFailed if !failing.contains(&i) => "skipped",
            _ if failing.contains(&i) => "failed",
            _ => "passed",
        };
        let mut result = json!({"status": status});
        if status == "failed" {
            result["error_message"] = message.as_str().into();
        }
        if i == 0 {
            result["duration"] = (one.outcome.duration.as_nanos() as u64).into();
        }
        let place = &planned.place;
        json!({
            "keyword": source.keyword(place.line, &planned.text),
            "line": place.line,
            "name": planned.text,
            "match": {"location": format!("{}:{}", place.file.display(), place.line)},
            "result": result,
        })
    });
    let steps: Vec<Value> = steps.collect();
    let tags = plan
        .tags
        .iter()
        .map(|tag| json!({"name": format!("@{tag}")}));
    json!({
        "id": format!("{};{}", slug(&plan.feature), slug(&name(one))),
        "line": plan.place.line,
        "type": "scenario",
        "keyword": source.keyword(plan.place.line, &plan.scenario).trim_end_matches([':', ' ']),
        "name": name(one),
        "description": "",
        "tags": tags.collect::<Vec<_>>(),
        "steps": steps,
    })
}

/// What no scenario witnessed, in words, where this is the last one that demanded it.
fn unseen(one: &Played, results: &Results<'_>) -> Vec<String> {
    let stack = &one.job.stack.name;
    let names = results.unwitnessed().get(stack).into_iter().flatten();
    let demands = |other: &&Played, name: &String| {
        other.job.stack.name == *stack
            && other.outcome.failure.is_none()
            && other.outcome.unwitnessed.contains(name)
    };
    let here = names.filter(|name| {
        let mut all = results.played.iter().rev();
        let last = all.find(|other| demands(other, name));
        last.is_some_and(|last| std::ptr::eq(last, one))
    });
    let words = here.map(|name| {
        let why = no_witness(results.played, stack, name);
        format!("{}: {why}", Verdict::Inconclusive)
    });
    words.collect()
}

/// The steps that failed, by their numbers. One at least of a scenario that did not hold.
fn failing(one: &Played, steps: &[&Planned]) -> Vec<usize> {
    let numbered = || steps.iter().enumerate();
    let failed: Vec<usize> = match one.verdict {
        Verdict::Held => return Vec::new(),
        Verdict::EnvironmentFailed => vec![0],
        _ => {
            let runs = || std::iter::once(&one.outcome).chain(&one.control);
            let failed = numbered().filter(|(_, planned)| runs().any(|run| fails(run, planned)));
            failed.map(|(i, _)| i).collect()
        }
    };
    match failed.is_empty() {
        // What is wrong with the whole is told where it is judged.
        true => steps.len().checked_sub(1).into_iter().collect(),
        false => failed,
    }
}

/// Whether a run shows that a step got not what it demands.
fn fails(run: &Outcome, planned: &Planned) -> bool {
    let bad = |name: Option<&str>| {
        let mut findings = run.findings.iter();
        findings.any(|finding| {
            let named = name.is_none_or(|name| finding.invariant == name);
            let excused = name.is_none() && run.unwitnessed.contains(&finding.invariant);
            named && !excused && finding.verdict != Verdict::Held
        })
    };
    match &planned.step {
        Step::EveryInvariant => bad(None),
        Step::Invariant(name) => bad(Some(name)),
        Step::AtLeast { .. } => {
            let unsettled = run.unsettled.iter().map(Unsettled::tally);
            let mut tallies = run.tallies.iter().chain(unsettled);
            tallies.any(|tally| tally.place == planned.place && !tally.met())
        }
        Step::Fault(_) => {
            let mut receipts = run.receipts.iter();
            receipts.any(|receipt| receipt.text == planned.text && receipt.missing.is_some())
        }
        Step::AllFinal { .. } => {
            let place = format!("({})", planned.place);
            run.reasons.iter().any(|reason| reason.contains(&place))
        }
        Step::Work { workload, .. } => {
            let name = format!("the workload `{workload}`");
            run.reasons.iter().any(|reason| reason.starts_with(&name))
        }
        Step::Stack(_) | Step::Heal => false,
    }
}

/// As Cucumber makes ids of names.
fn slug(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}
