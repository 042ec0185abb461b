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
    /// `restart`: whether the harness starts the service again when it ends, as Compose would.
    pub restarts: Restarts,
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

/// When a service that ended is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restarts {
    /// `no`, and what Compose does unless it is told otherwise.
    #[default]
    Never,
    /// `on-failure`: when a signal ended it, or its exit code is not 0.
    OnFailure {
        /// So often, as `on-failure:3` says it. `None`: always.
        most: Option<u32>,
    },
    /// `always` and `unless-stopped`.
    Always,
}

impl Restarts {
    /// Whether it is started again after this exit code; `None`: a signal ended it.
    pub fn after(self, code: Option<i32>) -> bool {
        match self {
            Restarts::Never => false,
            Restarts::OnFailure { .. } => code != Some(0),
            Restarts::Always => true,
        }
    }

    /// How often it is started again at most, where the file says so.
    pub fn most(self) -> Option<u32> {
        match self {
            Restarts::OnFailure { most } => most,
            Restarts::Never | Restarts::Always => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Restarts;

    #[test]
    fn a_service_comes_back_as_its_policy_says() {
        let ends = [Some(0), Some(1), None];
        for (policy, expected) in [
            (Restarts::Never, [false, false, false]),
            (Restarts::OnFailure { most: None }, [false, true, true]),
            (Restarts::Always, [true, true, true]),
        ] {
            assert_eq!(ends.map(|code| policy.after(code)), expected, "{policy:?}");
        }
    }
}
