//! What can be done to a service, on both runtimes: it is felt, it shows in the history, and it is over when the faults
//! are healed.

use crate::lanes::{container_trial, trial};
use crate::support::{Scratch, check, rogue_after};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "services: stopped, paused and restarted as local processes",
            || struck("process"),
        ),
        container_trial(
            "services: stopped, paused and restarted in containers",
            || struck("docker"),
        ),
        trial("services: a second one starts as a local process", || {
            joined("process")
        }),
        container_trial("services: a second one starts in a container", || {
            joined("docker")
        }),
        trial("services: a second one of which nothing is seen", || {
            unseen("process")
        }),
        container_trial(
            "services: a second one in a container of which nothing is seen",
            || unseen("docker"),
        ),
        trial(
            "services: what the last moment sets off is done, and healed",
            at_the_last_moment,
        ),
        trial(
            "services: those of a stack file in the current folder",
            in_current_folder,
        ),
        trial(
            "services: one that does not run cannot be struck",
            not_running,
        ),
        trial(
            "services: one that does not come back is told of, whatever was done to it",
            not_back,
        ),
    ]
}

fn struck(runtime: &str) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let text = "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    \
        And the service \"site\" is restarted when submission reaches \"Scoring\", once\n    \
        When \"submit\" runs 4 times\n    And every submission is final within 60s\n    \
        Given the service \"worker\" is stopped\n    And the service \"worker\" is stopped\n    When \"submit\" runs 4 times\n    \
        And all faults are healed\n    And every submission is final within 60s\n    \
        Given the service \"storage\" is paused\n    And the service \"storage\" is paused\n    When \"submit\" runs 4 times\n    \
        And all faults are healed\n    And every submission is final within 60s\n    \
        Then \"effect before status\" holds\n";
    let said = scratch.play(text, &["--runtime", runtime]).exits(0)?;
    let run = scratch.json("out/run.json")?;
    let faults = run["scenarios"][0]["faults"].as_array().cloned();
    for fault in faults.iter().flatten() {
        check(fault["felt"] == 1, || said.all())?;
    }
    let events = scratch.events()?;
    let states = |service: &str| -> Vec<String> {
        let of = |e: &&Value| e["kind"] == "service" && e["service"] == service;
        let state = |e: &Value| e["state"].as_str().map(str::to_owned);
        events.iter().filter(of).filter_map(state).collect()
    };
    let again = ["starting", "ready", "stopped", "starting", "ready"];
    check(states("site") == again, || format!("{:?}", states("site")))?;
    check(states("worker") == again, || {
        format!("{:?}", states("worker"))
    })?;
    let paused = ["starting", "ready", "paused", "resumed"];
    check(states("storage") == paused, || {
        format!("{:?}", states("storage"))
    })
}

fn joined(runtime: &str) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let text = "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    \
        And a second \"site\" starts\n    And a second \"worker\" starts after \"create submission\" is answered, once\n    \
        When \"submit\" runs 8 times with 2 clients\n    And every submission is final within 60s\n    \
        And all faults are healed\n    When \"submit\" runs 2 times\n    And every submission is final within 60s\n    \
        Then \"effect before status\" holds\n";
    let said = scratch.play(text, &["--runtime", runtime]).exits(0)?;
    let run = scratch.json("out/run.json")?;
    let faults = run["scenarios"][0]["faults"].as_array().cloned();
    for fault in faults.iter().flatten() {
        check(fault["felt"] == 1, || said.all())?;
    }
    // The worker is called by nobody, but asks for work; the site is called.
    check(!said.all().contains("no connection led to"), || said.all())?;
    let events = scratch.events()?;
    let second: Vec<&Value> = events
        .iter()
        .filter(|e| {
            e["kind"] == "service" && e["service"] == "worker" && e["detail"] == "a second one"
        })
        .map(|e| &e["state"])
        .collect();
    let expected = ["starting", "ready", "stopped"];
    check(second == expected, || format!("{second:?}"))
}

/// It is up and has felt that, but whoever calls the storage has done so before.
fn unseen(runtime: &str) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let text = "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    When \"submit\" runs once\n    \
        And every submission is final within 60s\n    Given a second \"storage\" starts\n    \
        Then \"effect before status\" holds\n";
    let said = scratch.play(text, &["--runtime", runtime]).exits(0)?;
    let note = "no connection led to the second `storage` while it ran, and none came from it";
    said.says(&["1 fault felt", note]).map(drop)
}

