//! The two lanes in which tests are done beside each other: one for what starts containers, one for all else.
//!
//! Several stacks at once on a small machine get in each other's way, and a test that waits for a turn costs nothing: so
//! all begin at once, and the lanes let them through in their order. What has the whole machine to itself closes both.

use crate::support::docker;
use libtest_mimic::{Failed, Trial};
use std::sync::{Condvar, Mutex, PoisonError, RwLock};

/// Containers, one test at a time: the daemon does one thing after the other anyway.
static CONTAINERS: Lane = Lane::new();
/// Local processes: on all CPUs but the one on which containers are.
static PROCESSES: Lane = Lane::new();

/// Held by whoever is in a lane; alone by whoever needs the machine alone.
static MACHINE: RwLock<()> = RwLock::new(());

/// A test.
pub fn trial(
    name: impl Into<String>,
    run: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let beside = if docker() { cpus - 1 } else { cpus };
    Trial::test(name, move || PROCESSES.pass(beside.max(1), run))
}

/// A test that starts containers. It is skipped where no Docker daemon answers.
pub fn container_trial(
    name: impl Into<String>,
    run: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    Trial::test(name, move || CONTAINERS.pass(1, run)).with_ignored_flag(!docker())
}

/// A test beside which there is no other: it plays many stacks at once itself.
pub fn trial_alone(
    name: impl Into<String>,
    run: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    Trial::test(name, || {
        // A test that panicked has nothing half done here.
        let _alone = MACHINE.write().unwrap_or_else(PoisonError::into_inner);
        run()
    })
}

/// Lets tests through in the order in which they came.
struct Lane {
    state: Mutex<State>,
    moved: Condvar,
}

struct State {
    came: usize,
    ended: usize,
}

impl Lane {
    const fn new() -> Lane {
        Lane {
            state: Mutex::new(State { came: 0, ended: 0 }),
            moved: Condvar::new(),
        }
    }

    fn pass<T>(&self, at_once: usize, run: impl FnOnce() -> T) -> T {
        let mut state = self.state.lock().expect("no panic while it is held");
        let number = state.came;
        state.came += 1;
        let waits = |state: &mut State| number >= state.ended + at_once;
        drop(self.moved.wait_while(state, waits));
        // Also when the test panics.
        let _ended = Ended(self);
        let _beside = MACHINE.read().unwrap_or_else(PoisonError::into_inner);
        run()
    }
}

struct Ended<'l>(&'l Lane);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().expect("no panic while it is held");
        state.ended += 1;
        self.0.moved.notify_all();
    }
}
