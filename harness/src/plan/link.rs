//! Links, and what can go wrong with one.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Who connects to whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Link {
    /// Who connects: a service, or `workload` for the harness itself.
    pub client: String,
    /// To whom.
    pub service: String,
}

/// What is no link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a link such as `client -> service`")]
pub struct NoLink(String);

impl FromStr for Link {
    type Err = NoLink;

    fn from_str(text: &str) -> Result<Link, NoLink> {
        let named = text.split_once("->");
        let (client, service) = named.ok_or_else(|| NoLink(text.to_owned()))?;
        let (client, service) = (client.trim().to_owned(), service.trim().to_owned());
        match client.is_empty() || service.is_empty() {
            true => Err(NoLink(text.to_owned())),
            false => Ok(Link { client, service }),
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}", self.client, self.service)
    }
}

/// How a link goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault {
    /// Nothing passes, either way; connections stay open, and new ones reach nobody.
    Cut,
    /// What the client sends arrives later.
    Slow {
        /// How much later.
        by: Duration,
        /// By how much that varies, up and down; at most `by`.
        jitter: Duration,
    },
    /// So much passes each way, all connections together.
    Carries {
        /// Bytes in a second, from 1.
        bytes_per_s: u64,
    },
    /// Each connection is reset once so much has passed, both ways together.
    ResetAfter {
        /// The bytes.
        bytes: u64,
    },
}
