//! `shakedown doctor` and `shakedown clean`: what is wrong here is told, and what was left is removed, but nothing else.

use crate::lanes::{container_trial, trial};
use crate::support::{Case, Scratch, check};
use libtest_mimic::{Failed, Trial};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 6] = [
        ("clean: what no living run owns is removed", removed),
        ("clean: the newest run folders stay", newest),
        (
            "clean: a folder of results has the runs of one invocation only",
            used_again,
        ),
        ("doctor: a stack that can run here is well", well),
        (
            "doctor: what a run would fail for is told with a remedy",
            unwell,
        ),
        ("doctor: leftovers are told", left),
    ];
    let mut trials: Vec<Trial> = cases
        .into_iter()
        .map(|(name, run)| trial(name, run))
        .collect();
    let containers: [Case; 2] = [
        (
            "clean: containers, networks and volumes (docker)",
            containers,
        ),
        ("doctor: images (docker)", images),
    ];
    trials.extend(
        containers
            .into_iter()
            .map(|(name, run)| container_trial(name, run)),
    );
    trials
}

/// A process that ends with its test.
struct Sleeper(Child);

impl Sleeper {
    /// Of a run, with what else its command line says.
    fn start(run: &str, program: &str, args: &[&str]) -> Result<Sleeper, Failed> {
        let mut command = Command::new(program);
        command
            .args(args)
            .env("SHAKEDOWN_RUN", run)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let child = command.spawn()?;
        // The label is in force once the program has taken the place of the process that was forked.
        while !std::fs::read(format!("/proc/{}/comm", child.id()))?.starts_with(b"sleep") {
            std::thread::yield_now();
        }
        Ok(Sleeper(child))
    }

    fn lives(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        let _ = kill(Pid::from_raw(self.0.id() as i32), Signal::SIGKILL);
        let _ = self.0.wait();
    }
}

/// The harness's own way of telling that a run lives: a reaper's command line. It waits as a reaper does.
fn reaper(scratch: &Scratch, run: &str) -> Result<Child, Failed> {
    let mut command = scratch.command(&["reap", "--run", run, "--out", "nowhere"]);
    let child = command.stdin(Stdio::piped()).spawn()?;
    let cmdline = format!("/proc/{}/cmdline", child.id());
    while !String::from_utf8_lossy(&std::fs::read(&cmdline)?).contains(run) {
        std::thread::yield_now();
    }
    Ok(child)
}

/// Two runs that nobody else has, by ids that sort by their numbers.
fn id(n: u64) -> String {
    format!("01jzzzzzzz{:0>16}", format!("{}{n}", std::process::id()))
}

/// The folder of a run that is over.
fn folder(scratch: &Scratch, run: &str) -> PathBuf {
    scratch.file(&format!("runs/{run}/.lock"), "");
    scratch.file(&format!("runs/{run}/01-a/data/site/db"), "x");
    scratch.file(&format!("runs/{run}/01-a/logs/site.log"), "x");
    scratch.path(&format!("runs/{run}"))
}

fn removed() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let (dead, live) = (id(1), id(2));
    let mut orphan = Sleeper::start(&dead, "sleep", &["600"])?;
    let mut owned = Sleeper::start(&live, "sleep", &["600"])?;
    let mut stranger = Sleeper::start("", "sleep", &["600"])?;
    let mut reaper = reaper(&scratch, &live)?;
    let (over, held) = (folder(&scratch, &id(3)), folder(&scratch, &id(4)));
    let mine = scratch.file("runs/mine/01-a/data/db", "x");
    let lock = std::fs::File::open(held.join(".lock"))?;
    lock.lock()?;
    // On a machine where others work too, only what is this test's.
    let ours =
        [dead.as_str(), &live, &id(3), &id(4)].map(|run| ["--run".to_owned(), run.to_owned()]);
    let mut args = vec!["clean", "--folder", "runs"];
    args.extend(ours.iter().flatten().map(String::as_str));
    let dry = scratch
        .shakedown(&[&args[..], &["--dry-run"]].concat())
        .exits(0)?;
    let dry = dry.says(&[&format!("would remove process      {}", orphan.0.id())])?;
    check(orphan.lives() && over.join("01-a/data").exists(), || {
        dry.all()
    })?;
    let said = scratch.shakedown(&args).exits(0)?;
    check(!orphan.lives(), || said.all())?;
    check(owned.lives() && stranger.lives(), || said.all())?;
    check(
        !over.join("01-a/data").exists() && over.join("01-a/logs").exists(),
        || said.all(),
    )?;
    check(held.join("01-a/data").exists() && mine.exists(), || {
        said.all()
    })?;
    let process = format!("removed process      {} sleep (run {dead}", orphan.0.id());
    let said = said.says(&[&process, "removed data folder  runs/"])?;
    check(!said.stdout.contains(&live), || said.all())?;
    // Its run ends, and its reaper removes it.
    drop(reaper.stdin.take());
    reaper.wait()?;
    check(!owned.lives(), || "the reaper did not".to_owned())
}

