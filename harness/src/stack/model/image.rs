//! Where container images and local processes come from.

use crate::host::Bare;
use indexmap::IndexMap;
use std::path::PathBuf;

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
    /// Laid over the service's environment. `${SHAKEDOWN_DATA}` is the stack's data folder, and
    /// `${SHAKEDOWN_DISK}` the service's disk.
    pub environment: IndexMap<String, String>,
    /// Where SQL observers connect in the process runtime.
    pub sql: Option<String>,
}

impl Process {
    /// The arguments of the program, each with what it is if it is one word.
    pub fn arguments(&self) -> impl Iterator<Item = (&str, Bare)> {
        let pairs = self.command.windows(2);
        pairs.map(|pair| (pair[1].as_str(), Bare::in_argument(&pair[0])))
    }
}
