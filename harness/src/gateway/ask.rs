//! Exchanges that are stopped until the harness has decided.

use super::Action;
use crate::history::ExchangeId;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{oneshot, watch};

/// The questions that are open, and the releases so far.
pub(super) struct Asks {
    open: Mutex<Open>,
    released: watch::Sender<Releases>,
}

/// Who has been let go.
#[derive(Default)]
struct Releases {
    /// How often all were.
    all: u64,
    /// Those who were let go alone.
    alone: HashSet<ExchangeId>,
}

#[derive(Default)]
struct Open {
    last: u64,
    waiting: HashMap<u64, oneshot::Sender<Told>>,
}

/// What the harness decided, and how many releases there had been by then: a later one ends a hang.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) action: Action,
    releases: u64,
}

/// One open question. Dropping it withdraws it.
pub(super) struct Ask {
    /// Its number.
    pub(super) number: u64,
    exchange: ExchangeId,
    asks: Arc<Asks>,
    told: oneshot::Receiver<Told>,
}

impl Asks {
    /// Nothing is open.
    pub(super) fn new() -> Arc<Asks> {
        Arc::new(Asks {
            open: Mutex::default(),
            released: watch::Sender::new(Releases::default()),
        })
    }

    /// Opens a question.
    pub(super) fn open(self: &Arc<Self>, exchange: ExchangeId) -> Ask {
        let (tell, told) = oneshot::channel();
        let mut open = self.lock();
        open.last += 1;
        let number = open.last;
        open.waiting.insert(number, tell);
        Ask {
            number,
            exchange,
            asks: self.clone(),
            told,
        }
    }

    /// Answers a question. One that is not open any more has lost its caller, so there is nothing to do.
    pub(super) fn act(&self, number: u64, action: Action) {
        let releases = self.released.borrow().all;
        match self.lock().waiting.remove(&number) {
            Some(tell) => drop(tell.send(Told { action, releases })),
            None => tracing::debug!(number, ?action, "nobody waits for this action"),
        }
    }

    /// Ends the hangs of these exchanges, or every hang that began before.
    pub(super) fn release(&self, exchanges: Option<Vec<ExchangeId>>) {
        self.released.send_modify(|releases| match exchanges {
            Some(exchanges) => releases.alone.extend(exchanges),
            None => releases.all += 1,
        });
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ask {
    /// Waits for the decision.
    pub(super) async fn told(&mut self) -> Told {
        match (&mut self.told).await {
            Ok(told) => told,
            // Only when the gateway itself is going down.
            Err(_) => std::future::pending().await,
        }
    }

    /// Waits for a release that came after the decision.
    pub(super) async fn released(&self, told: &Told) {
        let mut released = self.asks.released.subscribe();
        // The sender lives as long as `self`, so this cannot fail.
        let _ = released
            .wait_for(|now| now.all > told.releases || now.alone.contains(&self.exchange))
            .await;
    }
}

impl Drop for Ask {
    fn drop(&mut self) {
        self.asks.lock().waiting.remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[tokio::test]
    async fn a_release_ends_the_hangs_that_began_before_it_and_no_other() {
        let asks = Asks::new();
        let (mut first, mut second) = (asks.open(1), asks.open(2));
        asks.act(first.number, Action::Hang);
        asks.release(None);
        asks.act(second.number, Action::Hang);
        let (one, two) = (first.told().await, second.told().await);
        first.released(&one).await;
        assert!(second.released(&two).now_or_never().is_none());
        asks.release(None);
        second.released(&two).await;
    }

    #[tokio::test]
    async fn an_exchange_can_be_let_go_alone() {
        let asks = Asks::new();
        let (mut first, mut second) = (asks.open(1), asks.open(2));
        asks.act(first.number, Action::Hang);
        asks.act(second.number, Action::Hang);
        let (one, two) = (first.told().await, second.told().await);
        asks.release(Some(vec![2]));
        assert!(first.released(&one).now_or_never().is_none());
        second.released(&two).await;
    }

    #[test]
    fn a_question_that_nobody_waits_for_is_forgotten() {
        let asks = Asks::new();
        let ask = asks.open(1);
        assert_eq!(asks.lock().waiting.len(), 1);
        let number = ask.number;
        drop(ask);
        assert_eq!(asks.lock().waiting.len(), 0);
        asks.act(number, Action::Pass);
    }
}
