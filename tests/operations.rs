//! What whoever polls a long-running operation is told of it.

use crate::lanes::{container_trial, trial};
use crate::support::{Case, Scratch, check};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 3] = [
        ("one stalls for as long as the step says", || {
            stalls("process")
        }),
        ("one fails once, and then is as it is", fails),
        ("one that is over when it is polled proves nothing", over),
    ];
    let case = |(name, run): Case| trial(format!("operations: {name}"), run);
    let contained = container_trial("operations: one stalls in containers", || stalls("docker"));
    cases.into_iter().map(case).chain([contained]).collect()
}

const STACK: &str = "\
calls: {get operation: {link: workload -> rogue, request: \"GET /operations/{operation}\"}}
operations: {make it: {poll: get operation, status: status, running: RUNNING, done: DONE, error: error.code}}
entities:
  operation:
    learn:
      - {call: get operation, when: response.status == 200, event: polled}
workloads: {look: {request: \"GET http://rogue:8000/operations/7\"}}
invariants: {it is polled: {for: operation, at_most: 4, of: polled}}
";

/// What each poll came to: the length of the body, and whether it was another one than the service gave.
fn polls(runtime: &str, steps: &str, exit: i32, says: &[&str]) -> Result<Vec<(u64, bool)>, Failed> {
    let scratch = Scratch::new();
    let said = scratch.rogue(runtime, STACK, steps).exits(exit)?;
    said.says(says)?;
    let events = scratch.events()?;
    let delivered = events.iter().filter(|e| e["kind"] == "delivered");
    let seen = |e: &Value| {
        let seen = &e["seen"];
        let length = seen["body_bytes"].as_u64().unwrap_or_default();
        (length, seen["altered"] == true)
    };
    Ok(delivered.map(seen).collect())
}

const DONE: &str = "{\"status\":\"DONE\",\"result\":7}";
const FAILED: &str = "{\"status\":\"DONE\",\"result\":7,\"error\":{\"code\":\"A\"}}";
const RUNNING: &str = "{\"status\":\"RUNNING\",\"result\":7}";

fn stalls(runtime: &str) -> Result<(), Failed> {
    let steps = "And the operation \"make it\" stalls the first 2 times for each operation\n    \
        When \"look\" runs 3 times";
    let polls = polls(
        runtime,
        steps,
        0,
        &["held", "rules learn from \"get operation\""],
    )?;
    let (running, done) = (RUNNING.len() as u64, DONE.len() as u64);
    let expected = [(running, true), (running, true), (done, false)];
    check(polls == expected, || format!("{polls:?}"))
}

fn fails() -> Result<(), Failed> {
    let steps =
        "And the operation \"make it\" fails with \"A\" once\n    When \"look\" runs 2 times";
    let polls = polls("process", steps, 0, &["held"])?;
    let (failed, done) = (FAILED.len() as u64, DONE.len() as u64);
    check(polls == [(failed, true), (done, false)], || {
        format!("{polls:?}")
    })
}

fn over() -> Result<(), Failed> {
    let steps = "And the operation \"make it\" stalls until \"get operation\" is sent\n    When \"look\" runs once";
    polls(
        "process",
        steps,
        2,
        &["nobody polled the operation \"make it\" while the fault had something to say"],
    )?;
    Ok(())
}
