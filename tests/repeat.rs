//! What is played several times: a scenario that does not give the same verdict each time is called so.

use crate::lanes::trial;
use crate::support::{Said, Scratch, check, rogue_after, until};
use libtest_mimic::{Failed, Trial};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use std::process::Stdio;
use std::time::Duration;

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "repeat: a verdict that differs is told, and the worst wins",
            differs,
        ),
        trial(
            "repeat: rounds that were interrupted are no verdicts that differ",
            interrupted,
        ),
    ]
}

/// The service is good but for its fourth start, which is that of the first scenario's second round.
const LINES: &str = "echo >> STARTS; if [ $(wc -l < STARTS) = 4 ]; then echo rogue=1 is=bad; else echo rogue=1 is=good; fi";
const STACK: &str = "\
stack: s
compose: compose.yaml
calls: {look: {link: workload -> rogue, request: \"GET /operations/{operation}\"}}
entities:
  rogue: {learn: [{log: rogue, pattern: 'rogue=(?<id>\\d+) is=(?<is>\\w+)', set: {is: is}}]}
workloads: {look: {request: \"GET http://rogue:8000/operations/7\"}}
invariants:
  it is good: {for: rogue, always: is == \"good\"}
  bad is known: {for: rogue, when: is == \"bad\", then: is != \"good\"}
";
const FEATURE: &str = "\
Feature: f
  Background:
    Given the stack \"s\"

  Scenario: now so, now so
    When \"look\" runs once
    Then every invariant holds

  Scenario: always the same
    Given the call \"look\" answers 503 once
    When \"look\" runs 2 times
    Then every invariant holds
";

fn differs() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let starts = scratch.path("starts");
    let lines = LINES.replace("STARTS", &starts.display().to_string());
    scratch.file("compose.yaml", &rogue_after(&lines));
    scratch.file("shakedown.yaml", STACK);
    scratch.file("features/a.feature", FEATURE);
    let words = "run --out out --runtime process --jobs 1 --repeat 3";
    let said = scratch.shakedown(&words.split(' ').collect::<Vec<_>>());
    let said = said.exits(1)?.says(&[
        "✗ not repeatable     now so, now so  (features/a.feature:5): held 2 of 3, violated 1 of 3",
        "✓ held 3 of 3        always the same",
        "`it is good` broke for rogue 1",
        // It had a witness in the second round alone.
        "? no scenario witnessed `bad is known`",
        "violated: 2 scenarios 3 times, 1 violated, 5 held",
    ])?;
    let run = scratch.json("out/run.json")?;
    let differing = &run["not_repeatable"];
    check(differing.as_array().is_some_and(|d| d.len() == 1), || {
        differing.to_string()
    })?;
    check(
        differing[0]["scenario"] == "now so, now so"
            && differing[0]["verdicts"] == json!({"held": 2, "violated": 1}),
        || differing.to_string(),
    )?;
    let rounds = run["scenarios"].as_array().into_iter().flatten();
    let rounds: Vec<u64> = rounds.filter_map(|s| s["round"].as_u64()).collect();
    check(rounds == [1, 1, 2, 2, 3, 3], || format!("{rounds:?}"))?;
    // Each round has a control run of its own.
    let starts = std::fs::read_to_string(starts)?.lines().count();
    check(starts == 9, || format!("{starts} starts\n{}", said.all()))
}

/// Its second start never ends.
fn interrupted() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let starts = scratch.path("starts");
    let (bad, hangs) = ("= 4 ]; then echo rogue=1 is=bad", "= 2 ]; then sleep 600");
    let lines = LINES
        .replace(bad, hangs)
        .replace("STARTS", &starts.display().to_string());
    scratch.file("compose.yaml", &rogue_after(&lines));
    scratch.file("shakedown.yaml", STACK);
    let feature = "Feature: f\n  Scenario: again\n    Given the stack \"s\"\n    \
        When \"look\" runs once\n    Then \"it is good\" holds\n";
    scratch.file("features/a.feature", feature);
    let words = "run --out out --runtime process --jobs 1 --repeat 5";
    let mut command = scratch.command(&words.split(' ').collect::<Vec<_>>());
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let started = || std::fs::read_to_string(&starts).is_ok_and(|text| text.lines().count() == 2);
    let second = until(Duration::from_secs(60), started);
    kill(Pid::from_raw(child.id() as i32), Signal::SIGINT)?;
    let said = Said::of(child.wait_with_output()?);
    check(second.is_ok(), || {
        format!("no second start\n{}", said.all())
    })?;
    let said = said.exits(130)?.says(&[
        "✓ held 1 of 1        again",
        "interrupted: 3 of 5 runs were not begun",
        "environment failed: 1 scenario 2 times, 1 environment failed, 1 held",
    ])?;
    check(!said.stdout.contains("not repeatable"), || said.all())?;
    let run = scratch.json("out/run.json")?;
    check(
        run["verdict"] == "environment failed" && run["not_repeatable"] == json!([]),
        || run.to_string(),
    )
}
