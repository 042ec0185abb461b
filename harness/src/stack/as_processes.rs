//! What compose files say that local processes go without, or are told otherwise.

use super::{Process, Service, Source, Stack};
use crate::host::Bare;
use crate::problem::{Problem, Problems};
use indexmap::{IndexMap, IndexSet};

impl Stack {
    /// What keeps the stack from running as local processes: that services do not say how they run as such.
    pub fn mistakes_as_processes(&self) -> Problems {
        let silent = |one: &&Service| one.process.is_none() && one.replicas > 0;
        let silent: Vec<&Service> = self.services.values().filter(silent).collect();
        let Some(first) = silent.first() else {
            return Problems::default();
        };
        let names: Vec<&str> = silent.iter().map(|one| one.name.as_str()).collect();
        let names = format!("`{}`", names.join("`, `"));
        let files = silent
            .iter()
            .map(|one| one.place.file.display().to_string());
        let files: IndexSet<String> = files.collect();
        let files: Vec<String> = files.into_iter().collect();
        let what = match silent.len() {
            1 => format!("service {names} does not say how it runs as a local process"),
            _ => format!("services {names} do not say how they run as local processes"),
        };
        let help = format!(
            "add `x-shakedown: {{process: [program, argument]}}` to {names} in {}, or run them in containers with Docker",
            files.join(", ")
        );
        Problem::at(&first.place, what).help(help).into()
    }

    /// What to know when the stack runs as local processes: a warning for each kind of thing that containers alone have,
    /// with the services that go without it, and for each bare argument that may be meant as another service's address.
    pub fn warnings_as_processes(&self) -> Vec<Problem> {
        let runs = |service: &&Service| {
            let process = service.process.as_ref();
            // A double finds its folder wherever it runs.
            service.double.is_none() && process.is_some_and(|process| !process.command.is_empty())
        };
        let services: Vec<&Service> = self.services.values().filter(runs).collect();
        let left = services.iter().flat_map(|service| self.left(service));
        let without = without(&services).into_iter().chain(unset(&services));
        without.chain(left).collect()
    }

    /// The arguments of a service that are another's name and nothing else.
    fn left(&self, service: &Service) -> Vec<Problem> {
        let process = service.process.iter();
        let words = process.flat_map(Process::arguments);
        let others = words.filter(|(text, bare)| {
            let host = self.host(&service.name, text);
            *bare == Bare::Word && host.is_some_and(|host| host != service.name)
        });
        let left = others.map(|(text, _)| {
            let what = format!(
                "as a local process, `{}` is given `{text}` as it stands: nothing says that it is a host",
                service.name
            );
            let help = format!("if it is one, write `{text}:PORT`, a URL, or an option such as `--host {text}`");
            Problem::at(&service.place, what).help(help)
        });
        left.collect()
    }
}

/// A warning for each kind of thing that services go without.
fn without(services: &[&Service]) -> Vec<Problem> {
    let mut kinds: IndexMap<&str, Vec<&Service>> = IndexMap::new();
    for service in services {
        for kind in lost(service) {
            kinds.entry(kind).or_default().push(service);
        }
    }
    let warning = |(kind, services): (&str, Vec<&Service>)| {
        let names: Vec<&str> = services.iter().map(|one| one.name.as_str()).collect();
        let what = match &names[..] {
            [one] => format!("as a local process, `{one}` goes without {}", its(kind)),
            all => format!(
                "as local processes, `{}` go without {kind}",
                all.join("`, `")
            ),
        };
        let help = match kind {
            "volumes" | "configs and secrets" | "files that they cannot write" => {
                "`--runtime docker` has them; `x-shakedown: {process: {environment: ..}}` can say where files are here: \
                 `${SHAKEDOWN_DATA}` is an empty folder of each run"
            }
            "their healthchecks" => {
                "`--runtime docker` has them; `x-shakedown: {ready: ..}` says when a service is ready here"
            }
            _ => "`--runtime docker` has them",
        };
        Problem::at(&services[0].place, what).help(help)
    };
    kinds.into_iter().map(warning).collect()
}

/// A warning for all settings that only containers have.
fn unset(services: &[&Service]) -> Option<Problem> {
    let mut settings: IndexMap<&str, Vec<String>> = IndexMap::new();
    let mut first = None;
    for service in services {
        for key in container_settings(service) {
            first.get_or_insert(service);
            let of = settings.entry(key).or_default();
            of.push(format!("`{}`", service.name));
        }
    }
    let settings = settings.iter();
    let words: Vec<String> = settings
        .map(|(key, of)| format!("`{key}` of {}", of.join(" and ")))
        .collect();
    let what = format!("local processes do without {}", words.join(", "));
    Some(Problem::at(&first?.place, what).help("`--runtime docker` has them"))
}

/// What a service sets that only a container can have, and that no other warning names.
fn container_settings(service: &Service) -> impl Iterator<Item = &'static str> {
    let settings = &service.settings;
    let set = [
        ("working_dir", settings.working_dir.is_some()),
        ("hostname", settings.hostname.is_some()),
        ("tmpfs", !service.tmpfs.is_empty()),
        ("shm_size", settings.shm_bytes.is_some()),
        ("init", settings.init),
        ("tty", settings.tty),
        ("stdin_open", settings.stdin_open),
        ("privileged", settings.privileged),
        ("devices", !settings.devices.is_empty()),
        ("cap_add", !settings.cap_add.is_empty()),
        ("cap_drop", !settings.cap_drop.is_empty()),
        ("security_opt", !settings.security_opt.is_empty()),
        ("sysctls", !settings.sysctls.is_empty()),
        ("dns", !settings.dns.is_empty()),
        ("dns_search", !settings.dns_search.is_empty()),
    ];
    set.into_iter().filter(|(_, is)| *is).map(|(key, _)| key)
}

/// The words for one service alone.
fn its(kind: &str) -> &str {
    match kind {
        "their users" => "its user",
        "limits" => "its limits",
        "files that they cannot write" => "files that it cannot write",
        "their healthchecks" => "its healthcheck",
        other => other,
    }
}

/// What a service goes without: the kinds, in words.
fn lost(service: &Service) -> Vec<&'static str> {
    let (settings, mounts) = (&service.settings, &service.mounts);
    let has = |wanted: fn(&Source) -> bool| mounts.iter().any(|mount| wanted(&mount.source));
    let rights = settings.user.is_some() || !settings.group_add.is_empty();
    let limits = settings.memory_bytes.is_some()
        || settings.cpus.is_some()
        || settings.pids.is_some()
        || !settings.ulimits.is_empty();
    // What the harness asks in its place is declared.
    let unchecked = service.healthcheck.is_some() && service.ready.probe.is_none();
    let kinds = [
        (
            has(|source| !matches!(source, Source::Content(_))),
            "volumes",
        ),
        (
            has(|source| matches!(source, Source::Content(_))),
            "configs and secrets",
        ),
        (rights, "their users"),
        (limits, "limits"),
        (settings.read_only, "files that they cannot write"),
        (!settings.extra_hosts.is_empty(), "`extra_hosts`"),
        (unchecked, "their healthchecks"),
    ];
    let lost = kinds.into_iter().filter(|(is, _)| *is);
    lost.map(|(_, kind)| kind).collect()
}
