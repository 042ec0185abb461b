//! What a service finds in its container.

use std::path::PathBuf;

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
