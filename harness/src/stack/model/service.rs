//! Services of the compose file.

use super::{Disk, Healthcheck, Image, Mount, Process, Ready, Settings};
use crate::problem::Place;
use indexmap::IndexMap;
use std::collections::BTreeMap;
use std::path::PathBuf;

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
    /// `x-shakedown.double`: shakedown itself plays the service from this folder. Everything else about it has been set
    /// accordingly.
    pub double: Option<PathBuf>,
    /// The disk that can be filled. `None`: what it writes to has no bound that is known.
    pub disk: Option<Disk>,
    /// Where SQL observers connect when the stack runs in containers, with `name:port` as the
    /// services would write it.
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
    /// PostgreSQL's protocol.
    Postgres,
    /// Bytes.
    Tcp,
}
