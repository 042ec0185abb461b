//! What each verdict takes, on the process runtime: the table of verdicts, seen from outside.

use crate::lanes::trial;
use crate::support::{Case, ROGUE, Said, Scratch, check, codabench, rogue_after, scenario};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::path::Path;

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 14] = [
        (
            "held: the fault was felt and the invariant has witnesses",
            held,
        ),
        (
            "violated: the story names submission, moments and fault",
            violated,
        ),
        (
            "violated in the control run too: no fault was needed",
            violated_without_fault,
        ),
        (
            "violated: what keeps happening then is not waited for",
            restless,
        ),
        (
            "inconclusive: a fault on a call that no one makes",
            fault_on_no_call,
        ),
        (
            "nothing: a fault on a call that is spelt in another way is told what came by",
            fault_on_a_misspelt_call,
        ),
        (
            "inconclusive: a count that is never reached",
            count_never_reached,
        ),
        (
            "inconclusive: a workload in which nothing succeeds",
            nothing_succeeds,
        ),
        ("held: entities that are given one id are told of", one_id),
        (
            "inconclusive: a moment that comes when the faults are healed already",
            moment_too_late,
        ),
        ("inconclusive: a condition that never came true", no_witness),
        (
            "inconclusive: every invariant holds, but one was never witnessed",
            unwitnessed,
        ),
        (
            "environment failed: a service that is never ready",
            not_ready,
        ),
        (
            "a service that ended by itself is not helped up, and nothing holds without it",
            ended_by_itself,
        ),
    ];
    cases
        .into_iter()
        .map(|(name, run)| trial(format!("verdict {name}"), run))
        .collect()
}

/// Plays steps on the Codabench stack as local processes.
fn play(scratch: &Scratch, steps: &[&str], args: &[&str]) -> Said {
    let steps = steps.join("\n    ");
    let text =
        format!("Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    {steps}\n");
    scratch.play(&text, &[&["--runtime", "process"], args].concat())
}

/// Who is told of two of which there is only one may have lost the other.
fn one_id() -> Result<(), Failed> {
    let stack = "\
calls: {look: {link: workload -> rogue, request: \"GET /operations/{operation}\"}}
entities: {operation: {learn: [{call: look, when: response.status == 200, event: polled}]}}
workloads: {look: {request: \"GET http://rogue:8000/operations/7\", creates: {operation: '\"7\"'}}}
invariants: {it is polled: {for: operation, at_most: 9, of: polled}}
";
    let scratch = Scratch::new();
    let said = scratch.rogue("process", stack, "When \"look\" runs 3 times");
    let note = "of 3 operations that `look` created, 2 had the id of an earlier one: they are taken for one";
    said.exits(0)?.says(&[note]).map(drop)
}

const SUBMIT: &str = "When \"submit\" runs 4 times";
const FINAL: &str = "And every submission is final within 10s";
const REFUSED_TWICE: &str =
    "Given the call \"upload scores\" answers 503 the first 2 times for each submission";

fn held() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let judge = "Then \"effect before status\" holds";
    play(
        &scratch,
        &[REFUSED_TWICE, SUBMIT, FINAL, judge],
        &["--seed", "7"],
    )
    .exits(0)?
    .says(&["held"])?;
    let run = scratch.json("out/run.json")?;
    check(
        run["verdict"] == "held" && run["exit_code"] == 0 && run["seed"] == 7,
        || run.to_string(),
    )?;
    let scenario = &run["scenarios"][0];
    check(scenario["line"] == 2 && scenario["scenario"] == "s", || {
        run.to_string()
    })?;
    check(
        scenario["feature"]
            .as_str()
            .is_some_and(|f| f.ends_with("a.feature")),
        || run.to_string(),
    )?;
    check(
        scenario["duration_ms"].as_u64().is_some_and(|ms| ms > 0),
        || run.to_string(),
    )?;
    let invariant = &scenario["invariants"][0];
    check(
        invariant["name"] == "effect before status" && invariant["verdict"] == "held",
        || run.to_string(),
    )?;
    check(invariant["witnesses"] == 4, || run.to_string())?;
    let fault = &scenario["faults"][0];
    let counts: Vec<&Value> = ["armed", "matched", "applied", "felt", "reached"]
        .iter()
        .map(|k| &fault[k])
        .collect();
    check(
        counts == [1, 12, 8, 8, 0].map(Value::from).iter().collect::<Vec<_>>(),
        || fault.to_string(),
    )
}

fn violated() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let judge = "Then \"effect before status\" holds";
    let mutant = ["--mutant", "finished-before-upload"];
    let said = play(&scratch, &[REFUSED_TWICE, SUBMIT, FINAL, judge], &mutant).exits(1)?;
    said.says(&[
        "`effect before status` broke for submission ",
        "status became Finished",
        "the call \"upload scores\" answers 503",
        "happened(\"scores stored\")",
        "history.jsonl",
        "--mutant 'finished-before-upload'",
    ])?;
    let run = scratch.json("out/run.json")?;
    let invariant = &run["scenarios"][0]["invariants"][0];
    check(invariant["verdict"] == "violated", || run.to_string())?;
    check(
        invariant["entity"]
            .as_str()
            .is_some_and(|e| e.starts_with("submission ")),
        || run.to_string(),
    )?;
    // The proof must be found again in the history that the story points at.
    let events = scratch.events()?;
    let proof = invariant["proof"].as_array().cloned().unwrap_or_default();
    check(!proof.is_empty(), || "no proof".to_owned())?;
    for moment in proof {
        let known = events
            .iter()
            .any(|e| e["seq"] == moment["seq"] && e["at_ns"] == moment["at_ns"]);
        check(known, || format!("{moment} is not in the history"))?;
    }
    Ok(())
}

