//! The files that a CI takes from this repository: their scripts do what they say, and schemas know their fields.

use crate::lanes::trial;
use crate::support::{Scratch, check, root};
use libtest_mimic::{Failed, Trial};
use std::os::unix::fs::symlink;
use std::process::{Command, Stdio};

const ACTION: &str = "action.yml";
const GITLAB: &str = "templates/gitlab-ci.yml";

pub fn trials() -> Vec<Trial> {
    let schemas = trial("templates: schemas know all that they say", schemas);
    vec![
        trial("templates: the action of GitHub plays and tells", action),
        trial(
            "templates: the job of GitLab plays and fails as it should",
            gitlab,
        ),
        schemas.with_ignored_flag(!has_checker()),
    ]
}

/// The first script of a file after some words, without its indentation.
fn script(file: &str, after: &str) -> Result<String, Failed> {
    let text = std::fs::read_to_string(root().join(file))?;
    let (_, rest) = text
        .split_once(after)
        .ok_or_else(|| format!("no {after} in {file}"))?;
    let (_, block) = rest.split_once("|\n").ok_or("no script follows")?;
    let indent = block.len() - block.trim_start().len();
    let inside = |line: &&str| line.trim().is_empty() || line.starts_with(&" ".repeat(indent));
    let lines = block.lines().take_while(inside);
    let lines: Vec<&str> = lines
        .map(|line| line.get(indent..).unwrap_or_default())
        .collect();
    Ok(lines.join("\n"))
}

/// A stack that is good, and one feature of two scenarios, of which one breaks.
fn stack(scratch: &Scratch) {
    let compose = format!(
        "services:\n  rogue:\n    image: none\n    environment: {{LISTEN: \"0.0.0.0:8000\"}}\n    expose: [\"8000\"]\n    \
         x-shakedown: {{process: [sh, -c, 'echo rogue=1 is=good; exec {} serve trouble'], ready: {{http: /health}}}}\n",
        env!("CARGO_BIN_EXE_shakedown")
    );
    scratch.file("compose.yaml", &compose);
    let stack = "\
stack: s
compose: compose.yaml
entities:
  rogue: {learn: [{log: rogue, pattern: 'rogue=(?<id>\\d+) is=(?<is>\\w+)', set: {is: is}}]}
workloads: {look: {request: \"GET http://rogue:8000/operations/7\"}}
invariants:
  it is good: {for: rogue, always: is == \"good\"}
  it is bad: {for: rogue, always: is == \"bad\"}
";
    scratch.file("shakedown.yaml", stack);
    let scenario = |name: &str, invariant: &str| {
        format!(
            "  Scenario: {name}\n    Given the stack \"s\"\n    When \"look\" runs once\n    Then \"{invariant}\" holds\n"
        )
    };
    let feature = format!(
        "Feature: f\n{}{}",
        scenario("well", "it is good"),
        scenario("ill", "it is bad")
    );
    scratch.file("features/a.feature", &feature);
}

/// Runs a script as a runner does, with the binary where it looks for it.
fn run(
    scratch: &Scratch,
    script: &str,
    binary: &str,
    environment: &[(&str, &str)],
) -> Result<(i32, String), Failed> {
    let binary = scratch.path(binary);
    std::fs::create_dir_all(binary.parent().ok_or("no folder")?)?;
    if !binary.exists() {
        symlink(env!("CARGO_BIN_EXE_shakedown"), &binary)?;
    }
    let file = scratch.file("script.sh", script);
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-eo", "pipefail"])
        .arg(file);
    bash.current_dir(scratch.path("")).stdin(Stdio::null());
    bash.env("HOME", scratch.path(""))
        .envs(environment.iter().copied());
    let output = bash.output()?;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    Ok((output.status.code().unwrap_or(-1), said))
}

fn action() -> Result<(), Failed> {
    let scratch = Scratch::new();
    stack(&scratch);
    let play = script(ACTION, "- id: play")?;
    let (out, told) = (scratch.path("out"), scratch.file("told", ""));
    let (out_text, told_text) = (out.display().to_string(), told.display().to_string());
    let summary = scratch.path("summary.md").display().to_string();
    for (name, code) in [("^well$", "0"), ("^ill$", "1")] {
        let arguments = format!("--name {name} --seed 7");
        let environment = [
            ("FEATURES", "features"),
            ("RUNTIME", "process"),
            ("RETRIES", "1"),
            ("ARGUMENTS", arguments.as_str()),
            ("OUT", out_text.as_str()),
            ("GITHUB_OUTPUT", told_text.as_str()),
            ("GITHUB_STEP_SUMMARY", summary.as_str()),
        ];
        let (ended, said) = run(&scratch, &play, ".cache/shakedown/shakedown", &environment)?;
        check(ended == 0, || said.clone())?;
        let told = std::fs::read_to_string(&told)?;
        check(told.ends_with(&format!("exit-code={code}\n")), || {
            format!("{told}\n{said}")
        })?;
        check(
            said.contains("::error file=features/a.feature,line=6") == (code == "1"),
            || said.clone(),
        )?;
        for file in ["junit.xml", "summary.md", "run.json"] {
            check(out.join(file).exists(), || format!("no {file}\n{said}"))?;
        }
        // The job ends as the run did.
        let (ended, said) = run(
            &scratch,
            &script(ACTION, "CODE:")?,
            "unused",
            &[("CODE", code)],
        )?;
        check(ended.to_string() == code, || said)?;
    }
    Ok(())
}

fn gitlab() -> Result<(), Failed> {
    let scratch = Scratch::new();
    stack(&scratch);
    let play = script(GITLAB, "/bin/shakedown; set -f\n")?;
    for (name, code) in [("^well$", 0), ("^ill$", 1)] {
        let arguments = format!("--name {name}");
        let environment = [
            ("SHAKEDOWN_FEATURES", "features"),
            ("SHAKEDOWN_RUNTIME", "process"),
            ("SHAKEDOWN_RETRIES", "1"),
            ("SHAKEDOWN_ARGUMENTS", arguments.as_str()),
        ];
        let (ended, said) = run(
            &scratch,
            &play,
            ".shakedown-build/bin/shakedown",
            &environment,
        )?;
        check(ended == code, || said.clone())?;
        for file in ["junit.xml", "summary.md", "run.json"] {
            check(
                scratch.path("shakedown-results").join(file).exists(),
                || format!("no {file}\n{said}"),
            )?;
        }
    }
    Ok(())
}

/// Whether `check-jsonschema` (from PyPI) is here, which has the schemas.
fn has_checker() -> bool {
    let mut checker = Command::new("check-jsonschema");
    let checker = checker
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    checker.status().is_ok_and(|status| status.success())
}

fn schemas() -> Result<(), Failed> {
    for (file, schema) in [
        (ACTION, "vendor.github-actions"),
        (GITLAB, "vendor.gitlab-ci"),
    ] {
        let mut checker = Command::new("check-jsonschema");
        let checker = checker
            .args(["--builtin-schema", schema])
            .arg(root().join(file));
        let output = checker.output()?;
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        check(output.status.success(), || said)?;
    }
    Ok(())
}
