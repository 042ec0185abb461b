//! What a bad machine or a bad service does to a run: the verdict stays right, and nothing else happens.

use crate::lanes::{container_trial, trial};
use crate::support::{Case, ROGUE, Scratch, check, codabench, scenario};
use libtest_mimic::{Failed, Trial};
use shakedown_harness::engine::{self, Setup};
use shakedown_harness::plan::{Pace, Plan, Planned, Step};
use shakedown_harness::problem::Place;
use shakedown_harness::runtime::new_run_id;
use shakedown_harness::seed::Seed;
use shakedown_harness::stack::Stack;
use shakedown_harness::verdict::Verdict;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use tokio::sync::watch;

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 6] = [
        ("a service that floods its log (process)", || {
            flood("process", 1024)
        }),
        ("a body that never ends (process)", || endless("process")),
        ("a stream that never ends (process)", || {
            listening("process")
        }),
        ("two runs at once do not meet", two_at_once),
        ("ten stacks side by side", ten_at_once),
        ("the harness itself panics", panics),
    ];
    let containers: [Case; 3] = [
        ("a service that floods its log (docker)", || {
            flood("docker", 64)
        }),
        ("a body that never ends (docker)", || endless("docker")),
        ("a stream that never ends (docker)", || listening("docker")),
    ];
    let cases = cases.map(|(name, run)| trial(format!("robust: {name}"), run));
    let containers = containers.map(|(name, run)| {
        let name = format!("robust: {name}");
        container_trial(name, run)
    });
    let full = trial("robust: a full disk under the run's folder", full_disk)
        .with_ignored_flag(!can_mount());
    let name = "robust: what broke on a full disk is no verdict";
    let broken = trial(name, broken_on_a_full_disk).with_ignored_flag(!can_mount());
    cases
        .into_iter()
        .chain(containers)
        .chain([full, broken])
        .collect()
}

