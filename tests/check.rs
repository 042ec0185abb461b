//! Histories that were recorded, and exports from production, judged by the invariants as they are now.

use crate::lanes::trial;
use crate::support::{Case, Said, Scratch, check, codabench};
use libtest_mimic::{Failed, Trial};

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 4] = [
        ("a run is judged again as it was", as_it_was),
        (
            "a run is judged by an invariant that it did not know",
            by_another,
        ),
        (
            "an export is judged, and its violation told by its line",
            export,
        ),
        (
            "an export that cannot be used is told line by line",
            bad_export,
        ),
    ];
    let case = |(name, run): Case| trial(format!("check: {name}"), run);
    cases.into_iter().map(case).collect()
}

/// Plays a short scenario, on a planted bug if one is named.
fn play(scratch: &Scratch, more: &[&str]) -> Said {
    let text = "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    \
        And the call \"upload scores\" answers 503 the first time for each submission\n    \
        When \"submit\" runs 4 times\n    And every submission is final within 60s\n    \
        Then \"effect before status\" holds\n";
    scratch.play(text, &[&["--runtime", "process"], more].concat())
}

fn as_it_was() -> Result<(), Failed> {
    let stack = codabench().display().to_string();
    let scratch = Scratch::new();
    play(&scratch, &[]).exits(0)?;
    // The scenario asked for one invariant; by all of them, nobody could tell.
    let all = scratch.shakedown(&["check", "out", "--stack", &stack]);
    all.exits(2)?
        .says(&["no scenario witnessed `failed implies a reason`"])?;
    let one = ["--invariant", "effect before status"];
    let args = [&["check", "out", "--stack", &stack], &one[..]].concat();
    scratch.shakedown(&args).exits(0)?.says(&["2 held"])?;
    let args = [
        "check",
        "out",
        "--stack",
        &stack,
        "--invariant",
        "efect before status",
    ];
    let said = scratch.shakedown(&args).exits(64)?;
    said.tells(&[
        "no invariant `efect before status`",
        "`effect before status`",
    ])?;
    let scratch = Scratch::new();
    play(&scratch, &["--mutant", "finished-before-upload"]).exits(1)?;
    let args = [
        &["check", "out", "--stack", &stack, "--out", "again"],
        &one[..],
    ]
    .concat();
    let again = scratch.shakedown(&args);
    again
        .exits(1)?
        .says(&["`effect before status` broke for submission"])?;
    let (run, check_json) = (
        scratch.json("out/run.json")?,
        scratch.json("again/check.json")?,
    );
    let proof = |value: &serde_json::Value| value["scenarios"][0]["invariants"][0]["proof"].clone();
    check(proof(&run) == proof(&check_json), || check_json.to_string())
}

/// The stack file with another invariant in the place of all of its own.
fn with_invariant(scratch: &Scratch, invariant: &str) -> Result<String, Failed> {
    let text = std::fs::read_to_string(codabench())?;
    let compose = codabench().with_file_name("compose.yaml");
    let text = text.replace(
        "compose: compose.yaml",
        &format!("compose: {}", compose.display()),
    );
    let (begin, rest) = text.split_once("\ninvariants:\n").ok_or("no invariants")?;
    check(rest.contains("\nmutants:\n"), || "no mutants".to_owned())?;
    let text = format!("{begin}\ninvariants:\n  i: {invariant}\n");
    Ok(scratch.file("other.yaml", &text).display().to_string())
}

fn by_another() -> Result<(), Failed> {
    let scratch = Scratch::new();
    play(&scratch, &[]).exits(0)?;
    let never = with_invariant(
        &scratch,
        "{for: submission, never: 'status == \"Scoring\"'}",
    )?;
    let said = scratch.shakedown(&["check", "out", "--stack", &never]);
    said.exits(1)?.says(&["`i` broke for submission"])?;
    let nobody = with_invariant(
        &scratch,
        "{for: submission, when: 'status == \"Cancelled\"', then: reason != \"\"}",
    )?;
    let said = scratch.shakedown(&["check", "out", "--stack", &nobody]);
    said.exits(2)?.says(&["never came true"])?;
    Ok(())
}

const EXPORT: &str = "\
time,entity,id,field,value
2026-11-25T10:00:00Z,submission,7,status,Submitted
2026-11-25T10:00:01Z,submission,7,status,Preparing
2026-11-25T10:00:02Z,submission,7,status,Running
2026-11-25T10:00:03Z,submission,7,status,Scoring
2026-11-25T10:00:04Z,submission,7,,scores stored
2026-11-25T10:00:05Z,submission,7,status,Finished
";

fn export() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let rule =
        "{for: submission, no: 'status == \"Finished\"', before: happened(\"scores stored\")}";
    let stack = with_invariant(&scratch, rule)?;
    scratch.file("good.csv", EXPORT);
    let said = scratch.shakedown(&["check", "--events", "good.csv", "--stack", &stack]);
    said.exits(0)?.says(&["1 witness"])?;
    let without = EXPORT.replace("2026-11-25T10:00:04Z,submission,7,,scores stored\n", "");
    scratch.file("untold.csv", &without);
    let said = scratch.shakedown(&["check", "--events", "untold.csv", "--stack", &stack]);
    said.exits(2)?
        .says(&["no line of the data tells the event `scores stored`"])?;
    let other = "2026-11-25T10:00:06Z,submission,8,,scores stored\n";
    scratch.file("bad.csv", &(without + other));
    let said = scratch.shakedown(&["check", "--events", "bad.csv", "--stack", &stack]);
    said.exits(1)?.says(&["`i` broke for submission 7", "#6"])?;
    all_that_broke_it(&scratch, &stack)?;
    scratch.file("empty.csv", "time,entity,id,field,value\n");
    scratch
        .shakedown(&["check", "--events", "empty.csv", "--stack", &stack])
        .exits(2)?;
    Ok(())
}

fn all_that_broke_it(scratch: &Scratch, stack: &str) -> Result<(), Failed> {
    let ended = |id: &str| {
        let at = "2026-11-25T10:00:07Z,submission";
        format!("{at},{id},status,Submitted\n{at},{id},status,Finished\n")
    };
    let more = ["8", "9", "11", "12"].map(ended).concat();
    scratch.file("four.csv", &(EXPORT.to_owned() + &more));
    let args = [
        "check", "--events", "four.csv", "--stack", stack, "--out", "four",
    ];
    scratch
        .shakedown(&args)
        .exits(1)?
        .says(&["broke for submission 8", "also:     9, 11 and 12\n"])?;
    let json = scratch.json("four/check.json")?;
    let entities = &json["scenarios"][0]["invariants"][0]["entities"];
    check(
        *entities == serde_json::json!(["8", "9", "11", "12"]),
        || json.to_string(),
    )
}

fn bad_export() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let text = EXPORT
        .replace("10:00:02Z", "10:00:00Z")
        .replace("10:00:05Z", "soon");
    scratch.file("bad.csv", &text);
    let stack = codabench().display().to_string();
    let said = scratch
        .shakedown(&["check", "--events", "bad.csv", "--stack", &stack])
        .exits(64)?;
    said.tells(&["bad.csv:4", "--disorder"])?;
    said.tells(&["bad.csv:7", "soon"])
}