fn newest() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let folders: Vec<PathBuf> = (1..=4).map(|n| folder(&scratch, &id(n))).collect();
    let ours = [1, 2, 3, 4].map(|n| ["--run".to_owned(), id(n)]);
    let mut args = vec!["clean", "--folder", "runs", "--runs", "2"];
    args.extend(ours.iter().flatten().map(String::as_str));
    let said = scratch.shakedown(&args).exits(0)?;
    let there: Vec<bool> = folders.iter().map(|folder| folder.exists()).collect();
    check(there == [false, false, true, true], || said.all())?;
    said.says(&["removed run folder   runs/"])?;
    scratch
        .shakedown(&["clean", "--folder", "runs", "--runs", "some"])
        .exits(64)?;
    Ok(())
}

/// What lies in a folder of results, by name.
fn names(folder: &Path) -> Result<Vec<String>, Failed> {
    let entries = std::fs::read_dir(folder)?.flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    Ok(names)
}

fn used_again() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let scenario = |name: &str| {
        format!(
            "\n  Scenario: {name}\n    Given the stack \"codabench\"\n    When \"submit\" runs once\n    \
             And every submission is final within 60s\n    Then \"terminal is final\" holds\n"
        )
    };
    let (one, two) = (scenario("one"), scenario("two"));
    let process = ["--runtime", "process"];
    scratch
        .play(&format!("Feature: f\n{one}{two}"), &process)
        .exits(0)?;
    let mine = scratch.file("out/mine/history.jsonl", "{}\n");
    let bugs = scratch.file("out/0/03-bug/history.jsonl", "");
    let before = names(&scratch.path("out"))?;
    check(before.contains(&"02-two".to_owned()), || {
        format!("{before:?}")
    })?;
    scratch
        .play(&format!("Feature: f\n{one}"), &process)
        .exits(0)?;
    let after = names(&scratch.path("out"))?;
    let wanted = [".lock", "01-one", "mine", "report.html", "run.json"];
    check(after == wanted, || format!("{before:?}, then {after:?}"))?;
    check(mine.exists() && !bugs.exists(), || "mine went".to_owned())
}

/// A stack of one service, with the rest of what is said about it.
fn stack(scratch: &Scratch, service: &str) {
    scratch.file("shakedown.yaml", "stack: s\ncompose: compose.yaml\n");
    let compose = format!(
        "services:\n  a:\n    image: nobody.invalid/a:1\n    expose: [\"80\"]\n    {service}\n"
    );
    scratch.file("compose.yaml", &compose);
}

fn well() -> Result<(), Failed> {
    let scratch = Scratch::new();
    stack(
        &scratch,
        "x-shakedown: {process: [shakedown, serve, trouble]}",
    );
    let said = scratch
        .shakedown(&["doctor", "--runtime", "process"])
        .exits(0)?;
    said.says(&[
        "ok       loopback",
        "ok       disk",
        "ok       stacks     s",
        "ok       programs",
        "a run can begin here",
    ])?;
    Ok(())
}

fn unwell() -> Result<(), Failed> {
    let scratch = Scratch::new();
    stack(&scratch, "x-shakedown: {process: [./nowhere]}");
    let process = || {
        scratch
            .shakedown(&["doctor", "--runtime", "process"])
            .exits(3)
    };
    process()?.says(&[
        "failed   programs   stack `s`: as a local process, `a` cannot be started",
        "help:",
        "a run would fail here (1 reason",
    ])?;
    stack(&scratch, "restart: always");
    process()?.says(&["service `a` does not say how it runs as a local process"])?;
    let mut away = scratch.command(&["doctor", "--runtime", "docker"]);
    away.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    let away = crate::support::Said::of(away.output()?);
    away.exits(3)?.says(&[
        "failed   docker     no daemon answers",
        "help:      check DOCKER_HOST",
    ])?;
    // A stack file with mistakes is told, and is no matter of the environment.
    stack(
        &scratch,
        "x-shakedown: {process: [shakedown, serve, trouble]}",
    );
    scratch.file("b/shakedown.yaml", "stack: b\n");
    let said = scratch
        .shakedown(&["doctor", "--runtime", "process"])
        .exits(0)?;
    said.says(&[
        "warning  stacks     b/shakedown.yaml has mistakes (1)",
        "shakedown lint --stack b/shakedown.yaml",
    ])?;
    Ok(())
}

