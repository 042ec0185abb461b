//! Probes: what a call tells is tried while its answer is held, so that a window of milliseconds is seen every time.

use crate::lanes::{container_trial, trial};
use crate::support::{Scratch, check, root};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::collections::BTreeMap;

/// How often it is tried with the bug as local processes, and in containers, where a run takes longer; in each run, the
/// scorer registers twice.
const RUNS: [usize; 2] = [6, 1];
/// The invariant that probes teach.
const USABLE: &str = "what is registered can be used";

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "probes: a window of milliseconds is seen every time",
            || window("process"),
        ),
        container_trial(
            "probes: a window of milliseconds is seen in containers",
            || window("docker"),
        ),
        trial(
            "probes: faults come after them, and what they teach sets off faults",
            order,
        ),
    ]
}

/// Plays a scenario on the scorers.
fn play(scratch: &Scratch, steps: &str, args: &[&str]) -> crate::support::Said {
    let feature = format!("Feature: f\n  Scenario: s\n    Given the stack \"scorer\"\n{steps}");
    let feature = scratch.file("a.feature", &feature).display().to_string();
    let stack = root().join("fixtures/scorer/shakedown.yaml");
    let stack = stack.display().to_string();
    let all = ["run", &feature, "--stack", &stack, "--out", "out"];
    scratch.shakedown(&[&all[..], args].concat())
}

/// The scorer that registers before it listens does so once for each start, and is caught each time.
fn window(runtime: &str) -> Result<(), Failed> {
    let steps = format!(
        "    And the service \"scorer\" is restarted after \"register\" is answered, once\n    When \"score\" runs 5 times at 5 per second\n    \
         And every score is final within 30s\n    Then \"{USABLE}\" holds\n"
    );
    let early = ["--mutant", "registered-before-listening"];
    let args = ["--runtime", runtime];
    let scratch = Scratch::new();
    play(&scratch, &steps, &args).exits(0)?;
    let sound = tried(&scratch.events()?)?;
    check(sound.iter().all(|usable| *usable), || format!("{sound:?}"))?;
    let runs = RUNS[usize::from(runtime == "docker")];
    for _ in 0..runs {
        let scratch = Scratch::new();
        let said = play(&scratch, &steps, &[&args[..], &early[..]].concat()).exits(1)?;
        said.says(&["usable became false (probe POST http://"])?;
        let bad = tried(&scratch.events()?)?;
        check(bad.contains(&false), || format!("{bad:?}"))?;
    }
    Ok(())
}

/// What each probe of a new registration of the scorer showed. Each came after the answer that it follows, and before
/// anybody had that.
fn tried(events: &[Value]) -> Result<Vec<bool>, Failed> {
    let mut held = BTreeMap::new();
    let mut tried = Vec::new();
    for event in events {
        match event["kind"].as_str() {
            Some("answered") if event["call"] == "register" && event["status"] == 201 => {
                held.insert(event["exchange"].as_u64(), false);
            }
            Some("observed") if event["set"]["usable"].is_boolean() && event["id"] == "scorer" => {
                let open = held.values_mut().find(|seen| !**seen);
                *open.ok_or("a probe without an answer that is held")? = true;
                tried.push(event["set"]["usable"] == true);
            }
            Some("delivered") => {
                let probed = held.remove(&event["exchange"].as_u64());
                check(probed != Some(false), || {
                    format!("nothing was tried before {event}")
                })?;
            }
            _ => {}
        }
    }
    check(!tried.is_empty(), || "nothing was tried".to_owned())?;
    Ok(tried)
}

const STACK: &str = "\
calls: {get operation: {link: workload -> rogue, request: \"GET /operations/{operation}\"}}
entities:
  operation:
    learn:
      - {probe: \"GET http://rogue:8000/operations/${after.path.operation}\", after: get operation,
         set: {result: response.body.result, status: response.status}, event: tried}
workloads: {look: {request: \"GET http://rogue:8000/operations/7\"}}
invariants:
  it is there: {for: operation, always: status == 200 && result == 7}
";

/// The service is killed at the moment of the probe: by one fault that waits for the call, and by one that waits for what
/// the probe teaches. Both come after the probe, and before the caller has its answer.
fn order() -> Result<(), Failed> {
    for moment in [
        "after \"get operation\" is answered",
        "when \"tried\" happens",
    ] {
        let scratch = Scratch::new();
        let steps = format!(
            "And the service \"rogue\" is killed {moment}, once\n    When \"look\" runs 1 times"
        );
        scratch.rogue("process", STACK, &steps).exits(0)?;
        let events = scratch.events()?;
        let at = |is: &dyn Fn(&Value) -> bool| events.iter().position(is).ok_or("it never came");
        let moments = [
            at(&|event| event["kind"] == "answered")?,
            at(&|event| event["kind"] == "observed" && event["event"] == "tried")?,
            at(&|event| event["kind"] == "service" && event["state"] == "killed")?,
            at(&|event| event["kind"] == "delivered")?,
        ];
        check(moments.is_sorted(), || format!("{moment}: {moments:?}"))?;
    }
    Ok(())
}
