//! A planted bug of which the first run tells nothing.

use crate::lanes::trial;
use crate::support::{Scratch, check, rogue_after, scenario};
use libtest_mimic::{Failed, Trial};

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "planted: what an invariant could not tell of a bug is asked once more",
            asked_again,
        ),
        trial(
            "planted: what cannot be told without a bug is no false alarm",
            undecided,
        ),
    ]
}

/// With the bug, a line of the log that an invariant reads is missing: at every start, or only at the first.
const LINES: &str = "
case $$GHOST in
  once) if [ -e BEGUN ]; then echo rogue=1 told=no; fi; touch BEGUN;;
  always) ;;
  *) echo rogue=1 told=yes;;
esac
echo rogue=1 is=good";
const STACK: &str = "\
stack: s
compose: compose.yaml
calls: {look: {link: workload -> rogue, request: \"GET /operations/{operation}\"}}
entities:
  rogue:
    learn:
      - {log: rogue, pattern: 'rogue=(?<id>\\d+) told=(?<told>\\w+)', set: {told: told}}
      - {log: rogue, pattern: 'rogue=(?<id>\\d+) is=(?<is>\\w+)', set: {is: is}}
workloads: {look: {request: \"GET http://rogue:8000/operations/7\"}}
invariants:
  it is told: {for: rogue, always: told == \"yes\"}
mutants:
  a ghost: {service: rogue, environment: {GHOST: HAUNTS}, caught_by: [it is told]}
";
fn asked_again() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let begun = scratch.path("begun").display().to_string();
    scratch.file(
        "compose.yaml",
        &rogue_after(&LINES.replace("BEGUN", &begun)),
    );
    let steps = ["When \"look\" runs once", "Then \"it is told\" holds"];
    scratch.file("a.feature", &scenario(&steps));
    let hunt = |haunts: &str, code: i32| {
        scratch.file("shakedown.yaml", &STACK.replace("HAUNTS", haunts));
        let args = ["mutants", "a.feature", "--runtime", "process"];
        scratch.shakedown(&args).exits(code)
    };
    let said = hunt("once", 0)?.says(&["1 of 1 planted bug killed, 0 false alarms"])?;
    let runs = |verdict: &str| {
        let lines = said.stdout.lines().map(str::trim_start);
        lines.filter(|line| line.starts_with(verdict)).count()
    };
    check(runs("inconclusive ") == 1 && runs("violated ") == 1, || {
        said.all()
    })?;
    // Once more, and no more often.
    hunt("always", 1)?
        .says(&[
            "✗ survived  a ghost: no invariant turned red: `it is told` had no witness in 2 runs; of 2 runs, 2 \
             inconclusive",
            "0 of 1 planted bug killed, 0 false alarms",
        ])
        .map(drop)
}

/// Without the bug, nobody says what the invariant reads.
fn undecided() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let silent = LINES.replace("*) echo rogue=1 told=yes;;", "*) ;;");
    let lines = silent.replace("always) ;;", "always) echo rogue=1 told=no;;");
    scratch.file("compose.yaml", &rogue_after(&lines));
    let steps = ["When \"look\" runs once", "Then \"it is told\" holds"];
    scratch.file("a.feature", &scenario(&steps));
    scratch.file("shakedown.yaml", &STACK.replace("HAUNTS", "always"));
    let said = scratch.shakedown(&["mutants", "a.feature", "--runtime", "process"]);
    let said = said.exits(2)?.says(&[
        "? without a planted bug, inconclusive: s (a.feature:2)",
        "1 of 1 planted bug killed, 0 false alarms",
    ])?;
    check(!said.all().contains("✗ false alarm"), || said.all())
}
