//! Reads a `compose.yaml`: what running a stack needs of it. What is not understood is named in a warning.

use super::node::{Data, Entry, Node};
use super::variables::fill_in;
use super::{Condition, Healthcheck, Image, Service, extension};
use crate::problem::{Problem, Problems, nearest};
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::time::Duration;

/// Keys of a service that are understood.
const UNDERSTOOD: [&str; 14] = [
    "image",
    "build",
    "command",
    "entrypoint",
    "environment",
    "depends_on",
    "healthcheck",
    "ports",
    "expose",
    "restart",
    "tmpfs",
    "hostname",
    "container_name",
    "x-shakedown",
];
/// Other keys of a service in the Compose specification: they are named in a warning.
const OTHERS: [&str; 62] = [
    "annotations",
    "attach",
    "blkio_config",
    "cap_add",
    "cap_drop",
    "cgroup",
    "cgroup_parent",
    "configs",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_rt_period",
    "cpu_rt_runtime",
    "cpu_shares",
    "cpus",
    "cpuset",
    "credential_spec",
    "deploy",
    "develop",
    "device_cgroup_rules",
    "devices",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "env_file",
    "extends",
    "external_links",
    "extra_hosts",
    "gpus",
    "group_add",
    "init",
    "ipc",
    "isolation",
    "labels",
    "links",
    "logging",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "network_mode",
    "networks",
    "oom_kill_disable",
    "oom_score_adj",
    "pid",
    "pids_limit",
    "platform",
    "privileged",
    "profiles",
    "pull_policy",
    "read_only",
    "runtime",
    "scale",
    "secrets",
    "security_opt",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "user",
];
/// More of them.
const MORE: [&str; 10] = [
    "stop_signal",
    "storage_opt",
    "sysctls",
    "tty",
    "ulimits",
    "userns_mode",
    "uts",
    "volumes",
    "volumes_from",
    "working_dir",
];
/// Keys of the file that are understood or need nothing.
const TOP: [&str; 3] = ["services", "name", "version"];
/// Other keys of the file.
const TOP_OTHERS: [&str; 5] = ["networks", "volumes", "configs", "secrets", "include"];
/// How often Compose asks a healthcheck unless told otherwise.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(30);

/// What reading adds to while it goes on.
pub(super) struct Reading<'r> {
    pub problems: &'r mut Problems,
    pub warnings: &'r mut Vec<Problem>,
}

impl Reading<'_> {
    /// A scalar's text with its variables filled in.
    pub fn text(&mut self, node: &Node) -> Option<String> {
        let text = node.text(self.problems)?;
        Some(fill_in(node, &text, self.problems, self.warnings))
    }

    /// A list of texts, or one text split into words as a shell would.
    pub fn words(&mut self, node: &Node) -> Vec<String> {
        match &node.data {
            Data::List(items) => items.iter().filter_map(|item| self.text(item)).collect(),
            _ => {
                let text = self.text(node).unwrap_or_default();
                split(&text).unwrap_or_else(|| {
                    node.not("a text with closed quotes", self.problems)
                        .unwrap_or_default()
                })
            }
        }
    }

    /// `{NAME: value}` or `[NAME=value]`.
    pub fn environment(&mut self, node: &Node) -> IndexMap<String, String> {
        let mut environment = IndexMap::new();
        if let Data::List(items) = &node.data {
            for item in items {
                let Some(text) = self.text(item) else {
                    continue;
                };
                let (name, value) = match text.split_once('=') {
                    Some((name, value)) => (name.to_owned(), value.to_owned()),
                    None => (text.clone(), std::env::var(&text).unwrap_or_default()),
                };
                environment.insert(name, value);
            }
            return environment;
        }
        for Entry { key, value, .. } in node.entries(self.problems) {
            let value = if value.is_null() {
                std::env::var(key).ok()
            } else {
                self.text(value)
            };
            environment.insert(key.clone(), value.unwrap_or_default());
        }
        environment
    }
}

/// The services of a compose file.
pub(super) fn services(root: &Node, reading: &mut Reading<'_>) -> IndexMap<String, Service> {
    let entries = root.entries(reading.problems);
    let top = root.fields_or(&TOP, entries, |entry| {
        strange(entry, &TOP, &TOP_OTHERS, reading)
    });
    let mut services = IndexMap::new();
    if let Some(node) = top.get("services") {
        for service in node.entries(reading.problems) {
            services.insert(service.key.clone(), read(service, reading));
        }
    }
    if services.is_empty() {
        reading
            .problems
            .push(Problem::at(&root.place, "the compose file has no services"));
    }
    services
}

