//! The worker is killed exactly between "scores stored" and its hearing so: every time, on both runtimes, and the
//! history proves it.

use crate::support::{Scratch, check, codabench, docker, history};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

/// How often the worker is killed at that moment.
const KILLS: usize = 50;

pub fn trials() -> Vec<Trial> {
    let process = Trial::test("exact kill: 50 of 50 as local processes", || {
        exact("process")
    });
    let container = Trial::test("exact kill: 50 of 50 in containers", || exact("docker"));
    vec![process, container.with_ignored_flag(!docker())]
}

/// A stack like the reference stack whose worker takes one job at a time, so that each kill meets one exchange.
fn one_slot(scratch: &Scratch) -> Result<String, Failed> {
    let folder = codabench()
        .parent()
        .expect("a file lies in a folder")
        .to_owned();
    let compose = std::fs::read_to_string(folder.join("compose.yaml"))?;
    check(compose.contains("SLOTS: \"4\""), || {
        "the worker's slots are not where this test looks".to_owned()
    })?;
    let images = format!("{}/", folder.parent().expect("fixtures").display());
    scratch.file(
        "one/compose.yaml",
        &compose
            .replace("SLOTS: \"4\"", "SLOTS: \"1\"")
            .replace("../", &images),
    );
    let stack = std::fs::read_to_string(folder.join("shakedown.yaml"))?;
    Ok(scratch
        .file("one/shakedown.yaml", &stack)
        .display()
        .to_string())
}

fn exact(runtime: &str) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let stack = one_slot(&scratch)?;
    let text = format!(
        "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    And the service \"worker\" is killed after \
         \"upload scores\" is answered, the first time for each submission\n    When \"submit\" runs {KILLS} times\n    \
         And every submission is final within 5m\n    Then \"effect before status\" holds\n    \
         And \"scored at most once\" holds\n"
    );
    let feature = scratch.file("a.feature", &text).display().to_string();
    let args = [
        "run",
        &feature,
        "--stack",
        &stack,
        "--out",
        "out",
        "--runtime",
        runtime,
    ];
    scratch.shakedown(&args).exits(0)?;
    let run = scratch.json("out/run.json")?;
    let scenario = &run["scenarios"][0];
    let fault = &scenario["faults"][0];
    for count in ["applied", "felt", "reached"] {
        check(fault[count] == KILLS, || fault.to_string())?;
    }
    let file = scenario["history"].as_str().unwrap_or_default();
    let events = history(&scratch.path(file))?;
    let struck: Vec<&Value> = events
        .iter()
        .filter(|e| e["kind"] == "fault" && e["moment"] == "applied")
        .map(|e| &e["exchange"])
        .collect();
    check(struck.len() == KILLS, || {
        format!("{} exchanges were struck", struck.len())
    })?;
    for exchange in struck {
        proven(&events, exchange)?;
    }
    Ok(())
}

/// In the history: the callee's 201, then the worker's death, then that the caller got nothing.
fn proven(events: &[Value], exchange: &Value) -> Result<(), Failed> {
    let at = |kind: &str| {
        events
            .iter()
            .position(|e| e["kind"] == kind && e["exchange"] == *exchange)
    };
    let missing = |what: &str| Failed::from(format!("exchange {exchange}: {what}"));
    let answered = at("answered").ok_or_else(|| missing("the site never answered"))?;
    let delivered = at("delivered").ok_or_else(|| missing("nobody knows what the worker saw"))?;
    check(events[answered]["status"] == 201, || {
        format!("{}", events[answered])
    })?;
    check(events[delivered]["seen"]["as"] == "left", || {
        format!("{}", events[delivered])
    })?;
    let killed =
        |e: &Value| e["kind"] == "service" && e["service"] == "worker" && e["state"] == "killed";
    let between = events.get(answered..delivered).unwrap_or_default();
    check(between.iter().any(killed), || {
        format!("exchange {exchange}: no death between its two events")
    })
}
