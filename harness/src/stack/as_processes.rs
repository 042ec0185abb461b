//! What compose files say that local processes go without, or are told otherwise.

use super::{Process, Service, Source, Stack};
use crate::host::Bare;
use crate::problem::Problem;

impl Stack {
    /// What to know when the stack runs as local processes: a warning for each service of which something is for
    /// containers alone, and for each bare argument that may be meant as another service's address.
    pub fn warnings_as_processes(&self) -> Vec<Problem> {
        let runs = |service: &&Service| {
            let process = service.process.as_ref();
            // A double finds its folder wherever it runs.
            service.double.is_none() && process.is_some_and(|process| !process.command.is_empty())
        };
        let services = self.services.values().filter(runs);
        let told = |service| lost(service).into_iter().chain(self.left(service));
        services.flat_map(told).collect()
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

fn lost(service: &Service) -> Option<Problem> {
    let (settings, mounts) = (&service.settings, &service.mounts);
    let has = |wanted: fn(&Source) -> bool| mounts.iter().any(|mount| wanted(&mount.source));
    let rights = settings.user.is_some() || !settings.group_add.is_empty();
    let limits = settings.memory_bytes.is_some()
        || settings.cpus.is_some()
        || settings.pids.is_some()
        || !settings.ulimits.is_empty();
    let lost: Vec<&str> = [
        (
            has(|source| !matches!(source, Source::Content(_))),
            "volumes",
        ),
        (
            has(|source| matches!(source, Source::Content(_))),
            "configs and secrets",
        ),
        (rights, "its user"),
        (limits, "its limits"),
        (settings.read_only, "files that it cannot write"),
        (!settings.extra_hosts.is_empty(), "`extra_hosts`"),
        (service.healthcheck.is_some(), "its healthcheck"),
    ]
    .into_iter()
    .filter_map(|(is, name)| is.then_some(name))
    .collect();
    if lost.is_empty() {
        return None;
    }
    let what = format!(
        "as a local process, `{}` goes without {}",
        service.name,
        lost.join(", ")
    );
    let help = "`--runtime docker` has them; `x-shakedown: {process: {environment: ..}}` can say where files are here";
    Some(Problem::at(&service.place, what).help(help))
}
