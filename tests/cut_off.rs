//! A connection to the Docker daemon that breaks off while the container at its other end goes on: what is no longer heard is
//! not taken for silence, and what goes on not for an end.

use crate::lanes::container_trial;
use crate::support::{ROGUE, Said, Scratch, check};
use libtest_mimic::{Failed, Trial};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

const SOCKET: &str = "/var/run/docker.sock";

pub fn trials() -> Vec<Trial> {
    let there = Path::new(SOCKET).exists();
    let trial = |what: &str, test: fn() -> Result<(), Failed>| {
        container_trial(format!("cut off: {what}"), test).with_ignored_flag(!there)
    };
    vec![
        trial("a log that is no longer heard is told of", unheard),
        trial("a container whose end nobody waits for goes on", unwatched),
    ]
}

const STACK: &str = "\
stack: s
compose: compose.yaml
calls: {look: {link: workload -> rogue, request: \"GET /operations/{operation}\"}}
entities:
  operation:
    learn:
      - {call: look, when: response.status == 200, event: polled}
      - {log: rogue, pattern: 'stored=(?<id>\\d+)', event: stored}
workloads: {look: {request: \"GET http://rogue:8000/operations/${n}\"}}
invariants:
  polled once: {for: operation, at_most: 1, of: polled}
  stored once: {for: operation, at_most: 1, of: stored}
";

fn unheard() -> Result<(), Failed> {
    // The answer's head, and the first line of the log.
    let (_, said) = play("-rogue-1/attach", 2, ("stored once", 2))?;
    said.says(&[
        "cannot tell whether `stored once` holds",
        "the log of `rogue` is not whole: its output ended before it did",
    ])
    .map(drop)
}

fn unwatched() -> Result<(), Failed> {
    // The answer's head comes at once, and what the container's end came to only then.
    let (scratch, said) = play("-rogue-1/wait", 1, ("polled once", 0))?;
    let events = scratch.events()?;
    check(!events.iter().any(|e| e["state"] == "exited"), || {
        said.all()
    })
}

/// Plays a scenario of some seconds; connections that ask for `path` are cut off once so many pieces of the answer have come.
fn play(
    path: &'static str,
    pieces: usize,
    (invariant, code): (&str, i32),
) -> Result<(Scratch, Said), Failed> {
    let scratch = Scratch::new();
    scratch.file(
        "compose.yaml",
        &ROGUE.replace("    expose", "    restart: always\n    expose"),
    );
    let stack = scratch.file("shakedown.yaml", STACK);
    let text = format!(
        "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    When \"look\" runs 80 times at 10 per second\n    \
         Then \"{invariant}\" holds\n"
    );
    let feature = scratch.file("a.feature", &text);
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    let daemon = format!("tcp://{}", listener.local_addr()?);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || pass(&client, path, pieces));
        }
    });
    let (stack, feature) = (stack.display().to_string(), feature.display().to_string());
    let mut run = scratch.command(&["run", &feature, "--stack", &stack, "--runtime", "docker"]);
    let run = run.args(["--out", "out"]).env("DOCKER_HOST", daemon);
    let said = Said::of(run.output()?).exits(code)?;
    Ok((scratch, said))
}

/// Passes a connection on to the daemon; once it has asked for `path`, it ends after so many pieces of what comes back.
fn pass(client: &TcpStream, path: &'static str, pieces: usize) {
    let Ok(daemon) = UnixStream::connect(SOCKET) else {
        return;
    };
    let (Ok(mut from), Ok(mut to)) = (client.try_clone(), daemon.try_clone()) else {
        return;
    };
    let asked = Arc::new(AtomicBool::new(false));
    let asks = asked.clone();
    thread::spawn(move || {
        let mut piece = [0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut piece) {
            if String::from_utf8_lossy(&piece[..length]).contains(path) {
                asks.store(true, Ordering::SeqCst);
            }
            if to.write_all(&piece[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
    let (mut from, mut to) = (&daemon, client);
    let mut piece = [0; 16 * 1024];
    let mut passed = 0;
    while let Ok(length @ 1..) = from.read(&mut piece) {
        if to.write_all(&piece[..length]).is_err() {
            break;
        }
        passed += usize::from(asked.load(Ordering::SeqCst));
        if passed == pieces {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = daemon.shutdown(Shutdown::Both);
}
