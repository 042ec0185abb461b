//! What is watched: what changes is played again, nothing else is, and a stack that is up ahead is as fresh as any.

use crate::lanes::{container_trial, trial};
use crate::support::{ROGUE, Said, Scratch, check, history};
use libtest_mimic::{Failed, Trial};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

pub fn trials() -> Vec<Trial> {
    vec![
        trial("watch: only what changes is played again", only_changes),
        trial("watch: a mistake ends nothing", mistakes),
        trial(
            "watch: what is played while files change, or not to its end, does not count",
            torn,
        ),
        trial("watch: Enter plays everything again", asked),
        container_trial("watch: a container is up before it is needed", up_ahead),
    ]
}

const STACK: &str = "\
stack: s
compose: compose.yaml
calls: {look: {link: workload -> rogue, request: \"GET /operations/{operation}\"}}
entities:
  operation: {learn: [{call: look, id: path.operation, set: {seen: response.status}}]}
workloads: {look: {request: \"GET http://rogue:8000/operations/7\"}}
invariants:
  it is seen: {for: operation, always: seen == 200}
";
const FEATURE: &str = "\
Feature: f
  Background:
    Given the stack \"s\"

  Scenario: first
    When \"look\" runs 2 times
    Then every invariant holds

  Scenario: second
    When \"look\" runs 3 times
    Then every invariant holds
";

/// How often a file is looked at.
const TICK: Duration = Duration::from_millis(20);

/// Somebody who watches.
struct Watching {
    scratch: Scratch,
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Watching {
    fn begin(runtime: &str) -> Result<Watching, Failed> {
        Watching::mounting("./data", runtime)
    }

    /// A service reads a folder.
    fn mounting(folder: &str, runtime: &str) -> Result<Watching, Failed> {
        let scratch = Scratch::new();
        let mounted = format!("    volumes: [\"{folder}:/data:ro\"]\n    x-shakedown:");
        scratch.file("compose.yaml", &ROGUE.replace("    x-shakedown:", &mounted));
        scratch.file("data/a", "1");
        scratch.file("shakedown.yaml", STACK);
        scratch.file("features/a.feature", FEATURE);
        let words = ["run", "--watch", "--out", "out", "--runtime", runtime];
        let mut command = scratch.command(&words);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::piped()).spawn()?;
        Ok(Watching {
            stdin: child.stdin.take().ok_or("it has an input")?,
            stdout: BufReader::new(child.stdout.take().ok_or("it has an output")?),
            scratch,
            child,
        })
    }

    /// What is said until it waits for a change.
    fn round(&mut self) -> Result<String, Failed> {
        let mut said = String::new();
        while !said.contains("watching ") || !said.ends_with('\n') {
            let more = self.stdout.read_line(&mut said)?;
            if more == 0 {
                let mut stderr = String::new();
                let told = self.child.stderr.as_mut();
                told.map(|told| told.read_to_string(&mut stderr));
                return Err(format!("it ended:\n{said}{stderr}").into());
            }
        }
        Ok(said)
    }

    /// Waits until a file has this word.
    fn until(&mut self, file: &str, word: &str) -> Result<(), Failed> {
        let file = self.scratch.path(file);
        while !std::fs::read_to_string(&file).is_ok_and(|text| text.contains(word)) {
            let ended = self.child.try_wait()?;
            check(ended.is_none(), || format!("it ended: {ended:?}"))?;
            std::thread::sleep(TICK);
        }
        Ok(())
    }

    fn change(&self, file: &str, from: &str, to: &str) -> Result<(), Failed> {
        let text = std::fs::read_to_string(self.scratch.path(file))?;
        check(text.contains(from), || format!("no `{from}` in {text}"))?;
        self.scratch.file(file, &text.replace(from, to));
        Ok(())
    }

    /// The names and verdicts of all scenarios, as the results have them.
    fn results(&self) -> Result<Vec<(String, String)>, Failed> {
        Ok(results(&self.scratch.json("out/run.json")?))
    }

    fn end(mut self) -> Result<Scratch, Failed> {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGINT)?;
        let mut stdout = String::new();
        self.stdout.read_to_string(&mut stdout)?;
        let mut said = Said::of(self.child.wait_with_output()?);
        said.stdout = stdout;
        said.exits(130)?;
        Ok(self.scratch)
    }
}

fn results(run: &Value) -> Vec<(String, String)> {
    let of = |one: &Value, field: &str| one[field].as_str().unwrap_or_default().to_owned();
    let scenarios = run["scenarios"].as_array().into_iter().flatten();
    scenarios
        .map(|one| (of(one, "scenario"), of(one, "verdict")))
        .collect()
}

/// Whether this scenario was played, by what was said.
fn played(said: &str, scenario: &str) -> bool {
    said.lines()
        .any(|line| line.contains("features/a.feature:") && line.contains(scenario))
}

fn expect(said: &str, scenarios: &[(&str, bool)]) -> Result<(), Failed> {
    for (scenario, expected) in scenarios {
        check(played(said, scenario) == *expected, || {
            format!("`{scenario}` played: expected {expected}\n{said}")
        })?;
    }
    Ok(())
}

fn only_changes() -> Result<(), Failed> {
    let mut watching = Watching::begin("process")?;
    let said = watching.round()?;
    expect(&said, &[("first", true), ("second", true)])?;

    watching.change("features/a.feature", "runs 3 times", "runs 4 times")?;
    let said = watching.round()?;
    expect(&said, &[("first", false), ("second", true)])?;
    check(said.contains("held: 2 scenarios"), || said.clone())?;

    // The second one only moves down.
    let fault = "first\n    Given the call \"look\" answers 503 once";
    watching.change("features/a.feature", "first", fault)?;
    let said = watching.round()?;
    expect(&said, &[("first", true), ("second", false)])?;
    check(said.contains("1 fault felt"), || said.clone())?;

    let all = |verdict: &str| ["first", "second"].map(|name| (name.to_owned(), verdict.to_owned()));
    let results = watching.results()?;
    check(results == all("held"), || format!("{results:?}"))?;
    watching.change("shakedown.yaml", "seen == 200", "seen == 201")?;
    let said = watching.round()?;
    expect(&said, &[("first", true), ("second", true)])?;
    let results = watching.results()?;
    check(results == all("violated"), || said.clone())?;

    watching.change("data/a", "1", "22")?;
    let said = watching.round()?;
    expect(&said, &[("first", true), ("second", true)])?;

    // What is gone has no result any more, and what is left is told.
    let text = std::fs::read_to_string(watching.scratch.path("features/a.feature"))?;
    let (first, _) = text.split_once("  Scenario: second").ok_or("it is there")?;
    watching.scratch.file("features/a.feature", first);
    let said = watching.round()?;
    check(said.contains("0 of 1 scenarios changed"), || said.clone())?;
    check(said.contains("still: ✗ violated"), || said.clone())?;
    check(watching.results()? == all("violated")[..1], || said.clone())?;

    let scratch = watching.end()?;
    // Of the six rounds, all results are of the last one.
    let rounds = std::fs::read_dir(scratch.path("out"))?.flatten();
    let rounds = rounds.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let rounds: Vec<String> = rounds.filter(|name| name.starts_with("round-")).collect();
    check(rounds == ["round-5"], || format!("{rounds:?}"))
}

fn mistakes() -> Result<(), Failed> {
    let mut watching = Watching::begin("process")?;
    watching.round()?;
    let mut stderr = BufReader::new(watching.child.stderr.take().ok_or("it has a stderr")?);
    watching.change("features/a.feature", "every invariant", "no invariant")?;
    let mut told = String::new();
    while !told.contains("nothing was played") {
        let more = stderr.read_line(&mut told)?;
        check(more > 0, || format!("it ended:\n{told}"))?;
    }
    check(told.contains("undefined step"), || told.clone())?;
    watching.change("features/a.feature", "no invariant", "every invariant")?;
    // All is as it was.
    let said = watching.round()?;
    expect(&said, &[("first", false), ("second", false)])?;
    watching.end().map(drop)
}

fn torn() -> Result<(), Failed> {
    let mut watching = Watching::begin("process")?;
    watching.round()?;
    let before = watching.results()?;
    let long = "first\n    Given the call \"look\" takes 3s longer once";
    watching.change("features/a.feature", "first", long)?;
    watching.until("out/round-2/01-first/history.jsonl", "matched")?;
    watching.change("data/a", "1", "22")?;
    let said = watching.round()?;
    let which = "it counts no more (";
    check(said.contains(which) && said.contains("data/a)"), || {
        said.clone()
    })?;
    // All of it is played now, and interrupted.
    watching.until("out/round-3/01-first/history.jsonl", "matched")?;
    let scratch = watching.end()?;
    let run = scratch.json("out/run.json")?;
    check(results(&run) == before, || run.to_string())
}

fn asked() -> Result<(), Failed> {
    // What the run itself writes into a folder that a service reads is no change of it.
    let mut watching = Watching::mounting("./", "process")?;
    let said = watching.round()?;
    check(!said.contains("it counts no more"), || said.clone())?;
    watching.stdin.write_all(b"\n")?;
    let said = watching.round()?;
    expect(&said, &[("first", true), ("second", true)])?;
    watching.end().map(drop)
}

fn up_ahead() -> Result<(), Failed> {
    let mut watching = Watching::begin("docker")?;
    watching.round()?;
    // A stack of the first scenario's kind is up, whichever scenario comes.
    watching.change("features/a.feature", "runs 3 times", "runs 4 times")?;
    let said = watching.round()?;
    expect(&said, &[("first", false), ("second", true)])?;
    let ahead = watching.scratch.path("out/round-1/ahead-1-1/history.jsonl");
    let events = history(&ahead)?;
    let begun = &events[0];
    check(begun["scenario"] == "second", || begun.to_string())?;
    let phases = || {
        let phases = events.iter().filter(|event| event["kind"] == "phase");
        phases.filter_map(|phase| phase["name"].as_str())
    };
    let expected = ["up", "ready", "steps", "heal", "settle", "down"];
    check(phases().eq(expected), || {
        format!("{:?}", phases().collect::<Vec<_>>())
    })?;
    let asked = events.iter().filter(|event| event["call"] == "look");
    check(asked.clone().count() > 0, || said.clone())?;
    check_again(&watching.scratch, &ahead)?;

    // What was started from other files serves nobody.
    watching.change("data/a", "1", "22")?;
    let run = events[0]["run"].as_str().unwrap_or_default().to_owned();
    let said = watching.round()?;
    expect(&said, &[("first", true), ("second", true)])?;
    let used = watching.scratch.path("out/round-2/ahead-2-1");
    check(!used.exists(), || format!("{} was used", used.display()))?;

    watching.end()?;
    let label = format!("label=shakedown.run={run}");
    let left = Command::new("docker")
        .args(["ps", "-aq", "--filter", &label])
        .output()?;
    check(left.stdout.is_empty(), || format!("{left:?}"))
}

/// Whoever judges the history again finds the same.
fn check_again(scratch: &Scratch, history: &Path) -> Result<(), Failed> {
    let history = history.display().to_string();
    let said = scratch.shakedown(&["check", &history, "--stack", "shakedown.yaml"]);
    said.exits(0)?.says(&["✓ held", "second"]).map(drop)
}
