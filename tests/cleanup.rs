//! Nothing is left behind: after a clean end, Ctrl-C, and SIGKILL of the harness, on both runtimes.

use crate::lanes::{container_trial, trial};
use crate::support::{Scratch, check, codabench, until};
use libtest_mimic::{Failed, Trial};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What the product promises after SIGKILL.
const CLEAN_WITHIN: Duration = Duration::from_secs(5);
/// How long a stack may take to come up in a test.
const UP_WITHIN: Duration = Duration::from_secs(120);

/// What a test is called, and what it does on a runtime.
type RuntimeCase = (&'static str, fn(&'static str) -> Result<(), Failed>);

pub fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for runtime in ["process", "docker"] {
        let cases: [RuntimeCase; 4] = [
            ("after a clean end", clean_end),
            ("after Ctrl-C", ctrl_c),
            ("after SIGTERM", terminated),
            ("after kill -9", kill_nine),
        ];
        for (name, run) in cases {
            let name = format!("nothing is left {name} ({runtime})");
            trials.push(match runtime {
                "docker" => container_trial(name, move || run(runtime)),
                _ => trial(name, move || run(runtime)),
            });
        }
    }
    trials.push(trial(
        "nothing is left of helpers that have left their service, label and all",
        helpers,
    ));
    trials
}

/// A run that cannot end by itself soon: its workload hangs.
const LONG: &str = "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    \
    And the call \"upload scores\" hangs\n    When \"submit\" runs 4 times\n    \
    And every submission is final within 10m\n    Then every invariant holds\n";

/// A run under way: its stack is up, and its services work.
struct Running {
    scratch: Scratch,
    child: Child,
    run: String,
}

impl Running {
    fn begin(runtime: &str) -> Result<Running, Failed> {
        let scratch = Scratch::new();
        let feature = scratch.file("a.feature", LONG).display().to_string();
        let stack = codabench().display().to_string();
        let args = [
            "run",
            &feature,
            "--stack",
            &stack,
            "--out",
            "out",
            "--runtime",
            runtime,
            "--jobs",
            "2",
        ];
        let mut child = scratch
            .command(&args)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let stdout = child.stdout.take().ok_or("no stdout")?;
        let first = BufReader::new(stdout)
            .lines()
            .next()
            .ok_or("the harness said nothing")??;
        let run = first
            .strip_prefix("run ")
            .and_then(|rest| rest.split(',').next());
        let run = run
            .ok_or_else(|| format!("no run id in `{first}`"))?
            .to_owned();
        let running = Running {
            scratch,
            child,
            run,
        };
        // The fault has been applied: services are up and in the middle of their work.
        until(UP_WITHIN, || running.history_says("\"applied\""))
            .map_err(|()| "the fault was never applied")?;
        let left = running.leftovers();
        // What is not there while it runs cannot be seen to go.
        let kinds: &[&str] = match runtime {
            "docker" => &["ps -aq", "network ls", "volume ls"],
            _ => &["process", "folder", "disk"],
        };
        let there = |kind: &&str| left.iter().any(|one| one.starts_with(kind));
        check(kinds.iter().all(there), || {
            format!("while it runs, of {kinds:?} there are only {left:?}")
        })?;
        Ok(running)
    }

    fn history_says(&self, word: &str) -> bool {
        let Ok(runs) = std::fs::read_dir(self.scratch.path("out")) else {
            return false;
        };
        let histories = runs.flatten().map(|run| run.path().join("history.jsonl"));
        histories
            .flat_map(std::fs::read_to_string)
            .any(|text| text.contains(word))
    }

    fn leftovers(&self) -> Vec<String> {
        leftovers(&self.run, &self.scratch.path("out"))
    }

    fn signal(&self, signal: Signal) -> Result<(), Failed> {
        Ok(kill(Pid::from_raw(self.child.id() as i32), signal)?)
    }
}

