//! What a CI reads: reports, annotations, exit codes, and what is played again.

use crate::lanes::trial;
use crate::support::{Case, Said, Scratch, check, rogue_after, scenario};
use libtest_mimic::{Failed, Trial};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus};
use serde_json::Value;

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 7] = [
        (
            "every verdict is in every report, and told apart",
            all_verdicts,
        ),
        ("what nobody witnessed is no green report", unwitnessed),
        ("a control run that cannot tell says why", blind_control),
        (
            "a place that cannot be written to is told before anything starts",
            unwritable,
        ),
        (
            "an environment that failed is played again, and told",
            played_again,
        ),
        (
            "what is inconclusive or violated is never played again",
            never_again,
        ),
        ("planted bugs are test cases", mutants),
    ];
    let case = |(name, run): Case| trial(format!("ci: {name}"), run);
    cases.into_iter().map(case).collect()
}

/// The service does not start when its `STARTS` has a line, and then has none.
const LINES: &str = "if [ -s STARTS ]; then sed -i 1d STARTS; exit 7; fi; echo rogue=1 is=good";
const STACK: &str = "\
stack: s
compose: compose.yaml
calls: {look: {link: workload -> rogue, request: \"GET /operations/{operation}\"}}
entities:
  rogue: {learn: [{log: rogue, pattern: 'rogue=(?<id>\\d+) is=(?<is>\\w+)', set: {is: is}}]}
workloads: {look: {request: \"GET http://rogue:8000/operations/7\"}}
invariants:
  it is good: {for: rogue, always: is == \"good\"}
  it is bad: {for: rogue, always: is == \"bad\"}
  bad is known: {for: rogue, when: is == \"bad\", then: is != \"good\"}
mutants:
  a liar: {service: rogue, environment: {LIAR: 'yes'}, caught_by: [it is bad]}
  a saint: {service: rogue, environment: {SAINT: 'yes'}, caught_by: [it is good]}
";
/// One scenario for each verdict.
const FEATURE: &str = "\
Feature: All that can be, with a <b> and 50%
  Background:
    Given the stack \"s\"

  @first
  Scenario: it holds
    When \"look\" runs once
    Then \"it is good\" holds

  Scenario: it breaks
    Given the call \"look\" answers 503 once
    When \"look\" runs 2 times
    Then \"it is bad\" holds
    And \"it is good\" holds

  Scenario: nobody can tell
    Given the call \"look\" answers 503 the 9th time
    When \"look\" runs once
    Then \"it is good\" holds
";

fn write(scratch: &Scratch, features: &str, failing_starts: usize) {
    let starts = scratch.file("starts", &"x\n".repeat(failing_starts));
    let lines = LINES.replace("STARTS", &starts.display().to_string());
    scratch.file("compose.yaml", &rogue_after(&lines));
    scratch.file("shakedown.yaml", STACK);
    scratch.file("deep/features/a.feature", features);
}

fn play(scratch: &Scratch, words: &str) -> Said {
    let always = "run deep/features --out out --runtime process --jobs 1 --seed 7 ";
    let words: Vec<&str> = always
        .split(' ')
        .chain(words.split(' '))
        .filter(|w| !w.is_empty())
        .collect();
    let mut command = scratch.command(&words);
    command.env("GITHUB_STEP_SUMMARY", scratch.path("step.md"));
    command.env("GITHUB_WORKSPACE", scratch.path("deep"));
    Said::of(command.output().expect("the binary runs"))
}

fn report(scratch: &Scratch, name: &str) -> Result<Report, Failed> {
    let text = std::fs::read_to_string(scratch.path(name))?;
    Ok(Report::deserialize_from_str(&text).map_err(|e| format!("{e}\n{text}"))?)
}

fn case<'r>(report: &'r Report, name: &str) -> Result<&'r TestCase, Failed> {
    let mut cases = report
        .test_suites
        .iter()
        .flat_map(|suite| &suite.test_cases);
    let found = cases.find(|case| case.name.as_str() == name);
    Ok(found.ok_or_else(|| format!("no test case `{name}` in {report:#?}"))?)
}

/// The kind, the type, the message and the text of a test case that failed.
fn told(case: &TestCase) -> Result<(NonSuccessKind, &str, &str, &str), Failed> {
    match &case.status {
        TestCaseStatus::NonSuccess {
            kind,
            message: Some(message),
            ty: Some(ty),
            description: Some(description),
            ..
        } => Ok((*kind, ty.as_str(), message.as_str(), description.as_str())),
        other => Err(format!("{other:#?}").into()),
    }
}

fn all_verdicts() -> Result<(), Failed> {
    let scratch = Scratch::new();
    write(&scratch, FEATURE, 0);
    // The first start of all is that of the first scenario of the last file.
    let broken = FEATURE
        .split("\n  @first")
        .next()
        .unwrap_or_default()
        .to_owned()
        + "\n  Scenario: it does not start\n    When \"look\" runs once\n    Then \"it is good\" holds\n";
    scratch.file("deep/features/0.feature", &broken);
    scratch.file("starts", "x\n");
    let said = play(
        &scratch,
        "--junit r/j.xml --markdown r/m.md --cucumber-json r/c.json --github",
    )
    .exits(1)?;

    let junit = report(&scratch, "r/j.xml")?;
    check(junit.test_suites.len() == 2 && junit.tests == 4, || {
        format!("{junit:#?}")
    })?;
    check((junit.failures, junit.errors) == (2, 1), || {
        format!("{junit:#?}")
    })?;
    let held = case(&junit, "it holds")?;
    check(
        matches!(held.status, TestCaseStatus::Success { .. }),
        || format!("{held:#?}"),
    )?;
    let expected = [
        (
            "it breaks",
            NonSuccessKind::Failure,
            "violated",
            "violated: `it is bad` broke for rogue 1",
            "proof:",
        ),
        (
            "nobody can tell",
            NonSuccessKind::Failure,
            "inconclusive",
            "inconclusive: the fault `the call \"look\" answers 503 the 9th time` proves nothing",
            "repeat:",
        ),
        (
            "it does not start",
            NonSuccessKind::Error,
            "environment failed",
            "environment failed: service `rogue` ended before it was ready",
            "exit status: 7",
        ),
    ];
    for (name, kind, ty, message, story) in expected {
        let one = case(&junit, name)?;
        let seen = told(one)?;
        check((seen.0, seen.1) == (kind, ty), || format!("{one:#?}"))?;
        check(
            seen.2.starts_with(message) && seen.3.contains(story),
            || format!("{one:#?}"),
        )?;
        let property = |name: &str| {
            let mut all = one.properties.iter();
            all.find(|property| property.name.as_str() == name)
                .map_or("", |p| p.value.as_str())
        };
        check(property("seed") == "7" && property("verdict") == ty, || {
            format!("{one:#?}")
        })?;
        check(
            property("repeat").contains("--seed 7") && property("repeat").contains(name),
            || format!("{one:#?}"),
        )?;
        check(property("history").ends_with("history.jsonl"), || {
            format!("{one:#?}")
        })?;
    }
    github(&scratch, &said)?;
    markdown(&scratch)?;
    cucumber(&scratch)
}

fn github(scratch: &Scratch, said: &Said) -> Result<(), Failed> {
    let commands = said
        .stdout
        .lines()
        .filter(|line| line.starts_with("::error "));
    let commands: Vec<&str> = commands.collect();
    check(commands.len() == 3, || said.all())?;
    // The worst comes first, because only some are shown.
    let first = "::error file=features/a.feature,line=10,title=violated%3A it breaks::violated: `it is bad` broke for rogue 1%0A";
    check(commands[0].starts_with(first), || said.all())?;
    check(
        commands[0].contains("proof:") && !commands[0].contains("50% "),
        || said.all(),
    )?;
    check(
        commands[1].contains("title=environment failed%3A it does not start::"),
        || said.all(),
    )?;
    check(
        commands[2].contains("line=16,title=inconclusive%3A nobody can tell::"),
        || said.all(),
    )?;
    // Nothing that a service says is a command.
    let stopped = said
        .stdout
        .find("::stop-commands::")
        .ok_or("commands are not stopped")?;
    let token = said.stdout[stopped + 17..]
        .lines()
        .next()
        .unwrap_or_default();
    let resumed = said
        .stdout
        .find(&format!("\n::{token}::\n"))
        .ok_or("commands stay stopped")?;
    let told = said
        .stdout
        .find("✗ violated: it breaks")
        .ok_or("no story")?;
    let error = said.stdout.find("::error ").ok_or("no error")?;
    check(stopped < told && told < resumed && resumed < error, || {
        said.all()
    })?;
    let (step, summary) = (
        std::fs::read_to_string(scratch.path("step.md"))?,
        std::fs::read_to_string(scratch.path("r/m.md"))?,
    );
    check(step == summary, || step.clone())
}

fn markdown(scratch: &Scratch) -> Result<(), Failed> {
    let text = std::fs::read_to_string(scratch.path("r/m.md"))?;
    check(text.starts_with("## ✗ shakedown: violated\n"), || {
        text.clone()
    })?;
    for words in [
        "| ✓ | it holds | held | – |",
        "| ✗ | it breaks | violated | violated |",
        "| ? | nobody can tell | inconclusive | held |",
        "| ! | it does not start | environment failed | – |",
        "### ✗ it breaks\n\nviolated: \\`it is bad\\` broke for rogue 1\n\n```text\n  `it is bad` broke for rogue 1\n    proof:",
        " run deep/features/a.feature --name '^it breaks$' --runtime process --seed 7\n```",
        "<details><summary>The whole story</summary>",
    ] {
        check(text.contains(words), || format!("no {words} in\n{text}"))?;
    }
    let folded = "<details><summary>The whole story</summary>";
    check(text.matches(folded).count() == 3, || text.clone())
}

fn cucumber(scratch: &Scratch) -> Result<(), Failed> {
    let features = scratch.json("r/c.json")?;
    valid(&features)?;
    let all = features.as_array().ok_or("no list")?;
    let [broken, all] = &all[..] else {
        return Err(format!("{features:#}").into());
    };
    check(
        all["name"] == "All that can be, with a <b> and 50%" && all["line"] == 1,
        || format!("{all:#}"),
    )?;
    check(all["elements"][0]["tags"][0]["name"] == "@first", || {
        format!("{all:#}")
    })?;
    let steps = |element: &Value| -> Vec<String> {
        let steps = element["steps"].as_array().into_iter().flatten();
        let words = steps.map(|step| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            format!(
                "{}{}: {}",
                text(&step["keyword"]),
                text(&step["name"]),
                text(&step["result"]["status"])
            )
        });
        words.collect()
    };
    let stack = |status| format!("Given the stack \"s\": {status}");
    check(
        steps(&all["elements"][1])
            == [
                &stack("passed")[..],
                "Given the call \"look\" answers 503 once: passed",
                "When \"look\" runs 2 times: passed",
                "Then \"it is bad\" holds: failed",
                "And \"it is good\" holds: passed",
            ],
        || format!("{all:#}"),
    )?;
    let untold = steps(&all["elements"][2]);
    check(
        untold[1] == "Given the call \"look\" answers 503 the 9th time: failed",
        || format!("{all:#}"),
    )?;
    check(untold[3] == "Then \"it is good\" holds: passed", || {
        format!("{all:#}")
    })?;
    let message = all["elements"][2]["steps"][1]["result"]["error_message"].as_str();
    check(
        message.is_some_and(|message| message.starts_with("inconclusive: ")),
        || format!("{all:#}"),
    )?;
    let broken = steps(&broken["elements"][0]);
    check(
        broken[0] == stack("failed") && broken[1].ends_with(": skipped"),
        || format!("{broken:?}"),
    )
}

/// What the schema of the format demands, by the fields that cucumber-jvm writes.
fn valid(features: &Value) -> Result<(), Failed> {
    let fields = |value: &Value, needed: &[&str], allowed: &[&str]| {
        let object = value.as_object().ok_or("no object")?;
        let known =
            |name: &String| needed.contains(&name.as_str()) || allowed.contains(&name.as_str());
        let right =
            needed.iter().all(|name| object.contains_key(*name)) && object.keys().all(known);
        check(right, || format!("{value:#}"))
    };
    let list = |value: &Value| value.as_array().cloned().ok_or("no list");
    for feature in list(features)? {
        let needed = [
            "uri",
            "id",
            "line",
            "keyword",
            "name",
            "description",
            "elements",
        ];
        fields(&feature, &needed, &["tags"])?;
        for element in list(&feature["elements"])? {
            let needed = ["line", "type", "keyword", "name", "description", "steps"];
            fields(
                &element,
                &needed,
                &["id", "tags", "before", "after", "start_timestamp"],
            )?;
            check(
                element["type"] == "scenario" && element["line"].is_u64(),
                || format!("{element:#}"),
            )?;
            check(element["keyword"] == "Scenario", || format!("{element:#}"))?;
            for step in list(&element["steps"])? {
                fields(
                    &step,
                    &["keyword", "line", "name", "result"],
                    &["match", "rows", "doc_string"],
                )?;
                let result = &step["result"];
                fields(result, &["status"], &["duration", "error_message"])?;
                let status = result["status"].as_str().unwrap_or_default();
                let known = ["passed", "failed", "skipped"].contains(&status);
                let message = result["error_message"].is_string();
                check(known && message == (status == "failed"), || {
                    format!("{step:#}")
                })?;
            }
        }
    }
    Ok(())
}

/// All that a scenario asks for.
const EVERY: &str = "\
Feature: f
  Scenario: s
    Given the stack \"s\"
    When \"look\" runs once
    Then every invariant holds
";

fn unwitnessed() -> Result<(), Failed> {
    let scratch = Scratch::new();
    write(&scratch, EVERY, 0);
    let stack = STACK.replace("  it is bad: {for: rogue, always: is == \"bad\"}\n", "");
    let stack = stack
        .split("mutants:")
        .next()
        .unwrap_or_default()
        .to_owned();
    scratch.file("shakedown.yaml", &stack);
    let words = "--junit j.xml --markdown m.md --cucumber-json c.json --github";
    let said = play(&scratch, words).exits(2)?;
    let junit = report(&scratch, "j.xml")?;
    check(
        matches!(case(&junit, "s")?.status, TestCaseStatus::Success { .. }),
        || format!("{junit:#?}"),
    )?;
    let (kind, ty, message, _) = told(case(&junit, "`bad is known` was witnessed")?)?;
    check(
        (kind, ty) == (NonSuccessKind::Failure, "inconclusive"),
        || format!("{junit:#?}"),
    )?;
    let why = "no scenario witnessed `bad is known` of stack `s`: `is == \"bad\"` never came true";
    check(message == format!("inconclusive: {why}"), || {
        message.to_owned()
    })?;
    said.says(&[&format!(
        "::error title=inconclusive%3A `bad is known`::{why}\n"
    )])?;
    let features = scratch.json("c.json")?;
    valid(&features)?;
    let steps = &features[0]["elements"][0]["steps"];
    check(steps[1]["result"]["status"] == "passed", || {
        format!("{features:#}")
    })?;
    let last = &steps[2]["result"];
    let message = last["error_message"].as_str().unwrap_or_default();
    check(
        last["status"] == "failed" && message.starts_with(&format!("inconclusive: {why}\n")),
        || format!("{features:#}"),
    )?;
    let text = std::fs::read_to_string(scratch.path("m.md"))?;
    check(
        text.starts_with("## ? shakedown: inconclusive")
            && text.contains("witnessed \\`bad is known\\`"),
        || text,
    )
}

/// The control run has no entity that comes to its end; the scenario is violated by itself, or cannot tell for the same
/// reason.
fn blind_control() -> Result<(), Failed> {
    let feature = |fault: &str, judged: &str| {
        format!(
            "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    And {fault}\n    \
             When \"look\" runs 2 times\n    And every rogue is final within 300ms\n    Then {judged}\n"
        )
    };
    let played = |fault, judged, code| {
        let scratch = Scratch::new();
        write(&scratch, &feature(fault, judged), 0);
        let status = "rogue: {status: {field: is, first: good, final: [bad]}, learn";
        scratch.file("shakedown.yaml", &STACK.replace("rogue: {learn", status));
        let said = play(&scratch, "--junit j.xml --markdown m.md").exits(code)?;
        let junit = report(&scratch, "j.xml")?;
        let (_, _, _, story) = told(case(&junit, "s")?)?;
        let markdown = std::fs::read_to_string(scratch.path("m.md"))?;
        Ok::<_, Failed>([said.stdout, markdown, story.to_owned()])
    };
    let felt = "the call \"look\" answers 503 once";
    let reason = "  control:  inconclusive without any fault\n  control run: ";
    for text in played(felt, "at least 9 rogue reach \"bad\"", 1)? {
        let (_, why) = text.split_once(reason).ok_or_else(|| text.clone())?;
        check(
            why.lines().next().unwrap_or_default().contains("300ms"),
            || text.clone(),
        )?;
    }
    // What is the same for both is told once.
    for text in played(felt, "\"it is good\" holds", 2)? {
        let same = "control:  inconclusive without any fault as well\n";
        check(text.contains(same), || text.clone())?;
        // Not at the beginning of a line, that is: an overloaded machine is noted for both.
        let again = |line: &str| line.trim_start().starts_with("control run: ");
        check(!text.lines().any(again), || text.clone())?;
    }
    Ok(())
}

fn unwritable() -> Result<(), Failed> {
    let scratch = Scratch::new();
    write(&scratch, EVERY, 0);
    scratch.file("file", "");
    std::fs::create_dir(scratch.path("folder"))?;
    let said = play(
        &scratch,
        "--junit file/j.xml --markdown folder --cucumber-json folder",
    );
    let said = said.exits(64)?;
    said.tells(&["file/j.xml", "cannot be written"])?;
    said.tells(&["folder", "cannot be written", "directory"])?;
    said.tells(&["two reports cannot be the same file"])?;
    check(!scratch.path("out").exists(), || {
        "something was begun".to_owned()
    })?;
    // What was there before stays until there is something new.
    scratch.file("j.xml", "old");
    scratch.file(
        "deep/features/a.feature",
        "Feature: f\n  Scenario: s\n    Given the stock \"s\"\n",
    );
    play(&scratch, "--junit j.xml").exits(64)?;
    let left = std::fs::read_to_string(scratch.path("j.xml"))?;
    check(left == "old", || left)
}

/// One scenario that has no control run.
const GOOD: [&str; 2] = ["When \"look\" runs once", "Then \"it is good\" holds"];

fn played_again() -> Result<(), Failed> {
    let scratch = Scratch::new();
    write(&scratch, &scenario(&GOOD), 2);
    let said = play(&scratch, "--retry-environment 1").exits(3)?;
    said.says(&["played again (1 of 1): service `rogue` ended before it was ready"])?;
    write(&scratch, &scenario(&GOOD), 2);
    let said = play(&scratch, "--retry-environment 2 --junit j.xml").exits(0)?;
    said.says(&[
        "played again       s: the environment failed: service `rogue`",
        "(2 of 2)",
    ])?;
    let run = scratch.json("out/run.json")?;
    let retried = run["scenarios"][0]["retried"]
        .as_array()
        .map_or(0, Vec::len);
    check(retried == 2, || format!("{run:#}"))?;
    let junit = report(&scratch, "j.xml")?;
    match &case(&junit, "s")?.status {
        TestCaseStatus::Success { flaky_runs } => {
            check(flaky_runs.len() == 2, || format!("{junit:#?}"))?
        }
        other => return Err(format!("{other:#?}").into()),
    }
    // What failed can still be looked at, and is not judged.
    let aside = scratch.path("out/01-s-failed-2");
    check(
        aside.join("failed.jsonl").exists() && aside.join("logs/rogue.log").exists(),
        || "nothing was kept".to_owned(),
    )?;
    let stack = ["--stack", "shakedown.yaml", "--invariant", "it is good"];
    let again = scratch.shakedown(&[&["check", "out"], &stack[..]].concat());
    again.exits(0)?.says(&["held: 1 scenario"]).map(drop)
}

fn never_again() -> Result<(), Failed> {
    let scratch = Scratch::new();
    write(&scratch, FEATURE, 0);
    let said = play(&scratch, "--retry-environment 3").exits(1)?;
    check(!said.stdout.contains("played again"), || said.all())?;
    let run = scratch.json("out/run.json")?;
    let mut retried = run["scenarios"].as_array().into_iter().flatten();
    check(
        retried.all(|one| one["retried"] == serde_json::json!([])),
        || format!("{run:#}"),
    )
}

fn mutants() -> Result<(), Failed> {
    let scratch = Scratch::new();
    write(&scratch, &scenario(&GOOD), 0);
    let words = "mutants deep/features --out out --runtime process --junit j.xml --markdown m.md";
    let said = scratch
        .shakedown(&words.split(' ').collect::<Vec<_>>())
        .exits(1)?;
    let junit = report(&scratch, "j.xml")?;
    let (kind, ty, message, _) = told(case(&junit, "a saint")?)?;
    check((kind, ty) == (NonSuccessKind::Failure, "survived"), || {
        said.all()
    })?;
    check(message.contains("no invariant turned red"), || {
        message.to_owned()
    })?;
    check(
        matches!(case(&junit, "s")?.status, TestCaseStatus::Success { .. }),
        || format!("{junit:#?}"),
    )?;
    let text = std::fs::read_to_string(scratch.path("m.md"))?;
    check(
        text.contains("| stack | scenarios |") && text.contains("a saint"),
        || text,
    )?;
    // That nobody witnessed an invariant is no false alarm.
    write(&scratch, EVERY, 0);
    let bad = "  it is bad: {for: rogue, always: is == \"bad\"}\n";
    let liar = "  a liar: {service: rogue, environment: {LIAR: 'yes'}, caught_by: [it is bad]}\n";
    let stack = STACK.replace(bad, "").replace(liar, "");
    scratch.file("shakedown.yaml", &stack);
    let said = scratch.shakedown(&words.split(' ').collect::<Vec<_>>());
    let said = said.exits(1)?.says(&[
        "survived  a saint: no invariant turned red: `it is good` had witnesses in 1 of 1 run",
        "? without a planted bug, no scenario of stack `s` witnessed `bad is known`",
        "0 of 1 planted bug killed, 0 false alarms",
    ])?;
    let result = scratch.json("out/mutants.json")?;
    let told = (&result["verdict"], &result["exit_code"]);
    check(told.0 == "inconclusive" && *told.1 == 1, || said.all())
}
