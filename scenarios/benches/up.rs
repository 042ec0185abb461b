//! From `up` to ready, beside the same services started plainly, in one run.
//!
//! `cargo bench -p shakedown --bench up`. The services are `shakedown serve trouble`, which are ready at once, and none
//! waits for another; so what is measured is what the harness adds. Without Docker, the rows of containers say so.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_shakedown");
/// The sizes of the stacks.
const SERVICES: [usize; 3] = [3, 10, 30];
/// Odd, so that a median is one of them.
const ROUNDS: usize = 5;
/// How long the services may take.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// How soon to ask again; nothing tells when a service is ready.
const ASK_AGAIN: Duration = Duration::from_millis(1);
/// The label of the containers that are started plainly.
const LABEL: &str = "shakedown-bench-up";

fn main() {
    println!("From `up` to ready, median of {ROUNDS}\n");
    println!("| runtime | services | ms | started plainly, ms | ratio |");
    println!("|---|---|---|---|---|");
    let docker = Command::new("docker").arg("info").output();
    let docker = docker.is_ok_and(|said| said.status.success());
    for (runtime, plain) in [
        ("process", processes as fn(usize) -> f64),
        ("docker", containers),
    ] {
        if runtime == "docker" && !docker {
            println!("| docker | skipped: no daemon answers | | | |");
            continue;
        }
        for services in SERVICES {
            // In turn, so that a busy machine troubles both alike.
            let rounds = (0..ROUNDS).map(|_| (played(runtime, services), plain(services)));
            let (own, base): (Vec<f64>, Vec<f64>) = rounds.unzip();
            let (own, base) = (median(own), median(base));
            let ratio = own / base;
            println!("| {runtime} | {services} | {own:.0} | {base:.0} | {ratio:.2} |");
        }
    }
}

/// Plays a scenario on a stack of so many services; gives the time from `up` to ready in ms, as its history has it.
fn played(runtime: &str, services: usize) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("the disk takes it");
    };
    let service = |n| {
        format!(
            "  s{n}:\n    image: shakedown\n    command: [serve, trouble]\n    \
             environment: {{LISTEN: \"0.0.0.0:8000\"}}\n    expose: [\"8000\"]\n    \
             x-shakedown: {{image: shakedown, process: [shakedown, serve, trouble], ready: {{http: /health}}}}\n"
        )
    };
    let all: String = (1..=services).map(service).collect();
    write("compose.yaml", &format!("services:\n{all}"));
    write(
        "shakedown.yaml",
        "stack: s\ncompose: compose.yaml\n\
         calls: {look: {link: workload -> s1, request: \"GET /health\"}}\n\
         entities: {service: {learn: [{call: look, id: '\"1\"', set: {status: response.status}}]}}\n\
         workloads: {look: {request: \"GET http://s1:8000/health\"}}\n\
         invariants: {answers: {for: service, always: status == 200}}\n",
    );
    write(
        "a.feature",
        "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    When \"look\" runs once\n    \
         Then every invariant holds\n",
    );
    let mut command = Command::new(BINARY);
    command.args(["run", "a.feature", "--out", "out", "--runtime", runtime]);
    let said = command.current_dir(folder.path()).output();
    let said = said.expect("the binary runs");
    assert!(
        said.status.success(),
        "{}",
        String::from_utf8_lossy(&said.stdout)
    );
    let [up, ready] = ["up", "steps"].map(|name| phase(folder.path(), name));
    (ready - up) / 1e6
}

/// When a phase of the one scenario began, in ns.
fn phase(folder: &Path, name: &str) -> f64 {
    let mut scenarios = std::fs::read_dir(folder.join("out")).expect("a run's folder");
    let history = scenarios.find_map(|entry| {
        let history = entry.ok()?.path().join("history.jsonl");
        std::fs::read_to_string(history).ok()
    });
    let history = history.expect("a history");
    let events = history
        .lines()
        .map(|line| serde_json::from_str(line).expect("an event"));
    let mut begun = events.filter(|event: &serde_json::Value| event["name"] == name);
    begun
        .next()
        .and_then(|event| event["at_ns"].as_f64())
        .expect("the phase")
}

/// The same processes without a harness, until each has said that it is well; in ms.
fn processes(services: usize) -> f64 {
    let address = |n: usize| SocketAddr::from(([127, 78, 0, n as u8], 8000));
    let begun = Instant::now();
    let start = |n| {
        let mut command = Command::new(BINARY);
        command
            .args(["serve", "trouble"])
            .env("LISTEN", address(n).to_string());
        command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts")
    };
    let mut started: Vec<Child> = (1..=services).map(start).collect();
    (1..=services).for_each(|n| well(address(n)));
    let took = begun.elapsed();
    for child in &mut started {
        child.kill().and_then(|()| child.wait()).expect("it ends");
    }
    took.as_secs_f64() * 1e3
}

/// The same containers without a harness, all at once, until Docker says that they run; in ms.
fn containers(services: usize) -> f64 {
    // The newest is that of the scenario before.
    let newest = "docker images -q shakedown | head -1";
    let image = Command::new("sh")
        .args(["-c", newest])
        .output()
        .expect("a shell");
    let image = String::from_utf8(image.stdout).expect("a name");
    let begun = Instant::now();
    let start = |_| {
        let mut command = Command::new("docker");
        command.args([
            "run",
            "-d",
            "--label",
            LABEL,
            "-e",
            "LISTEN=0.0.0.0:8000",
            image.trim(),
        ]);
        command
            .args(["serve", "trouble"])
            .stdout(Stdio::null())
            .spawn()
            .expect("docker runs")
    };
    let mut started: Vec<Child> = (0..services).map(start).collect();
    let well = started
        .iter_mut()
        .all(|child| child.wait().is_ok_and(|code| code.success()));
    let took = begun.elapsed();
    let ours = format!("docker ps -aq --filter label={LABEL} | xargs docker rm -f");
    let removed = Command::new("sh")
        .args(["-c", &ours])
        .output()
        .expect("a shell");
    assert!(well && removed.status.success(), "{removed:?}");
    took.as_secs_f64() * 1e3
}

/// Asks until the answer is 200.
fn well(address: SocketAddr) {
    let deadline = Instant::now() + READY_WITHIN;
    let asked = || {
        let mut stream = TcpStream::connect(address).ok()?;
        stream.write_all(b"GET /health HTTP/1.0\r\n\r\n").ok()?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).ok()?;
        head.ends_with(b" 200").then_some(())
    };
    while asked().is_none() {
        assert!(Instant::now() < deadline, "nobody is well at {address}");
        std::thread::sleep(ASK_AGAIN);
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
