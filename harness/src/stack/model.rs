//! The values that the two stack files are read into.

use super::Learn;
use crate::expression::Expression;
use crate::problem::Place;
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// Everything that the harness knows about a stack before it starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    /// The name that features use.
    pub name: String,
    /// The `shakedown.yaml`.
    pub file: PathBuf,
    /// The folder of the compose file; relative paths in it start here.
    pub folder: PathBuf,
    /// The services of the compose file, in its order.
    pub services: IndexMap<String, Service>,
    /// Named requests.
    pub calls: IndexMap<String, Call>,
    /// What is begun by one call and polled by another until it is done.
    pub operations: IndexMap<String, Operation>,
    /// The things whose state is followed: a submission, a job.
    pub entities: IndexMap<String, Entity>,
    /// Named ways to give the stack something to do.
    pub workloads: IndexMap<String, Workload>,
    /// What must hold.
    pub invariants: IndexMap<String, Invariant>,
    /// Planted bugs.
    pub mutants: IndexMap<String, Mutant>,
    /// `settle`: how long a run goes on watching after the last thing that happened, so that what comes late is
    /// still seen; 500 ms unless the file says otherwise.
    pub settle: Duration,
}

impl Stack {
    /// The service that `client` finds under a name: one of its links, a service, or an alias.
    pub fn host(&self, client: &str, name: &str) -> Option<&str> {
        let link = self
            .services
            .get(client)
            .and_then(|client| client.links.get(name));
        let alias = || {
            let all = self.services.values();
            let mut aliased = all.filter(|one| one.aliases.iter().any(|alias| alias == name));
            aliased.next().map(|one| one.name.as_str())
        };
        let named = || {
            self.services
                .get_key_value(name)
                .map(|(key, _)| key.as_str())
        };
        link.map(String::as_str).or_else(named).or_else(alias)
    }
}

/// One service of the compose file.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// Its name, which is also its host name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Where its container image comes from.
    pub image: Image,
    /// Replaces the image's entry point.
    pub entrypoint: Option<Vec<String>>,
    /// Replaces the image's command.
    pub command: Option<Vec<String>>,
    /// Environment variables, `${...}` already filled in.
    pub environment: IndexMap<String, String>,
    /// The services that come first, and how far they must have come.
    pub depends_on: IndexMap<String, Condition>,
    /// The ports that it serves and what they speak: from `ports`, `expose`, `x-shakedown.ports`,
    /// and every `name:port` in another service's environment or arguments.
    pub ports: BTreeMap<u16, Protocol>,
    /// The container's own check, from `healthcheck`.
    pub healthcheck: Option<Healthcheck>,
    /// The harness's check, from `x-shakedown.ready`.
    pub ready: Ready,
    /// True when `restart` is `always`, `unless-stopped` or `on-failure`: the harness starts the
    /// service again when it dies, as Compose would.
    pub restarts: bool,
    /// How many instances of it there are: `scale`, or `deploy.replicas`.
    pub replicas: usize,
    /// Folders kept in memory.
    pub tmpfs: Vec<String>,
    /// `volumes`, `configs` and `secrets`.
    pub mounts: Vec<Mount>,
    /// Other names by which everybody finds it: `networks: {NAME: {aliases}}`, and `container_name`.
    pub aliases: Vec<String>,
    /// `links`: names that it alone has for other services, each with the service.
    pub links: IndexMap<String, String>,
    /// How its container is set up.
    pub settings: Settings,
    /// The same service as a local process. `None`: it runs in containers only.
    pub process: Option<Process>,
    /// Where SQL observers connect when the stack runs in containers, with `name:port` as the
    /// services would write it.
    pub sql: Option<String>,
}

/// Where a container image comes from.
#[derive(Clone, Debug, PartialEq)]
pub enum Image {
    /// A name; present already, or made by `script` (run in the stack's folder), or pulled.
    Named {
        /// The image's name and tag.
        name: String,
        /// `x-shakedown.image_script`: makes the image where it is missing.
        script: Option<Vec<String>>,
        /// `build`: what the image is built from.
        build: Option<Build>,
    },
    /// `x-shakedown.image: shakedown`: this very executable in an empty image.
    Own,
}

