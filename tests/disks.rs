//! A disk that is full, on both runtimes: it is proven, it stays so, and it is over when the faults are healed.

use crate::lanes::{container_trial, trial};
use crate::support::{Said, Scratch, check};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

pub fn trials() -> Vec<Trial> {
    vec![
        trial(
            "disks: full, kept full, and with room again (process)",
            || full("process"),
        ),
        container_trial(
            "disks: full, kept full, and with room again (docker)",
            || full("docker"),
        ),
        trial(
            "disks: a full one that nobody calls meanwhile is told",
            uncalled,
        ),
        trial("disks: a user without rights has them too", as_nobody).with_ignored_flag(!runs(
            &mut nobody(&["unshare", "--user", "--mount", BINARY, "--version"]),
        )),
        trial("disks: where there are none, that is said", not_allowed)
            .with_ignored_flag(!runs(&mut forbidden(&["true"]))),
    ]
}

const BINARY: &str = env!("CARGO_BIN_EXE_shakedown");

const COMPOSE: &str = "\
services:
  rogue:
    image: shakedown
    command: [serve, trouble]
    environment: {LISTEN: \"0.0.0.0:8000\", FOLDER: /files}
    expose: [\"8000\"]
    # The disk takes the place of both.
    volumes: [\"/files\"]
    tmpfs: [\"/files\"]
    x-shakedown:
      image: shakedown
      disk: {path: /files, size: 8 MB}
      process: {command: [shakedown, serve, trouble], environment: {FOLDER: \"${SHAKEDOWN_DISK}\"}}
      ready: {http: /health}
";

const SHAKEDOWN: &str = "\
stack: s
compose: compose.yaml
calls:
  write: {link: workload -> rogue, request: \"POST /write\"}
  replace: {link: workload -> rogue, request: \"POST /replace\"}
entities: {file: {learn: [{call: write, id: response.body.id, set: {files: response.body.files}}]}}
workloads:
  write: {request: \"POST http://rogue:8000/write?kib=64\", creates: {file: response.body.id}}
  write too much: {request: \"POST http://rogue:8000/write?kib=8192\"}
  replace: {request: \"POST http://rogue:8000/replace\"}
invariants: {there are files: {for: file, always: files >= 0}}
";

const FEATURE: &str = "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    \
    When \"write\" runs once\n    And \"write too much\" runs once\n    \
    Given the disk of \"rogue\" is full\n    And the disk of \"rogue\" is full until \"write\" is answered\n    \
    When \"write\" runs 2 times\n    And \"replace\" runs once\n    And all faults are healed\n    \
    And \"write\" runs once\n    Given the service \"rogue\" is killed\n    When all faults are healed\n    \
    And \"write\" runs once\n    Then every invariant holds\n";

/// Writes the files of a run; gives the arguments that play it.
fn prepare(scratch: &Scratch, runtime: &str) -> Vec<String> {
    scratch.file("compose.yaml", COMPOSE);
    scratch.file("shakedown.yaml", SHAKEDOWN);
    scratch.file("a.feature", FEATURE);
    let args = "run a.feature --stack shakedown.yaml --out out --runtime";
    args.split(' ')
        .chain([runtime])
        .map(str::to_owned)
        .collect()
}

fn full(runtime: &str) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let args = prepare(&scratch, runtime);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    proven(&scratch, scratch.shakedown(&args))
}

fn uncalled() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let args = prepare(&scratch, "process");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let note = "the disk of `rogue` was full, but nobody called `rogue` meanwhile";
    let begin = "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    When \"write\" runs once\n    \
                 Given the disk of \"rogue\" is full";
    let end = "\n    Then every invariant holds\n";
    scratch.file("a.feature", &format!("{begin}{end}"));
    scratch.shakedown(&args).exits(0)?.says(&[note])?;
    let asked = " before \"replace\" is sent\n    When \"replace\" runs once";
    scratch.file("a.feature", &format!("{begin}{asked}{end}"));
    let said = scratch.shakedown(&args).exits(0)?;
    check(!said.stdout.contains(note), || said.all())
}

fn as_nobody() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let args = prepare(&scratch, "process");
    std::fs::create_dir(scratch.path("out"))?;
    for path in ["", "out"] {
        let everybody = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(scratch.path(path), everybody)?;
    }
    let said = play(&scratch, nobody, &args)?;
    proven(&scratch, said)
}

fn not_allowed() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let args = prepare(&scratch, "process");
    let said = play(&scratch, forbidden, &args)?;
    said.exits(3)?
        .says(&["there is no disk for `rogue`", "none can be mounted here"])?;
    // Who fills no disk is not disturbed.
    let lines = FEATURE.lines().filter(|line| !line.contains("the disk of"));
    scratch.file("a.feature", &lines.collect::<Vec<_>>().join("\n"));
    play(&scratch, forbidden, &args)?.exits(0)?;
    Ok(())
}

/// Plays as somebody else.
fn play(scratch: &Scratch, who: fn(&[&str]) -> Command, args: &[String]) -> Result<Said, Failed> {
    let words: Vec<&str> = [BINARY]
        .into_iter()
        .chain(args.iter().map(String::as_str))
        .collect();
    let mut command = who(&words);
    command
        .current_dir(scratch.path(""))
        .env("HOME", scratch.path(""))
        .stdin(Stdio::null());
    Ok(Said::of(command.output()?))
}

/// Every write was answered as the disk's state demands.
fn proven(scratch: &Scratch, said: Said) -> Result<(), Failed> {
    let said = said.exits(0)?;
    let run = scratch.json("out/run.json")?;
    let faults = run["scenarios"][0]["faults"].as_array().cloned();
    for fault in faults.iter().flatten() {
        let counts = [&fault["applied"], &fault["felt"]];
        check(counts == [1, 1], || said.all())?;
    }
    let events = scratch.events()?;
    let answered = events.iter().filter(|e| e["kind"] == "answered");
    let bodies: Vec<Value> = answered
        .map(|e| serde_json::from_str(e["response"]["body"].as_str().unwrap_or_default()))
        .collect::<Result<_, _>>()?;
    let told = |name: &str| -> Vec<&Value> { bodies.iter().map(|body| &body[name]).collect() };
    // The last refusal is on a disk that the service itself had given room before.
    let written = [true, false, false, false, false, true, true];
    check(told("written") == written, || format!("{bodies:?}"))?;
    // What is on the disk outlives the service's death.
    check(bodies[6]["files"] == 2, || format!("{bodies:?}"))?;
    said.says(&["were given free"])?;
    Ok(())
}

/// A program as a user that is not root.
fn nobody(program: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    command.args(program);
    command
}

/// A program that may have neither mounts nor namespaces of its own.
fn forbidden(program: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    let script = "echo 0 > /proc/sys/user/max_mnt_namespaces && exec \"$@\"";
    command.args(["--user", "--map-root-user", "sh", "-c", script, "sh"]);
    command.args(program);
    command
}

fn runs(command: &mut Command) -> bool {
    let command = command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
