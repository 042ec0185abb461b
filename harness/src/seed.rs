//! The one number that everything random in a run comes from.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sha2::{Digest, Sha256};
use std::fmt;

/// The seed of a run. It repeats the plan, the order and number of faults, and generated data;
/// it does not make the timing of processes or containers repeat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// A fresh seed, for a run that was given none.
    pub fn fresh() -> Seed {
        Seed(rand::rng().next_u64() >> 16)
    }

    /// A generator for one purpose. Two names give independent streams, so drawing more
    /// numbers for one purpose never shifts another.
    pub fn rng(self, name: &str) -> ChaCha8Rng {
        let digest = Sha256::new()
            .chain_update(self.0.to_le_bytes())
            .chain_update(name)
            .finalize();
        ChaCha8Rng::from_seed(digest.into())
    }
}

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_a_stream_of_its_own_that_the_seed_repeats() {
        let draw = |seed: u64, name: &str| Seed(seed).rng(name).next_u64();
        assert_eq!(draw(7, "workload"), draw(7, "workload"));
        assert_ne!(draw(7, "workload"), draw(7, "faults"));
        assert_ne!(draw(7, "workload"), draw(8, "workload"));
    }
}
