//! Wrong use: exit code 64, the place, the nearest name, and nothing started.

use crate::support::{Case, Scratch, check, codabench};
use libtest_mimic::{Failed, Trial};

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 9] = [
        ("an undefined step names the nearest phrase", undefined_step),
        (
            "an unknown call, service or invariant names the nearest",
            unknown_names,
        ),
        ("all mistakes of all files come at once", all_at_once),
        ("a broken yaml file is told by line and column", broken_yaml),
        ("a missing file is named", missing_file),
        ("an unknown stack names the nearest", unknown_stack),
        ("an unknown mutant names the nearest", unknown_mutant),
        ("a misspelt option is wrong use", misspelt_option),
        ("a folder of results takes one run at a time", folder_in_use),
    ];
    cases
        .into_iter()
        .map(|(name, run)| Trial::test(format!("bad input: {name}"), run))
        .collect()
}

fn feature(steps: &str) -> String {
    format!("Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n{steps}\n")
}

/// Plays a feature that is wrong and looks at what is said; nothing may have been started.
fn refused(text: &str, says: &[&str]) -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch
        .play(text, &["--runtime", "process"])
        .exits(64)?
        .says(says)?;
    check(!scratch.path("out").exists(), || {
        "a run folder was made".to_owned()
    })
}

fn undefined_step() -> Result<(), Failed> {
    let text =
        feature("    Given the call \"upload scores\" anwsers 503\n    Then every invariant holds");
    refused(
        &text,
        &["anwsers", "a.feature:4:5", "`the call \"C\" answers STATUS"],
    )
}

fn unknown_names() -> Result<(), Failed> {
    let call = feature("    Given the call \"upload score\" hangs\n    Then every invariant holds");
    refused(
        &call,
        &[
            "unknown call `upload score`",
            "a.feature:4:",
            "`upload scores`",
        ],
    )?;
    let service =
        feature("    Given the service \"workr\" is killed\n    Then every invariant holds");
    refused(
        &service,
        &["unknown service `workr`", "a.feature:4:", "`worker`"],
    )?;
    let invariant = feature("    Then \"effect before statuss\" holds");
    refused(
        &invariant,
        &[
            "unknown invariant `effect before statuss`",
            "`effect before status`",
        ],
    )
}

fn all_at_once() -> Result<(), Failed> {
    let text = feature(
        "    Given the call \"upload score\" hangs\n    And the service \"workr\" is killed\n    \
         When \"sumbit\" runs 2 times\n    Then every invariant holds",
    );
    refused(&text, &["`upload score`", "`workr`", "`sumbit`"])
}

fn broken_yaml() -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch.file("compose.yaml", "services:\n  site:\n    image: [a\n");
    let stack = scratch.file(
        "shakedown.yaml",
        "stack: s\ncompose: compose.yaml\ncals: {}\n",
    );
    let feature = scratch.file("a.feature", &feature("    Then every invariant holds"));
    let (stack, feature) = (stack.display().to_string(), feature.display().to_string());
    let said = scratch
        .shakedown(&["run", &feature, "--stack", &stack])
        .exits(64)?;
    said.says(&["compose.yaml:", "shakedown.yaml:3:1", "`cals`", "`calls`"])?;
    Ok(())
}

fn missing_file() -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch
        .shakedown(&["run", "no-such.feature"])
        .exits(64)?
        .says(&["no-such.feature"])?;
    let stack = scratch.file("shakedown.yaml", "stack: s\ncompose: no-such.yaml\n");
    let feature = scratch.file("a.feature", &feature("    Then every invariant holds"));
    let (stack, feature) = (stack.display().to_string(), feature.display().to_string());
    scratch
        .shakedown(&["run", &feature, "--stack", &stack])
        .exits(64)?
        .says(&["no-such.yaml"])?;
    Ok(())
}

fn unknown_stack() -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch.file("s/compose.yaml", "services:\n  site:\n    image: a\n");
    scratch.file(
        "s/shakedown.yaml",
        "stack: codabenc\ncompose: compose.yaml\n",
    );
    let feature = scratch.file("a.feature", &feature("    Then every invariant holds"));
    let said = scratch
        .shakedown(&["run", &feature.display().to_string()])
        .exits(64)?;
    said.says(&["`codabench`", "a.feature:3", "`codabenc`"])?;
    Ok(())
}

fn unknown_mutant() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let text = feature("    When \"submit\" runs once\n    Then every invariant holds");
    let said = scratch
        .play(&text, &["--mutant", "finished-before-uplod"])
        .exits(64)?;
    said.says(&["`finished-before-uplod`", "`finished-before-upload`"])?;
    Ok(())
}

fn misspelt_option() -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch
        .shakedown(&["run", "--runtme", "docker"])
        .exits(64)?
        .says(&["--runtime"])?;
    scratch.shakedown(&["rnu"]).exits(64)?.says(&["run"])?;
    let stack = codabench().display().to_string();
    scratch
        .shakedown(&["lint", "--stack", &stack, "no-such-folder"])
        .exits(64)?;
    Ok(())
}

fn folder_in_use() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let older = scratch.file("out/run.json", "an older result");
    let lock = std::fs::File::create(scratch.path("out/.lock"))?;
    lock.lock()?;
    let text = feature("    When \"submit\" runs once\n    Then \"terminal is final\" holds");
    let play = || scratch.play(&text, &["--runtime", "process"]);
    play()
        .exits(64)?
        .says(&["another shakedown is writing", "--out"])?;
    check(older.exists(), || {
        "the other one's results are gone".to_owned()
    })?;
    drop(lock);
    play().exits(0)?;
    scratch.json("out/run.json")?;
    Ok(())
}