fn violated_without_fault() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let judge = "Then \"effect before status\" holds";
    let mutant = ["--mutant", "finished-before-upload"];
    play(&scratch, &[REFUSED_TWICE, SUBMIT, FINAL, judge], &mutant)
        .says(&["no fault was needed"])?;
    Ok(())
}

fn fault_on_no_call() -> Result<(), Failed> {
    let scratch = Scratch::new();
    // Where there are no scores, nobody uploads any.
    let fault = "Given the call \"upload scores\" answers 503";
    let work = "When \"submit without scores\" runs 4 times";
    let judge = "Then \"failed implies a reason\" holds";
    let said = play(&scratch, &[fault, work, FINAL, judge], &[]).exits(2)?;
    said.says(&["inconclusive", "the call \"upload scores\" never came by"])?;
    Ok(())
}

fn fault_on_a_misspelt_call() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let stack = std::fs::read_to_string(codabench())?;
    let compose = codabench().with_file_name("compose.yaml");
    let stack = stack
        .replace(
            "compose: compose.yaml",
            &format!("compose: {}", compose.display()),
        )
        .replace("scores/{submission}/\"}", "scores/{submission}\"}");
    let stack = scratch.file("misspelt.yaml", &stack);
    let feature = "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    \
                   And the call \"upload scores\" answers 503\n    \
                   When \"submit\" runs 1 times\n    And every submission is final within 30s\n    \
                   Then \"nothing is stuck\" holds\n";
    let feature = scratch.file("a.feature", feature);
    let said = scratch.play_on(&stack, &feature, "process").exits(2)?;
    said.says(&[
        "the call \"upload scores\" never came by",
        "but `POST /api/upload_submission_scores/1/` came by on worker -> site once",
    ])?;
    Ok(())
}

fn count_never_reached() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let fault = "Given the call \"upload scores\" answers 503 the 40th time";
    let judge = "Then \"effect before status\" holds";
    let said = play(&scratch, &[fault, SUBMIT, FINAL, judge], &[]).exits(2)?;
    said.says(&["inconclusive", "waited for number 40"])?;
    Ok(())
}

fn nothing_succeeds() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let fault = "Given the call \"create submission\" answers 500";
    let judge = "Then \"effect before status\" holds";
    let said = play(&scratch, &[fault, SUBMIT, judge], &[]).exits(2)?;
    said.says(&["inconclusive", "nothing was accepted", "status 500"])?;
    Ok(())
}

fn moment_too_late() -> Result<(), Failed> {
    let scratch = Scratch::new();
    // Nothing waits for the submission, which has a long way to go when its request is answered.
    let fault = "Given the service \"worker\" is killed when \"scores stored\" happens, once";
    let judge = "Then \"effect before status\" holds";
    let said = play(&scratch, &[fault, "When \"submit\" runs once", judge], &[]).exits(2)?;
    said.says(&[
        "its moment never came while it was armed: when \"scores stored\" happens, but it came once, at +",
        "after the faults were healed: let a step wait for it",
    ])?;
    Ok(())
}

fn no_witness() -> Result<(), Failed> {
    let scratch = Scratch::new();
    // Nothing fails here, so nothing is learnt about how failures look.
    let said = play(
        &scratch,
        &[SUBMIT, FINAL, "Then \"failed implies a reason\" holds"],
        &[],
    )
    .exits(2)?;
    said.says(&["cannot tell whether `failed implies a reason` holds"])?;
    Ok(())
}

fn unwitnessed() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let said = play(
        &scratch,
        &[SUBMIT, FINAL, "Then every invariant holds"],
        &[],
    )
    .exits(2)?;
    said.says(&["no scenario witnessed `failed implies a reason`"])?;
    Ok(())
}

