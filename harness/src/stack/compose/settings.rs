//! How a service's container is set up: user, rights, limits, names of other hosts.

use super::Reading;
use super::merge::as_map;
use crate::duration;
use crate::problem::Problem;
use crate::stack::node::{Data, Fields, Node};
use crate::stack::{Limit, Settings};
use indexmap::IndexMap;

/// The keys that are read here.
pub(super) const KEYS: [&str; 26] = [
    "hostname",
    "working_dir",
    "user",
    "stop_signal",
    "stop_grace_period",
    "init",
    "privileged",
    "read_only",
    "tty",
    "stdin_open",
    "cap_add",
    "cap_drop",
    "group_add",
    "security_opt",
    "devices",
    "dns",
    "dns_search",
    "extra_hosts",
    "sysctls",
    "labels",
    "ulimits",
    "shm_size",
    "mem_limit",
    "cpus",
    "pids_limit",
    "deploy",
];

/// Reads all of them.
pub(super) fn read(fields: &Fields<'_>, reading: &mut Reading<'_>) -> Settings {
    let mut settings = Settings {
        hostname: text(fields, "hostname", reading),
        working_dir: text(fields, "working_dir", reading),
        user: text(fields, "user", reading),
        stop_signal: text(fields, "stop_signal", reading),
        stop_within: fields
            .get("stop_grace_period")
            .and_then(|node| time(node, reading)),
        init: flag(fields, "init", reading),
        privileged: flag(fields, "privileged", reading),
        read_only: flag(fields, "read_only", reading),
        tty: flag(fields, "tty", reading),
        stdin_open: flag(fields, "stdin_open", reading),
        cap_add: texts(fields, "cap_add", reading),
        cap_drop: texts(fields, "cap_drop", reading),
        group_add: texts(fields, "group_add", reading),
        security_opt: texts(fields, "security_opt", reading),
        devices: texts(fields, "devices", reading),
        dns: texts(fields, "dns", reading),
        dns_search: texts(fields, "dns_search", reading),
        extra_hosts: map(fields, "extra_hosts", reading),
        sysctls: map(fields, "sysctls", reading),
        labels: map(fields, "labels", reading),
        ulimits: fields
            .get("ulimits")
            .map_or_else(Vec::new, |node| ulimits(node, reading)),
        shm_bytes: fields.get("shm_size").and_then(|n| bytes(n, reading)),
        memory_bytes: fields.get("mem_limit").and_then(|n| bytes(n, reading)),
        cpus: fields.get("cpus").and_then(|n| cpus(n, reading)),
        pids: fields
            .get("pids_limit")
            .and_then(|node| node.number("a number", reading.problems)),
    };
    if let Some(deploy) = fields.get("deploy") {
        limits(deploy, &mut settings, reading);
    }
    settings
}

/// How many instances of a service there are: `scale` or `deploy.replicas`.
pub(super) fn replicas(fields: &Fields<'_>, reading: &mut Reading<'_>) -> Option<usize> {
    let deployed = fields
        .get("deploy")
        .and_then(|node| Some(&node.entry("replicas")?.value));
    let node = fields.get("scale").or(deployed)?;
    let n = node.number("a number of instances, from 0", reading.problems)?;
    if n > MAX_REPLICAS {
        let what = format!("{n} instances are more than shakedown starts ({MAX_REPLICAS})");
        reading.problems.push(Problem::at(&node.place, what));
    }
    Some(n)
}

/// As many instances as a service may have.
const MAX_REPLICAS: usize = 100;

/// `deploy.resources.limits`; Compose itself leaves most of the rest of `deploy` alone.
fn limits(deploy: &Node, settings: &mut Settings, reading: &mut Reading<'_>) {
    const DEPLOY: [&str; 9] = [
        "mode",
        "replicas",
        "resources",
        "restart_policy",
        "labels",
        "placement",
        "update_config",
        "rollback_config",
        "endpoint_mode",
    ];
    let fields = deploy.fields(&DEPLOY, reading.problems);
    let Some(resources) = fields.get("resources") else {
        return;
    };
    let resources = resources.fields(&["limits", "reservations"], reading.problems);
    for (part, key, meaning) in [
        ("limits", "devices", "the service runs without them"),
        ("reservations", "devices", "the service runs without them"),
        (
            "reservations",
            "memory",
            "nothing keeps that much memory for the service",
        ),
    ] {
        if let Some(entry) = resources.get(part).and_then(|node| node.entry(key)) {
            reading.unused(&entry.place, &format!("`{part}.{key}`"), meaning);
        }
    }
    let Some(limits) = resources.get("limits") else {
        return;
    };
    let limits = limits.fields(&["cpus", "memory", "pids", "devices"], reading.problems);
    let memory = limits.get("memory").and_then(|n| bytes(n, reading));
    settings.memory_bytes = memory.or(settings.memory_bytes);
    settings.cpus = limits
        .get("cpus")
        .and_then(|n| cpus(n, reading))
        .or(settings.cpus);
    let pids = limits.get("pids");
    settings.pids = pids
        .and_then(|node| node.number("a number", reading.problems))
        .or(settings.pids);
}

