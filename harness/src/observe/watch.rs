//! The loop around a look: its rhythm, what changed, and the gaps.

use super::{InOrder, Look, Sighting};
use crate::duration;
use crate::history::{Sink, What};
use std::collections::HashMap;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;

/// So many times its rhythm without a look makes an observer one that could not look.
const SLOW: u32 = 2;

pub(super) struct Watch {
    every: Duration,
    entity: String,
    source: String,
    /// The key of the rule by which it looks.
    rule: String,
    look: Box<dyn Look>,
    sink: Sink,
    in_order: InOrder,
    /// When the history began.
    begun: Instant,
    last: HashMap<String, Sighting>,
    /// The last look that succeeded, and what went wrong since.
    sighted: Instant,
    looked: bool,
    trouble: Option<String>,
}

impl Watch {
    pub fn new(
        entity: &str,
        (source, rule): (String, String),
        every: Duration,
        look: Box<dyn Look>,
        (sink, in_order, begun): (Sink, InOrder, Instant),
    ) -> Watch {
        let last = HashMap::new();
        let sighted = Instant::now();
        Watch {
            every,
            entity: entity.to_owned(),
            source,
            rule,
            look,
            sink,
            in_order,
            begun,
            last,
            sighted,
            looked: false,
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

    async fn once(&mut self) {
        let begun = Instant::now();
        match self.look.look().await {
            Err(reason) => self.trouble = Some(reason),
            Ok(sightings) => {
                // What this look saw may be as old as its beginning, and what it missed as old as the last one's.
                let gap = begun - self.sighted;
                let missed = gap > SLOW * self.every && !self.look.misses_nothing();
                if missed && self.looked {
                    let every = duration::print(self.every);
                    self.trouble
                        .get_or_insert_with(|| format!("the looks came slower than every {every}"));
                }
                self.looked = true;
                self.report_blindness(true);
                let unseen_since = std::mem::replace(&mut self.sighted, begun);
                let new: Vec<Sighting> = sightings.into_iter().filter(|s| self.news(s)).collect();
                if !new.is_empty() {
                    (self.in_order)().await;
                }
                for sighting in new {
                    self.note(sighting, unseen_since);
                }
            }
        }
    }

    /// Writes the gap down, if there is one: from the last look that succeeded until now.
    fn report_blindness(&mut self, over: bool) {
        if let Some(reason) = self.trouble.take() {
            let blind_ns = self.sighted.elapsed().as_nanos() as u64;
            (self.sink)(What::Blind {
                source: self.source.clone(),
                blind_ns,
                over,
                reason,
            });
        }
    }

    /// Whether it is not how things were at the last look.
    fn news(&self, sighting: &Sighting) -> bool {
        self.look.misses_nothing() || self.last.get(&sighting.id) != Some(sighting)
    }

    /// Writes down what the look before, which began at `unseen_since`, did not see.
    fn note(&mut self, sighting: Sighting, unseen_since: Instant) {
        self.last.insert(sighting.id.clone(), sighting.clone());
        let since = unseen_since.saturating_duration_since(self.begun);
        let since = since.saturating_sub(self.look.lag());
        (self.sink)(What::Observed {
            entity: self.entity.clone(),
            id: sighting.id,
            source: self.source.clone(),
            set: sighting.set,
            event: sighting.event,
            since_ns: Some(since.as_nanos() as u64),
            rule: Some(self.rule.clone()),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use serde_json::json;
    use std::sync::{Arc, Mutex};

    fn at_once() -> InOrder {
        Arc::new(|| Box::pin(std::future::ready(())))
    }

    struct Script(Vec<Result<u64, &'static str>>);

    #[async_trait]
    impl Look for Script {
        async fn look(&mut self) -> Result<Vec<Sighting>, String> {
            let next = if self.0.is_empty() {
                Err("over")
            } else {
                self.0.remove(0)
            };
            let value = next.map_err(str::to_owned)?;
            let set = json!({"n": value}).as_object().cloned().unwrap_or_default();
            Ok(vec![Sighting {
                id: "7".to_owned(),
                set,
                event: None,
            }])
        }
    }

    #[tokio::test]
    async fn only_changes_are_written_down_and_gaps_are_told() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink: Sink = {
            let seen = seen.clone();
            Arc::new(move |what| seen.lock().unwrap().push(what))
        };
        let script = Script(vec![Ok(1), Ok(1), Err("refused"), Err("no route"), Ok(2)]);
        let mut watch = Watch::new(
            "submission",
            ("poll".to_owned(), "the rule".to_owned()),
            Duration::from_secs(3600),
            Box::new(script),
            (sink, at_once(), Instant::now()),
        );
        for _ in 0..5 {
            watch.once().await;
        }
        let told: Vec<String> = seen
            .lock()
            .unwrap()
            .iter()
            .map(|what| match what {
                What::Observed { set, .. } => format!("n={}", set["n"]),
                What::Blind { reason, .. } => format!("blind: {reason}"),
                other => format!("{other:?}"),
            })
            .collect();
        assert_eq!(told, ["n=1", "blind: no route", "n=2"]);
    }

    #[tokio::test]
    async fn looks_that_come_too_slowly_are_a_gap() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink: Sink = {
            let seen = seen.clone();
            Arc::new(move |what| seen.lock().unwrap().push(what))
        };
        let look = Box::new(Script(vec![Ok(1), Ok(1)]));
        // No machine is that quick.
        let every = Duration::from_nanos(1);
        let mut watch = Watch::new(
            "submission",
            ("poll".to_owned(), "the rule".to_owned()),
            every,
            look,
            (sink, at_once(), Instant::now()),
        );
        watch.once().await;
        watch.once().await;
        let told = seen.lock().unwrap();
        let slow = |what: &What| matches!(what, What::Blind { over: true, reason, .. } if reason.contains("slower"));
        assert!(told.iter().any(slow), "{told:?}");
    }
}
