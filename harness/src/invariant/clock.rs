//! The two clocks: all time, and the time in which no fault is active.

use crate::history::{Event, FaultMoment, What};
use crate::stack::Clock;
use std::collections::BTreeSet;

/// Both clocks, and the faults that are active.
#[derive(Clone, Debug, Default)]
pub struct Clocks {
    now_ns: u64,
    healed_ns: u64,
    /// The numbers of the active faults.
    active: BTreeSet<usize>,
}

impl Clocks {
    /// Lets time pass until `now_ns`.
    pub fn advance(&mut self, now_ns: u64) {
        let passed = now_ns.saturating_sub(self.now_ns);
        self.now_ns += passed;
        if self.active.is_empty() {
            self.healed_ns += passed;
        }
    }

    /// Takes note of faults that begin or end. Call [`Clocks::advance`] first.
    pub fn see(&mut self, event: &Event) {
        match &event.what {
            What::Fault {
                fault,
                moment: FaultMoment::Applied,
                ..
            } => {
                self.active.insert(*fault);
            }
            What::Fault {
                fault,
                moment: FaultMoment::Ended,
                ..
            } => {
                self.active.remove(fault);
            }
            _ => {}
        }
    }

    /// Whether any fault is active.
    pub fn troubled(&self) -> bool {
        !self.active.is_empty()
    }

    /// The time on a clock, in nanoseconds.
    pub fn read(&self, clock: Clock) -> u64 {
        match clock {
            Clock::Wall => self.now_ns,
            Clock::Healed => self.healed_ns,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_healed_clock_stands_while_any_fault_is_active() {
        let mut clocks = Clocks::default();
        let mut at = |at_ns: u64, fault: usize, moment: FaultMoment| {
            clocks.advance(at_ns);
            let what = What::Fault {
                fault,
                text: "f".to_owned(),
                moment,
                exchange: None,
            };
            clocks.see(&Event {
                seq: 0,
                at_ns,
                what,
            });
            (clocks.read(Clock::Wall), clocks.read(Clock::Healed))
        };
        assert_eq!(
            at(10, 0, FaultMoment::Armed),
            (10, 10),
            "armed is not active"
        );
        assert_eq!(at(20, 0, FaultMoment::Applied), (20, 20));
        assert_eq!(at(30, 1, FaultMoment::Applied), (30, 20));
        assert_eq!(
            at(40, 0, FaultMoment::Ended),
            (40, 20),
            "the other is still active"
        );
        assert_eq!(at(50, 1, FaultMoment::Ended), (50, 20));
        assert_eq!(at(60, 1, FaultMoment::Armed), (60, 30));
    }
}