/// A key that is not read: a warning if Compose knows it, a mistake if nobody does. Gives the key that was meant.
fn strange<'k>(
    entry: &Entry,
    understood: &[&'k str],
    others: &[&'k str],
    reading: &mut Reading<'_>,
) -> Option<&'k str> {
    let key = entry.key.as_str();
    if others.contains(&key) || MORE.contains(&key) || key.starts_with("x-") {
        if !key.starts_with("x-") {
            reading.warnings.push(
                Problem::at(&entry.place, format!("`{key}` is not used by shakedown"))
                    .help("the stack runs as if it were not there"),
            );
        }
        return None;
    }
    let known = understood.iter().chain(others).chain(&MORE).copied();
    let meant = nearest(key, known);
    let problem = Problem::at(&entry.place, format!("unknown key `{key}`"));
    reading.problems.push(match meant {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem
            .help("the Compose specification has no such key; keys of your own begin with `x-`"),
    });
    meant
}

fn read(entry: &Entry, reading: &mut Reading<'_>) -> Service {
    let node = &entry.value;
    let entries = node.entries(reading.problems);
    let fields = node.fields_or(&UNDERSTOOD, entries, |entry| {
        strange(entry, &UNDERSTOOD, &OTHERS, reading)
    });
    let get = |key: &str| fields.get(key);
    let mut service = Service {
        name: entry.key.clone(),
        place: entry.place.clone(),
        image: Image::Own,
        entrypoint: get("entrypoint")
            .filter(|n| !n.is_null())
            .map(|node| reading.words(node)),
        command: get("command")
            .filter(|n| !n.is_null())
            .map(|node| reading.words(node)),
        environment: get("environment")
            .map(|node| reading.environment(node))
            .unwrap_or_default(),
        depends_on: get("depends_on")
            .map(|node| depends_on(node, reading))
            .unwrap_or_default(),
        ports: BTreeMap::new(),
        healthcheck: get("healthcheck").and_then(|node| healthcheck(node, reading)),
        ready: extension::default_ready(),
        restarts: get("restart").is_some_and(|node| restarts(node, reading)),
        tmpfs: get("tmpfs")
            .map(|node| reading.words(node))
            .unwrap_or_default(),
        process: None,
        sql: None,
    };
    for list in get("ports").into_iter().chain(get("expose")) {
        for node in list.items(reading.problems) {
            let found = ports(node, reading).into_iter();
            service
                .ports
                .extend(found.map(|port| (port, super::Protocol::Sniffed)));
        }
    }
    let image = get("image").and_then(|node| reading.text(node));
    let build = get("build").and_then(|node| build(node, reading));
    let extension = get("x-shakedown");
    let own = extension.is_some_and(|node| extension::apply(node, &mut service, reading));
    service.image = match (own, image, build) {
        (true, ..) => Image::Own,
        (false, image, build) => {
            if image.is_none() && build.is_none() {
                let what = format!("service `{}` has neither `image` nor `build`", entry.key);
                reading.problems.push(Problem::at(&entry.place, what));
            }
            let name = image.unwrap_or_else(|| format!("shakedown-build-{}", entry.key));
            let script = extension.and_then(|node| extension::image_script(node, reading));
            Image::Named {
                name,
                script,
                build,
            }
        }
    };
    service
}

fn build(node: &Node, reading: &mut Reading<'_>) -> Option<super::Build> {
    if let Data::Scalar { .. } = node.data {
        return Some(super::Build {
            context: reading.text(node)?.into(),
            dockerfile: "Dockerfile".to_owned(),
        });
    }
    let mut build = super::Build {
        context: ".".into(),
        dockerfile: "Dockerfile".to_owned(),
    };
    for entry in node.entries(reading.problems) {
        match entry.key.as_str() {
            "context" => build.context = reading.text(&entry.value)?.into(),
            "dockerfile" => build.dockerfile = reading.text(&entry.value)?,
            _ => {
                let what = format!("`build.{}` is not used by shakedown", entry.key);
                reading.warnings.push(Problem::at(&entry.place, what));
            }
        }
    }
    Some(build)
}

