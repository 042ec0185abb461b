//! The keys of the Compose specification, and what those that are not used mean for a run.

use super::{Reading, settings};
use crate::problem::{Problem, nearest};
use crate::stack::node::Entry;

/// Keys of a service that are read, beside those of [`settings::KEYS`].
const READ: [&str; 22] = [
    "image",
    "build",
    "command",
    "entrypoint",
    "environment",
    "env_file",
    "depends_on",
    "healthcheck",
    "ports",
    "expose",
    "restart",
    "tmpfs",
    "container_name",
    "x-shakedown",
    "volumes",
    "configs",
    "secrets",
    "networks",
    "links",
    "profiles",
    "scale",
    "extends",
];
/// Keys without which a run is the same.
const NO_MATTER: [&str; 7] = [
    "annotations",
    "attach",
    "develop",
    "domainname",
    "label_file",
    "pull_policy",
    "pull_refresh_after",
];
/// Keys that are not used, and what that means.
const UNUSED: [(&str, &str); 38] = [
    ("blkio_config", LIMITS),
    ("cgroup", HOST),
    ("cgroup_parent", HOST),
    ("cpu_count", LIMITS),
    ("cpu_percent", LIMITS),
    ("cpu_period", LIMITS),
    ("cpu_quota", LIMITS),
    ("cpu_rt_period", LIMITS),
    ("cpu_rt_runtime", LIMITS),
    ("cpu_shares", LIMITS),
    ("cpuset", LIMITS),
    ("credential_spec", HOST),
    ("device_cgroup_rules", HOST),
    ("dns_opt", HOST),
    ("external_links", "the service does not find that host"),
    ("gpus", "the service runs without them"),
    ("ipc", HOST),
    ("isolation", HOST),
    (
        "logging",
        "the output of the service is in `logs/` of the run's folder, and nowhere else",
    ),
    ("mac_address", HOST),
    ("mem_reservation", LIMITS),
    ("mem_swappiness", LIMITS),
    ("memswap_limit", LIMITS),
    ("models", "the service runs without them"),
    (
        "network_mode",
        "the service is in the network of the stack like all others, where its calls are seen",
    ),
    ("oom_kill_disable", LIMITS),
    ("oom_score_adj", LIMITS),
    ("pid", HOST),
    ("platform", "the image is that of Docker's own platform"),
    ("post_start", "these commands are not run"),
    ("pre_stop", "these commands are not run"),
    ("provider", "nothing is made by it"),
    ("runtime", HOST),
    ("storage_opt", LIMITS),
    ("use_api_socket", HOST),
    ("userns_mode", HOST),
    ("uts", HOST),
    (
        "volumes_from",
        "the service does not see those volumes: name them in its own `volumes`",
    ),
];
const LIMITS: &str = "the service runs without that limit";
const HOST: &str = "the service runs as Docker starts it by default";

/// Keys of the file that are read.
pub(super) const TOP: [&str; 8] = [
    "services", "networks", "volumes", "configs", "secrets", "include", "name", "version",
];
/// Another key of the file.
const MODELS: &str = "models";

/// The key that is ours, and how many letters away from it another one is a slip.
const OURS: &str = "x-shakedown";
const SLIP: usize = 2;

/// The keys of a service that are read.
pub(super) fn understood() -> Vec<&'static str> {
    READ.into_iter().chain(settings::KEYS).collect()
}

/// A key of a service that is not read: a warning if Compose knows it, a mistake if nobody does. Gives the key that
/// was meant.
pub(super) fn strange(
    entry: &Entry,
    understood: &[&'static str],
    reading: &mut Reading<'_>,
) -> Option<&'static str> {
    let key = entry.key.as_str();
    if key.starts_with("x-") && strsim::damerau_levenshtein(key, OURS) <= SLIP {
        let what = format!("`{key}` is a key of your own, which shakedown does not read");
        let help = format!("did you mean `{OURS}`?");
        reading
            .warnings
            .push(Problem::at(&entry.place, what).help(help));
    }
    if key.starts_with("x-") || NO_MATTER.contains(&key) {
        return None;
    }
    if let Some((_, meaning)) = UNUSED.iter().find(|(name, _)| *name == key) {
        reading.unused(&entry.place, &format!("`{key}`"), *meaning);
        return None;
    }
    let others = UNUSED.iter().map(|(name, _)| *name).chain(NO_MATTER);
    unknown(entry, understood.iter().copied().chain(others), reading)
}

/// The same for a key of the file.
pub(super) fn strange_top(entry: &Entry, reading: &mut Reading<'_>) -> Option<&'static str> {
    if entry.key.starts_with("x-") {
        return None;
    }
    if entry.key == MODELS {
        let meaning = "the services run without them";
        reading.unused(&entry.place, &format!("`{MODELS}`"), meaning);
        return None;
    }
    unknown(entry, TOP, reading)
}

fn unknown(
    entry: &Entry,
    known: impl IntoIterator<Item = &'static str>,
    reading: &mut Reading<'_>,
) -> Option<&'static str> {
    let meant = nearest(&entry.key, known);
    let problem = Problem::at(&entry.place, format!("unknown key `{}`", entry.key));
    reading.problems.push(match meant {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem
            .help("the Compose specification has no such key; keys of your own begin with `x-`"),
    });
    meant
}
