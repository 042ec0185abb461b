//! Stands for the harness's module of this name, of which a history says only which invariants count: the whole of it
//! would bring most of the harness with it.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Written and read as the harness's own is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Judged(Option<BTreeSet<String>>);

impl Judged {
    /// Whether every invariant counts.
    pub fn is_every(&self) -> bool {
        self.0.is_none()
    }
}
