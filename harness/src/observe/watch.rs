//! The loop around a look: its rhythm, what changed, and the gaps.

use super::{InOrder, Look, Sighting};
use crate::duration;
use crate::history::{Sink, What};
use crate::stack::Learn;
use serde_json::Map;
use std::collections::{HashMap, HashSet};
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
    /// Where that stands.
    place: String,
    /// What has happened to an entity that a look no longer sees.
    gone: Option<String>,
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
        rule: &Learn,
        every: Duration,
        look: Box<dyn Look>,
        (sink, in_order, begun): (Sink, InOrder, Instant),
    ) -> Watch {
        let last = HashMap::new();
        let sighted = Instant::now();
        Watch {
            every,
            entity: entity.to_owned(),
            source: rule.evidence.source(),
            rule: rule.key(),
            place: rule.place.to_string(),
            gone: rule.gone.clone(),
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
                let mut told = self.gone(&sightings);
                let new: Vec<Sighting> = sightings.into_iter().filter(|s| self.news(s)).collect();
                let named = new.iter().map(|one| (one.id.clone(), one.clone()));
                self.last.extend(named);
                told.extend(new);
                if !told.is_empty() {
                    (self.in_order)().await;
                }
                for sighting in told {
                    self.note(sighting, unseen_since);
                }
                if let Some(reason) = self.look.misread() {
                    let rule = self.place.clone();
                    (self.sink)(What::Misread { rule, reason });
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
                rule: Some(self.rule.clone()),
            });
        }
    }

    /// Whether it is not how things were at the last look.
    fn news(&self, sighting: &Sighting) -> bool {
        self.look.misses_nothing() || self.last.get(&sighting.id) != Some(sighting)
    }

    /// Those that the look before saw and this one does not. What comes back is news.
    fn gone(&mut self, sightings: &[Sighting]) -> Vec<Sighting> {
        let Some(event) = &self.gone else {
            return Vec::new();
        };
        let there: HashSet<&str> = sightings.iter().map(|one| &one.id[..]).collect();
        let gone = self.last.extract_if(|id, _| !there.contains(&id[..]));
        gone.map(|(id, _)| Sighting {
            id,
            set: Map::new(),
            event: Some(event.clone()),
        })
        .collect()
    }

    /// Writes down what the look before, which began at `unseen_since`, did not see.
    fn note(&self, sighting: Sighting, unseen_since: Instant) {
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
    use crate::problem::Place;
    use async_trait::async_trait;
    use serde_json::json;
    use std::sync::{Arc, Mutex};

    use crate::stack::Evidence;

    fn at_once() -> InOrder {
        Arc::new(|| Box::pin(std::future::ready(())))
    }

    /// Each look sees these entities, each with its number; or nothing, and why.
    struct Script(Vec<Result<Vec<(&'static str, u64)>, &'static str>>);

    #[async_trait]
    impl Look for Script {
        async fn look(&mut self) -> Result<Vec<Sighting>, String> {
            let next = self.0.remove(0).map_err(str::to_owned)?;
            let sighting = |(id, n): (&str, u64)| Sighting {
                id: id.to_owned(),
                set: Map::from_iter([("n".to_owned(), json!(n))]),
                event: None,
            };
            Ok(next.into_iter().map(sighting).collect())
        }
    }

    /// What is written down of these looks.
    async fn told(script: Script, every: Duration, gone: Option<&str>) -> Vec<String> {
        let rule = Learn {
            place: Place::new("shakedown.yaml".as_ref(), 7, 1),
            evidence: Evidence::Sql {
                query: "select 1".to_owned(),
                on: "db".to_owned(),
                every,
            },
            when: None,
            id: None,
            set: Default::default(),
            event: None,
            gone: gone.map(str::to_owned),
        };
        let seen = Arc::new(Mutex::new(Vec::new()));
        let sink: Sink = {
            let seen = seen.clone();
            Arc::new(move |what| seen.lock().unwrap().push(what))
        };
        let looks = script.0.len();
        let to = (sink, at_once(), Instant::now());
        let mut watch = Watch::new("submission", &rule, every, Box::new(script), to);
        for _ in 0..looks {
            watch.once().await;
        }
        let seen = seen.lock().unwrap();
        let words = |what: &What| match what {
            What::Observed { id, set, event, .. } => match event {
                Some(event) => format!("{id}: {event}"),
                None => format!("{id}: n={}", set["n"]),
            },
            What::Blind { reason, over, .. } => format!("blind ({over}): {reason}"),
            other => format!("{other:?}"),
        };
        seen.iter().map(words).collect()
    }

    const HOUR: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn only_changes_are_written_down_and_gaps_are_told() {
        let one = |n| Ok(vec![("7", n)]);
        let script = Script(vec![
            one(1),
            one(1),
            Err("refused"),
            Err("no route"),
            one(2),
        ]);
        let told = told(script, HOUR, None).await;
        assert_eq!(told, ["7: n=1", "blind (true): no route", "7: n=2"]);
    }

    #[tokio::test]
    async fn what_a_look_no_longer_sees_is_gone_and_what_comes_back_is_news() {
        let looks = || {
            Script(vec![
                Ok(vec![("7", 1), ("8", 1)]),
                Ok(vec![("8", 1)]),
                // Nobody knows what was there.
                Err("refused"),
                Ok(vec![("8", 1)]),
                Ok(vec![("7", 1), ("8", 1)]),
                Ok(vec![]),
                Ok(vec![]),
            ])
        };
        let mut seen = told(looks(), HOUR, Some("lost")).await;
        seen[5..].sort();
        let gap = "blind (true): refused";
        let expected = [
            "7: n=1", "8: n=1", "7: lost", gap, "7: n=1", "7: lost", "8: lost",
        ];
        assert_eq!(seen, expected);
        let seen = told(looks(), HOUR, None).await;
        assert_eq!(seen, ["7: n=1", "8: n=1", gap]);
    }

    #[tokio::test]
    async fn looks_that_come_too_slowly_are_a_gap() {
        let one = || Ok(vec![("7", 1)]);
        // No machine is that quick.
        let told = told(Script(vec![one(), one()]), Duration::from_nanos(1), None).await;
        let slow = |line: &String| line.starts_with("blind (true)") && line.contains("slower");
        assert!(told.iter().any(slow), "{told:?}");
    }
}
