//! Rules that told nothing, beside an invariant that broke.

use crate::history::{Event, Heard, What};
use crate::invariant::Judge;
use crate::plan::Judged;
use crate::stack::Stack;
use serde_json::json;

const STACK: &str = "\
stack: s
compose: compose.yaml
entities:
  job:
    learn:
      - {log: web, pattern: 'job=(?<id>.+) done', set: {status: '\"done\"'}}
      - {log: web, pattern: 'job=(?<id>.+) faild', set: {status: '\"failed\"'}}
      - {log: web, pattern: 'job=(?<id>.+) by (?<who>.+)', set: {who: who}}
invariants:
  it fails: {for: job, never: status == \"done\"}
";

/// The notes of a run in which the first rule told that a job is done, after a control run in which these rules had told
/// something.
fn notes(heard: &[usize]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let compose = "services: {web: {image: a, expose: ['80']}}";
    std::fs::write(folder.path().join("compose.yaml"), compose).unwrap();
    let file = folder.path().join("shakedown.yaml");
    std::fs::write(&file, STACK).unwrap();
    let stack = Stack::read(&file).unwrap().stack;
    let rules = &stack.entities["job"].learn;
    let mut control = Heard::default();
    control.taught(heard.iter().map(|n| rules[*n].key()));
    let mut judge = Judge::of_run(&stack, Some(control));
    judge.see(&Event {
        seq: 1,
        at_ns: 1,
        what: What::Observed {
            entity: "job".to_owned(),
            id: "7".to_owned(),
            source: rules[0].evidence.source(),
            set: json!({"status": "done"}).as_object().cloned().unwrap(),
            event: None,
            since_ns: None,
            rule: Some(rules[0].key()),
        },
    });
    judge.notes(&Judged::every())
}

#[test]
fn a_rule_that_never_matched_is_named_beside_what_broke() {
    let told = notes(&[]);
    assert_eq!(told.len(), 1, "{told:?}");
    let words =
        "shakedown.yaml:7:9 (log of web), from which `it fails` learns, never matched anything";
    assert!(told[0].contains(words), "{told:?}");
    // One that matched in the control run works, and no invariant reads what the third would tell.
    assert_eq!(notes(&[1]), [""; 0]);
    assert_eq!(notes(&[2]).len(), 1);
}
