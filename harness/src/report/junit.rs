//! A report in JUnit's XML, for whatever shows tests: a scenario is a test case, a feature file a suite.
//!
//! What is violated is a `failure`, what is inconclusive a `failure` of that type, and an environment that failed is an
//! `error`: it says nothing about the product. The message begins with the verdict, since not all show the type.

use super::MutantResult;
use super::results::{Results, headline, name};
use super::summary::no_witness;
use crate::invocation::Played;
use crate::verdict::Verdict;
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestRerun, TestSuite};
use std::path::Path;
use std::time::Duration;

/// The text of the file.
pub fn junit(results: &Results<'_>) -> String {
    let mut report = Report::new("shakedown");
    let mut all = Duration::ZERO;
    for (file, played) in results.by_file() {
        let suite = suite(file, &played, results);
        all += suite.time.unwrap_or_default();
        report.add_test_suite(suite);
    }
    let unwitnessed = results.unwitnessed();
    if !unwitnessed.is_empty() {
        let mut suite = TestSuite::new("witnesses");
        for (stack, names) in unwitnessed {
            for invariant in names {
                let why = no_witness(results.played, stack, invariant);
                let why = format!("inconclusive: {why}");
                let status = failed(Verdict::Inconclusive, &why, &why);
                let mut case = TestCase::new(format!("`{invariant}` was witnessed"), status);
                case.set_classname(stack.as_str());
                suite.add_test_case(case);
            }
        }
        report.add_test_suite(suite);
    }
    for suite in planted(results.mutants) {
        report.add_test_suite(suite);
    }
    report.set_time(all);
    let text = report.to_string();
    text.expect("a text takes whatever is written to it")
}

fn suite(file: &Path, played: &[&Played], results: &Results<'_>) -> TestSuite {
    let feature = &played[0].job.plan.feature;
    let mut suite = TestSuite::new(feature.as_str());
    suite
        .extra
        .insert("file".into(), file.to_string_lossy().into());
    suite.add_property(("seed", results.seed.to_string().as_str()));
    suite.set_time(played.iter().map(|one| one.outcome.duration).sum());
    for one in played {
        let mut case = case(one, results);
        case.set_classname(feature.as_str());
        suite.add_test_case(case);
    }
    suite
}

fn case(one: &Played, results: &Results<'_>) -> TestCase {
    let mut status = match one.verdict {
        Verdict::Held => TestCaseStatus::success(),
        verdict => failed(verdict, &headline(one), &results.story(one)),
    };
    for why in &one.outcome.retried {
        let mut rerun = TestRerun::new(NonSuccessKind::Error);
        rerun.set_type(Verdict::EnvironmentFailed.to_string());
        rerun.set_message(why.as_str());
        status.add_rerun(rerun);
    }
    let mut case = TestCase::new(name(one), status);
    let (place, outcome) = (&one.job.plan.place, &one.outcome);
    let file = place.file.to_string_lossy();
    case.extra.insert("file".into(), file.as_ref().into());
    case.extra
        .insert("line".into(), place.line.to_string().into());
    case.set_time(outcome.duration);
    let properties = [
        ("verdict", one.verdict.to_string()),
        ("seed", results.seed.to_string()),
        ("repeat", (results.repeat)(one)),
        ("history", outcome.history.display().to_string()),
    ];
    case.add_properties(
        properties
            .iter()
            .map(|(name, value)| (*name, value.as_str())),
    );
    let notes = outcome.notes.join("\n");
    if !notes.is_empty() {
        case.set_system_out(notes);
    }
    case
}

/// Planted bugs, a suite for each stack: one that was killed has passed.
fn planted(mutants: &[MutantResult]) -> Vec<TestSuite> {
    let mut suites: Vec<TestSuite> = Vec::new();
    for mutant in mutants {
        let name = format!("planted bugs of {}", mutant.stack);
        if suites
            .last()
            .is_none_or(|suite| suite.name.as_str() != name)
        {
            suites.push(TestSuite::new(name));
        }
        let why = mutant.reason.as_deref().unwrap_or_default();
        let status = match (mutant.killed(), mutant.failed) {
            (true, _) => TestCaseStatus::success(),
            (false, true) => failed(Verdict::EnvironmentFailed, why, why),
            (false, false) => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status
                    .set_type("survived")
                    .set_message(format!("survived: {why}"));
                status.set_description(why);
                status
            }
        };
        let mut case = TestCase::new(mutant.name.as_str(), status);
        case.set_classname(mutant.stack.as_str());
        let suite = suites.last_mut().expect("there is one by now");
        suite.add_test_case(case);
    }
    suites
}

fn failed(verdict: Verdict, message: &str, story: &str) -> TestCaseStatus {
    let kind = match verdict {
        Verdict::EnvironmentFailed => NonSuccessKind::Error,
        _ => NonSuccessKind::Failure,
    };
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_type(verdict.to_string())
        .set_message(message)
        .set_description(story);
    status
}
