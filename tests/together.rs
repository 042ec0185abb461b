//! Faults of many kinds in one scenario in containers: each is felt, and none keeps another from being so.

use crate::lanes::container_trial;
use crate::support::{Scratch, check};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

pub fn trials() -> Vec<Trial> {
    vec![container_trial(
        "together: many faults at once in containers",
        together,
    )]
}

const FAULTS: [&str; 11] = [
    "the call \"update status\" takes 200ms longer the 1st time",
    "the answer to \"update status\" is cut after 5 bytes the 3rd time",
    "the answer to \"update status\" has \"note\" set to 7 the 5th time",
    "the answer to \"update status\" is lost the 7th time",
    "the call \"upload output\" is delivered twice the 1st time",
    "the answer to \"upload scores\" is malformed the 2nd time",
    "the answer to \"upload scores\" is empty the 4th time",
    "the answer to \"upload prediction\" never arrives the 2nd time",
    "the call \"upload prediction\" hangs the 4th time",
    "the call \"send log\" is refused once",
    "the link \"worker -> storage\" is slow by 5ms",
];

fn together() -> Result<(), Failed> {
    let faults: Vec<String> = FAULTS.map(|fault| format!("    And {fault}\n")).into();
    let text = format!(
        "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n{}    \
         When \"submit\" runs 8 times with 2 clients\n    \
         And every submission is final within 60s\n    Then \"effect before status\" holds\n",
        faults.concat()
    );
    let scratch = Scratch::new();
    let said = scratch.play(&text, &["--runtime", "docker"]).exits(0)?;
    let run = scratch.json("out/run.json")?;
    let felt = run["scenarios"][0]["faults"].as_array().cloned();
    let felt = felt.unwrap_or_default();
    let all = felt.len() == FAULTS.len() && felt.iter().all(|fault| fault["felt"] == 1);
    check(all, || said.all())?;
    // What has no calls and is open to the end is told all the same.
    let events = scratch.events()?;
    let open = |client: &str, service: &str| {
        let of = |e: &&Value| e["kind"] == "stream" && e["open"] == true;
        let mut open = events.iter().filter(of);
        open.any(|e| e["client"] == client && e["service"] == service && e["sent_bytes"] != 0)
    };
    for (client, service) in [("site", "db"), ("worker", "queue")] {
        check(open(client, service), || {
            format!("no connection {client} -> {service} is open to the end")
        })?;
    }
    Ok(())
}
