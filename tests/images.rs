//! Images that are not there: the environment failed, and it says which image and why.

use crate::lanes::container_trial;
use crate::support::{Case, Scratch, check};
use libtest_mimic::{Failed, Trial};

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 2] = [
        ("images: one that is nowhere is named", missing),
        ("images: a script that fails is quoted", failing_script),
    ];
    let case = |(name, run): Case| container_trial(name, run);
    cases.into_iter().map(case).collect()
}

const IMAGE: &str = "shakedown-test/no-such-image:1";

/// Plays a stack of one service whose image is missing, and which has this besides.
fn play(more: &str, says: &[&str]) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let compose = format!("services:\n  shop:\n    image: {IMAGE}\n    expose: [\"8000\"]\n{more}");
    scratch.file("compose.yaml", &compose);
    let stack = scratch.file("shakedown.yaml", STACK);
    let feature = scratch.file("a.feature", FEATURE);
    let said = scratch
        .play_on(&stack, &feature, "docker")
        .exits(3)?
        .says(&[IMAGE, "help:"])?
        .says(says)?;
    check(!said.stdout.contains("witnessed"), || {
        format!(
            "what was not played is no question of witnesses\n{}",
            said.all()
        )
    })
}

const STACK: &str = "\
stack: s
compose: compose.yaml
entities: {thing: {learn: [{poll: \"GET http://shop:8000/\", id: \"'1'\", event: x}]}}
workloads: {w: {request: \"GET http://shop:8000/\"}}
invariants: {i: {for: thing, never: 'happened(\"x\")'}}
";

const FEATURE: &str = "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    When \"w\" runs once\n    \
    Then every invariant holds\n";

fn missing() -> Result<(), Failed> {
    play("", &["could not be pulled"])
}

fn failing_script() -> Result<(), Failed> {
    let script = "[sh, -c, \"echo it went wrong here >&2; exit 4\"]";
    let more = format!("    x-shakedown: {{image_script: {script}}}\n");
    play(
        &more,
        &["could not be made: exit status: 4", "it went wrong here"],
    )
}
