//! What can be done to a link, on both runtimes: it is felt, it lasts as long as the step says, and it spares other links.

use crate::lanes::{container_trial, trial};
use crate::support::{Scratch, check};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "links: bent for a time, and until a moment, as local processes",
            || bent("process"),
        ),
        container_trial(
            "links: bent for a time, and until a moment, in containers",
            || bent("docker"),
        ),
        trial("links: a cut that nobody feels proves nothing", nobody),
    ]
}

const SCENARIO: &str = "Feature: f
  Scenario: s
    Given the stack \"codabench\"
    And the link \"worker -> site\" is cut for 500ms when submission reaches \"Scoring\", once
    And the link \"worker -> storage\" is slow by 300ms until \"output stored\" happens
    When \"submit\" runs 2 times
    And every submission is final within 60s
    Then \"effect before status\" holds
";

fn bent(runtime: &str) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let said = scratch.play(SCENARIO, &["--runtime", runtime]).exits(0)?;
    let run = scratch.json("out/run.json")?;
    let faults = run["scenarios"][0]["faults"].as_array().cloned();
    let felt = |i: usize| {
        faults
            .iter()
            .flatten()
            .nth(i)
            .map(|fault| fault["felt"].clone())
    };
    check(felt(0) == Some(1.into()), || said.all())?;
    check(felt(1) == Some(1.into()), || said.all())?;
    let events = scratch.events()?;
    let at = |event: &Value| event["at_ns"].as_u64().unwrap_or_default();
    let moment = |fault: u64, moment: &str| -> Result<u64, Failed> {
        let is = |e: &&Value| e["kind"] == "fault" && e["fault"] == fault && e["moment"] == moment;
        let found = events.iter().find(is).map(at);
        found.ok_or_else(|| format!("fault {fault} was never {moment}\n{}", said.all()).into())
    };
    let heal = events
        .iter()
        .find(|e| e["kind"] == "phase" && e["name"] == "heal");
    let heal = heal.map_or(0, at);
    let cut = moment(0, "ended")? - moment(0, "applied")?;
    check(cut >= 500_000_000, || format!("cut for {cut} ns only"))?;
    check(moment(0, "ended")? < heal, || {
        "cut until it was healed".to_owned()
    })?;
    // The storage answers for the first time when its link is no longer slow.
    let answered = |call: &str| -> u64 {
        let is = |e: &&Value| e["kind"] == "answered" && e["call"] == call;
        events.iter().find(is).map_or(0, at)
    };
    let (slow, stored) = (moment(1, "applied")?, answered("upload output"));
    check(stored - slow >= 300_000_000, || {
        "the upload was not slow".to_owned()
    })?;
    let (over, next) = (moment(1, "ended")?, heal);
    check(stored <= over && over < next, || {
        format!("slow until {over}, stored at {stored}, healed at {heal}")
    })
}

fn nobody() -> Result<(), Failed> {
    let scratch = Scratch::new();
    // The worker never asks the database itself.
    let text = "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    \
        And the link \"worker -> db\" is cut\n    When \"submit\" runs once\n    \
        And every submission is final within 60s\n    Then \"effect before status\" holds\n";
    let said = scratch.play(text, &["--runtime", "process"]).exits(2)?;
    said.says(&["inconclusive", "it was applied once, but nobody felt it"])?;
    Ok(())
}
