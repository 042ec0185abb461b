use super::*;
use crate::problem::Place;
use async_trait::async_trait;
use serde_json::{Map, json};
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
            by: 0,
            id: id.to_owned(),
            set: Map::from_iter([("n".to_owned(), json!(n))]),
            event: None,
        };
        Ok(next.into_iter().map(sighting).collect())
    }
}

/// Each look sees these entities, and may have missed others.
struct Moving(Vec<(&'static str, Missed)>, Missed);

#[async_trait]
impl Look for Moving {
    async fn look(&mut self) -> Result<Vec<Sighting>, String> {
        let (seen, missed) = self.0.remove(0);
        self.1 = missed;
        let sighting = |id: &str| Sighting {
            by: 0,
            id: id.to_owned(),
            set: Map::from_iter([("n".to_owned(), json!(1))]),
            event: None,
        };
        Ok(seen.split_terminator(' ').map(sighting).collect())
    }

    fn missed(&self) -> Missed {
        self.1.clone()
    }
}

/// What is written down of these looks.
async fn told(script: Script, every: Duration, gone: Option<&str>) -> Vec<String> {
    let looks = script.0.len();
    told_by(Box::new(script), looks, every, gone).await
}

async fn told_by(
    look: Box<dyn Look>,
    looks: usize,
    every: Duration,
    gone: Option<&str>,
) -> Vec<String> {
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
    let to = (sink, at_once(), Instant::now());
    let mut watch = Watch::new(&[("submission", &rule)], every, look, to);
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
    assert_eq!(seen, ["7: n=1", "8: n=1", gap, "7: n=1"]);
}

#[tokio::test]
async fn a_list_that_moves_is_read_again_and_told_as_a_gap_where_it_never_stands_still() {
    use Missed::{Moved, Nothing};
    let looks = vec![
        ("7 8", Nothing),
        // The second look stands still at once.
        ("8", Moved),
        ("7 8", Nothing),
        // The third never does, and each is on some page.
        ("8", Moved),
        ("7", Moved),
        ("8", Moved),
        // Nor does the fourth.
        ("8 9", Moved),
        ("8 9", Moved),
        ("8 9", Moved),
        ("8 9", Nothing),
    ];
    let look = Box::new(Moving(looks, Nothing));
    let told = told_by(look, 5, HOUR, Some("lost")).await;
    assert!(told[3].starts_with("blind (true): of 1 seen before"));
    let rest = [&told[..3], &told[4..]].concat();
    assert_eq!(rest, ["7: n=1", "8: n=1", "9: n=1", "7: lost"]);
}

#[tokio::test]
async fn rows_that_contradict_each_other_are_told_once() {
    let looks = (0..3).map(|_| Ok(vec![("7", 1), ("7", 2)])).collect();
    let told = told(Script(looks), HOUR, None).await;
    assert!(told[0].contains("more than once"), "{told:?}");
    assert_eq!(told[1..], ["7: n=2"]);
}

#[tokio::test]
async fn looks_that_come_too_slowly_are_a_gap() {
    let one = || Ok(vec![("7", 1)]);
    // No machine is that quick.
    let told = told(Script(vec![one(), one()]), Duration::from_nanos(1), None).await;
    let slow = |line: &String| line.starts_with("blind (true)") && line.contains("slower");
    assert!(told.iter().any(slow), "{told:?}");
}
