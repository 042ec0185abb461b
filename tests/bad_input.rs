//! Wrong use: exit code 64, the place, the nearest name, and nothing started.

use crate::lanes::trial;
use crate::support::{Case, Scratch, check, codabench, root};
use libtest_mimic::{Failed, Trial};

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 11] = [
        ("an undefined step names the nearest phrase", undefined_step),
        (
            "an unknown call, service or invariant names the nearest",
            unknown_names,
        ),
        ("all mistakes of all files come at once", all_at_once),
        ("each mistake in a step is told at its line", every_mistake),
        ("a broken yaml file is told by line and column", broken_yaml),
        ("a missing file is named", missing_file),
        ("an unknown stack names the nearest", unknown_stack),
        ("an unknown mutant names the nearest", unknown_mutant),
        ("a misspelt option is wrong use", misspelt_option),
        ("no Docker daemon is no mistake of the user's", no_docker),
        ("a folder of results takes one run at a time", folder_in_use),
    ];
    cases
        .into_iter()
        .map(|(name, run)| trial(format!("bad input: {name}"), run))
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
    refused(&text, &["`upload score`", "`workr`", "`sumbit`"])?;
    let outline = format!(
        "{text}\n  Scenario Outline: never\n    Given the stack \"codabench\"\n    When \"submit\" runs <n> times\n    \
         Then every invariant holds\n    Examples:\n      | n |\n"
    );
    let never = "\"never\" has no row of examples, so it is never played";
    refused(&outline, &["`upload score`", never])?;
    // A step that cannot be read hides no other mistake.
    let text = feature(
        "    Given the call \"upload score\" hangs\n    And the wind blows\n    Then every invariant holds",
    );
    refused(&text, &["`upload score`", "`the wind blows`"])
}

/// Steps that are wrong, one to a row, each with all that is said of it; `BLESS=1` writes down what is said now.
const STEPS: &str = "tests/bad_steps.txt";
/// Nobody may lose rows unnoticed.
const AT_LEAST: usize = 25;

fn every_mistake() -> Result<(), Failed> {
    let text = std::fs::read_to_string(root().join(STEPS))?;
    let rows: Vec<&str> = text.trim_end().split("\n\n").collect();
    check(rows.len() >= AT_LEAST, || {
        format!("only {} rows", rows.len())
    })?;
    let step = |row: &&str| format!("    Given {}\n", row.lines().next().unwrap_or_default());
    let steps: String = rows.iter().map(step).collect();
    let feature_text = feature(&format!("{steps}    Then every invariant holds"));
    let scratch = Scratch::new();
    let said = scratch
        .play(&feature_text, &["--runtime", "process"])
        .exits(64)?;
    let folder = format!("{}/", scratch.path("").display());
    let told = said.stderr.replace(&folder, "").replace("//", "/");
    let told = told.replace(&format!("{}/", root().display()), "");
    let mut blessed = Vec::new();
    for (line, row) in (4..).zip(&rows) {
        // Each row is one mistake, told at its line.
        let place = format!("where: a.feature:{line}:");
        let mut mistakes = told
            .split("\n\n")
            .filter(|mistake| mistake.contains(&place));
        let mistake = mistakes
            .next()
            .unwrap_or("nothing")
            .trim_end()
            .replace(&place, "where: a.feature:LINE:");
        let more = mistakes.count();
        check(more == 0, || {
            format!("{more} more mistakes in `{row}`\n{told}")
        })?;
        blessed.push(format!(
            "{}\n{mistake}",
            row.lines().next().unwrap_or_default()
        ));
    }
    let now = blessed.join("\n\n") + "\n";
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(root().join(STEPS), &now)?;
    }
    check(now == text, || {
        let differ = now
            .lines()
            .zip(text.lines())
            .find(|(now, then)| now != then);
        format!("{STEPS} is no longer right (BLESS=1 writes it): {differ:?}")
    })
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

fn no_docker() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let text = feature("    When \"submit\" runs once\n    Then every invariant holds");
    let (stack, feature) = (codabench(), scratch.file("a.feature", &text));
    let (stack, feature) = (stack.display().to_string(), feature.display().to_string());
    let args = [
        "run",
        &feature,
        "--stack",
        &stack,
        "--out",
        "out",
        "--runtime",
        "docker",
    ];
    // Nobody listens on the port of the discard service.
    let output = scratch
        .command(&args)
        .env("DOCKER_HOST", "tcp://127.0.0.1:9")
        .output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    check(output.status.code() == Some(3), || said.clone())?;
    check(
        said.contains("no Docker daemon answers") && said.contains("start Docker"),
        || said,
    )
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
