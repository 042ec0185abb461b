//! The operations that have begun, and how they stand. They are in memory: a double that starts again knows none.

use super::operation::Which;
use super::request::Request;
use super::template::Random;
use rand::RngExt;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// How an operation stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Running,
    Done,
    /// With an error.
    Failed(String),
}

/// One operation that has begun.
#[derive(Debug)]
pub(super) struct Execution {
    pub id: String,
    name: String,
    /// What began it.
    request: Value,
    /// How many requests began it.
    begun: AtomicU64,
    pub status: watch::Sender<Status>,
}

/// All of them, by name and id.
#[derive(Default)]
pub(super) struct Executions {
    all: Mutex<All>,
}

#[derive(Default)]
struct All {
    by_id: HashMap<(String, String), Arc<Execution>>,
    /// By name: how many there were.
    counts: HashMap<String, u64>,
}

impl Executions {
    fn lock(&self) -> MutexGuard<'_, All> {
        // Nothing is left half done by a panic here.
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins an operation, or finds the one that has this id. Gives its number, from 1, if it is new.
    pub fn begin(
        &self,
        name: &str,
        id: Option<String>,
        request: &Request,
    ) -> (Arc<Execution>, Option<u64>) {
        let mut all = self.lock();
        let count = all.counts.get(name).copied().unwrap_or_default() + 1;
        let id = id.unwrap_or_else(|| count.to_string());
        match all.by_id.entry((name.to_owned(), id.clone())) {
            Entry::Occupied(known) => {
                let known = known.get().clone();
                known.begun.fetch_add(1, Ordering::Relaxed);
                (known, None)
            }
            Entry::Vacant(free) => {
                let new = Arc::new(Execution {
                    id,
                    name: name.to_owned(),
                    request: request.values().into(),
                    begun: AtomicU64::new(1),
                    status: watch::Sender::new(Status::Running),
                });
                free.insert(new.clone());
                all.counts.insert(name.to_owned(), count);
                (new, Some(count))
            }
        }
    }

    /// The operation with this id.
    pub fn find(&self, name: &str, id: &str) -> Option<Arc<Execution>> {
        self.lock()
            .by_id
            .get(&(name.to_owned(), id.to_owned()))
            .cloned()
    }

    /// Forgets all.
    pub fn reset(&self) {
        *self.lock() = All::default();
    }
}

impl Execution {
    /// What templates see of it.
    pub fn values(&self) -> Value {
        let status = self.status.borrow().clone();
        let (word, error) = match status {
            Status::Running => ("RUNNING", String::new()),
            Status::Done => ("DONE", String::new()),
            Status::Failed(error) => ("FAILED", error),
        };
        json!({
            "id": self.id,
            "name": self.name,
            "status": word,
            "error": error,
            "executions": self.begun.load(Ordering::Relaxed),
            "request": self.request,
        })
    }

    /// How it ended, once it has.
    pub async fn over(&self) -> Status {
        let mut status = self.status.subscribe();
        let over = status.wait_for(|status| *status != Status::Running).await;
        over.map(|status| status.clone())
            .expect("the sender is our own")
    }
}

impl Which {
    /// Whether the n-th one is one of these.
    pub fn strikes(&self, number: u64, random: &Random) -> bool {
        match self {
            Which::All => true,
            Which::Nth(numbers) => numbers.contains(&number),
            Which::Chance(chance) => {
                let mut random = random.lock().unwrap_or_else(PoisonError::into_inner);
                random.random::<f64>() < *chance
            }
        }
    }
}
