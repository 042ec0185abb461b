//! What `shakedown lint` warns of.

use crate::support::{Case, Scratch, check, codabench, root};
use libtest_mimic::{Failed, Trial};

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 5] = [
        ("a fault that ends before it can strike", unawaited),
        ("a fault behind all that it could strike", unmet),
        ("scenarios of one name", alike),
        ("a program that is not there", programs),
        ("nothing about our own features", ours),
    ];
    let trial = |(name, run): Case| Trial::test(format!("lint: {name}"), run);
    cases.into_iter().map(trial).collect()
}

/// Lints steps on the Codabench stack: all that is warned of are these, each at its line, counted from the first step.
fn warned(steps: &[&str], warnings: &[(&str, usize)]) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let steps = steps.join("\n    ");
    scratch.file(
        "a.feature",
        &format!(
            "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    {steps}\n    \
             Then every invariant holds\n"
        ),
    );
    let stack = codabench().display().to_string();
    let said = scratch.shakedown(&["lint", "a.feature", "--stack", &stack]);
    let said = said
        .exits(0)?
        .says(&[&format!("warnings: {})", warnings.len())])?;
    for (told, step) in warnings {
        let words = format!("warning: {told}\n  where: a.feature:{}:", step + 4);
        check(said.stderr.contains(&words), || said.all())?;
    }
    Ok(())
}

const ENDS: &str = "no step waits while this fault is in force: it ends once the requests before its end are \
                    answered, and what services do later is not struck";
const NO_WORK: &str =
    "no workload runs while this fault is in force: nothing comes that it could strike";
const WORK: &str = "When \"submit\" runs 2 times";
const WAIT: &str = "And every submission is final within 60s";
const HEAL: &str = "And all faults are healed";

fn unawaited() -> Result<(), Failed> {
    let (work, wait) = (WORK, WAIT);
    let ends = &[(ENDS, 0)][..];
    for later in [
        "Given the call \"upload scores\" answers 503 once",
        "Given the service \"worker\" is killed when \"scores stored\" happens, once",
        "Given the service \"site\" is paused when submission reaches \"Scoring\", once",
        "Given the service \"worker\" is killed after \"upload scores\" is answered, once",
        "Given the link \"worker -> site\" is slow by 5ms",
    ] {
        warned(&[later, work], ends)?;
        warned(&[later, work, wait], &[])?;
        warned(&[later, work, wait, work], ends)?;
        warned(&[later, work, HEAL, wait], ends)?;
        warned(&[later, work, wait, HEAL, work], &[])?;
    }
    for at_once in [
        "Given the call \"create submission\" answers 503 once",
        "Given the service \"worker\" is killed",
        "Given the service \"worker\" is killed after \"create submission\" is answered, once",
        "Given the link \"workload -> site\" is slow by 5ms",
        "Given the link \"site -> storage\" is slow by 5ms",
        "Given the service \"worker\" is killed when submission reaches \"Submitted\", once",
    ] {
        warned(&[at_once, work], &[])?;
    }
    Ok(())
}

fn unmet() -> Result<(), Failed> {
    let no_work = &[(NO_WORK, 1)][..];
    for of_workload in [
        "Given the call \"create submission\" answers 503 once",
        "Given the link \"workload -> site\" is slow by 5ms",
        "Given the service \"worker\" is killed after \"create submission\" is answered, once",
    ] {
        warned(&[WORK, of_workload], no_work)?;
        warned(&[WORK, of_workload, WAIT], no_work)?;
        warned(&[WORK, of_workload, HEAL, WORK], no_work)?;
        warned(&[WORK, of_workload, WORK], &[])?;
    }
    // What the service that is asked does by itself may still be struck while a step waits.
    let by_itself = "Given the link \"site -> storage\" is slow by 5ms";
    warned(&[WORK, by_itself], no_work)?;
    warned(&[WORK, by_itself, WAIT], &[])?;
    warned(&[WORK, "Given the service \"worker\" is killed"], &[])?;
    let later = "Given the call \"upload scores\" answers 503 once";
    warned(&[WORK, later], &[(ENDS, 1)])?;
    warned(&[WORK, later, WAIT], &[])
}

fn alike() -> Result<(), Failed> {
    let scenario = |name: &str| {
        format!(
            "  Scenario: {name}\n    Given the stack \"codabench\"\n    \
             When \"submit\" runs 1 times\n    Then every invariant holds\n"
        )
    };
    let outline = scenario("rows").replace("Scenario:", "Scenario Outline:");
    let outline = outline.replace("1 times", "<n> times")
        + "    Examples:\n      |n|\n      |1|\n      |2|\n";
    let all = [scenario("a"), scenario("b"), scenario("a"), outline].concat();
    let scratch = Scratch::new();
    scratch.file("a.feature", &format!("Feature: f\n{all}"));
    scratch.file("b.feature", &format!("Feature: f\n{}", scenario("a")));
    let stack = codabench().display().to_string();
    let said = scratch.shakedown(&["lint", "a.feature", "b.feature", "--stack", &stack]);
    said.exits(0)?.says(&[
        "warnings: 1)",
        "warning: the scenario \"a\" is called as the one at a.feature:2:3\n  where: a.feature:10:3",
    ])?;
    Ok(())
}

fn programs() -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch.file(
        "shakedown.yaml",
        "stack: s\ncompose: compose.yaml\nworkloads: {go: {request: \"GET http://w:80/\"}}\n",
    );
    let compose = "services: {w: {image: x, x-shakedown: {process: [./nowhere]}}}\n";
    scratch.file("compose.yaml", compose);
    let steps = "Given the stack \"s\"\n    When \"go\" runs once\n    Then every invariant holds";
    scratch.file(
        "a.feature",
        &format!("Feature: f\n  Scenario: s\n    {steps}\n"),
    );
    let said = scratch.shakedown(&["lint", "a.feature"]);
    let told = "warning: as a local process, `w` cannot be started: `./nowhere` does not exist";
    said.exits(0)?.says(&["warnings: 1)", told])?;
    Ok(())
}

fn ours() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let features = root().join("features").display().to_string();
    let mut command = scratch.command(&["lint", &features]);
    let said = command.current_dir(root()).output()?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    let clean = said.status.success() && text.contains("warnings: 0)");
    check(clean, || text)
}
