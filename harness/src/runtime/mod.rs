//! Where services run: in containers, or as local processes.

pub mod docker;
mod earlier;
mod family;
mod folder;
mod further;
pub mod leftover;
mod listen;
mod output;
pub mod process;
pub mod ready;
pub mod reaper;

pub use earlier::{AHEAD, ROUND, remove_runs};
pub use folder::RunFolder;

use crate::gateway::Handle;
use async_trait::async_trait;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

/// The running executable, even when its file has been replaced meanwhile, as a new build does.
const OWN_EXECUTABLE: &str = "/proc/self/exe";
/// What it calls itself when it is started once more.
const OWN_NAME: &str = "shakedown";

/// How long a service may take to end when it is asked to; as long as `docker stop` grants.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// One stack that is being run. Methods may be called at the same time for different services.
#[async_trait]
pub trait Runtime: Send + Sync {
    /// Makes what services need before the first one starts (images, network, gateway listeners) and gives the
    /// gateway's handle. Called once, first.
    async fn prepare(&self) -> Result<Handle, Failure>;

    /// Starts those of these instances of a service that do not run, counted from 0, and returns once they do and the
    /// gateway knows their addresses; they need not be ready. Starting a service again after it ended is allowed.
    /// At most one more than the service has.
    async fn start(&self, service: &str, instances: Range<usize>) -> Result<(), Failure>;

    /// Ends the instance that a service has no right to, if there is one.
    async fn retire(&self, service: &str) -> Result<(), Failure>;

    /// Kills a service (SIGKILL), that is all its instances, and returns once it is certainly dead. False: it was not running.
    async fn kill(&self, service: &str) -> Result<bool, Failure>;

    /// Asks a service to end (SIGTERM, or what `stop_signal` says), kills it when it has not after [`STOP_WITHIN`]
    /// or its `stop_grace_period`, and returns once it is certainly dead. False: it was not running.
    async fn stop(&self, service: &str) -> Result<bool, Failure>;

    /// Makes a service stand still, and returns once it does. False: it was not running.
    async fn pause(&self, service: &str) -> Result<bool, Failure>;

    /// Lets a service go on that stands still.
    async fn resume(&self, service: &str) -> Result<(), Failure>;

    /// An instance of a service ended by itself: nothing is led to it any more.
    fn gone(&self, service: &str);

    /// What the container's own healthcheck says, of so many instances together: `None` where there is none to ask.
    ///
    /// # Errors
    /// When not so many run, or the runtime could not say.
    async fn healthy(&self, service: &str, instances: usize) -> Result<Option<bool>, Failure>;

    /// How long what a service writes may take until it is in its log.
    fn log_lag(&self) -> Duration {
        Duration::ZERO
    }

    /// What to do where a service ended before it was ready, as far as the end of its log shows.
    fn remedy(&self, _service: &crate::stack::Service, _log: &str) -> Option<String> {
        None
    }

    /// Whether this runtime goes without a service, because another one embeds it.
    fn absent(&self, _service: &str) -> bool {
        false
    }

    /// Where the harness itself reaches a service's port: as `workload` (recorded), `observer`, `checker` or
    /// `prober` (not recorded).
    fn address(&self, client: &str, service: &str, port: u16) -> Option<SocketAddr>;

    /// Where the gateway finds an instance of a service, counted from 0.
    fn real(&self, service: &str, number: usize) -> Option<IpAddr>;

    /// Whether the gateway can tell the connections of a second instance of a service from those of the others.
    fn tells_apart(&self, _service: &str) -> bool {
        true
    }

    /// The service that one of these addresses leads to, where services know of each other by addresses.
    fn behind(&self, _address: IpAddr) -> Option<String> {
        None
    }

    /// Where the gateway finds the disk of a service, whether or not that runs.
    ///
    /// # Errors
    /// When it has none here: the stack file declares none, or this machine does not allow one.
    fn disk(&self, service: &str) -> Result<PathBuf, Failure>;

    /// `url` with the services' names replaced by the addresses at which the harness reaches them as `observer`.
    fn sql_url(&self, service: &str) -> Option<String>;

    /// Removes everything that this stack started. Called on success, failure and Ctrl-C; may be called twice. Gives what
    /// is left all the same, in words.
    ///
    /// # Errors
    /// When something could not be removed.
    async fn down(&self) -> Result<Vec<String>, Failure>;
}

/// What a runtime says of a service without being asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It ended without being asked to.
    Exited(Exit),
    /// What it wrote is not all in its log, and may not be from now on.
    Unheard {
        /// The service.
        service: String,
        /// Why.
        why: String,
    },
}

/// A service ended without being asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The service.
    pub service: String,
    /// The exit code, when it was not a signal.
    pub code: Option<i32>,
    /// In words: `exit code 1`, `signal 9`.
    pub detail: String,
    /// So many of its instances still run.
    pub left: usize,
}

/// The environment could not do what was asked of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct Failure {
    /// What happened.
    pub what: String,
    /// The service, where there is one.
    pub service: Option<String>,
    /// The last thing that was seen: an answer, the end of a log.
    pub last: Option<String>,
    /// What to do.
    pub help: Option<String>,
}

impl Failure {
    /// A failure with nothing but its description.
    pub fn new(what: impl Into<String>) -> Failure {
        Failure {
            what: what.into(),
            service: None,
            last: None,
            help: None,
        }
    }
}

/// A new id for an invocation: sorts by time, unique across machines.
pub fn new_run_id() -> String {
    ulid::Ulid::generate().to_string().to_lowercase()
}
