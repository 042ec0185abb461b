//! A stack that somebody keeps running: phrases are carried out as they come, mistakes end nothing, and what broke is told.

use crate::lanes::trial;
use crate::support::{Case, Said, Scratch, check, codabench};
use libtest_mimic::{Failed, Trial};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Stdio};

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 3] = [
        (
            "phrases are carried out, and what happens is shown",
            carried_out,
        ),
        ("a mistake ends nothing", mistakes),
        (
            "an invariant that breaks is told at once, and is the verdict",
            violated,
        ),
    ];
    let case = |(name, run): Case| trial(format!("up: {name}"), run);
    cases.into_iter().map(case).collect()
}

/// Gives a script to a running stack.
fn up(script: &str) -> Result<(Scratch, Said), Failed> {
    let scratch = Scratch::new();
    let mut child = started(&scratch, &[])?;
    // Its end is the end of the script.
    let mut stdin = child.stdin.take().ok_or("it has an input")?;
    stdin.write_all(script.as_bytes())?;
    drop(stdin);
    Ok((scratch, Said::of(child.wait_with_output()?)))
}

fn started(scratch: &Scratch, args: &[&str]) -> Result<Child, Failed> {
    let stack = codabench().display().to_string();
    let mut command = scratch.command(&["up", &stack, "--runtime", "process", "--out", "out"]);
    let command = command.args(args).stdin(Stdio::piped());
    Ok(command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?)
}

fn carried_out() -> Result<(), Failed> {
    let script = "\
# Two submissions, and a fault that each of them meets.
Given the call \"upload scores\" answers 503 once
watch
\"submit\" runs 2 times
check
every submission is final within 60s
watch off
faults
entities submission
services
every invariant holds
";
    let (scratch, said) = up(script)?;
    let said = said.exits(0)?.says(&[
        "stack `codabench` is up",
        "site:8000  http://127.",
        "worker -> site  upload scores submission=",
        "503",
        "fault felt: the call \"upload scores\" answers 503 once",
        "submission 2: is Finished",
        "applied 1, felt 1, reached 0)",
        "submission 1: is Finished ",
        "\"scores stored\"",
        "status=\"Finished\"",
        "held so far: ",
        "    effect before status",
        "held: ",
        "out/up/history.jsonl",
    ])?;
    // What is not over yet has broken nothing, shares and times neither.
    check(!said.all().contains("broke for"), || said.all())?;
    // What it prints on request comes after what was waited for.
    let at = |word: &str| said.stdout.find(word);
    check(
        at("submission 2: is Finished") < at("felt 1, reached 0"),
        || said.all(),
    )?;
    let history = std::fs::read_to_string(scratch.path("out/up/history.jsonl"))?;
    check(history.contains("\"settle\""), || {
        "it was not judged at its end".into()
    })
}

fn mistakes() -> Result<(), Failed> {
    let script = "\
the call \"upload scoers\" answers 503 once
nonsense
at least 1 submission reach \"Finished\"
entities
\"submit\" runs once
";
    let (_scratch, said) = up(script)?;
    // Not every line was carried out, so nothing is proven.
    said.exits(64)?
        .says(&[
            "the script proves nothing: 3 of its lines were not understood",
            "unknown call `upload scoers`",
            "did you mean `upload scores`?",
            "undefined step `nonsense`\n  where: standard input:2:1",
            "is judged at the end of a scenario",
            "none was seen yet",
        ])
        .map(drop)
}

fn violated() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let mut child = started(&scratch, &["--mutant", "finished-before-upload"])?;
    let mut stdin = child.stdin.take().ok_or("it has an input")?;
    let mut stdout = BufReader::new(child.stdout.take().ok_or("it has an output")?);
    stdin.write_all(b"\"submit\" runs once\n")?;
    // Nobody asks: it is told while the stack runs.
    let mut told = String::new();
    while !told.contains("VIOLATED `effect before status`") {
        let more = stdout.read_line(&mut told)?;
        check(more > 0, || format!("it ended without a word:\n{told}"))?;
    }
    // What broke ends no wait: whoever drives the stack goes on.
    stdin.write_all(
        b"check\n\"submit\" runs once\nevery submission is final within 60s\nentities\n",
    )?;
    drop(stdin);
    stdout.read_to_string(&mut told)?;
    let said = Said::of(child.wait_with_output()?);
    check(told.contains("  submission 2: is Finished"), || {
        told.clone()
    })?;
    check(said.code == 1, || format!("{told}\n{}", said.all()))?;
    let proof = "no status == \"Finished\" before happened(\"scores stored\")";
    let twice = told.matches(proof).count() == 2;
    check(twice, || {
        format!("asked for once, and the verdict:\n{told}")
    })
}
