//! The main job: the features of the reference stacks hold, and each planted bug is caught, on both runtimes.

use crate::support::{Scratch, check, docker, root, with_docker};
use libtest_mimic::{Failed, Trial};

/// The rows of the failure catalogue, by the letter of their system and how many there are.
const ROWS: [(&str, u32); 4] = [("C", 23), ("R", 21), ("S", 17), ("W", 8)];

pub fn trials() -> Vec<Trial> {
    let process = Trial::test("features: hold as local processes", || hold("process"));
    let mutants = Trial::test("mutants: all killed as local processes", || {
        killed("process")
    });
    // A matrix of planted bugs plays all features without any of them too, so there they need not be played once more.
    let docker_mutants = Trial::test(
        "mutants: all killed in containers, and the features hold",
        || with_docker(|| killed("docker")),
    );
    vec![
        process,
        mutants,
        docker_mutants.with_ignored_flag(!docker()),
    ]
}

/// The README's table of the reference stacks is what was just seen.
fn as_in_readme(said: &str) -> Result<(), Failed> {
    let lines = said.lines().filter(|line| line.starts_with('|'));
    let table = lines.collect::<Vec<_>>().join("\n");
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

fn hold(runtime: &str) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let out = scratch.path("out").display().to_string();
    let features = root().join("features").display().to_string();
    let mut command = scratch.command(&["run", &features, "--runtime", runtime, "--out", &out]);
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

fn killed(runtime: &str) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let out = scratch.path("out").display().to_string();
    let features = root().join("features").display().to_string();
    let mut command = scratch.command(&["mutants", &features, "--runtime", runtime, "--out", &out]);
    let said = command.current_dir(root()).output()?;
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    check(said.status.code() == Some(0), || text.clone())?;
    let result = scratch.json("out/mutants.json")?;
    check(
        result["score"] == 1.0 && result["false_alarms"] == 0,
        || result.to_string(),
    )?;
    let mutants = result["mutants"].as_array().cloned().unwrap_or_default();
    let rows: Vec<String> = mutants
        .iter()
        .flat_map(|mutant| mutant["catalogue"].as_array().cloned().unwrap_or_default())
        .filter_map(|row| row.as_str().map(str::to_owned))
        .collect();
    as_in_readme(&text)?;
    let wanted = ROWS
        .iter()
        .flat_map(|(letter, last)| (1..=*last).map(move |n| format!("{letter}{n}")));
    for row in wanted {
        check(rows.contains(&row), || {
            format!("no planted bug stands for {row}: {rows:?}")
        })?;
    }
    for mutant in &mutants {
        let by = mutant["by"].as_array().cloned().unwrap_or_default();
        let named = by
            .iter()
            .all(|b| b["scenario"].is_string() && b["invariant"].is_string());
        check(mutant["killed"] == true && !by.is_empty() && named, || {
            mutant.to_string()
        })?;
    }
    Ok(())
}
