//! The worker is killed exactly between "scores stored" and its hearing so: every time, on both runtimes, and the
//! history proves it. So it is at the other moments that can set a kill off.

use crate::lanes::{container_trial, trial};
use crate::support::{Scratch, check, codabench, history};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::path::PathBuf;

/// A moment at which the worker is killed, and how often.
struct Kill {
    moment: &'static str,
    kills: usize,
    /// What the site has answered by then; `None`: it was not asked.
    answered: Option<u16>,
}

const STORED: Kill = Kill {
    moment: "after \"upload scores\" is answered",
    kills: 50,
    answered: Some(201),
};
const SCORING: Kill = Kill {
    moment: "when submission reaches \"Scoring\"",
    kills: 10,
    answered: Some(200),
};
const HAPPENED: Kill = Kill {
    moment: "when \"output stored\" happens",
    kills: 10,
    answered: Some(200),
};
const SENT: Kill = Kill {
    moment: "before \"upload scores\" is sent",
    kills: 10,
    answered: None,
};

pub fn trials() -> Vec<Trial> {
    let container = container_trial("exact kill: 50 of 50 in containers", || {
        exact("docker", &STORED)
    });
    vec![
        trial("exact kill: 50 of 50 as local processes", || {
            exact("process", &STORED)
        }),
        container,
        trial("exact kill: when a status is learnt", || {
            exact("process", &SCORING)
        }),
        trial("exact kill: when an event is learnt", || {
            exact("process", &HAPPENED)
        }),
        trial("exact kill: before a call is sent", || {
            exact("process", &SENT)
        }),
    ]
}

/// A stack like the reference stack whose worker takes one job at a time, so that each kill meets one exchange.
fn one_slot(scratch: &Scratch) -> Result<PathBuf, Failed> {
    let folder = codabench()
        .parent()
        .expect("a file lies in a folder")
        .to_owned();
    let compose = std::fs::read_to_string(folder.join("compose.yaml"))?;
    let (setting, site) = ("      WORK_DIR: /work\n", "      DATABASE_URL: postgres");
    check(compose.contains(setting) && compose.contains(site), || {
        "the settings are not where this test looks".to_owned()
    })?;
    let images = format!("{}/", folder.parent().expect("fixtures").display());
    scratch.file(
        "one/compose.yaml",
        &compose
            .replace(setting, &format!("{setting}      SLOTS: \"1\"\n"))
            // A killed worker's job comes back soon.
            .replace(site, &format!("      LEASE_MS: \"400\"\n{site}"))
            .replace("../", &images),
    );
    let stack = std::fs::read_to_string(folder.join("shakedown.yaml"))?;
    let body = r#"body: {title: "submission ${n}", phase: 1"#;
    check(stack.contains(body), || "no such workload".to_owned())?;
    // Fifty in a line wait for minutes on a slow machine, and nobody may give them up.
    let patient = format!("{body}, abandoned_after_ms: 600000");
    Ok(scratch.file("one/shakedown.yaml", &stack.replace(body, &patient)))
}

fn exact(runtime: &str, kill: &Kill) -> Result<(), Failed> {
    let Kill { moment, kills, .. } = kill;
    let scratch = Scratch::new();
    let stack = one_slot(&scratch)?;
    let text = format!(
        "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    And the service \"worker\" is killed \
         {moment}, the first time for each submission\n    When \"submit\" runs {kills} times\n    \
         And every submission is final within 5m\n    Then \"effect before status\" holds\n    \
         And \"scored at most once\" holds\n"
    );
    let feature = scratch.file("a.feature", &text);
    scratch.play_on(&stack, &feature, runtime).exits(0)?;
    let run = scratch.json("out/run.json")?;
    let scenario = &run["scenarios"][0];
    let fault = &scenario["faults"][0];
    for count in ["applied", "felt"] {
        check(fault[count] == *kills, || fault.to_string())?;
    }
    let reached = kill.answered.map_or(0, |_| *kills);
    check(fault["reached"] == reached, || fault.to_string())?;
    let file = scenario["history"].as_str().unwrap_or_default();
    let events = history(&scratch.path(file))?;
    let struck: Vec<usize> = positions(&events, |e| {
        e["kind"] == "fault" && e["moment"] == "applied"
    });
    check(struck.len() == *kills, || {
        format!("{} exchanges were struck", struck.len())
    })?;
    for applied in struck {
        proven(&events, applied, kill.answered)?;
    }
    Ok(())
}

fn positions(events: &[Value], wanted: impl Fn(&Value) -> bool) -> Vec<usize> {
    (0..events.len())
        .filter(|at| wanted(&events[*at]))
        .collect()
}

/// In the history: first the callee's answer, then the kill; its caller left without an answer, and was dead before
/// it was started again. (Its connection ends in the moment of its death, so it may be seen to leave before it is
/// certainly dead; and it works as soon as it can, so it may be seen to be ready only after it was struck.)
fn proven(events: &[Value], applied: usize, status: Option<u16>) -> Result<(), Failed> {
    let exchange = &events[applied]["exchange"];
    let one = |kind: &str, missing: &str| {
        let found = positions(events, |e| e["kind"] == kind && e["exchange"] == *exchange);
        match found[..] {
            [at] => Ok(at),
            _ => Err(Failed::from(format!(
                "exchange {exchange}: {missing}: {found:?}"
            ))),
        }
    };
    let (before, expected) = match status {
        Some(status) => {
            let answered = one("answered", "the site did not answer once")?;
            (answered, events[answered]["status"] == status)
        }
        None => {
            let answers = positions(events, |e| {
                e["kind"] == "answered" && e["exchange"] == *exchange
            });
            (one("asked", "it was not asked once")?, answers.is_empty())
        }
    };
    let delivered = one("delivered", "it is not told once what the worker saw")?;
    check(before < applied && applied < delivered, || {
        format!("exchange {exchange}: {before}, {applied}, {delivered} are out of order")
    })?;
    check(expected, || format!("{}", events[before]))?;
    check(events[delivered]["seen"]["as"] == "left", || {
        format!("{}", events[delivered])
    })?;
    let next = positions(&events[applied..], |e| {
        e["kind"] == "service" && e["service"] == "worker" && e["state"] != "ready"
    });
    let next = next.first().map(|at| &events[applied + at]);
    check(next.is_some_and(|e| e["state"] == "killed"), || {
        format!("exchange {exchange}: no death after it, but {next:?}")
    })
}
