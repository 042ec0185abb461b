//! Connections that have no calls, or have none any more: how many bytes have passed, while they are open and at their end.

use super::state::Link;
use crate::history::{ExchangeId, What};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many bytes went each way so far.
#[derive(Debug, Default)]
pub(super) struct Passed {
    pub(super) sent: AtomicU64,
    pub(super) received: AtomicU64,
}

/// One connection.
pub(super) struct Passing {
    number: u64,
    link: Link,
    exchange: Option<ExchangeId>,
    reason: Option<String>,
    pub(super) passed: Passed,
}

/// Those that are open.
#[derive(Default)]
pub(super) struct AllPassing {
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    last: u64,
    by_number: BTreeMap<u64, Arc<Passing>>,
}

impl AllPassing {
    /// A connection passes bytes from now on. `exchange` is the one by which it began to, and `reason` says why it has no
    /// calls where it was to have some.
    pub(super) fn open(
        &self,
        link: Link,
        exchange: Option<ExchangeId>,
        reason: Option<String>,
    ) -> Arc<Passing> {
        let mut open = self.lock();
        open.last += 1;
        let number = open.last;
        let passing = Arc::new(Passing {
            number,
            link,
            exchange,
            reason,
            passed: Passed::default(),
        });
        open.by_number.insert(number, passing.clone());
        passing
    }

    /// One has ended: what is to be said of it, if that was not said yet.
    pub(super) fn close(&self, passing: &Passing) -> Option<What> {
        let closed = self.lock().by_number.remove(&passing.number)?;
        Some(closed.told(false))
    }

    /// What is to be said of those that are open, the oldest first. Nothing is said of them later.
    pub(super) fn take(&self) -> Vec<What> {
        let open = std::mem::take(&mut self.lock().by_number);
        open.values().map(|passing| passing.told(true)).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Passing {
    fn told(&self, open: bool) -> What {
        let Link {
            client,
            service,
            port,
        } = self.link.clone();
        What::Stream {
            client,
            service,
            port,
            sent_bytes: self.passed.sent.load(Ordering::Relaxed),
            received_bytes: self.passed.received.load(Ordering::Relaxed),
            exchange: self.exchange,
            reason: self.reason.clone(),
            open,
        }
    }
}

impl Passed {
    /// So many bytes more went one way.
    pub(super) fn add(count: &AtomicU64, bytes: usize) {
        count.fetch_add(bytes as u64, Ordering::Relaxed);
    }
}