/// Compose's `build`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Build {
    /// The folder, from the stack's folder.
    pub context: PathBuf,
    /// The Dockerfile in it.
    pub dockerfile: String,
    /// Its arguments.
    pub args: IndexMap<String, String>,
    /// The stage at which it ends; the last one when `None`.
    pub target: Option<String>,
}

/// `x-shakedown.process`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Process {
    /// The program and its arguments; `shakedown` is this very executable. Empty: the process
    /// runtime goes without this service (`process: none`), because another one embeds it.
    pub command: Vec<String>,
    /// Laid over the service's environment. `${SHAKEDOWN_DATA}` is the stack's data folder.
    pub environment: IndexMap<String, String>,
    /// Where SQL observers connect in the process runtime.
    pub sql: Option<String>,
}

/// How far a service must have come before one that depends on it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It was started.
    Started,
    /// It is ready.
    Healthy,
    /// It ended with exit code 0.
    Completed,
}

/// What a port speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Look at the first bytes.
    Sniffed,
    /// HTTP/1.1.
    Http,
    /// Bytes.
    Tcp,
}

/// Compose's `healthcheck`.
#[derive(Clone, Debug, PartialEq)]
pub struct Healthcheck {
    /// In Docker's form: `["CMD", ...]` or `["CMD-SHELL", "..."]`.
    pub test: Vec<String>,
    /// Time between two checks.
    pub interval: Duration,
    /// How long one may take; Docker's default when `None`, here and below.
    pub timeout: Option<Duration>,
    /// For how long a failure does not count.
    pub start_period: Option<Duration>,
    /// Time between two checks in that period.
    pub start_interval: Option<Duration>,
    /// So many failures in a row make the service unhealthy.
    pub retries: Option<i64>,
}

/// A file or folder that a service finds in its container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// What it is.
    pub source: Source,
    /// Where it is, as an absolute path in the container.
    pub target: String,
    /// The service cannot write to it.
    pub read_only: bool,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A volume of the file; each run has its own.
    Volume(String),
    /// A volume without a name.
    Anonymous,
    /// A file or folder of the host, as an absolute path.
    Path(PathBuf),
    /// A file with this content.
    Content(String),
}

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

/// When a service counts as ready.
#[derive(Clone, Debug, PartialEq)]
pub struct Ready {
    /// What is tried. `None`: the container's healthcheck, or else a connection to every port.
    pub probe: Option<Probe>,
    /// How long it may take; 60 s unless the file says otherwise.
    pub within: Duration,
}

/// One way to ask a service whether it is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// A GET that must be answered with a status below 400.
    Http {
        /// The port, the lowest one unless given.
        port: Option<u16>,
        /// The path.
        path: String,
    },
    /// A connection that must be accepted.
    Tcp {
        /// The port.
        port: u16,
    },
}

/// A named kind of request on a link.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// Who asks: a service, or `workload` for the harness itself.
    pub client: String,
    /// Who answers.
    pub service: String,
    /// The method in capitals.
    pub method: String,
    /// The path, with `{entity}` for a segment or part of one.
    pub path: String,
}

/// Something that takes its time: a call asks again and again whether it is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// The call that asks.
    pub poll: String,
    /// Where its status stands in the answer: names and list positions, with dots between them.
    pub status: String,
    /// The status of one that is not done.
    pub running: String,
    /// The status of one that is done, well or not.
    pub done: String,
    /// Where its error stands, if one says so.
    pub error: Option<String>,
}

/// A kind of thing whose state is followed.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// The field that holds its status, if it has one.
    pub status: Option<Status>,
    /// The declared moves from one status to others.
    pub moves: IndexMap<String, Vec<String>>,
    /// How evidence becomes observations.
    pub learn: Vec<Learn>,
}

/// The status field of an entity.
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    /// The field's name.
    pub field: String,
    /// The status it is created with.
    pub first: Option<String>,
    /// The statuses that end it.
    pub finals: Vec<String>,
}

impl Entity {
    /// All statuses that it declares, sorted.
    pub fn statuses(&self) -> Vec<&str> {
        let moves = self.moves.iter();
        let status = self.status.iter();
        let mut statuses: Vec<&str> = moves
            .flat_map(|(from, to)| std::iter::once(from).chain(to))
            .chain(status.flat_map(|status| status.first.iter().chain(&status.finals)))
            .map(String::as_str)
            .collect();
        statuses.sort_unstable();
        statuses.dedup();
        statuses
    }

