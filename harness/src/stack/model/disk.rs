//! A disk that can be filled.

use crate::problem::Place;

/// `x-shakedown.disk`: a folder of a service that is a small disk of the run's own, in memory. All instances of the
/// service share it. It is empty when the service starts for the first time, and outlives its restarts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disk {
    /// Where it is in the container: an absolute path. A local process finds it at `${SHAKEDOWN_DISK}`.
    pub path: String,
    /// The most that fits on it, in bytes.
    pub size_bytes: u64,
    /// Where that is said.
    pub place: Place,
}
