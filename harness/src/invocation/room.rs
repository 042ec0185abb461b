//! How many stacks run at once.
//!
//! Stacks wait more than they compute, so one for each CPU leaves most of a machine idle. A stack that starves misses
//! deadlines, though, and then its verdict says nothing about the product. So more of them begin only while CPUs idle.

use crate::engine::Place;
use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;

/// A stack more begins when this share of the CPUs had nothing to do.
const IDLE_ENOUGH: f64 = 0.5;
/// For so long: the start of a stack of local processes shows in it.
const LOOK: Duration = Duration::from_millis(250);
/// The same for one of containers. Their daemon begins slowly, and then takes all CPUs for seconds.
const LOOK_AT_CONTAINERS: Duration = Duration::from_secs(1);
/// However many CPUs there are: Docker's own pools hold 31 networks.
const MOST: usize = 24;

/// The stacks that may run at once.
pub struct Room {
    most: usize,
    /// So many may enter whatever the CPUs do.
    sure: usize,
    /// For so long the CPUs must idle before another may enter.
    look: Duration,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Default)]
struct State {
    inside: usize,
    /// Those that wait, each with its number of the order and that of its ticket.
    waiting: BTreeSet<(usize, u64)>,
    tickets: u64,
}

/// A place in the room, until it is dropped.
pub struct Inside<'r> {
    room: &'r Room,
}

/// A place in the line before it.
struct Waiting<'r> {
    room: &'r Room,
    ticket: (usize, u64),
}

impl Room {
    /// Room for exactly so many stacks; one at least.
    pub fn of(stacks: usize) -> Room {
        Room::new(stacks.max(1), stacks.max(1), LOOK)
    }

    /// Room for one stack for each CPU, or one for two of them where stacks are containers; for twice as many as there
    /// are CPUs while those idle; at most 24.
    pub fn of_machine(place: Place) -> Room {
        let cpus = std::thread::available_parallelism().map_or(2, |n| n.get());
        let (sure, look) = match place {
            Place::Process => (cpus, LOOK),
            Place::Docker => (cpus.div_ceil(2), LOOK_AT_CONTAINERS),
        };
        Room::new(sure.min(MOST), (2 * cpus).min(MOST), look)
    }

    fn new(sure: usize, most: usize, look: Duration) -> Room {
        Room {
            most,
            sure,
            look,
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Waits for a place. Of those that wait, the one with the lowest `order` enters first, and of several with the same
    /// the one that came first.
    pub async fn enter(&self, order: usize) -> Inside<'_> {
        self.enter_when(order, async || idle(self.look).await).await
    }

    async fn enter_when(&self, order: usize, idle: impl AsyncFn() -> f64) -> Inside<'_> {
        let waiting = self.line_up(order);
        loop {
            let changed = self.changed.notified();
            match waiting.stands() {
                Stands::Sure => break,
                Stands::Behind => changed.await,
                Stands::First => tokio::select! {
                    () = changed => {}
                    idle = idle() => if idle >= IDLE_ENOUGH { break },
                },
            }
        }
        self.state().inside += 1;
        Inside { room: self }
    }

    fn line_up(&self, order: usize) -> Waiting<'_> {
        let mut state = self.state();
        state.tickets += 1;
        let ticket = (order, state.tickets);
        state.waiting.insert(ticket);
        Waiting { room: self, ticket }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while it is held")
    }
}

/// How somebody who waits stands.
enum Stands {
    /// First, and there is a place whatever the CPUs do.
    Sure,
    /// First, and there is a place while CPUs idle.
    First,
    /// Behind others, or the room is full.
    Behind,
}

impl Waiting<'_> {
    fn stands(&self) -> Stands {
        let state = self.room.state();
        let first = state.waiting.first() == Some(&self.ticket);
        match state.inside {
            inside if first && inside < self.room.sure => Stands::Sure,
            inside if first && inside < self.room.most => Stands::First,
            _ => Stands::Behind,
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.room.state().waiting.remove(&self.ticket);
        self.room.changed.notify_waiters();
    }
}

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        self.room.state().inside -= 1;
        self.room.changed.notify_waiters();
    }
}

impl std::fmt::Display for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.most == self.sure {
            true => write!(f, "{} at once", self.most),
            false => write!(f, "{} to {} at once, as CPUs idle", self.sure, self.most),
        }
    }
}

/// The share of the CPUs that had nothing to do from now on for so long; none where the system does not tell.
async fn idle(look: Duration) -> f64 {
    let before = times();
    tokio::time::sleep(look).await;
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
        let room = Room::new(2, 3, LOOK);
        assert_eq!(room.to_string(), "2 to 3 at once, as CPUs idle");
        let busy = async || 0.49;
        let first = room.enter_when(0, busy).now_or_never().expect("it is sure");
        let _second = room.enter_when(0, busy).now_or_never().expect("it is sure");
        let waits = async || std::future::pending().await;
        let mut third = Box::pin(room.enter_when(0, waits));
        assert!(third.as_mut().now_or_never().is_none());
        drop(first);
        let third = third.now_or_never().expect("one left");
        let idle = async || 0.5;
        let _fourth = room.enter_when(0, idle).now_or_never().expect("CPUs idle");
        let full = room.enter_when(0, idle).now_or_never();
        assert!(full.is_none(), "it is full");
        drop(third);
        assert_eq!(Room::of(0).to_string(), "1 at once");
    }

    #[test]
    fn who_is_first_in_the_order_enters_first_and_nobody_waits_for_one_that_gave_up() {
        let room = Room::of(1);
        let inside = room.enter(7).now_or_never().expect("it is empty");
        let mut last = Box::pin(room.enter(9));
        let mut second = Box::pin(room.enter(8));
        let mut given_up = Box::pin(room.enter(1));
        for waiting in [&mut last, &mut second, &mut given_up] {
            assert!(waiting.as_mut().now_or_never().is_none());
        }
        drop(inside);
        drop(given_up);
        assert!(last.as_mut().now_or_never().is_none(), "it is not its turn");
        let second = second.now_or_never().expect("it is its turn");
        drop(second);
        assert!(last.now_or_never().is_some());
    }
}
