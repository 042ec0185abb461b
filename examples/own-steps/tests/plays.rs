//! The example is played as a team would play it, on the reference stack as local processes.

use std::path::Path;
use std::process::{Command, Output};

fn run(args: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(env!("CARGO_BIN_EXE_own-steps"));
    command.args(args).current_dir(root).output().unwrap()
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn steps_of_its_own_arm_faults_and_give_work() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display().to_string();
    let feature = "examples/own-steps/features/bad_day.feature";
    let output = run(&["run", feature, "--runtime", "process", "--out", &out]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = std::fs::read_to_string(folder.path().join("run.json")).unwrap();
    let run: serde_json::Value = serde_json::from_str(&text).unwrap();
    let felt = |i: usize| run["scenarios"][0]["faults"][i]["felt"].as_u64();
    assert_eq!((felt(0), felt(1)), (Some(1), Some(8)), "{text}");
}

#[test]
fn they_stand_in_the_list_of_steps() {
    let said = said(&run(&["steps"]));
    assert!(said.contains("the object store has a bad day"), "{said}");
    assert!(said.contains("examples/own-steps/src/main.rs:"), "{said}");
}

#[test]
fn a_mistake_in_one_is_told_with_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let feature = folder.path().join("a.feature");
    let text = "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    \
        And the object store has a bad day, with 9 errors for each submission\n    \
        Then every invariant holds\n";
    std::fs::write(&feature, text).unwrap();
    let output = run(&["lint", &feature.display().to_string()]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(64), "{said}");
    assert!(
        said.contains("gives up after 5 errors, not after 9"),
        "{said}"
    );
    assert!(said.contains("a.feature:4:5"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}
