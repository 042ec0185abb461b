//! When the observers could not look.

use super::basis::Observer;
use std::collections::BTreeMap;
use std::time::Duration;

/// The gaps of each observer, by the key of its rule; in histories that do not have it, by its source.
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

    fn words(&self, observer: &Observer) -> String {
        let until = if self.over { "" } else { ", until the end" };
        let (lasted, reason) = (self.lasted().as_millis(), &self.reason);
        let Observer { source, place, .. } = observer;
        format!("`{source}` ({place}) could not look for {lasted} ms{until}: {reason}")
    }
}

impl Blindness {
    /// Takes note of a gap, in nanoseconds since the run began. One that is not over may be told again, longer.
    pub fn see(&mut self, observer: &str, gap_ns: (u64, u64), over: bool, reason: &str) {
        let gaps = self.gaps.entry(observer.to_owned()).or_default();
        gaps.pop_if(|last| !last.over && last.to_ns >= gap_ns.0);
        gaps.push(Gap {
            from_ns: gap_ns.0,
            to_ns: gap_ns.1,
            over,
            reason: reason.to_owned(),
        });
    }

    /// Its gaps.
    fn of(&self, observer: &Observer) -> impl DoubleEndedIterator<Item = &Gap> {
        let names = [&observer.source, &observer.rule];
        names
            .into_iter()
            .filter_map(|name| self.gaps.get(name))
            .flatten()
    }

    /// The longest gap.
    pub fn longest(&self, observer: &Observer) -> Option<Duration> {
        self.of(observer).map(Gap::lasted).max()
    }

    /// The longest gap in words.
    pub fn worst(&self, observer: &Observer) -> Option<String> {
        let worst = self.of(observer).max_by_key(|gap| gap.lasted());
        worst.map(|gap| gap.words(observer))
    }

    /// The gap with which the run ended.
    pub fn at_end(&self, observer: &Observer) -> Option<String> {
        self.since_before(observer, u64::MAX)
    }

    /// The gap with which the run ended, if it had begun at a moment.
    pub fn since_before(&self, observer: &Observer, at_ns: u64) -> Option<String> {
        let last = self.of(observer).next_back()?;
        (!last.over && last.from_ns <= at_ns).then(|| last.words(observer))
    }

    /// The gap at a moment.
    pub fn at(&self, observer: &Observer, at_ns: u64) -> Option<String> {
        let gap = self
            .of(observer)
            .find(|gap| (gap.from_ns..=gap.to_ns).contains(&at_ns))?;
        Some(gap.words(observer))
    }
}
