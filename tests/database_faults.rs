//! What can be done to the statements of a database: what the client saw, what the database did, what the receipt says,
//! and that the statements after it work.

use crate::lanes::{container_trial, trial};
use crate::support::{Said, Scratch, check, root};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value, json};

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "databases: statements fail, commits are lost, connections drop, as local processes",
            || struck("process"),
        ),
        container_trial(
            "databases: statements fail, commits are lost, connections drop, in containers",
            || struck("docker"),
        ),
        trial(
            "databases: a statement that nobody sends proves nothing",
            nobody,
        ),
        trial("databases: what cannot be meant is told", lint),
    ]
}

const SHAKEDOWN: &str = "\
stack: notes
compose: compose.yaml
calls:
  alone: {link: workload -> web, request: \"POST /notes/{note}/alone\"}
  together: {link: workload -> web, request: \"POST /notes/{note}/transaction\"}
entities:
  note:
    learn:
      - {call: alone, when: response.status == 201, set: {told: '\"stored\"'}}
      - {call: alone, when: response.status == 503, set: {told: response.body.sqlstate}}
      - {call: alone, when: response.status == 502, set: {told: '\"nothing\"'}}
      - {call: together, when: response.status == 201, set: {told: '\"stored\"'}}
      - {call: together, when: response.status == 503, set: {told: response.body.sqlstate}}
      - {call: together, when: response.status == 502, set: {told: '\"nothing\"'}}
      - {sql: select n from notes, on: db, every: 50ms, id: string(row.n), event: stored}
workloads:
  add alone: {request: \"POST http://web:8000/notes/${n}/alone\"}
  add together: {request: \"POST http://web:8000/notes/${n}/transaction\"}
invariants:
  what is told as stored is: {for: note, when: 'told == \"stored\"', then: happened(\"stored\"), within: 10s}
  what is refused is not stored: {for: note, never: 'told in [\"40001\", \"23505\"] && happened(\"stored\")'}
  what is not heard of is stored: {for: note, when: 'told == \"nothing\"', then: happened(\"stored\"), within: 10s}
";

/// Plays scenarios on a service and its database, each given by its steps; the results are in `out`.
pub fn notes(scratch: &Scratch, runtime: &str, scenarios: &[String]) -> Said {
    let make = root().join("fixtures/images/make.sh");
    let compose = format!(
        "\
services:
  db:
    image: shakedown-fixtures/postgres:15
    expose: [\"5432\"]
    healthcheck:
      test: [CMD, /usr/lib/postgresql/15/bin/pg_isready, -h, 127.0.0.1, -U, codabench, -d, codabench]
      interval: 250ms
    x-shakedown:
      image_script: [sh, {}, postgres, \"shakedown-fixtures/postgres:15\"]
      ports: {{5432: postgres}}
      sql: postgres://codabench:codabench@db:5432/codabench
      process:
        command: [shakedown, serve, postgres]
        environment: {{LISTEN: \"0.0.0.0:5432\", DATA: \"${{SHAKEDOWN_DATA}}/notes.db\"}}
        sql: postgres://codabench:codabench@db:5432/codabench
  web:
    image: shakedown
    command: [serve, notes]
    environment: {{LISTEN: \"0.0.0.0:8000\", DATABASE_URL: \"postgres://codabench:codabench@db:5432/codabench\"}}
    depends_on: {{db: {{condition: service_healthy}}}}
    expose: [\"8000\"]
    x-shakedown:
      image: shakedown
      ports: {{8000: http}}
      ready: {{http: /health}}
      process: [shakedown, serve, notes]
",
        make.display()
    );
    scratch.file("compose.yaml", &compose);
    let stack = scratch.file("shakedown.yaml", SHAKEDOWN);
    let mut feature = "Feature: f\n".to_owned();
    for (n, steps) in (1..).zip(scenarios) {
        feature += &format!(
            "  Scenario: {n}\n    Given the stack \"notes\"\n    {steps}\n    \
             Then \"what is told as stored is\" holds\n"
        );
    }
    let feature = scratch.file("a.feature", &feature);
    scratch.play_on(&stack, &feature, runtime)
}

/// A scenario, what its receipt says (matched, applied, felt, reached), and what came of the statements.
struct Case {
    steps: &'static str,
    receipt: [u64; 4],
    outcomes: &'static [(&'static str, usize)],
}

const CASES: [Case; 5] = [
    Case {
        steps: "And the statement matching \"insert into NOTES\" fails with 40001 the first 2 times
    When \"add alone\" runs 5 times
    Then \"what is refused is not stored\" holds",
        receipt: [5, 2, 2, 0],
        outcomes: &[("failed", 2), ("passed", 3)],
    },
    Case {
        steps: "And the statement matching \"insert into notes\" fails with 23505 the 2nd time
    When \"add together\" runs 4 times
    Then \"what is refused is not stored\" holds",
        receipt: [4, 1, 1, 0],
        outcomes: &[("failed", 1), ("passed", 3)],
    },
    Case {
        steps: "And the commit of \"insert into notes\" is lost the 2nd time
    When \"add alone\" runs 4 times
    Then \"what is not heard of is stored\" holds",
        receipt: [4, 1, 1, 1],
        outcomes: &[("reset", 1), ("passed", 3)],
    },
    Case {
        steps: "And the commit of \"insert into notes\" is lost the first time
    When \"add together\" runs 4 times
    Then \"what is not heard of is stored\" holds",
        receipt: [4, 1, 1, 1],
        outcomes: &[("reset", 1), ("passed", 3)],
    },
    Case {
        steps: "And every connection to \"db\" is dropped after \"alone\" is answered, once
    When \"add alone\" runs 4 times",
        receipt: [4, 1, 1, 1],
        outcomes: &[],
    },
];

fn struck(runtime: &str) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let scenarios = CASES.each_ref().map(|case| case.steps.to_owned());
    let said = notes(&scratch, runtime, &scenarios).exits(0)?;
    let run = scratch.json("out/run.json")?;
    for (n, case) in CASES.iter().enumerate() {
        let scenario = &run["scenarios"][n];
        let fault = &scenario["faults"][0];
        let found = ["matched", "applied", "felt", "reached"].map(|name| fault[name].clone());
        let expected = case.receipt.map(Value::from);
        check(found == expected, || {
            format!("{}: {fault}\n{}", case.steps, said.all())
        })?;
        let file = scratch.path(scenario["history"].as_str().unwrap_or_default());
        let events = crate::support::history(&file)?;
        let outcomes = |kind: &str| {
            let is =
                |event: &&Value| event["kind"] == "statement" && event["outcome"]["as"] == kind;
            events.iter().filter(is).count()
        };
        for (outcome, expected) in case.outcomes {
            let found = outcomes(outcome);
            check(found == *expected, || {
                format!("{}: {found} {outcome}\n{}", case.steps, said.all())
            })?;
        }
        // All but those that were struck were told as stored, after it as well as before.
        let told = |status: u64| {
            let is = |event: &&Value| event["kind"] == "answered" && event["status"] == status;
            events.iter().filter(is).count() as u64
        };
        let calls = ["alone", "together"].map(|call| json!(call));
        let asked = |event: &&Value| event["kind"] == "asked" && calls.contains(&event["call"]);
        let asked = events.iter().filter(asked).count() as u64;
        let struck = match case.outcomes {
            [] => 0,
            _ => case.receipt[1],
        };
        check(told(201) == asked - struck, || {
            format!("{}: {} of {asked}\n{}", case.steps, told(201), said.all())
        })?;
    }
    Ok(())
}

fn nobody() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let steps = "And the statement matching \"delete from notes\" fails with 40001
    When \"add alone\" runs 2 times";
    let said = notes(&scratch, "process", &[steps.to_owned()]).exits(2)?;
    said.says(&[
        "inconclusive",
        "a statement with \"delete from notes\" never came by while it was armed",
    ])?;
    Ok(())
}

fn lint() -> Result<(), Failed> {
    let linted = |ports: &str, steps: &str| {
        let scratch = Scratch::new();
        let compose = format!(
            "services: {{w: {{image: x, expose: ['80'], x-shakedown: {{process: none{ports}}}}}}}\n"
        );
        scratch.file("compose.yaml", &compose);
        let workload = "workloads: {go: {request: \"GET http://w:80/\"}}";
        let entities = "entities: {note: {learn: [{poll: \"GET http://w:80/\", every: 1s, each: body, id: item, \
                        event: seen}]}}";
        let stack = format!("stack: s\ncompose: compose.yaml\n{workload}\n{entities}\n");
        scratch.file("shakedown.yaml", &stack);
        let feature = format!(
            "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    And {steps}\n    \
             When \"go\" runs once\n    Then every invariant holds\n"
        );
        scratch.file("a.feature", &feature);
        scratch.shakedown(&["lint", "a.feature"])
    };
    let lost = "the commit of \"insert\" is lost";
    let http = linted(", ports: {80: http}", lost).exits(64)?;
    http.tells(&[
        "no service of this stack speaks PostgreSQL",
        "{5432: postgres}",
    ])?;
    let sniffed = linted("", lost).exits(0)?;
    sniffed.says(&["warnings: 1)", "nothing in this stack tells of PostgreSQL"])?;
    linted(", ports: {80: postgres}", lost)
        .exits(0)?
        .says(&["warnings: 0)"])?;
    let each = linted(", ports: {80: postgres}", &format!("{lost} for each note")).exits(64)?;
    each.tells(&["a statement names no note", "the first 2 times"])
}
