//! What is waited for, and until when.

use super::Clocks;
use super::finding::{Fate, Tale};
use crate::duration;
use crate::stack::Clock;
use foldhash::fast::RandomState;
use std::collections::{HashMap, VecDeque};
use std::time::Duration;

/// The entities that something is waited for, with what is known of each. All deadlines of one invariant are the same
/// time ahead on the same clock, so they pass in the order in which they were set, and looking for the next costs
/// nothing.
pub(super) struct Waiting<T> {
    within: Duration,
    clock: Clock,
    queue: VecDeque<(usize, u64)>,
    open: HashMap<usize, (u64, T), RandomState>,
}

/// A queue this short is never tidied.
const SHORT: usize = 64;

impl<T> Waiting<T> {
    /// Nothing is waited for; each wait will end after `within` on a clock.
    pub fn new(within: Duration, clock: Clock) -> Waiting<T> {
        Waiting {
            within,
            clock,
            queue: VecDeque::new(),
            open: HashMap::default(),
        }
    }

    /// The time that is granted, in words: `20s without an active fault`.
    pub fn words(&self) -> String {
        let clock = match self.clock {
            Clock::Wall => "",
            Clock::Healed => " without an active fault",
        };
        format!("{}{clock}", duration::print(self.within))
    }

    /// Waits for an entity that is not waited for.
    pub fn set(&mut self, number: usize, clocks: &Clocks, what: T) {
        let deadline = clocks.read(self.clock) + self.within.as_nanos() as u64;
        if self.queue.len() > SHORT && self.queue.len() > 2 * self.open.len() {
            let open = &self.open;
            self.queue
                .retain(|(number, at)| open.get(number).is_some_and(|(is, _)| is == at));
        }
        self.queue.push_back((number, deadline));
        self.open.insert(number, (deadline, what));
    }

    /// What is waited for with an entity.
    pub fn get_mut(&mut self, number: usize) -> Option<&mut T> {
        self.open.get_mut(&number).map(|(_, what)| what)
    }

    /// It has come: the deadline is off.
    pub fn met(&mut self, number: usize) -> Option<T> {
        self.open.remove(&number).map(|(_, what)| what)
    }

    /// The next that has waited too long, and when its time ran out, in nanoseconds since the run began.
    pub fn expired(&mut self, clocks: &Clocks) -> Option<(usize, T, u64)> {
        let now = clocks.read(self.clock);
        while self.queue.front().is_some_and(|(_, at)| now > *at) {
            let (number, at) = self.queue.pop_front()?;
            if self.open.get(&number).is_some_and(|(is, _)| *is == at) {
                let late_ns = clocks.read(Clock::Wall).saturating_sub(now - at);
                return self.met(number).map(|what| (number, what, late_ns));
            }
        }
        None
    }

    /// Whether nothing is waited for.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// The tale if the run ends while these are still waited for.
    pub fn tale(&self, tale: &Tale, why: impl Fn(usize) -> String) -> Tale {
        let mut tale = tale.clone();
        for number in self.open.keys() {
            *tale.fate(*number) = Fate::Unknown(why(*number).into());
        }
        tale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_met_and_waited_for_again_and_again_takes_no_room() {
        let mut waiting = Waiting::new(Duration::from_secs(1), Clock::Wall);
        let mut clocks = Clocks::default();
        for n in 0..10_000 {
            clocks.advance(n);
            waiting.set(7, &clocks, n);
            waiting.met(7);
        }
        assert!(waiting.queue.len() <= 2 * SHORT, "{}", waiting.queue.len());
        waiting.set(8, &clocks, 1);
        clocks.advance(2_000_000_000);
        assert_eq!(waiting.expired(&clocks), Some((8, 1, 1_000_009_999)));
        assert_eq!(waiting.expired(&clocks), None);
    }
}
