//! The loop around a look: its rhythm, what changed, and the gaps.

use super::memory::{Memory, News};
use super::{InOrder, Look, Missed, Sighting};
use crate::duration;
use crate::history::{Sink, What};
use crate::stack::Learn;
use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;

/// So many times its rhythm without a look makes an observer one that could not look.
const SLOW: u32 = 2;
/// So often a look is made at once, until the list stands still while it is read.
const AT_ONCE: usize = 3;

pub(super) struct Watch {
    every: Duration,
    source: String,
    /// The rules by which it looks.
    rules: Vec<Rule>,
    look: Box<dyn Look>,
    sink: Sink,
    in_order: InOrder,
    /// When the history began.
    begun: Instant,
    memory: Memory,
    /// The last look that succeeded, and what went wrong since.
    sighted: Instant,
    /// The last one that missed nothing.
    whole: Instant,
    /// Those of which the last look could have said something and did not, and since when none did.
    unsaid: HashMap<String, Instant>,
    looked: bool,
    /// It was told that looks contradict themselves.
    contradicted: bool,
    trouble: Option<String>,
}

/// Looks that are made one after the other, as at a list that moves.
struct Round {
    begun: Instant,
    left: usize,
    /// Those that none of them saw, of which each might have.
    unseen: Option<HashSet<String>>,
}

impl Round {
    /// How many there are of those, with one more look that did not see `kept`.
    fn doubtful(&mut self, kept: &HashSet<String>) -> usize {
        let unseen = match &self.unseen {
            Some(unseen) => unseen & kept,
            None => kept.clone(),
        };
        self.unseen.insert(unseen).len()
    }
}

/// A rule, as the history knows it.
struct Rule {
    entity: String,
    key: String,
    /// Where it stands.
    place: String,
}

impl Watch {
    /// For rules, each with its entity, that look at the same in the same way.
    pub fn new(
        rules: &[(&str, &Learn)],
        every: Duration,
        look: Box<dyn Look>,
        (sink, in_order, begun): (Sink, InOrder, Instant),
    ) -> Watch {
        let sighted = Instant::now();
        let (_, first) = rules[0];
        let named = |(entity, rule): &(&str, &Learn)| Rule {
            entity: (*entity).to_owned(),
            key: rule.key(),
            place: rule.place.to_string(),
        };
        Watch {
            every,
            source: first.evidence.source(),
            rules: rules.iter().map(named).collect(),
            look,
            sink,
            in_order,
            begun,
            memory: Memory::new(first.event.as_deref(), first.gone.as_deref()),
            sighted,
            whole: sighted,
            unsaid: HashMap::new(),
            looked: false,
            contradicted: false,
            trouble: None,
        }
    }

    /// Looks at every tick, and whenever somebody asks for it.
    pub async fn run(mut self, mut asked: mpsc::Receiver<oneshot::Sender<()>>) {
        let mut ticks = tokio::time::interval(self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let answer = tokio::select! {
                _ = ticks.tick() => None,
                Some(answer) = asked.recv() => Some(answer),
            };
            self.once().await;
            if let Some(answer) = answer {
                self.report_blindness(false);
                (self.in_order)().await;
                let _ = answer.send(());
            }
        }
    }

    /// Looks once; at a list that moves, a few times.
    async fn once(&mut self) {
        let mut round = Round {
            begun: Instant::now(),
            left: AT_ONCE,
            unseen: None,
        };
        while round.left > 0 {
            round.left -= 1;
            let begun = Instant::now();
            match self.look.look().await {
                Ok(seen) => self.saw(seen, begun, &mut round).await,
                Err(reason) => {
                    self.trouble = Some(reason);
                    return;
                }
            }
            if self.look.missed() != Missed::Moved {
                return;
            }
        }
    }

    /// Takes in what a look saw that began at `begun`.
    async fn saw(&mut self, seen: Vec<Sighting>, begun: Instant, round: &mut Round) {
        let missed = self.look.missed();
        if missed == Missed::Nothing {
            self.contradiction(&seen);
        }
        let News { told, kept } = match self.look.misses_nothing() {
            true => News::all(seen),
            false => self.memory.news(seen, &missed),
        };
        let moved = missed == Missed::Moved;
        let unseen_since = self.whole;
        match round.doubtful(&kept) {
            1.. if moved && round.left > 0 => {}
            doubtful @ 1.. if self.memory.doubts(&missed) => {
                self.trouble = Some(missed.why(doubtful));
            }
            _ => {
                // Where only all of them together saw everything, it is as old as the first.
                self.sighted(if kept.is_empty() { begun } else { round.begun });
                self.whole = if moved { self.whole } else { begun };
            }
        }
        if !told.is_empty() {
            (self.in_order)().await;
        }
        for sighting in told {
            let unsaid_since = self.unsaid.get(&sighting.id).copied();
            self.note(sighting, unsaid_since.unwrap_or(unseen_since));
        }
        self.unsaid.retain(|id, _| kept.contains(id));
        for id in kept {
            self.unsaid.entry(id).or_insert(unseen_since);
        }
        for (by, reason) in self.look.misread() {
            self.misread(by, reason);
        }
    }

    /// A look succeeded that began at `begun`: what gap there was is over.
    fn sighted(&mut self, begun: Instant) {
        // What this look saw may be as old as its beginning, and what it missed as old as the last one's.
        let gap = begun - self.sighted;
        let slow = gap > SLOW * self.every && !self.look.misses_nothing();
        if slow && self.looked {
            let every = duration::print(self.every);
            self.trouble
                .get_or_insert_with(|| format!("the looks came slower than every {every}"));
        }
        self.looked = true;
        self.report_blindness(true);
        self.sighted = begun;
    }

    /// Says once that looks tell of one entity in two ways, where nobody knows which is so.
    fn contradiction(&mut self, seen: &[Sighting]) {
        if self.contradicted || self.look.in_order() || self.look.misses_nothing() {
            return;
        }
        if let Some(reason) = self.memory.contradiction(seen) {
            self.contradicted = true;
            self.misread(0, reason);
        }
    }

    fn misread(&self, by: usize, reason: String) {
        let rule = self.rules[by].place.clone();
        (self.sink)(What::Misread { rule, reason });
    }

    /// Writes the gap down, if there is one: from the last look that succeeded until now.
    fn report_blindness(&mut self, over: bool) {
        if let Some(reason) = self.trouble.take() {
            let blind_ns = self.sighted.elapsed().as_nanos() as u64;
            for rule in &self.rules {
                (self.sink)(What::Blind {
                    source: self.source.clone(),
                    blind_ns,
                    over,
                    reason: reason.clone(),
                    rule: Some(rule.key.clone()),
                });
            }
        }
    }

    /// Writes down what was not so when the look began that was the last to miss nothing, at `unseen_since`.
    fn note(&self, sighting: Sighting, unseen_since: Instant) {
        let since = unseen_since.saturating_duration_since(self.begun);
        let since = since.saturating_sub(self.look.lag());
        let rule = &self.rules[sighting.by];
        (self.sink)(What::Observed {
            entity: rule.entity.clone(),
            id: sighting.id,
            source: self.source.clone(),
            set: sighting.set,
            event: sighting.event,
            since_ns: Some(since.as_nanos() as u64),
            rule: Some(rule.key.clone()),
        });
    }
}

#[cfg(test)]
mod tests;
