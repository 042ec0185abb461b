//! `x-shakedown`: the little that is ours in a compose file.

use super::compose::Reading;
use super::node::{Data, Node};
use super::{Probe, Process, Protocol, Ready, Service};
use super::{disk, double};
use crate::problem::Problem;
use std::time::Duration;

/// Keys of the extension.
pub(super) const KEYS: [&str; 8] = [
    "process",
    "ready",
    "ports",
    "image",
    "image_script",
    "sql",
    "disk",
    "double",
];
/// Keys of `ready`.
pub(super) const READY: [&str; 3] = ["http", "tcp", "within"];
/// Keys of `process`.
pub(super) const PROCESS: [&str; 3] = ["command", "environment", "sql"];
/// What a port can speak.
pub(super) const PROTOCOLS: [(&str, Protocol); 3] = [
    ("http", Protocol::Http),
    ("postgres", Protocol::Postgres),
    ("tcp", Protocol::Tcp),
];
/// How long a service may take to become ready unless the file says otherwise.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// When nothing is said about readiness.
pub(super) fn default_ready() -> Ready {
    Ready {
        probe: None,
        within: READY_WITHIN,
    }
}

/// Applies the extension to its service. True: its image is this very executable.
pub(super) fn apply(node: &Node, service: &mut Service, reading: &mut Reading<'_>) -> bool {
    let fields = node.fields(&KEYS, reading.problems);
    if let Some(node) = fields.get("ready") {
        service.ready = ready(node, reading);
    }
    let ports = fields
        .get("ports")
        .map_or(&[][..], |node| node.entries(reading.problems));
    for entry in ports {
        let protocol = entry.value.one_of(&PROTOCOLS, "protocol", reading.problems);
        match entry.key.parse() {
            Ok(port) => {
                service
                    .ports
                    .insert(port, protocol.unwrap_or(Protocol::Sniffed));
            }
            Err(_) => reading.problems.push(Problem::at(
                &entry.place,
                format!("`{}` is no port", entry.key),
            )),
        }
    }
    service.process = fields.get("process").map(|node| process(node, reading));
    service.disk = fields
        .get("disk")
        .and_then(|node| disk::read(node, reading.problems));
    service.sql = fields.get("sql").and_then(|node| reading.text(node));
    if let Some(
        Probe::Http {
            port: Some(port), ..
        }
        | Probe::Tcp { port },
    ) = &service.ready.probe
    {
        service.ports.entry(*port).or_insert(Protocol::Sniffed);
    }
    if let Some(node) = fields.get("double") {
        double::apply(node, &fields, service, reading);
        return true;
    }
    let image = fields.get("image");
    image.is_some_and(|node| {
        node.one_of(&[("shakedown", ())], "image", reading.problems)
            .is_some()
    })
}

/// The script that makes the image where it is missing.
pub(super) fn image_script(node: &Node, reading: &mut Reading<'_>) -> Option<Vec<String>> {
    let entries = node.entries(reading.problems);
    let script = entries.iter().find(|entry| entry.key == "image_script")?;
    Some(reading.words(&script.value))
}

fn ready(node: &Node, reading: &mut Reading<'_>) -> Ready {
    let fields = node.fields(&READY, reading.problems);
    let within = fields
        .get("within")
        .and_then(|node| node.duration_above_zero(reading.problems));
    let tcp = fields
        .get("tcp")
        .and_then(|node| node.number("a port", reading.problems));
    let probe = match (fields.get("http"), tcp) {
        (Some(node), None) => reading
            .text(node)
            .and_then(|text| http(node, &text, reading)),
        (None, Some(port)) => Some(Probe::Tcp { port }),
        (Some(_), Some(_)) => node.not("either `http` or `tcp`", reading.problems),
        (None, None) => None,
    };
    Ready {
        probe,
        within: within.unwrap_or(READY_WITHIN),
    }
}

/// `/health` or `:8000/health`.
fn http(node: &Node, text: &str, reading: &mut Reading<'_>) -> Option<Probe> {
    const EXPECTED: &str = "a path such as `/health` or `:8000/health`";
    let (port, path) = match text.strip_prefix(':').map(|rest| rest.split_once('/')) {
        None => (None, text.to_owned()),
        Some(Some((port, path))) => match port.parse() {
            Ok(port) => (Some(port), format!("/{path}")),
            Err(_) => return node.not(EXPECTED, reading.problems),
        },
        Some(None) => return node.not(EXPECTED, reading.problems),
    };
    match path.starts_with('/') {
        true => Some(Probe::Http { port, path }),
        false => node.not(EXPECTED, reading.problems),
    }
}

/// `[program, argument]`, `program argument`, `none`, or `{command, environment, sql}`.
fn process(node: &Node, reading: &mut Reading<'_>) -> Process {
    match &node.data {
        Data::Scalar { text, .. } if text == "none" => Process::default(),
        Data::Map(_) => {
            let fields = node.fields(&PROCESS, reading.problems);
            let none =
                |node: &&Node| !matches!(&node.data, Data::Scalar { text, .. } if text == "none");
            Process {
                command: fields
                    .get("command")
                    .filter(none)
                    .map(|n| reading.words(n))
                    .unwrap_or_default(),
                environment: fields
                    .get("environment")
                    .map(|n| reading.environment(n))
                    .unwrap_or_default(),
                sql: fields.get("sql").and_then(|node| reading.text(node)),
            }
        }
        _ => Process {
            command: reading.words(node),
            ..Process::default()
        },
    }
}