/// Everything on this machine that bears the run's label.
fn leftovers(run: &str, out: &Path) -> Vec<String> {
    let mut left = Vec::new();
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let environ = std::fs::read(process.path().join("environ")).unwrap_or_default();
        let label = format!("SHAKEDOWN_RUN={run}");
        if environ
            .split(|byte| *byte == 0)
            .any(|entry| entry == label.as_bytes())
        {
            left.push(format!("process {}", process.path().display()));
        }
    }
    let filter = format!("label=shakedown.run={run}");
    for list in [["ps", "-aq"], ["network", "ls"], ["volume", "ls"]] {
        let mut docker = Command::new("docker");
        docker.args(list).args(["--filter", &filter]);
        if list[0] != "ps" {
            docker.arg("-q");
        }
        let Ok(output) = docker.output() else {
            continue;
        };
        let ids = String::from_utf8_lossy(&output.stdout).into_owned();
        left.extend(ids.lines().map(|id| format!("{} {id}", list.join(" "))));
    }
    for process in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let mounts = std::fs::read_to_string(process.path().join("mountinfo"));
        if mounts.is_ok_and(|mounts| mounts.contains(&*out.to_string_lossy())) {
            left.push(format!("disk of {}", process.path().display()));
        }
    }
    let data = |run: PathBuf| run.join("data");
    let runs = std::fs::read_dir(out)
        .into_iter()
        .flatten()
        .flatten()
        .map(|run| data(run.path()));
    left.extend(
        runs.filter(|data| data.exists())
            .map(|data| format!("folder {}", data.display())),
    );
    left
}

fn gone(run: &str, out: &Path, within: Duration) -> Result<(), Failed> {
    let left = until(within, || leftovers(run, out).is_empty());
    left.map_err(|()| format!("left behind after {within:?}: {:?}", leftovers(run, out)).into())
}

fn clean_end(runtime: &'static str) -> Result<(), Failed> {
    let scratch = Scratch::new();
    let feature = "Feature: f\n  Scenario: s\n    Given the stack \"codabench\"\n    \
        When \"submit\" runs 2 times\n    And every submission is final within 20s\n    \
        Then \"effect before status\" holds\n";
    let said = scratch.play(feature, &["--runtime", runtime]).exits(0)?;
    let run = said
        .stdout
        .strip_prefix("run ")
        .and_then(|rest| rest.split(',').next())
        .unwrap_or_default();
    check(!run.is_empty(), || said.all())?;
    gone(run, &scratch.path("out"), Duration::ZERO)
}

fn ctrl_c(runtime: &'static str) -> Result<(), Failed> {
    ends(runtime, Signal::SIGINT, 130)
}

fn terminated(runtime: &'static str) -> Result<(), Failed> {
    ends(runtime, Signal::SIGTERM, 143)
}

fn ends(runtime: &'static str, signal: Signal, code: i32) -> Result<(), Failed> {
    let mut running = Running::begin(runtime)?;
    running.signal(signal)?;
    let status = running.child.wait()?;
    check(status.code() == Some(code), || {
        format!("expected exit code {code}, got {status}")
    })?;
    gone(&running.run, &running.scratch.path("out"), Duration::ZERO)
}

fn kill_nine(runtime: &'static str) -> Result<(), Failed> {
    let mut running = Running::begin(runtime)?;
    running.signal(Signal::SIGKILL)?;
    running.child.wait()?;
    gone(&running.run, &running.scratch.path("out"), CLEAN_WITHIN)
}

/// A helper that stays its service's child, and one that does not. Each of them waits for a time of its own.
fn helpers() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let binary = env!("CARGO_BIN_EXE_shakedown");
    let seconds = [1, 2].map(|n| format!("{n}{}", std::process::id() + 100_000));
    let [child, orphan] = &seconds;
    let script = format!(
        "env -i setsid sleep {child} & (env -i setsid sleep {orphan} &) ; exec {binary} serve trouble"
    );
    let process = serde_json::json!(["sh", "-c", script]);
    let compose = format!(
        "services:\n  helped:\n    image: x\n    expose: [\"8000\"]\n    environment: {{LISTEN: \"0.0.0.0:8000\"}}\n    \
         x-shakedown: {{process: {process}, ready: {{http: /health}}}}\n"
    );
    scratch.file("compose.yaml", &compose);
    let stack = "stack: s\ncompose: compose.yaml\ncalls: {look: {link: workload -> helped, request: \"GET \
        /operations/{operation}\"}}\nentities: {operation: {learn: [{call: look, when: response.status == 200, event: \
        polled}]}}\nworkloads: {look: {request: \"GET http://helped:8000/operations/${n}\"}}\ninvariants: {it is polled: \
        {for: operation, at_most: 99, of: polled}}\n";
    let stack = scratch.file("shakedown.yaml", stack);
    let text = "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    When \"look\" runs once\n    Then every \
        invariant holds\n";
    let feature = scratch.file("a.feature", text);
    scratch.play_on(&stack, &feature, "process").exits(0)?;
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let commands = entries.filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok());
    let left: Vec<String> = commands
        .map(|command| String::from_utf8_lossy(&command).replace('\0', " "))
        .filter(|command| {
            seconds
                .iter()
                .any(|seconds| command.contains(&format!("sleep {seconds}")))
        })
        .collect();
    check(left.is_empty(), || format!("left behind: {left:?}"))
}
