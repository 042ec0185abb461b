//! The values that the two stack files are read into.

mod call;
mod disk;
mod entity;
mod image;
mod invariant;
mod mount;
mod mutant;
mod ready;
mod service;
mod settings;
mod workload;

pub use call::{Call, Operation};
pub use disk::Disk;
pub use entity::{Alias, Entity, ID, Status};
pub use image::{Build, Image, Process};
pub use invariant::{Clock, Invariant, Pattern, Scope};
pub use mount::{Mount, Source};
pub use mutant::Mutant;
pub use ready::{Healthcheck, Probe, Ready};
pub use service::{Condition, Protocol, Restarts, Service};
pub use settings::{Limit, Settings};
pub use workload::Workload;

use indexmap::IndexMap;
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
    /// `secrets`: names of variables, headers and fields whose values nobody is to see, beside those whose names say so;
    /// `!NAME` is none, whatever it looks like.
    pub secrets: Vec<String>,
}

impl Stack {
    /// Whether others wait for a service to have done its work.
    pub fn is_to_complete(&self, name: &str) -> bool {
        let mut all = self.services.values();
        all.any(|other| other.depends_on.get(name) == Some(&Condition::Completed))
    }

    /// Whether a service is there for others for as long as the stack runs: it has ports or a check, and nobody waits for
    /// its end.
    pub fn serves(&self, name: &str) -> bool {
        let serves = |service: &Service| {
            let asked = service.ready.probe.is_some() || service.healthcheck.is_some();
            asked || !service.ports.is_empty()
        };
        self.services.get(name).is_some_and(serves) && !self.is_to_complete(name)
    }

    /// The services that have disks, each with its own.
    pub fn disks(&self) -> impl Iterator<Item = (&str, &Disk)> {
        let services = self.services.values();
        services.filter_map(|service| Some((service.name.as_str(), service.disk.as_ref()?)))
    }

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
