//! The main job: the features of the reference stacks hold, and each planted bug is caught, on both runtimes.

use crate::lanes::{container_trial, trial_alone};
use crate::support::{Scratch, check, root};
use libtest_mimic::{Failed, Trial};

/// The rows of the failure catalogue, by the letter of their system and how many there are.
const ROWS: [(&str, u32); 4] = [("C", 23), ("R", 21), ("S", 17), ("W", 8)];

/// How many stacks run at once in containers. Other tests run beside these, so that CPUs which idle now say little of the
/// next second.
const ONE_AT_ONCE: [&str; 2] = ["--jobs", "1"];

pub fn trials() -> Vec<Trial> {
    // A matrix of planted bugs plays all features without any of them too, so they need not be played once more.
    let process = trial_alone(
        "mutants: all killed as local processes, and the features hold",
        || {
            let said = killed("features", "process", &[])?;
            as_in_readme(&said)
        },
    );
    // All of them in containers, and the whole matrix, would take longer than all other tests together.
    let held = container_trial("features: those of beacon hold in containers", || {
        hold("features/beacon")
    });
    let docker_mutants =
        container_trial("mutants: those of the scorers killed in containers", || {
            killed("features/scorer", "docker", &ONE_AT_ONCE).map(drop)
        });
    vec![process, held, docker_mutants]
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

/// Every scenario of these files holds in containers, every fault was felt, and every invariant has witnesses.
fn hold(features: &str) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let out = scratch.path("out").display().to_string();
    let mut command = scratch.command(&["run", "--runtime", "docker", "--out", &out]);
    command.args(ONE_AT_ONCE).arg(features);
    let said = command.current_dir(root()).output()?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    check(said.status.code() == Some(0), || text.clone())?;
    let run = scratch.json("out/run.json")?;
    let scenarios = run["scenarios"].as_array().cloned().unwrap_or_default();
    check(!scenarios.is_empty(), || {
        "no scenario was played".to_owned()
    })?;
    for scenario in &scenarios {
        check(scenario["verdict"] == "held", || scenario.to_string())?;
        for fault in scenario["faults"].as_array().into_iter().flatten() {
            check(fault["felt"].as_u64() > Some(0), || fault.to_string())?;
        }
    }
    Ok(())
}

/// Every planted bug of these features is killed, and nothing raises a false alarm. Gives what was said.
fn killed(features: &str, runtime: &str, jobs: &[&str]) -> Result<String, Failed> {
    let scratch = Scratch::new();
    let out = scratch.path("out").display().to_string();
    let features = root().join(features).display().to_string();
    let words = ["mutants", &features, "--runtime", runtime, "--out", &out];
    let mut command = scratch.command(&words);
    command.args(jobs);
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