fn left() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let _orphan = Sleeper::start(&id(7), "sleep", &["600"])?;
    folder(&scratch, &id(8));
    let said = scratch
        .shakedown(&["doctor", "--runtime", "process", "--folder", "runs"])
        .exits(0)?;
    said.says(&[
        "warning  leftovers  of earlier runs: ",
        "1 data folder",
        "`shakedown clean` removes them",
    ])?;
    Ok(())
}

/// Runs Docker's own client.
fn client(args: &[&str]) -> Result<String, Failed> {
    let said = crate::support::Said::of(Command::new("docker").args(args).output()?);
    Ok(said.exits(0)?.stdout.trim().to_owned())
}

fn containers() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname")?;
    let of = |run: &str, host: &str| {
        [
            format!("shakedown.run={run}"),
            format!("shakedown.host={}", host.trim()),
        ]
    };
    let make = |name: &str, labels: &[String; 2]| -> Result<(), Failed> {
        let labels: Vec<&str> = labels.iter().flat_map(|label| ["--label", label]).collect();
        client(&[&["network", "create"], &labels[..], &[name]].concat())?;
        client(&[&["volume", "create"], &labels[..], &[name]].concat())?;
        Ok(())
    };
    let names = [11, 12, 13].map(|n| format!("shakedown-test-{}", id(n)));
    let live = id(12);
    make(&names[0], &of(&id(11), &host))?;
    make(&names[1], &of(&live, &host))?;
    make(&names[2], &of(&id(13), "elsewhere"))?;
    let mut reaper = reaper(&scratch, &live)?;
    let there = || -> Result<Vec<[bool; 2]>, Failed> {
        let networks = client(&["network", "ls", "--format", "{{.Name}}"])?;
        let volumes = client(&["volume", "ls", "--format", "{{.Name}}"])?;
        let has = |all: &str, name: &str| all.lines().any(|line| line == name);
        Ok(names
            .iter()
            .map(|name| [has(&networks, name), has(&volumes, name)])
            .collect())
    };
    let ours = [11, 12, 13].map(|n| ["--run".to_owned(), id(n)]);
    let mut args = vec!["clean"];
    args.extend(ours.iter().flatten().map(String::as_str));
    let everywhere = [&args[..], &["--all-hosts"]].concat();
    let said = scratch.shakedown(&args).exits(0)?;
    let first = there()?;
    let all = scratch.shakedown(&everywhere).exits(0)?;
    let second = there()?;
    drop(reaper.stdin.take());
    reaper.wait()?;
    let last = scratch.shakedown(&everywhere).exits(0)?;
    check(first == [[false; 2], [true; 2], [true; 2]], || {
        format!("{first:?} {}", said.all())
    })?;
    said.says(&[
        "removed network",
        "removed volume",
        "left alone, of runs of other machines",
    ])?;
    check(second == [[false; 2], [true; 2], [false; 2]], || {
        format!("{second:?} {}", all.all())
    })?;
    check(there()? == [[false; 2]; 3], || last.all())
}

fn images() -> Result<(), Failed> {
    let scratch = Scratch::new();
    stack(&scratch, "restart: always");
    let said = scratch
        .shakedown(&["doctor", "--runtime", "docker"])
        .exits(3)?;
    said.says(&[
        "ok       docker     version",
        "ok       networks",
        "failed   images     `nobody.invalid/a:1` is not here, and its registry does not offer it",
    ])?;
    stack(&scratch, "x-shakedown: {image_script: [sh, make.sh]}");
    scratch.file("make.sh", "docker import - x\n");
    let said = scratch
        .shakedown(&["doctor", "--runtime", "docker"])
        .exits(0)?;
    said.says(&["`nobody.invalid/a:1` is made when it is needed, by `sh make.sh`"])?;
    Ok(())
}
