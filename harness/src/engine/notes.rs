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
    /// What was different each time, as it was the last time.
    more: Option<String>,
}

impl Notes {
    /// Takes one, so many nanoseconds after the run began. Whatever `more` there is to say does not make it another one.
    pub fn add(&mut self, what: &str, more: Option<String>, at_ns: u64) {
        let came = self.told.entry(what.to_owned()).or_insert(Came {
            first_ns: at_ns,
            last_ns: at_ns,
            count: 0,
            more: None,
        });
        came.last_ns = at_ns;
        came.count += 1;
        came.more = more;
    }

    /// A line for each.
    pub fn lines(&self) -> Vec<String> {
        let line = |(what, came): (&String, &Came)| {
            let first = seconds(came.first_ns);
            let more = came.more.iter().map(|more| format!("; {more}"));
            let more: String = more.collect();
            match came.count {
                1 => format!("+{first} {what}{more}"),
                count => format!(
                    "+{first} {what} ({}, last at +{}){more}",
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
        for (what, more, at_ns) in [
            ("`a` ended", Some("try 1"), 1_000_000_000),
            ("`b` ended", None, 2_000_000_000),
            ("`a` ended", Some("try 2"), 3_000_000_000),
            ("`a` ended", Some("try 3"), 9_800_000_000),
        ] {
            notes.add(what, more.map(str::to_owned), at_ns);
        }
        let [a, b] = &notes.lines()[..] else {
            panic!("{:?}", notes.lines())
        };
        let (first, last) = (seconds(1_000_000_000), seconds(9_800_000_000));
        assert_eq!(
            *a,
            format!("+{first} `a` ended (3 times, last at +{last}); try 3")
        );
        assert_eq!(*b, format!("+{} `b` ended", seconds(2_000_000_000)));
    }
}