fn depends_on(node: &Node, reading: &mut Reading<'_>) -> IndexMap<String, Condition> {
    const CONDITIONS: [(&str, Condition); 3] = [
        ("service_started", Condition::Started),
        ("service_healthy", Condition::Healthy),
        ("service_completed_successfully", Condition::Completed),
    ];
    if let Data::List(_) = node.data {
        return node
            .texts(reading.problems)
            .into_iter()
            .map(|name| (name, Condition::Started))
            .collect();
    }
    let mut depends_on = IndexMap::new();
    for entry in node.entries(reading.problems) {
        let fields = entry
            .value
            .fields(&["condition", "restart", "required"], reading.problems);
        let condition = match fields.get("condition") {
            Some(node) => node.one_of(&CONDITIONS, "condition", reading.problems),
            None => Some(Condition::Started),
        };
        depends_on.insert(entry.key.clone(), condition.unwrap_or(Condition::Started));
    }
    depends_on
}

fn healthcheck(node: &Node, reading: &mut Reading<'_>) -> Option<Healthcheck> {
    const KEYS: [&str; 7] = [
        "test",
        "interval",
        "timeout",
        "retries",
        "start_period",
        "start_interval",
        "disable",
    ];
    let fields = node.fields(&KEYS, reading.problems);
    let disabled = matches!(fields.get("disable").map(|node| &node.data), Some(Data::Scalar { text, .. }) if text == "true");
    let test = match &fields.get("test")?.data {
        Data::Scalar { .. } => vec!["CMD-SHELL".to_owned(), reading.text(fields.get("test")?)?],
        _ => reading.words(fields.get("test")?),
    };
    let interval = fields
        .get("interval")
        .and_then(|node| node.duration(reading.problems));
    let none = disabled || test.first().is_some_and(|word| word == "NONE");
    (!none).then(|| Healthcheck {
        test,
        interval: interval.unwrap_or(DEFAULT_INTERVAL),
    })
}

fn restarts(node: &Node, reading: &mut Reading<'_>) -> bool {
    let Some(policy) = reading.text(node) else {
        return false;
    };
    let name = policy.split(':').next().unwrap_or_default();
    if !["no", "always", "unless-stopped", "on-failure"].contains(&name) {
        let known = ["no", "always", "unless-stopped", "on-failure"];
        reading.problems.push(Problem::unknown(
            &node.place,
            "restart policy",
            &policy,
            known,
        ));
    }
    matches!(name, "always" | "unless-stopped" | "on-failure")
}

/// As many ports as a range may have.
const MAX_RANGE: u16 = 1000;

/// The container's ports of one item of `ports` or `expose`: `8000`, `80:8000`, `127.0.0.1:80:8000/tcp`, `8000-8002`,
/// or the long form with `target`.
fn ports(node: &Node, reading: &mut Reading<'_>) -> Vec<u16> {
    const EXPECTED: &str = "a port such as `8000`, `80:8000` or `8000-8002`";
    let target = match &node.data {
        Data::Map(entries) => entries
            .iter()
            .find(|entry| entry.key == "target")
            .map(|entry| &entry.value),
        _ => Some(node),
    };
    let Some(target) = target else {
        return node.not(EXPECTED, reading.problems).unwrap_or_default();
    };
    let Some(text) = reading.text(target) else {
        return Vec::new();
    };
    let (text, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
    let container = text.rsplit(':').next().unwrap_or_default();
    let (first, last) = container.split_once('-').unwrap_or((container, container));
    match (first.parse::<u16>(), last.parse::<u16>()) {
        (Ok(_), Ok(_)) if protocol == "udp" => {
            reading.warnings.push(Problem::at(
                &node.place,
                "UDP ports are not seen by shakedown",
            ));
            Vec::new()
        }
        (Ok(first), Ok(last)) if first <= last && last - first < MAX_RANGE => {
            (first..=last).collect()
        }
        _ => target.not(EXPECTED, reading.problems).unwrap_or_default(),
    }
}

/// Splits a command line into words: blanks between them, quotes around them, a backslash before one character.
fn split(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote, mut chars) =
        (Vec::new(), None::<String>, None, text.chars());
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().push(chars.next()?),
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_command_line_is_split_as_a_shell_would() {
        let cases: [(&str, Option<&[&str]>); 6] = [
            ("a  b", Some(&["a", "b"])),
            ("sh -c 'echo \"a b\"'", Some(&["sh", "-c", "echo \"a b\""])),
            ("a\\ b \"c\\\"d\"", Some(&["a b", "c\"d"])),
            ("''", Some(&[""])),
            ("", Some(&[])),
            ("'open", None),
        ];
        for (text, expected) in cases {
            assert_eq!(
                split(text).as_deref(),
                expected
                    .map(|w| w.iter().map(|s| s.to_string()).collect::<Vec<_>>())
                    .as_deref(),
                "{text}"
            );
        }
    }
}
