//! How many stacks run at once.
//!
//! Stacks wait more than they compute, so one for each CPU leaves most of a machine idle. A stack that starves misses
//! deadlines, though, and then its verdict says nothing about the product. So more of them begin only while CPUs idle.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{Mutex, Notify, Semaphore, SemaphorePermit};

/// A stack more begins when this share of the CPUs had nothing to do.
const IDLE_ENOUGH: f64 = 0.5;
/// For so long: the start of a stack shows in it.
const LOOK: Duration = Duration::from_millis(250);
/// However many CPUs there are: Docker's own pools hold 31 networks.
const MOST: usize = 24;

/// The stacks that may run at once. Who comes first enters first.
pub struct Room {
    places: Semaphore,
    most: usize,
    /// So many may enter whatever the CPUs do.
    sure: usize,
    inside: AtomicUsize,
    left: Notify,
    /// Held by the one that enters next.
    turn: Mutex<()>,
}

/// A place in the room, until it is dropped.
pub struct Inside<'r> {
    room: &'r Room,
    _place: SemaphorePermit<'r>,
}

impl Room {
    /// Room for exactly so many stacks; one at least.
    pub fn of(stacks: usize) -> Room {
        Room::new(stacks.max(1), stacks.max(1))
    }

    /// Room for one stack for each CPU, and for as many again while CPUs idle.
    pub fn of_machine() -> Room {
        let cpus = std::thread::available_parallelism().map_or(2, |n| n.get());
        Room::new(cpus.min(MOST), (2 * cpus).min(MOST))
    }

    fn new(sure: usize, most: usize) -> Room {
        Room {
            places: Semaphore::new(most),
            most,
            sure,
            inside: AtomicUsize::new(0),
            left: Notify::new(),
            turn: Mutex::new(()),
        }
    }

    /// Waits for a place.
    pub async fn enter(&self) -> Inside<'_> {
        self.enter_when(idle).await
    }

    async fn enter_when(&self, idle: impl AsyncFn() -> f64) -> Inside<'_> {
        let place = self.places.acquire().await.expect("it is never closed");
        let _turn = self.turn.lock().await;
        while self.inside.load(Ordering::SeqCst) >= self.sure {
            let left = self.left.notified();
            tokio::select! {
                () = left => {}
                idle = idle() => if idle >= IDLE_ENOUGH { break },
            }
        }
        self.inside.fetch_add(1, Ordering::SeqCst);
        Inside {
            room: self,
            _place: place,
        }
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.room.inside.fetch_sub(1, Ordering::SeqCst);
        self.room.left.notify_one();
    }
}

impl std::fmt::Display for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.most == self.sure {
            true => write!(f, "{} at once", self.most),
            false => write!(f, "{} to {} at once", self.sure, self.most),
        }
    }
}

/// The share of the CPUs that had nothing to do from now on for a while; none where the system does not tell.
async fn idle() -> f64 {
    let before = times();
    tokio::time::sleep(LOOK).await;
    match (before, times()) {
        (Some(before), Some(after)) => share(before, after),
        _ => 0.0,
    }
}

/// What all CPUs did so far, idle and in all, in ticks.
fn times() -> Option<(u64, u64)> {
    read(&std::fs::read_to_string("/proc/stat").ok()?)
}

fn read(stat: &str) -> Option<(u64, u64)> {
    let all = stat.lines().next()?.strip_prefix("cpu ")?;
    let ticks: Vec<u64> = all
        .split_whitespace()
        .map_while(|n| n.parse().ok())
        .collect();
    // user, nice, system, idle, iowait, irq, softirq, steal; guests are in user.
    Some((
        ticks.get(3)? + ticks.get(4)?,
        ticks.iter().take(8).sum::<u64>(),
    ))
}

fn share(before: (u64, u64), after: (u64, u64)) -> f64 {
    let gone = |a: u64, b: u64| b.saturating_sub(a) as f64;
    match gone(before.1, after.1) {
        0.0 => 0.0,
        all => gone(before.0, after.0) / all,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn waiting_for_a_disk_is_idle_and_guests_count_once() {
        let before = read("cpu  100 0 50 300 10 0 0 5 90 0\ncpu0 1\n").unwrap();
        assert_eq!(before, (310, 465));
        assert_eq!(share(before, (360, 565)), 0.5);
        assert_eq!(share(before, before), 0.0);
        assert_eq!(read("intr 5\n"), None);
    }

    #[test]
    fn beyond_what_is_sure_a_stack_waits_for_idle_cpus_or_for_one_that_leaves() {
        let room = Room::new(2, 3);
        assert_eq!(room.to_string(), "2 to 3 at once");
        let busy = async || 0.49;
        let first = room.enter_when(busy).now_or_never().expect("it is sure");
        let _second = room.enter_when(busy).now_or_never().expect("it is sure");
        let waits = async || std::future::pending().await;
        let mut third = Box::pin(room.enter_when(waits));
        assert!(third.as_mut().now_or_never().is_none());
        drop(first);
        let third = third.now_or_never().expect("one left");
        let idle = async || 0.5;
        let _fourth = room.enter_when(idle).now_or_never().expect("CPUs idle");
        assert!(room.enter_when(idle).now_or_never().is_none(), "it is full");
        drop(third);
        assert_eq!(room.to_string(), "2 to 3 at once");
        assert_eq!(Room::of(0).to_string(), "1 at once");
    }
}
