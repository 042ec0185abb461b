//! Answers that are out, while the history does not know it yet.
//!
//! From the write of an answer's end to its report there is no waiting, but the thread may be put to sleep by the system.
//! A request that its caller makes because of it could be told first then, as if the caller had not known.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A thread that sleeps for longer is on a machine on which nothing can be told of moments.
const AWAKE_WITHIN: Duration = Duration::from_millis(50);

/// How many there are.
#[derive(Clone, Default)]
pub(super) struct Untold(Arc<AtomicUsize>);

/// One of them, until it is told.
pub(super) struct Out(Untold);

impl Untold {
    /// An answer is about to be written.
    pub(super) fn out(&self) -> Out {
        self.0.fetch_add(1, Ordering::SeqCst);
        Out(self.clone())
    }

    /// Waits until there was a moment without any. Nothing that was read before it can be told before what led to it.
    pub(super) fn wait(&self) {
        if self.0.load(Ordering::SeqCst) == 0 {
            return;
        }
        let begun = Instant::now();
        while self.0.load(Ordering::SeqCst) > 0 && begun.elapsed() < AWAKE_WITHIN {
            thread::yield_now();
        }
    }
}

impl Drop for Out {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_waits_until_what_is_out_is_told() {
        let untold = Untold::default();
        untold.wait();
        let out = untold.out();
        let (tell, told) = std::sync::mpsc::channel();
        let asked = {
            let untold = untold.clone();
            thread::spawn(move || {
                untold.wait();
                told.try_recv().is_ok()
            })
        };
        tell.send(()).unwrap();
        drop(out);
        assert!(asked.join().unwrap());
    }
}
