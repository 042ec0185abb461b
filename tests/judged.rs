//! What counts for a scenario: nothing that it does not ask for, and nothing that no rule ever told.

use crate::lanes::trial;
use crate::support::{Scratch, check, codabench, history};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "judged: an invariant that a scenario does not name ends no wait and counts in no control run",
            not_named,
        ),
        trial(
            "judged: what no rule ever told breaks nothing, unless some other run told it",
            never_told,
        ),
        trial("judged: what nobody waited for is not violated", cut_short),
    ]
}

/// Broken by every submission as soon as somebody works on it, and again at its end.
const BROKEN: &str = "
invariants:
  nobody works: {for: submission, never: happened(\"prediction stored\")}
  nobody finishes: {for: submission, never: happened(\"output stored\")}
";
const FEATURE: &str = "\
Feature: f
  Background:
    Given the stack \"codabench\"
    And the call \"upload scores\" answers 503 the first 2 times for each submission
    When \"submit\" runs 4 times
    And every submission is final within 60s

  Scenario: names what holds
    Then \"effect before status\" holds

  Scenario: names what breaks first
    Then \"nobody works\" holds
    And \"effect before status\" holds

  Scenario: names what breaks last
    Then \"nobody finishes\" holds
";
const WAITED_NO_LONGER: &str = "waited no longer once `nobody works` was violated";

/// The Codabench stack with more invariants.
fn stack(scratch: &Scratch, more: &str) -> Result<String, Failed> {
    let text = std::fs::read_to_string(codabench())?;
    let compose = codabench().with_file_name("compose.yaml");
    let compose = format!("compose: {}", compose.display());
    let text = text.replace("compose: compose.yaml", &compose);
    check(text.contains("\ninvariants:\n"), || text.clone())?;
    let text = text.replace("\ninvariants:\n", more);
    Ok(scratch.file("other.yaml", &text).display().to_string())
}

fn not_named() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let (stack, feature) = (stack(&scratch, BROKEN)?, scratch.file("a.feature", FEATURE));
    let feature = feature.display().to_string();
    let words = "--out out --runtime process --jobs 1".split(' ');
    let args: Vec<&str> = ["run", &feature, "--stack", &stack]
        .into_iter()
        .chain(words)
        .collect();
    let said = scratch.shakedown(&args).exits(1)?;
    let run = scratch.json("out/run.json")?;
    let verdicts = |scenario: usize| {
        let scenario = &run["scenarios"][scenario];
        [scenario["verdict"].clone(), scenario["control"].clone()]
    };
    check(verdicts(0) == ["held", "held"], || said.all())?;
    check(verdicts(1) == ["violated", "violated"], || said.all())?;
    check(verdicts(2) == ["violated", "violated"], || said.all())?;
    // It is said all the same.
    let notes = |scenario: usize| run["scenarios"][scenario]["notes"].to_string();
    let told = "`nobody works` was violated by submission 1, which this scenario does not ask for";
    check(notes(0).contains(told) && !notes(1).contains(told), || {
        said.all()
    })?;
    let faults = &run["scenarios"][0]["faults"][0];
    check(faults["applied"] == 8, || faults.to_string())?;
    // Of all runs, only that of the scenario that names it ended its wait: not the control run, which is for all three.
    let waits = said.stdout.matches(WAITED_NO_LONGER).count();
    check(waits == 1, || said.all())?;
    let begun = |folder: &str| -> Result<Value, Failed> {
        let file = scratch.path("out").join(folder).join("history.jsonl");
        Ok(history(&file)?[0]["judges"].clone())
    };
    let one: Value = ["effect before status"].into();
    check(begun("01-names-what-holds")? == one, || one.to_string())?;
    let all: Value = ["effect before status", "nobody finishes", "nobody works"].into();
    let shared = begun("01-names-what-holds-control")?;
    check(shared == all, || shared.to_string())
}

/// The second one rests on a rule of which the test makes a mistake.
const TELLING: &str = "
invariants:
  stored before the end: {for: submission, no: 'status in final', before: 'happened(\"scores stored\")'}
  the log is right: {for: submission, agree: [status, logged_phase], within: 1s}
";
const TOLD: &str = "\
Feature: f
  Scenario: by the control run alone
    Given the stack \"codabench\"
    And the call \"upload scores\" answers 503
    When \"submit\" runs once
    And every submission is final within 60s
    Then \"stored before the end\" holds

  Scenario: by nobody
    Given the stack \"codabench\"
    When \"submit\" runs once
    And every submission is final within 60s
    Then \"the log is right\" holds

  Scenario: by other scenarios alone
    Given the stack \"codabench\"
    When \"submit without scores\" runs once
    And every submission is final within 60s
    Then \"stored before the end\" holds
";

fn never_told() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let stack = stack(&scratch, TELLING)?;
    let text = std::fs::read_to_string(&stack)?;
    let mistake = text.replace(
        r"submission=(?<id>\d+) phase",
        r"submision=(?<id>\d+) phase",
    );
    check(mistake != text, || text)?;
    scratch.file("other.yaml", &mistake);
    let feature = scratch.file("a.feature", TOLD).display().to_string();
    let words = "--out out --runtime process".split(' ');
    let args: Vec<&str> = ["run", &feature, "--stack", &stack]
        .into_iter()
        .chain(words)
        .collect();
    let said = scratch.shakedown(&args).exits(1)?;
    let nothing = [
        "nothing ever told the field `logged_phase` of any submission: the rule at ",
        "(log of worker)",
    ];
    let said = said.says(&nothing)?;
    let run = scratch.json("out/run.json")?;
    let verdict = |run: &Value, scenario: usize| run["scenarios"][scenario]["verdict"].clone();
    check(verdict(&run, 0) == "violated", || said.all())?;
    check(verdict(&run, 1) == "inconclusive", || said.all())?;
    check(verdict(&run, 2) == "violated", || said.all())?;
    // Judged again, they come to the same.
    let again = |folder: &str, name: &str, code: i32| {
        let folder = scratch.path("out").join(folder).display().to_string();
        let args = ["check", &folder, "--stack", &stack, "--invariant", name];
        scratch.shakedown(&args).exits(code)
    };
    again("01-by-the-control-run-alone", "stored before the end", 1)?;
    again("02-by-nobody", "the log is right", 2)?.says(&nothing)?;
    again("03-by-other-scenarios-alone", "stored before the end", 1)?;
    Ok(())
}

const CUT_SHORT: &str = "\
Feature: f
  Scenario: s
    Given the stack \"codabench\"
    And the answer to \"upload scores\" is lost the first time for each submission
    When \"submit\" runs 10 times
    And every submission is final within 60s
    Then \"scored at most once\" holds
    And \"most submissions end\" holds
    And \"scoring is quick\" holds
    And at least 10 submission reach \"Finished\"
";

/// The bug is caught while most are still under way; that they had not ended then says nothing.
fn cut_short() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let args = ["--runtime", "process", "--mutant", "no-idempotency-key"];
    let said = scratch.play(CUT_SHORT, &args).exits(1)?;
    let run = scratch.json("out/run.json")?;
    let told = run["scenarios"][0]["invariants"].as_array();
    let verdict = |name: &str| {
        let mut told = told.into_iter().flatten();
        let one = told.find(|one| one["name"] == name);
        one.map_or("nothing", |one| one["verdict"].as_str().unwrap_or_default())
    };
    check(verdict("scored at most once") == "violated", || said.all())?;
    for name in ["most submissions end", "scoring is quick"] {
        check(["held", "inconclusive"].contains(&verdict(name)), || {
            said.all()
        })?;
    }
    check(!said.stdout.contains("only "), || said.all())?;
    let stack = codabench().display().to_string();
    let again = scratch.shakedown(&["check", "out", "--stack", &stack]);
    let again = again.exits(1)?;
    check(!again.stdout.contains("`scoring is quick` broke"), || {
        again.all()
    })
}
