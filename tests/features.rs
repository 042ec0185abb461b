//! The main job: the features of the reference stacks hold, and each planted bug is caught, on both runtimes.

use crate::lanes::{container_trial, trial_alone};
use crate::support::{Said, Scratch, check, root};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

/// The rows of the failure catalogue, by the letter of their system and how many there are.
const ROWS: [(&str, u32); 4] = [("C", 23), ("R", 21), ("S", 17), ("W", 8)];

/// What meets a real database and a real broker there.
const HELD_IN_CONTAINERS: [&str; 3] = ["beacon/crash", "beacon/database", "codabench/redelivery"];

/// A planted bug, and a scenario that catches it.
struct Bug {
    name: &'static str,
    feature: &'static str,
    scenario: &'static str,
    by: &'static [&'static str],
}

/// One of each system.
const CAUGHT_IN_CONTAINERS: [Bug; 4] = [
    Bug {
        name: "write-not-retried",
        feature: "beacon/database",
        scenario: "does not take results",
        by: &["completed means that all ended", "success is completed"],
    },
    Bug {
        name: "unguarded-redelivery",
        feature: "codabench/redelivery",
        scenario: "acknowledgement was lost",
        by: &["terminal is final", "scored at most once"],
    },
    Bug {
        name: "no-lock",
        feature: "sample-platform/scheduler",
        scenario: "two schedulers",
        by: &["one machine per test"],
    },
    Bug {
        name: "registered-before-listening",
        feature: "scorer/warmup",
        scenario: "starts again",
        by: &["what is registered can be used"],
    },
];

/// How many stacks run at once in containers. Other tests run beside these, so that CPUs which idle now say little of the
/// next second.
const ONE_AT_ONCE: [&str; 2] = ["--jobs", "1"];

pub fn trials() -> Vec<Trial> {
    // A matrix of planted bugs plays all features without any of them too, so they need not be played once more.
    let process = trial_alone(
        "mutants: all killed as local processes, and the features hold",
        || {
            let said = killed()?;
            as_in_readme(&said)
        },
    );
    // All of them in containers, and all planted bugs, would take longer than all other tests together.
    let held = HELD_IN_CONTAINERS.map(|feature| {
        container_trial(format!("features: {feature} holds in containers"), || {
            hold(feature)
        })
    });
    let caught = CAUGHT_IN_CONTAINERS.map(|bug| {
        let name = format!("mutants: {} killed in containers", bug.name);
        container_trial(name, move || caught(&bug))
    });
    let in_containers = held.into_iter().chain(caught);
    [process].into_iter().chain(in_containers).collect()
}

/// The README's table of the reference stacks is what was just seen.
fn as_in_readme(said: &str) -> Result<(), Failed> {
    let lines = said.lines().filter(|line| line.starts_with('|'));
    let table = lines.collect::<Vec<_>>().join("\n");
    for (letter, last) in ROWS {
        let rows = format!("| {letter}1 to {letter}{last} |");
        check(table.contains(&rows), || {
            format!("no planted bug stands for some of `{rows}`:\n{table}")
        })?;
    }
    let file = root().join("README.md");
    let readme = std::fs::read_to_string(&file)?;
    let parts = readme
        .split_once("says -->\n")
        .and_then(|(before, rest)| Some((before, rest.split_once("\n<!-- until here")?)));
    let (before, (there, after)) = parts.ok_or("the README has no such table")?;
    if std::env::var_os("BLESS").is_some() && there != table {
        let text = format!("{before}says -->\n{table}\n<!-- until here{after}");
        std::fs::write(&file, text)?;
        return Ok(());
    }
    check(there == table, || {
        format!("README.md is no longer right (BLESS=1 writes it):\n{table}")
    })
}

/// Plays a feature in containers. Gives what was said, and the scenarios with what became of them.
fn play(feature: &str, args: &[&str]) -> Result<(Said, Vec<Value>), Failed> {
    let scratch = Scratch::new();
    let out = scratch.path("out").display().to_string();
    let mut command = scratch.command(&["run", "--runtime", "docker", "--out", &out]);
    command.args(ONE_AT_ONCE).args(args);
    command.arg(format!("features/{feature}.feature"));
    let said = Said::of(command.current_dir(root()).output()?);
    let run = scratch.json("out/run.json")?;
    let scenarios = run["scenarios"].as_array().cloned().unwrap_or_default();
    check(!scenarios.is_empty(), || said.all())?;
    Ok((said, scenarios))
}

/// Every scenario of a feature holds in containers, and every fault was felt.
fn hold(feature: &str) -> Result<(), Failed> {
    // Whether every invariant has a witness, only all features of a stack together can tell.
    let (_, scenarios) = play(feature, &[])?;
    for scenario in &scenarios {
        check(scenario["verdict"] == "held", || scenario.to_string())?;
        for fault in scenario["faults"].as_array().into_iter().flatten() {
            check(fault["felt"].as_u64() > Some(0), || fault.to_string())?;
        }
    }
    Ok(())
}

/// A planted bug is caught in containers, by an invariant that it names.
fn caught(bug: &Bug) -> Result<(), Failed> {
    let args = ["--mutant", bug.name, "--name", bug.scenario];
    let (said, scenarios) = play(bug.feature, &args)?;
    said.exits(1)?;
    for scenario in &scenarios {
        let all = scenario["invariants"].as_array().into_iter().flatten();
        let broken = all.filter(|one| one["verdict"] == "violated");
        let mut broken = broken.filter_map(|one| one["name"].as_str());
        check(broken.any(|name| bug.by.contains(&name)), || {
            scenario.to_string()
        })?;
    }
    Ok(())
}

/// Every planted bug is killed as local processes, and nothing raises a false alarm. Gives what was said.
fn killed() -> Result<String, Failed> {
    let scratch = Scratch::new();
    let out = scratch.path("out").display().to_string();
    let words = ["mutants", "features", "--runtime", "process", "--out", &out];
    let mut command = scratch.command(&words);
    let said = command.current_dir(root()).output()?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    check(said.status.code() == Some(0), || text.clone())?;
    let result = scratch.json("out/mutants.json")?;
    check(
        result["score"] == 1.0 && result["false_alarms"] == 0,
        || result.to_string(),
    )?;
    let mutants = result["mutants"].as_array().cloned().unwrap_or_default();
    check(!mutants.is_empty(), || "no bug was planted".to_owned())?;
    for mutant in &mutants {
        let by = mutant["by"].as_array().cloned().unwrap_or_default();
        let named = by
            .iter()
            .all(|b| b["scenario"].is_string() && b["invariant"].is_string());
        check(mutant["killed"] == true && !by.is_empty() && named, || {
            mutant.to_string()
        })?;
    }
    Ok(text)
}
