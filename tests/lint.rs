//! What `shakedown lint` warns of.

use crate::support::{Case, Scratch, check, codabench, root};
use libtest_mimic::{Failed, Trial};

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 2] = [
        ("a fault that ends before it can strike", unawaited),
        ("nothing about our own features", ours),
    ];
    let trial = |(name, run): Case| Trial::test(format!("lint: {name}"), run);
    cases.into_iter().map(trial).collect()
}

/// Lints steps on the Codabench stack: there are so many warnings, each about an unawaited fault at line 4.
fn warned(steps: &[&str], warnings: usize) -> Result<(), Failed> {
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
    let said = said.exits(0)?.says(&[&format!("warnings: {warnings})")])?;
    let told = "warning: no step waits while this fault is in force";
    let place = "where: a.feature:4:";
    let help = "help:  let a step wait, such as `every submission is final within 60s`";
    for words in [told, place, help] {
        check(said.stderr.matches(words).count() == warnings, || {
            said.all()
        })?;
    }
    Ok(())
}

fn unawaited() -> Result<(), Failed> {
    let (work, wait) = (
        "When \"submit\" runs 2 times",
        "And every submission is final within 60s",
    );
    for later in [
        "Given the call \"upload scores\" answers 503 once",
        "Given the service \"worker\" is killed when \"scores stored\" happens, once",
        "Given the service \"site\" is paused when submission reaches \"Scoring\", once",
        "Given the service \"worker\" is killed after \"upload scores\" is answered, once",
        "Given the link \"worker -> site\" is slow by 5ms",
    ] {
        warned(&[later, work], 1)?;
        warned(&[later, work, wait], 0)?;
        warned(&[later, work, wait, work], 1)?;
        warned(&[later, work, "And all faults are healed", wait], 1)?;
        warned(&[later, work, wait, "And all faults are healed", work], 0)?;
    }
    for at_once in [
        "Given the call \"create submission\" answers 503 once",
        "Given the service \"worker\" is killed",
        "Given the service \"worker\" is killed after \"create submission\" is answered, once",
        "Given the link \"workload -> site\" is slow by 5ms",
        "Given the link \"site -> storage\" is slow by 5ms",
        "Given the service \"worker\" is killed when submission reaches \"Submitted\", once",
    ] {
        warned(&[at_once, work], 0)?;
    }
    Ok(())
}

fn ours() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let features = root().join("features").display().to_string();
    let stack = codabench().display().to_string();
    let said = scratch.shakedown(&["lint", &features, "--stack", &stack]);
    said.exits(0)?.says(&["warnings: 0)"])?;
    Ok(())
}
