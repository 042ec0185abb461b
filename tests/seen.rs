//! What a caller was told: learnt by rules that read `seen`, whoever told it so.

use crate::lanes::{container_trial, trial};
use crate::support::{Scratch, check, codabench};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("seen: a bug that nothing else shows is caught by it", only),
        trial(
            "seen: an answer that was altered, as a local process",
            || altered("process"),
        ),
        container_trial("seen: an answer that was altered, in a container", || {
            altered("docker")
        }),
    ]
}

/// The worker is told of an end that there was not, and then judged by these invariants.
fn scenario(invariants: &[&str]) -> String {
    let judged = invariants.iter().map(|name| format!("\"{name}\" holds"));
    format!(
        "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    \
         And the call \"update status\" answers 409 with the 2nd time for each submission\n      \
         \"\"\"\n      {{\"status\": \"Cancelled\"}}\n      \"\"\"\n    \
         When \"submit with little patience\" runs 4 times with 4 clients\n    \
         And every submission is final within 60s\n    Then {}\n",
        judged.collect::<Vec<_>>().join("\n    And ")
    )
}

fn only() -> Result<(), Failed> {
    const CANCELLED: &str = "a cancelled submission is not scored";
    let process = ["--runtime", "process"];
    let buggy = [&process[..], &["--mutant", "end-ignored"]].concat();
    let scratch = Scratch::new();
    scratch.play(&scenario(&[CANCELLED]), &process).exits(0)?;
    // What the services said and did shows nothing.
    let others = [
        "effect before status",
        "output before status",
        "terminal is final",
        "scored at most once",
        "a job is kept until its end",
        "nothing is stuck",
    ];
    let scratch = Scratch::new();
    scratch.play(&scenario(&others), &buggy).exits(0)?;
    let scratch = Scratch::new();
    let said = scratch.play(&scenario(&[CANCELLED]), &buggy).exits(1)?;
    said.says(&["told became Cancelled", "score rows added"])?;
    let stack = codabench().display().to_string();
    let args = ["check", "out", "--stack", &stack, "--invariant", CANCELLED];
    let again = scratch.shakedown(&[&args[..], &["--out", "again"]].concat());
    again.exits(1)?;
    let (run, again) = (
        scratch.json("out/run.json")?,
        scratch.json("again/check.json")?,
    );
    let proof = |value: &Value| value["scenarios"][0]["invariants"][0]["proof"].clone();
    check(proof(&run) == proof(&again), || again.to_string())
}

const STACK: &str = "\
calls: {get operation: {link: workload -> rogue, request: \"GET /operations/{operation}\"}}
operations: {make it: {poll: get operation, status: status, running: RUNNING, done: DONE}}
entities:
  operation:
    learn:
      - {call: get operation, when: 'response.status == 200 && seen.status == 200', set: {told: seen.body.status}}
      - {call: get operation, when: response.status == 200, set: {so: response.body.status}}
workloads: {look: {request: \"GET http://rogue:8000/operations/7\"}}
invariants:
  what is running is done at last: {for: operation, when: 'told == \"RUNNING\"', then: 'told == \"DONE\"', within: 30s}
  it was done all the time: {for: operation, always: 'so == \"DONE\"'}
";

fn altered(runtime: &str) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let steps = "And the operation \"make it\" stalls the first 2 times for each operation\n    \
        When \"look\" runs 3 times";
    let said = scratch.rogue(runtime, STACK, steps).exits(0)?;
    // It is known what the caller was told, so nothing is noted.
    let noted = said.all().contains("rules learn from");
    check(!noted, || said.all())?;
    let events = scratch.events()?;
    let delivered = events.iter().filter(|e| e["kind"] == "delivered");
    let told: Vec<&Value> = delivered.map(|e| &e["seen"]["told"]["body"]).collect();
    let running = Value::from("{\"status\":\"RUNNING\",\"result\":7}");
    check(told == [&running, &running, &Value::Null], || {
        format!("{told:?}")
    })
}