fn not_ready() -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch.file(
        "compose.yaml",
        "services:\n  db:\n    image: none\n    x-shakedown:\n      process: [sh, -c, 'echo I wait; exec sleep 60']\n      ready: {tcp: 5432, within: 300ms}\n",
    );
    let stack = scratch.file("shakedown.yaml", "stack: s\ncompose: compose.yaml\nentities: {thing: {learn: [{poll: \"GET http://db:5432/\", id: \"'1'\", event: x}]}}\nworkloads: {w: {request: \"GET http://db:5432/\"}}\ninvariants: {i: {for: thing, never: 'happened(\"x\")'}}\n");
    let feature =
        scratch.file("a.feature", "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    When \"w\" runs once\n    Then every invariant holds\n");
    let said = scratch.play_on(&stack, &feature, "process").exits(3)?;
    let said = said.says(&[
        "service `db` was not ready",
        "300ms",
        "last:",
        "I wait",
        "help:",
        "environment failed: 1 scenario, 1 environment failed; 0 faults felt",
    ])?;
    check(!said.stdout.contains("the same:"), || said.all())?;
    the_same_again(&scratch, &stack, &feature)?;
    // Who answers listens.
    let compose = ROGUE.replace("{http: /health}", "{http: /nope, within: 2s}");
    scratch.file("compose.yaml", &compose.replace("rogue:", "db:"));
    let said = scratch.play_on(&stack, &feature, "process").exits(3)?;
    said.says(&["/nope was answered 404", "help:     it listens, but not so"])?;
    Ok(())
}

/// What failed in the same way for several scenarios is told once.
fn the_same_again(scratch: &Scratch, stack: &Path, feature: &Path) -> Result<(), Failed> {
    let one = std::fs::read_to_string(feature)?;
    let (head, scenario) = one.split_once("  Scenario: s").ok_or("no scenario")?;
    let all = ["s", "t", "u"].map(|name| format!("  Scenario: {name}{scenario}"));
    let feature = scratch.file("a.feature", &format!("{head}{}", all.concat()));
    let said = scratch.play_on(stack, &feature, "process").exits(3)?;
    let told = said.stdout.matches("service `db` was not ready").count();
    check(told == 1, || said.all())?;
    said.says(&[
        "the same: 2 more scenarios\n            t  (",
        "a.feature:6)\n            u  (",
    ])?;
    Ok(())
}

fn restless() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let ticks = "(n=0; while sleep 0.05; do n=$$((n + 1)); echo \"tick $$n\"; done) &";
    scratch.file("compose.yaml", &rogue_after(ticks));
    let stack = "\
stack: s
compose: compose.yaml
entities: {clock: {learn: [{log: rogue, pattern: 'tick (?<n>\\d+)', id: \"'it'\", set: {n: n}}]}}
workloads: {look: {request: \"GET http://rogue:8000/health\"}}
invariants: {it ends soon: {for: clock, never: int(n) > 20}}
";
    let stack = scratch.file("shakedown.yaml", stack);
    let steps = ["When \"look\" runs once", "Then \"it ends soon\" holds"];
    let feature = scratch.file("a.feature", &scenario(&steps));
    let said = scratch.play_on(&stack, &feature, "process").exits(1)?;
    said.says(&["the run did not come to rest within 5500ms and was ended"])
        .map(drop)
}

fn ended_by_itself() -> Result<(), Failed> {
    let scratch = Scratch::new();
    // The one ends as soon as the other is there, which is after both were ready.
    let compose = "\
services:
  storage:
    image: none
    x-shakedown:
      process: {command: [shakedown, serve, codabench/storage], environment: {DATA_DIR: \"${SHAKEDOWN_DATA}/storage\"}}
      ready: {http: /health}
    expose: [\"9000\"]
    environment: {LISTEN: \"0.0.0.0:9000\", SIGNING_KEY: k}
  brittle:
    image: none
    x-shakedown: {process: [sh, -c, 'echo begun; until [ -e \"$SHAKEDOWN_DATA/go\" ]; do sleep 0.01; done; exit 7']}
  hammer:
    image: none
    depends_on: {brittle: {condition: service_healthy}}
    x-shakedown: {process: [sh, -c, 'touch \"$SHAKEDOWN_DATA/go\"; exec sleep 60']}
";
    let shakedown = "\
stack: s
compose: compose.yaml
settle: 1s
entities: {store: {learn: [{poll: \"GET http://storage:9000/health\", id: \"'it'\", set: {up: status}}]}}
workloads: {look: {request: \"GET http://storage:9000/health\"}}
invariants: {it is up: {for: store, always: up == 200}}
";
    scratch.file("compose.yaml", compose);
    let stack = scratch.file("shakedown.yaml", shakedown);
    let feature = "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    When \"look\" runs once\n    \
                   And all faults are healed\n    Then every invariant holds\n";
    let feature = scratch.file("a.feature", feature);
    scratch
        .play_on(&stack, &feature, "process")
        .exits(2)?
        .says(&[
            "? inconclusive: s\n",
            "service `brittle` ended by itself (exit status: 7) and stayed away, so nobody knows what it would have done, its \
             last word was `begun`; its log: ",
            "inconclusive: 1 scenario, 1 inconclusive; 0 faults felt, 1 witness;",
        ])?;
    let log = std::fs::read_to_string(scratch.path("out/01-s/logs/brittle.log"))?;
    check(log == "begun\n", || format!("it was started again:\n{log}"))
}
