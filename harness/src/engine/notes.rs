//! What is worth knowing and changes nothing: what comes again and again is told once.

use crate::count::times;
use crate::duration::seconds;
use indexmap::IndexMap;

/// The notes of a run, in the order in which each came first.
#[derive(Default)]
pub struct Notes {
    told: IndexMap<String, Came>,
}

struct Came {
    first_ns: u64,
    last_ns: u64,
    count: u64,
}

impl Notes {
    /// Takes one, so many nanoseconds after the run began.
    pub fn add(&mut self, what: &str, at_ns: u64) {
        let came = self.told.entry(what.to_owned()).or_insert(Came {
            first_ns: at_ns,
            last_ns: at_ns,
            count: 0,
        });
        came.last_ns = at_ns;
        came.count += 1;
    }

    /// A line for each.
    pub fn lines(&self) -> Vec<String> {
        let line = |(what, came): (&String, &Came)| {
            let first = seconds(came.first_ns);
            match came.count {
                1 => format!("+{first} {what}"),
                count => format!(
                    "+{first} {what} ({}, last at +{})",
                    times(count),
                    seconds(came.last_ns)
                ),
            }
        };
        self.told.iter().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_only_in_time_is_told_once() {
        let mut notes = Notes::default();
        for (what, at_ns) in [
            ("`a` ended", 1_000_000_000),
            ("`b` ended", 2_000_000_000),
            ("`a` ended", 3_000_000_000),
            ("`a` ended", 9_800_000_000),
        ] {
            notes.add(what, at_ns);
        }
        let [a, b] = &notes.lines()[..] else {
            panic!("{:?}", notes.lines())
        };
        let (first, last) = (seconds(1_000_000_000), seconds(9_800_000_000));
        assert_eq!(*a, format!("+{first} `a` ended (3 times, last at +{last})"));
        assert_eq!(*b, format!("+{} `b` ended", seconds(2_000_000_000)));
    }
}