fn flood(runtime: &str, mib: usize) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let shakedown = format!(
        "\
entities: {{flood: {{learn: [{{log: rogue, pattern: 'flood=(?<id>\\w+) over', event: over}}]}}}}
workloads: {{flood: {{request: \"POST http://rogue:8000/flood?mib={mib}\", creates: {{flood: response.body.id}}}}}}
invariants: {{the flood is over: {{for: flood, eventually: happened(\"over\"), within: 60s}}}}
"
    );
    scratch
        .rogue(runtime, &shakedown, "When \"flood\" runs once")
        .exits(0)?;
    let log = std::fs::metadata(scratch.path("out/01-s/logs/rogue.log"))?;
    check(log.len() > (mib as u64) << 20, || {
        format!("{} bytes of log", log.len())
    })
}

fn endless(runtime: &str) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let shakedown = "\
entities: {body: {learn: [{poll: \"GET http://rogue:8000/health\", id: \"'it'\", set: {up: status}}]}}
workloads: {read: {request: \"GET http://rogue:8000/endless\"}}
invariants: {it is up: {for: body, always: up == 200}}
";
    // What was asked of it was never answered, so nobody can tell anything.
    scratch
        .rogue(runtime, shakedown, "When \"read\" runs once")
        .exits(2)?
        .says(&["nothing was accepted", "the answer is longer than 16 MiB"])?;
    Ok(())
}

/// A service listens to a stream for as long as it lives. Nobody waits for its end, and what waits for its answer begins.
fn listening(runtime: &str) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let (services, rogue) = ROGUE.split_at("services:\n".len());
    let listener = rogue.replace("  rogue:", "  listener:");
    let url = "0.0.0.0:8000\", EVENTS_URL: \"http://rogue:8000/events\"";
    let listener = listener.replace("0.0.0.0:8000\"", url);
    scratch.file("compose.yaml", &[services, rogue, &listener].concat());
    let stack = scratch.file(
        "shakedown.yaml",
        "\
stack: s
compose: compose.yaml
calls:
  events: {link: listener -> rogue, request: \"GET /events\"}
  listen: {link: workload -> listener, request: \"POST /listen\"}
entities:
  listener: {learn: [{call: events, id: \"'it'\", when: response.status == 200, event: heard}]}
workloads: {listen: {request: \"POST http://listener:8000/listen\"}}
invariants: {it is heard: {for: listener, at_most: 3, of: heard}}
",
    );
    let feature = scenario(&[
        "And the call \"listen\" takes 5ms longer after \"events\" is answered, once",
        "When \"listen\" runs 2 times",
        "Then every invariant holds",
    ]);
    let feature = scratch.file("a.feature", &feature);
    let said = scratch.play_on(&stack, &feature, runtime).exits(0)?;
    check(!said.all().contains("did not come to rest"), || said.all())
}

const SUBMIT: &str = "Given the stack \"codabench\"\n    \
    And the call \"upload scores\" answers 503 the first time for each submission\n    \
    When \"submit\" runs 5 times\n    And every submission is final within 60s\n    \
    Then \"effect before status\" holds\n";

fn two_at_once() -> Result<(), Failed> {
    let play = || {
        let scratch = Scratch::new();
        let text = format!("Feature: f\n  Scenario: s\n    {SUBMIT}");
        scratch.play(&text, &["--runtime", "process"]).exits(0)?;
        let events = scratch.events()?;
        let seen = events.iter().filter(|e| e["kind"] == "observed");
        let seen: BTreeSet<String> = seen.map(|e| e["id"].to_string()).collect();
        // Another run's submissions would have other numbers, or more of them.
        check(seen.len() == 5, || format!("{seen:?}"))
    };
    std::thread::scope(|scope| {
        let both = [scope.spawn(play), scope.spawn(play)];
        both.into_iter()
            .try_for_each(|one| one.join().expect("no panic"))
    })
}

fn ten_at_once() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let scenarios: String = (0..10)
        .map(|n| format!("  Scenario: s{n}\n    {SUBMIT}\n"))
        .collect();
    let args = ["--runtime", "process", "--jobs", "10"];
    let said = scratch.play(&format!("Feature: f\n{scenarios}"), &args);
    let run = scratch.json("out/run.json")?;
    let held = run["scenarios"].as_array().into_iter().flatten();
    let held = held
        .filter(|scenario| scenario["verdict"] == "held")
        .count();
    check(said.code == 0 && held == 10, || said.all())
}

/// A plan that nobody has checked: its workload does not exist, which the engine takes for granted.
fn panics() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let compose = "services: {idle: {image: idle, x-shakedown: {process: [sleep, \"600\"]}}}";
    scratch.file("compose.yaml", compose);
    let stack = "\
stack: s
compose: compose.yaml
entities: {line: {learn: [{log: idle, pattern: '(?<id>.*)', event: seen}]}}
invariants: {it speaks once: {for: line, at_most: 1, of: seen}}
";
    let stack = Stack::read(&scratch.file("shakedown.yaml", stack)).map_err(|e| e.to_string())?;
    let place = Place::new(&scratch.path("a.feature"), 1, 1);
    let planned = |step| Planned {
        step,
        text: "a step".to_owned(),
        place: place.clone(),
    };
    let work = Step::Work {
        workload: "nobody's".to_owned(),
        times: 1,
        pace: Pace::Clients(1),
    };
    let (_go_on, stop) = watch::channel(false);
    let setup = Setup {
        plan: Plan {
            feature: "f".to_owned(),
            scenario: "s".to_owned(),
            place: place.clone(),
            tags: Vec::new(),
            stack: "s".to_owned(),
            steps: vec![planned(work), planned(Step::EveryInvariant)],
        },
        shared: None,
        heard: None,
        stack: Arc::new(stack.stack),
        mutant: None,
        place: engine::Place::Process,
        seed: Seed(7),
        run: new_run_id(),
        name: "01-s".to_owned(),
        out: scratch.path("out"),
        stop,
        live: None,
    };
    let label = format!("SHAKEDOWN_RUN={}", setup.run);
    let outcome = tokio::runtime::Runtime::new()?.block_on(engine::run(setup));
    let history = std::fs::read_to_string(&outcome.history)?;
    check(history.contains("\"ready\""), || {
        format!("it panicked before anything ran: {history}")
    })?;
    let why = outcome.failure.map(|failure| failure.what);
    check(
        outcome.verdict == Verdict::EnvironmentFailed
            && why
                .as_deref()
                .is_some_and(|why| why.contains("the harness itself failed")),
        || format!("{:?}: {why:?}", outcome.verdict),
    )?;
    let mut left = labelled(&label);
    left.extend(
        scratch
            .path("out/01-s/data")
            .exists()
            .then(|| "data".to_owned()),
    );
    check(left.is_empty(), || format!("left behind: {left:?}"))
}

/// The processes with a label in their environment.
fn labelled(label: &str) -> Vec<String> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let bears = |path: &PathBuf| {
        let environ = std::fs::read(path.join("environ")).unwrap_or_default();
        environ
            .split(|byte| *byte == 0)
            .any(|entry| entry == label.as_bytes())
    };
    let paths = processes.map(|process| process.path()).filter(bears);
    paths.map(|path| path.display().to_string()).collect()
}

/// Makes a small disk of its own at a folder, if it may.
fn mount(folder: &PathBuf) -> bool {
    let mut mount = Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=128k", "shakedown-test"]);
    let done = mount.arg(folder).output();
    done.is_ok_and(|output| output.status.success())
}

/// A place for a run whose results go to a small disk.
fn with_small_disk() -> Result<(Scratch, PathBuf), Failed> {
    let scratch = Scratch::new();
    let disk = scratch.path("out");
    std::fs::create_dir(&disk)?;
    check(mount(&disk), || {
        "the small disk could not be made".to_owned()
    })?;
    Ok((scratch, disk))
}

fn unmount(folder: &PathBuf) {
    let _ = Command::new("umount").arg("--lazy").arg(folder).status();
}

fn can_mount() -> bool {
    let scratch = Scratch::new();
    let folder = scratch.path("disk");
    let made = std::fs::create_dir(&folder).is_ok() && mount(&folder);
    if made {
        unmount(&folder);
    }
    made
}

fn full_disk() -> Result<(), Failed> {
    let (scratch, disk) = with_small_disk()?;
    let text = "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    \
        When \"submit\" runs 200 times\n    And every submission is final within 60s\n    \
        Then \"effect before status\" holds\n";
    let said = scratch.play(text, &["--runtime", "process"]);
    unmount(&disk);
    said.exits(3)?.says(&["No space left on device"])?;
    check(codabench().exists(), || "the stack file is gone".to_owned())
}

/// What is found broken in such an environment may be broken for that: it is told, and is no verdict.
fn broken_on_a_full_disk() -> Result<(), Failed> {
    let (scratch, disk) = with_small_disk()?;
    let shakedown = "\
entities: {body: {learn: [{poll: \"GET http://rogue:8000/health\", id: \"'it'\", set: {up: status}}]}}
workloads: {flood: {request: \"POST http://rogue:8000/flood?mib=64\"}}
invariants: {it is down: {for: body, never: up == 200}}
";
    let said = scratch.rogue("process", shakedown, "When \"flood\" runs once");
    unmount(&disk);
    said.exits(3)?
        .says(&["no space left on device", "`it is down` broke"])
        .map(drop)
}
