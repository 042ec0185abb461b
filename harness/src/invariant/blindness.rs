//! When the observers could not look.

use std::collections::BTreeMap;
use std::time::Duration;

/// The gaps of each observer, by its source.
#[derive(Debug, Default)]
pub(super) struct Blindness {
    gaps: BTreeMap<String, Vec<Gap>>,
}

#[derive(Debug)]
struct Gap {
    from_ns: u64,
    to_ns: u64,
    /// The observer could look again.
    over: bool,
    reason: String,
}

impl Gap {
    fn lasted(&self) -> Duration {
        Duration::from_nanos(self.to_ns - self.from_ns)
    }

    fn words(&self, source: &str) -> String {
        let until = if self.over { "" } else { ", until the end" };
        let (lasted, reason) = (self.lasted().as_millis(), &self.reason);
        format!("`{source}` could not look for {lasted} ms{until}: {reason}")
    }
}

impl Blindness {
    /// Takes note of a gap, in nanoseconds since the run began. One that is not over may be told again, longer.
    pub fn see(&mut self, source: &str, gap_ns: (u64, u64), over: bool, reason: &str) {
        let gaps = self.gaps.entry(source.to_owned()).or_default();
        gaps.pop_if(|last| !last.over && last.to_ns >= gap_ns.0);
        gaps.push(Gap {
            from_ns: gap_ns.0,
            to_ns: gap_ns.1,
            over,
            reason: reason.to_owned(),
        });
    }

    /// The longest gap.
    pub fn longest(&self, source: &str) -> Option<Duration> {
        self.gaps.get(source)?.iter().map(Gap::lasted).max()
    }

    /// The longest gap in words.
    pub fn worst(&self, source: &str) -> Option<String> {
        let worst = self.gaps.get(source)?.iter().max_by_key(|gap| gap.lasted());
        worst.map(|gap| gap.words(source))
    }

    /// The gap with which the run ended.
    pub fn at_end(&self, source: &str) -> Option<String> {
        let last = self.gaps.get(source)?.last()?;
        (!last.over).then(|| last.words(source))
    }

    /// The gap at a moment.
    pub fn at(&self, source: &str, at_ns: u64) -> Option<String> {
        let mut gaps = self.gaps.get(source)?.iter();
        let gap = gaps.find(|gap| (gap.from_ns..=gap.to_ns).contains(&at_ns))?;
        Some(gap.words(source))
    }
}
