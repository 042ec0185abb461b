//! A Docker daemon that is stopped or restarted in the middle of a run: the run is no verdict on the product, and its machine is clean
//! once the daemon is back. The daemon is one of the test's own, with a network of its own; nobody else's is touched.

use crate::lanes::container_trial;
use crate::support::{Said, Scratch, check, docker, until};
use libtest_mimic::{Failed, Trial};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long the daemon, and the run's stack, may take to come up.
const UP_WITHIN: Duration = Duration::from_secs(120);
/// How long it may take until nothing is left, once the daemon is back.
const CLEAN_WITHIN: Duration = Duration::from_secs(60);

pub fn trials() -> Vec<Trial> {
    let allowed = docker() && nix::unistd::geteuid().is_root() && there("dockerd", "--version");
    let allowed = allowed && there("unshare", "--version") && there("ip", "-V");
    let trial = |what, test: fn() -> Result<(), Failed>| {
        container_trial(
            format!("robust: the Docker daemon is {what} during a run"),
            test,
        )
        .with_ignored_flag(!allowed)
    };
    vec![trial("stopped", stopped), trial("restarted", restarted)]
}

fn there(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    let command = command
        .arg(argument)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A daemon in a network and with mounts of its own, which go with the process that holds them.
struct Daemon {
    scratch: Scratch,
    holder: Child,
    daemon: Option<Child>,
}

impl Daemon {
    fn new() -> Result<Daemon, Failed> {
        let mut holder = Command::new("unshare");
        holder.args(["--net", "--mount", "sh", "-c"]);
        holder.arg("ip link set lo up && echo ready && exec cat");
        let mut holder = holder
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut ready = [0; 6];
        let stdout = holder.stdout.as_mut().ok_or("no stdout")?;
        std::io::Read::read_exact(stdout, &mut ready)?;
        let scratch = Scratch::new();
        let driver = Command::new("docker")
            .args(["info", "--format", "{{.Driver}}"])
            .output()?;
        let driver = String::from_utf8_lossy(&driver.stdout).trim().to_owned();
        scratch.file(
            "d/config.json",
            &format!("{{\"storage-driver\": \"{driver}\"}}"),
        );
        let mut daemon = Daemon {
            scratch,
            holder,
            daemon: None,
        };
        daemon.start()?;
        Ok(daemon)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.scratch.path("d").join(name)
    }

    fn host(&self) -> String {
        format!("unix://{}", self.path("s").display())
    }

    /// A program in its network.
    fn inside(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        let holder = self.holder.id().to_string();
        command.args(["--target", &holder, "--net", "--mount", program]);
        command.env("DOCKER_HOST", self.host()).stdin(Stdio::null());
        command
    }

    fn start(&mut self) -> Result<(), Failed> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))?;
        let mut daemon = self.inside("dockerd");
        for (option, name) in [
            ("--config-file", "config.json"),
            ("--data-root", "data"),
            ("--exec-root", "exec"),
            ("--pidfile", "pid"),
        ] {
            daemon.arg(option).arg(self.path(name));
        }
        daemon.args(["--host", &self.host(), "--bridge", "none"]);
        let daemon = daemon.stdout(log.try_clone()?).stderr(log).spawn()?;
        self.daemon = Some(daemon);
        // Without a daemon, the client tells its own version and fails.
        let answers = || {
            let asked = self.inside("docker").arg("version").output();
            asked.is_ok_and(|said| said.status.success())
        };
        until(UP_WITHIN, answers).map_err(|()| format!("no daemon: {}", self.log()).into())
    }

    /// Asks it to end, and waits until it has.
    fn stop(&mut self) -> Result<(), Failed> {
        if let Some(mut daemon) = self.daemon.take() {
            kill(Pid::from_raw(daemon.id() as i32), Signal::SIGTERM)?;
            daemon.wait()?;
        }
        Ok(())
    }

    fn docker(&self, args: &[&str]) -> String {
        let output = self.inside("docker").args(args).output();
        output.map_or_else(
            |_| String::new(),
            |output| String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// What it has of runs.
    fn left(&self) -> String {
        let label = ["--quiet", "--filter", "label=shakedown.run"];
        let list = |what: &[&str]| self.docker(&[what, &label[..]].concat());
        list(&["ps", "--all"]) + &list(&["network", "ls"]) + &list(&["volume", "ls"])
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.stop();
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

const COMPOSE: &str = "\
services:
  rogue:
    image: shakedown
    command: [serve, trouble]
    environment: {LISTEN: \"0.0.0.0:8000\"}
    expose: [\"8000\"]
    x-shakedown: {image: shakedown, ready: {http: /health}, disk: {path: /files, size: 1 MB}}
";

const SHAKEDOWN: &str = "\
stack: s
compose: compose.yaml
entities:
  body:
    status: {field: up, first: new, final: [never]}
    learn: [{poll: \"GET http://rogue:8000/health\", id: \"'it'\", set: {up: status}}]
workloads: {look: {request: \"GET http://rogue:8000/health\"}}
invariants: {it is up: {for: body, always: up == 200}}
";

const FEATURE: &str = "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    \
    When \"look\" runs once\n    And every body is final within 10m\n    Then every invariant holds\n";

/// A scenario behind it.
const BEHIND: &str = "\n  Scenario: t\n    Given the stack \"s\"\n    When \"look\" runs once\n    Then every invariant holds\n";

/// A run that is at work in its containers.
fn at_work(daemon: &Daemon) -> Result<(Scratch, Child), Failed> {
    let scratch = Scratch::new();
    scratch.file("compose.yaml", COMPOSE);
    // With its mounts a process loses the folder that it is in, so paths are whole.
    let mut run = daemon.inside(env!("CARGO_BIN_EXE_shakedown"));
    run.arg("run")
        .arg(scratch.file("a.feature", &format!("{FEATURE}{BEHIND}")));
    run.arg("--stack")
        .arg(scratch.file("shakedown.yaml", SHAKEDOWN));
    run.arg("--out").arg(scratch.path("out"));
    run.args(["--runtime", "docker", "--jobs", "1"]);
    let mut run = run.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let history = scratch.path("out/01-s/history.jsonl");
    let working = || std::fs::read_to_string(&history).is_ok_and(|h| h.contains("\"observed\""));
    if until(UP_WITHIN, working).is_err() {
        run.kill()?;
        let said = Said::of(run.wait_with_output()?);
        return Err(format!("it never worked: {}", said.all()).into());
    }
    Ok((scratch, run))
}

/// Nothing of a run may be left with the daemon.
fn clean(daemon: &Daemon, said: &Said) -> Result<(), Failed> {
    let clean = until(CLEAN_WITHIN, || daemon.left().is_empty());
    clean.map_err(|()| format!("left behind: {}\n{}", daemon.left(), said.all()))?;
    // It does know them, or nothing would have been seen to go.
    check(daemon.docker(&["images"]).contains("shakedown"), || {
        daemon.log()
    })
}

fn stopped() -> Result<(), Failed> {
    let mut daemon = Daemon::new()?;
    let (_scratch, run) = at_work(&daemon)?;
    daemon.stop()?;
    let said = Said::of(run.wait_with_output()?);
    let lost = "the Docker daemon is lost: ";
    let said = said.exits(3)?.says(&["could not be removed yet", lost])?;
    // What is behind would wait for it in vain.
    check(said.stdout.contains(": 1 of 2 runs were not begun"), || {
        said.all()
    })?;
    daemon.start()?;
    clean(&daemon, &said)
}

fn restarted() -> Result<(), Failed> {
    let mut daemon = Daemon::new()?;
    let (_scratch, run) = at_work(&daemon)?;
    daemon.stop()?;
    daemon.start()?;
    let said = Said::of(run.wait_with_output()?).exits(3)?;
    clean(&daemon, &said)
}
