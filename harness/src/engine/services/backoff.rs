//! When a service that ended by itself is started again: soon, and later each time that it ends soon after, as Docker does.

use super::{Services, Stage};
use crate::count::times;
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// How long the first start waits; each further one twice as long.
const FIRST: Duration = Duration::from_millis(100);
/// How long one waits at most. Docker's is a minute, which is longer than most runs.
const LONGEST: Duration = Duration::from_secs(10);
/// A service that has run for so long begins anew.
const LIVED: Duration = Duration::from_secs(10);

/// The services that ended by themselves.
#[derive(Default)]
pub(super) struct Backoff {
    tries: HashMap<String, Tries>,
    /// Those that are to be started again, each with when and what ended it.
    due: HashMap<String, (Instant, String)>,
}

/// How a service fared so far.
#[derive(Default)]
struct Tries {
    started: Option<Instant>,
    ends: u32,
    wait: Duration,
}

impl Tries {
    /// It has ended; gives how long its next start is to wait.
    fn ended(&mut self, now: Instant) -> Duration {
        let lived = |started: Instant| now.duration_since(started) >= LIVED;
        if self.started.is_some_and(lived) {
            self.wait = Duration::ZERO;
        }
        self.wait = (self.wait * 2).clamp(FIRST, LONGEST);
        self.wait
    }
}

impl Backoff {
    /// A service was started.
    pub fn started(&mut self, name: &str) {
        self.tries(name).started = Some(Instant::now());
    }

    /// A service ended by itself; gives how often it has.
    pub fn ended(&mut self, name: &str) -> u32 {
        let tries = self.tries(name);
        tries.ends += 1;
        tries.ends
    }

    /// What is said of a service that is still to be started again.
    pub fn waits(&self, name: &str) -> Option<String> {
        let (_, why) = self.due.get(name)?;
        let ends = self.tries.get(name).map_or(1, |tries| tries.ends);
        Some(format!("{}, the last time with {why}", times(ends)))
    }

    fn tries(&mut self, name: &str) -> &mut Tries {
        self.tries.entry(name.to_owned()).or_default()
    }
}

impl Services {
    pub(super) fn backoff(&self) -> MutexGuard<'_, Backoff> {
        self.backoff.lock().expect("no panic while it is held")
    }

    /// Has a service started again when it is time.
    pub(super) fn later(&self, name: &str, why: &str) {
        // From now on, so that nobody else starts it too, and that it is not missed as an earlier start.
        self.stage(name, Stage::Starting);
        self.away().begin(name);
        let mut backoff = self.backoff();
        // Another instance of it may wait already.
        if !backoff.due.contains_key(name) {
            let now = Instant::now();
            let due = now + backoff.tries(name).ended(now);
            backoff.due.insert(name.to_owned(), (due, why.to_owned()));
            self.more_due.notify_one();
        }
    }

    /// Starts every service again for which it is time. Whoever drops this has none started any more.
    pub async fn attend(self: &Arc<Self>) -> Infallible {
        let none = Duration::from_secs(3600);
        loop {
            let now = Instant::now();
            let due: Vec<(String, Instant)> = (self.backoff().due.iter())
                .map(|(name, (due, _))| (name.clone(), *due))
                .collect();
            let (over, later): (Vec<_>, Vec<_>) = due.into_iter().partition(|(_, due)| *due <= now);
            for (name, _) in over {
                self.hurry(&name);
            }
            let next = later.into_iter().map(|(_, due)| due).min();
            tokio::select! {
                () = sleep_until(next.unwrap_or(now + none)) => {}
                () = self.more_due.notified() => {}
                () = self.record.fault_over() => self.relieve(),
            }
        }
    }

    /// Starts a service at once that was to be started later.
    pub(super) fn hurry(self: &Arc<Self>, name: &str) {
        let waited = self.backoff().due.remove(name).is_some();
        if waited {
            self.restart(name);
        }
    }

    /// A fault is over, and what services ended for may be so too: none waits on.
    fn relieve(self: &Arc<Self>) {
        self.forgive();
        self.due().iter().for_each(|name| self.hurry(name));
    }

    /// The next waits of all services are as short as their first.
    pub(super) fn forgive(&self) {
        for tries in self.backoff().tries.values_mut() {
            tries.wait = Duration::ZERO;
        }
    }

    /// Those that are to be started again.
    fn due(&self) -> Vec<String> {
        self.backoff().due.keys().cloned().collect()
    }

    /// Starts every service at once that was to be started later, and waits until it is ready, for as long as it may take.
    pub(super) async fn hurry_all(self: &Arc<Self>) -> bool {
        let names = self.due();
        let stand = names.iter().map(async |name| {
            self.hurry(name);
            let mut stage = self.stages[name].subscribe();
            let there = |stage: &Stage| !matches!(stage, Stage::Starting | Stage::Started);
            let within = self.stack.services[name].ready.within;
            let _ = tokio::time::timeout(within, stage.wait_for(there)).await;
        });
        futures::future::join_all(stand).await;
        !names.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long each start waits, in milliseconds, of a service that lives for so many each time.
    fn waits(lives_ms: &[u64]) -> Vec<u128> {
        let mut now = Instant::now();
        let mut tries = Tries::default();
        let mut wait = |lives_ms: &u64| {
            tries.started = Some(now);
            now += Duration::from_millis(*lives_ms);
            let wait = tries.ended(now);
            now += wait;
            wait.as_millis()
        };
        lives_ms.iter().map(&mut wait).collect()
    }

    #[test]
    fn each_start_waits_twice_as_long_until_one_has_lived() {
        assert_eq!(
            waits(&[200; 9]),
            [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]
        );
        assert_eq!(
            waits(&[0, 9_999, 10_000, 0, 60_000]),
            [100, 200, 100, 200, 100]
        );
    }
}