    /// The statuses to which moves lead from these, and these.
    pub fn reached<'s>(&'s self, mut from: Vec<&'s str>) -> Vec<&'s str> {
        let mut i = 0;
        while i < from.len() {
            for to in self.moves.get(from[i]).into_iter().flatten() {
                if !from.contains(&to.as_str()) {
                    from.push(to);
                }
            }
            i += 1;
        }
        from
    }

    /// The events that its rules tell of, in their order.
    pub fn events(&self) -> impl Iterator<Item = &str> {
        self.learn.iter().filter_map(|rule| rule.event.as_deref())
    }
}

/// A way to give the stack something to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// The method.
    pub method: String,
    /// The URL, with a service's name as host. `${n}` is the number of the request, from 1;
    /// `${random}` sixteen hexadecimal digits from the seed.
    pub url: String,
    /// The JSON body, with the same placeholders in its strings.
    pub body: Option<serde_json::Value>,
    /// The entities that an answer creates, and their ids. Variables: `response`.
    pub creates: IndexMap<String, Expression>,
}

/// Which time a deadline counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// All of it.
    #[default]
    Wall,
    /// Only the time in which no fault is active.
    Healed,
}

/// What must hold for each entity of a kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Invariant {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// The entity that it speaks about.
    pub entity: String,
    /// What it demands.
    pub pattern: Pattern,
    /// In which part of the entity's life.
    pub scope: Scope,
}

/// A part of an entity's life.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scope {
    /// It begins when this holds; with the first observation when `None`.
    pub after: Option<Expression>,
    /// It ends when this holds; never when `None`.
    pub until: Option<Expression>,
}

impl Scope {
    /// What it reads.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        self.after.iter().chain(&self.until)
    }
}

/// The specification patterns of Dwyer, Avrunin and Corbett (1999), as far as they are offered.
#[derive(Clone, Debug, PartialEq)]
pub enum Pattern {
    /// Universality.
    Always(Expression),
    /// Absence.
    Never(Expression),
    /// Response: whenever `when` holds, `then` holds, at once or `within` a time.
    Response {
        /// The condition.
        when: Expression,
        /// The demand.
        then: Expression,
        /// The time it may take; at once when `None`.
        within: Option<Duration>,
        /// Which time counts.
        clock: Clock,
    },
    /// Precedence: `no` does not come true before `before` did.
    Precedence {
        /// What must wait.
        no: Expression,
        /// What must come first.
        before: Expression,
    },
    /// Existence: `eventually` comes true within a time from the entity's first observation.
    Existence {
        /// What must come.
        eventually: Expression,
        /// The time it may take.
        within: Duration,
        /// Which time counts.
        clock: Clock,
    },
    /// Bounded existence: the event happens at most so many times.
    AtMost {
        /// The bound.
        bound: u64,
        /// The event.
        event: String,
    },
    /// The status only makes the moves that the entity declares.
    Moves,
    /// Fields say the same, or do so again within a time.
    Agree {
        /// The fields, two or more.
        fields: Vec<String>,
        /// How long they may differ.
        within: Duration,
        /// Which time counts.
        clock: Clock,
    },
    /// At the end of the run, when all faults are healed, the condition holds for a share of all entities.
    Share {
        /// The condition.
        condition: Expression,
        /// The share, above 0 and up to 1.
        at_least: f64,
    },
    /// A share of the entities that come from one status to another need less than a time for it.
    Quantile {
        /// The share, above 0 and up to 1.
        quantile: f64,
        /// The status from which on time counts.
        from: String,
        /// The status up to which it does.
        to: String,
        /// The time.
        below: Duration,
    },
}

/// A planted bug.
#[derive(Clone, Debug, PartialEq)]
pub struct Mutant {
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// The service that carries it.
    pub service: String,
    /// Laid over the service's environment.
    pub environment: IndexMap<String, String>,
    /// Replaces the service's image.
    pub image: Option<String>,
    /// The invariants that must turn red.
    pub caught_by: Vec<String>,
    /// The rows of a failure catalogue that it stands for.
    pub catalogue: Vec<String>,
}
