//! Planted bugs.

use crate::problem::Place;
use indexmap::IndexMap;

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
