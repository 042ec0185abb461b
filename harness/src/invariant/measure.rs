//! What an invariant that speaks of all entities of a kind has measured, as a report shows it.

use std::time::Duration;

/// So many times are kept of a quantile: a plot has no more points.
pub(super) const MAX_TIMES: usize = 1000;

/// What was measured of all entities of a kind.
#[derive(Clone, Debug, PartialEq)]
pub enum Measure {
    /// How long entities took from one status to another.
    Times {
        /// The share of them that must be fast enough.
        quantile: f64,
        /// How long these may take.
        below: Duration,
        /// The times of those that arrived, in ascending order; evenly chosen ones if there are more than a plot shows.
        took: Vec<Duration>,
        /// How many arrived.
        arrived: usize,
        /// How many were still on their way at the end.
        on_their_way: usize,
    },
    /// For how many a condition held at the end.
    Share {
        /// The share that is demanded.
        at_least: f64,
        /// For how many, of how many.
        group: Group,
    },
    /// The same by the value of a field.
    Balance {
        /// The field.
        by: String,
        /// How far the shares may be apart.
        tolerance: f64,
        /// The values of the field, each with its entities.
        groups: Vec<(String, Group)>,
    },
}

/// Some entities, and for how many of them a condition held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// For how many it held.
    pub held: usize,
    /// How many there are.
    pub all: usize,
}

/// At most [`MAX_TIMES`] of them in ascending order, the first and the last among them.
pub(super) fn chosen(mut took: Vec<Duration>) -> Vec<Duration> {
    took.sort_unstable();
    let last = took.len().saturating_sub(1);
    if last < MAX_TIMES {
        return took;
    }
    let at = |n: usize| took[n * last / (MAX_TIMES - 1)];
    (0..MAX_TIMES).map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_many_times_the_extremes_stay() {
        let many: Vec<Duration> = (0..5000).rev().map(Duration::from_millis).collect();
        let chosen = chosen(many);
        assert_eq!(chosen.len(), MAX_TIMES);
        assert!(chosen.is_sorted());
        assert_eq!(chosen[0], Duration::ZERO);
        assert_eq!(chosen[MAX_TIMES - 1], Duration::from_millis(4999));
        assert_eq!(super::chosen(Vec::new()), []);
    }
}
