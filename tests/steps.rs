//! Each example of `shakedown steps` is played as it stands.

use crate::database_faults::notes;
use crate::lanes::trial;
use crate::support::{Scratch, check};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use shakedown::language::{Phrase, phrases};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("steps: every example is played", on_codabench),
        trial(
            "steps: every example about operations is played",
            on_operations,
        ),
        trial(
            "steps: every example about databases is played",
            on_databases,
        ),
    ]
}

fn is_fault(phrase: &&Phrase) -> bool {
    phrase.family.starts_with("faults")
}

fn is_operation(phrase: &&Phrase) -> bool {
    phrase.family.contains("operations")
}

fn is_on_databases(phrase: &&Phrase) -> bool {
    phrase.family.contains("databases")
}

/// Every scenario held, which takes that its fault was felt.
fn all_held(run: &Value, expected: usize) -> Result<(), Failed> {
    let scenarios = run["scenarios"].as_array().cloned().unwrap_or_default();
    check(scenarios.len() == expected, || run.to_string())?;
    let others = scenarios.iter().filter(|s| s["verdict"] != "held");
    let others: Vec<String> = others.map(Value::to_string).collect();
    check(others.is_empty(), || others.join("\n"))
}

fn on_codabench() -> Result<(), Failed> {
    let phrases = phrases();
    let elsewhere = |phrase: &&Phrase| is_operation(phrase) || is_on_databases(phrase);
    let faults = phrases.iter().filter(is_fault).filter(|p| !elsewhere(p));
    let scenario = |(n, phrase): (usize, &Phrase)| {
        // What stays down would leave nobody to finish the work.
        let stays = phrase.example.ends_with("is stopped") || phrase.example.ends_with("is paused");
        let heal = if stays {
            "And all faults are healed\n    "
        } else {
            ""
        };
        format!(
            "  Scenario: {n}\n    Given the stack \"codabench\"\n    And {}\n    \
             When \"submit\" runs 6 times with 2 clients\n    \
             {heal}And every submission is final within 60s\n    Then \"effect before status\" holds\n",
            phrase.example
        )
    };
    let mut text = "Feature: f\n".to_owned();
    text.extend(faults.clone().enumerate().map(scenario));
    // What is no fault is played together, in the order in which it is listed.
    text += "  Scenario: the rest\n";
    let rest = phrases.iter().filter(|phrase| !is_fault(phrase));
    text.extend(rest.map(|phrase| format!("    * {}\n", phrase.example)));
    let scratch = Scratch::new();
    let said = scratch.play(&text, &["--runtime", "process"]);
    check(said.code != 64, || said.all())?;
    all_held(&scratch.json("out/run.json")?, faults.count() + 1)
}

const OPERATION: &str = "\
calls: {get operation: {link: workload -> rogue, request: \"GET /operations/{vm}\"}}
operations: {create vm: {poll: get operation, status: status, running: RUNNING, done: DONE, error: error.code}}
entities: {vm: {learn: [{call: get operation, event: polled}]}}
workloads: {look: {request: \"GET http://rogue:8000/operations/7\"}}
invariants: {it is polled: {for: vm, at_most: 9, of: polled}}
";

fn on_operations() -> Result<(), Failed> {
    for phrase in phrases().iter().filter(is_operation) {
        let scratch = Scratch::new();
        let steps = format!("And {}\n    When \"look\" runs 4 times", phrase.example);
        scratch.rogue("process", OPERATION, &steps).exits(0)?;
        all_held(&scratch.json("out/run.json")?, 1)?;
    }
    Ok(())
}

fn on_databases() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let phrases = phrases();
    let examples = phrases.iter().filter(is_on_databases);
    let scenarios = examples.clone().map(|phrase| {
        format!(
            "And {}\n    When \"add alone\" runs 4 times",
            phrase.example
        )
    });
    let scenarios: Vec<String> = scenarios.collect();
    notes(&scratch, "process", &scenarios).exits(0)?;
    all_held(&scratch.json("out/run.json")?, examples.count())
}
