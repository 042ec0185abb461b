//! The four answers that a run can give, and which of them wins.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a scenario, or a whole invocation, came to. The order is the rank: the worst wins.
///
/// A failed environment outranks *inconclusive*, because nothing was tried at all, and never
/// hides a violation that was seen elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every invariant held with a witness, every fault was felt, the control run held.
    Held,
    /// Something was not seen, so nothing may be concluded.
    Inconclusive,
    /// The stack could not be brought up or kept up; this says nothing about the product.
    EnvironmentFailed,
    /// Some invariant broke.
    Violated,
}

impl Verdict {
    /// The exit code that the command line gives for this verdict.
    pub fn exit_code(self) -> u8 {
        match self {
            Verdict::Held => 0,
            Verdict::Violated => 1,
            Verdict::Inconclusive => 2,
            Verdict::EnvironmentFailed => 3,
        }
    }

    /// The worse of two verdicts.
    pub fn and(self, other: Verdict) -> Verdict {
        self.max(other)
    }
}

/// The exit code for input that cannot be used: an undefined step, an unknown name, a bad file.
pub const WRONG_USE: u8 = 64;

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Verdict::Held => "held",
            Verdict::Inconclusive => "inconclusive",
            Verdict::EnvironmentFailed => "environment failed",
            Verdict::Violated => "violated",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::*;

    #[test]
    fn the_worst_verdict_wins_whatever_the_order() {
        let all = [Held, Inconclusive, EnvironmentFailed, Violated];
        for a in all {
            for b in all {
                assert_eq!(a.and(b), b.and(a));
                assert!(a.and(b) >= a && a.and(b) >= b);
                assert_eq!(a.and(Held), a, "held is neutral");
                assert_eq!(a.and(Violated), Violated, "nothing hides a violation");
            }
        }
    }
}
