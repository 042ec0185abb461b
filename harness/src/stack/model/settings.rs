//! How a container is set up.

use indexmap::IndexMap;
use std::time::Duration;

/// How a container is set up; what is not said is Docker's default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Settings {
    /// Its own name for itself; the service's name unless given.
    pub hostname: Option<String>,
    /// The folder in which the command runs.
    pub working_dir: Option<String>,
    /// The user, and maybe group.
    pub user: Option<String>,
    /// The signal that asks it to end.
    pub stop_signal: Option<String>,
    /// `stop_grace_period`: how long it may take to end.
    pub stop_within: Option<Duration>,
    /// A first process that reaps others.
    pub init: bool,
    /// All rights on the host.
    pub privileged: bool,
    /// The container's own files cannot be written.
    pub read_only: bool,
    /// A terminal.
    pub tty: bool,
    /// Its standard input stays open, with nothing to read.
    pub stdin_open: bool,
    /// Rights added.
    pub cap_add: Vec<String>,
    /// Rights taken.
    pub cap_drop: Vec<String>,
    /// Further groups.
    pub group_add: Vec<String>,
    /// Options of the kernel's security modules.
    pub security_opt: Vec<String>,
    /// Devices of the host, `host:container:rights`.
    pub devices: Vec<String>,
    /// Name servers.
    pub dns: Vec<String>,
    /// Domains in which names are looked up.
    pub dns_search: Vec<String>,
    /// Hosts outside the stack, each with its address.
    pub extra_hosts: IndexMap<String, String>,
    /// Kernel parameters.
    pub sysctls: IndexMap<String, String>,
    /// Labels.
    pub labels: IndexMap<String, String>,
    /// `ulimits`.
    pub ulimits: Vec<Limit>,
    /// The size of `/dev/shm`.
    pub shm_bytes: Option<i64>,
    /// The most memory.
    pub memory_bytes: Option<i64>,
    /// The most CPUs.
    pub cpus: Option<f64>,
    /// The most processes.
    pub pids: Option<i64>,
}

/// One of `ulimits`; -1 is no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Its name, such as `nofile`.
    pub name: String,
    /// What the service begins with.
    pub soft: i64,
    /// How far it may raise that.
    pub hard: i64,
}
