//! What compose files say that local processes go without.

use super::{Service, Source, Stack};
use crate::problem::Problem;

impl Stack {
    /// A warning for each service of which something is for containers alone, when the stack runs as local processes.
    pub fn lost_as_processes(&self) -> Vec<Problem> {
        let runs = |service: &&Service| {
            let process = service.process.as_ref();
            process.is_some_and(|process| !process.command.is_empty())
        };
        let services = self.services.values().filter(runs);
        services.filter_map(lost).collect()
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
