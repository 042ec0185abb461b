//! How a service is asked whether it is ready.

use std::time::Duration;

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
        /// The port; unless the file gives it, the lowest that is declared, or the only one that somebody calls.
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