fn at_the_last_moment() -> Result<(), Failed> {
    let scratch = Scratch::new();
    // The status that sets the fault off is the one that ends the waiting.
    let text = "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    \
        And the service \"storage\" is killed when submission reaches \"Finished\", once\n    \
        When \"submit\" runs once\n    And every submission is final within 60s\n    \
        Then \"effect before status\" holds\n";
    scratch.play(text, &["--runtime", "process"]).exits(0)?;
    let events = scratch.events()?;
    let settles = |e: &Value| e["kind"] == "phase" && e["name"] == "settle";
    let of_storage = |e: &&Value| e["kind"] == "service" && e["service"] == "storage";
    let before = events.iter().take_while(|e| !settles(e));
    let states: Vec<&Value> = before.filter(of_storage).map(|e| &e["state"]).collect();
    let expected = ["starting", "ready", "killed", "starting", "ready"];
    check(states == expected, || {
        format!("before the run settles: {states:?}")
    })
}

fn in_current_folder() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let shakedown = "\
entities: {body: {learn: [{poll: \"GET http://rogue:8000/health\", id: \"'it'\", set: {up: status}}]}}
workloads: {look: {request: \"GET http://rogue:8000/health\"}}
invariants: {it is up: {for: body, always: up == 200}}
";
    let step = "When \"look\" runs once";
    scratch.rogue("process", shakedown, step).exits(0)?;
    let bare = "run a.feature --stack shakedown.yaml --out bare --runtime process";
    scratch
        .shakedown(&bare.split(' ').collect::<Vec<_>>())
        .exits(0)?;
    Ok(())
}

fn not_running() -> Result<(), Failed> {
    let scratch = Scratch::new();
    // As local processes, there is no database server: the site has its rows in a file.
    let text = "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    And the service \"db\" is killed\n    \
        When \"submit\" runs once\n    And every submission is final within 60s\n    \
        Then \"effect before status\" holds\n";
    scratch
        .play(text, &["--runtime", "process"])
        .exits(2)?
        .says(&[
            "the service \"db\" was never killed",
            "service `db` could not be killed",
        ])?;
    Ok(())
}

const LOOKED_AT: &str = "\
stack: s
compose: compose.yaml
calls: {look: {link: workload -> rogue, request: \"GET /operations/{operation}\"}}
entities: {operation: {learn: [{call: look, when: response.status == 200, event: polled}]}}
workloads: {look: {request: \"GET http://rogue:8000/operations/7\"}}
invariants: {it is polled: {for: operation, at_most: 4, of: polled}}
";

/// A service that starts well only once.
fn not_back() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let once =
        "if [ -e $$SHAKEDOWN_DATA/was ]; then exec sleep 1000; fi; touch $$SHAKEDOWN_DATA/was";
    let compose = rogue_after(once).replace("{http: /health}", "{http: /health, within: 500ms}");
    scratch.file(
        "compose.yaml",
        &compose.replace("    expose:", "    restart: always\n    expose:"),
    );
    let stack = scratch.file("shakedown.yaml", LOOKED_AT);
    let look = "When \"look\" runs 2 times\n    ";
    let faults = [
        format!("{look}Given the service \"rogue\" is killed"),
        format!("{look}Given the service \"rogue\" is restarted"),
        format!("{look}Given the service \"rogue\" is stopped"),
        format!(
            "Given the service \"rogue\" is killed after \"look\" is answered, once\n    {look}"
        ),
    ];
    let scenario = |(number, steps): (usize, &String)| {
        format!("  Scenario: {number}\n    {steps}\n    Then every invariant holds\n")
    };
    let scenarios: String = faults.iter().enumerate().map(scenario).collect();
    let text = format!("Feature: f\n  Background:\n    Given the stack \"s\"\n{scenarios}");
    let feature = scratch.file("a.feature", &text);
    let said = scratch.play_on(&stack, &feature, "process").exits(3)?;
    let run = scratch.json("out/run.json")?;
    let scenarios = run["scenarios"].as_array().cloned().unwrap_or_default();
    check(scenarios.len() == faults.len(), || said.all())?;
    for scenario in scenarios {
        let told = scenario
            .to_string()
            .contains("was not ready after 500ms when it was started again");
        check(scenario["verdict"] == "environment failed" && told, || {
            format!("{}\n{}", scenario["verdict"], said.all())
        })?;
    }
    Ok(())
}