fn text(fields: &Fields<'_>, key: &str, reading: &mut Reading<'_>) -> Option<String> {
    let node = fields.get(key).filter(|node| !node.is_null())?;
    node.text(reading.problems)
}

fn texts(fields: &Fields<'_>, key: &str, reading: &mut Reading<'_>) -> Vec<String> {
    fields
        .get(key)
        .map_or_else(Vec::new, |node| node.texts(reading.problems))
}

fn map(fields: &Fields<'_>, key: &str, reading: &mut Reading<'_>) -> IndexMap<String, String> {
    let Some(node) = fields.get(key) else {
        return IndexMap::new();
    };
    let node = as_map(key, node.clone());
    let mut map = IndexMap::new();
    for entry in node.entries(reading.problems) {
        let value = match entry.value.is_null() {
            true => Some(String::new()),
            false => entry.value.text(reading.problems),
        };
        map.insert(entry.key.clone(), value.unwrap_or_default());
    }
    map
}

fn flag(fields: &Fields<'_>, key: &str, reading: &mut Reading<'_>) -> bool {
    let choices = [("true", true), ("false", false)];
    let node = fields.get(key);
    node.and_then(|node| node.one_of(&choices, "value", reading.problems))
        .unwrap_or(false)
}

fn cpus(node: &Node, reading: &mut Reading<'_>) -> Option<f64> {
    node.number("a number of CPUs such as `0.5`", reading.problems)
}

/// `10s`, `1m30s`, or a bare number of seconds.
pub(super) fn time(node: &Node, reading: &mut Reading<'_>) -> Option<std::time::Duration> {
    let text = node.text(reading.problems)?;
    // One after the other: `1m30s` is a minute and half of one.
    let mut whole = std::time::Duration::ZERO;
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
        let units = digits.and_then(|at| {
            let after = rest[at..].find(|c: char| c.is_ascii_digit());
            Some(after.map_or(rest.len(), |n| at + n)).filter(|_| at > 0)
        });
        let Some(part) = units.and_then(|end| duration::parse(&rest[..end]).ok()) else {
            return match text.parse() {
                Ok(seconds) => Some(std::time::Duration::from_secs(seconds)),
                Err(_) => node.not("a time such as `10s` or `1m30s`", reading.problems),
            };
        };
        whole += part;
        rest = &rest[units.unwrap_or(rest.len())..];
    }
    Some(whole)
}

/// `512m`, `1gb`, or bytes; the units are powers of 1024, as Docker has them.
fn bytes(node: &Node, reading: &mut Reading<'_>) -> Option<i64> {
    let text = node.text(reading.problems)?.to_lowercase();
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text[digits.len()..].trim_end_matches('b') {
        "" => Some(1),
        "k" => Some(1 << 10),
        "m" => Some(1 << 20),
        "g" => Some(1 << 30),
        "t" => Some(1_i64 << 40),
        _ => None,
    };
    let number: Option<f64> = digits.trim().parse().ok();
    match (number, factor) {
        (Some(number), Some(factor)) if number >= 0.0 => Some((number * factor as f64) as i64),
        _ => node.not("a size such as `512m` or `1g`", reading.problems),
    }
}

fn ulimits(node: &Node, reading: &mut Reading<'_>) -> Vec<Limit> {
    let mut limits = Vec::new();
    for entry in node.entries(reading.problems) {
        let number = |node: &Node, reading: &mut Reading<'_>| {
            node.number::<i64>("a number, or -1 for no limit", reading.problems)
        };
        let pair = match &entry.value.data {
            Data::Map(_) => {
                let fields = entry.value.fields(&["soft", "hard"], reading.problems);
                let mut get = |key: &str| {
                    let node = fields.need(key, reading.problems);
                    node.and_then(|node| number(node, reading))
                };
                (get("soft"), get("hard"))
            }
            _ => {
                let both = number(&entry.value, reading);
                (both, both)
            }
        };
        if let (Some(soft), Some(hard)) = pair {
            let name = entry.key.clone();
            limits.push(Limit { name, soft, hard });
        }
    }
    limits
}
