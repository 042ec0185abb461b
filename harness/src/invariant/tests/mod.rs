//! Each pattern on small histories: what it comes to, its witnesses, and the exact proof.

mod absence;
mod agree;
mod condition;
mod cuts;
mod doubt;
mod existence;
mod generated;
mod hindsight;
mod moves;
mod mute;
mod precedence;
mod proofs;
mod reference;
mod response;
mod scopes;
mod together;
mod told;
mod unanswered;
mod untold;

use super::*;
use crate::expression::Expression;
use crate::history::{Answered, Asked, Event, FaultMoment, Message, What};
use crate::problem::Place;
use crate::stack::{Clock, Entity, Evidence, Learn, Scope, Stack, Status};
use crate::verdict::Verdict;
use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::time::Duration;

const MS: u64 = 1_000_000;

fn place() -> Place {
    Place::new(Path::new("shakedown.yaml"), 1, 1)
}

fn cel(text: &str) -> Expression {
    Expression::parse(text).unwrap()
}

fn stack(pattern: Pattern) -> Stack {
    let poll = Evidence::Poll {
        method: "GET".to_owned(),
        url: "http://site/".to_owned(),
        every: Duration::from_millis(100),
        each: None,
        next: None,
    };
    let learn = Learn {
        place: place(),
        evidence: poll,
        when: None,
        id: None,
        set: IndexMap::from([("shown".to_owned(), cel("body.n"))]),
        event: None,
        gone: None,
    };
    let entity = Entity {
        aliases: Default::default(),
        name: "submission".to_owned(),
        place: place(),
        status: Some(Status {
            field: "status".to_owned(),
            first: Some("New".to_owned()),
            finals: vec!["Done".to_owned(), "Failed".to_owned()],
        }),
        moves: IndexMap::from([
            (
                "New".to_owned(),
                vec!["Busy".to_owned(), "Failed".to_owned()],
            ),
            (
                "Busy".to_owned(),
                vec!["Done".to_owned(), "Failed".to_owned()],
            ),
        ]),
        learn: vec![learn],
    };
    let invariant = Invariant {
        name: "i".to_owned(),
        place: place(),
        entity: "submission".to_owned(),
        pattern,
        scope: Scope::default(),
    };
    Stack {
        name: "s".to_owned(),
        file: PathBuf::new(),
        folder: PathBuf::new(),
        services: IndexMap::new(),
        calls: IndexMap::new(),
        operations: IndexMap::new(),
        entities: IndexMap::from([(entity.name.clone(), entity)]),
        workloads: IndexMap::new(),
        invariants: IndexMap::from([("i".to_owned(), invariant)]),
        mutants: IndexMap::new(),
        settle: Duration::ZERO,
        secrets: Vec::new(),
    }
}

/// One line of a history: `7 status=Done`, `7 +stored`, `7 shown=1`, `fault applied`, `fault ended`,
/// `blind 300`, `blind 300 at end`, `blind 300 elsewhere`, or `.` when time only passes.
fn what(line: &str) -> What {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["."] => What::Phase {
            name: "later".to_owned(),
        },
        ["fault", moment] => What::Fault {
            fault: 0,
            text: "the fault".to_owned(),
            moment: if moment == "applied" {
                FaultMoment::Applied
            } else {
                FaultMoment::Ended
            },
            exchange: None,
        },
        ["blind", ms, ref end @ ..] => What::Blind {
            source: "poll GET http://site/".to_owned(),
            blind_ns: ms.parse::<u64>().unwrap() * MS,
            over: end != ["at", "end"],
            reason: "refused".to_owned(),
            rule: (end == ["elsewhere"]).then(|| "the key of another rule".to_owned()),
        },
        [id, fact] => {
            let (mut set, mut event) = (serde_json::Map::new(), None);
            match fact.split_once('=') {
                Some((field, value)) => {
                    set.insert(
                        field.to_owned(),
                        value.parse::<i64>().map_or(json!(value), |n| json!(n)),
                    );
                }
                None => event = fact.strip_prefix('+').map(str::to_owned),
            }
            let (entity, source) = ("submission".to_owned(), "test".to_owned());
            What::Observed {
                entity,
                id: id.to_owned(),
                source,
                set,
                event,
                since_ns: None,
                rule: None,
            }
        }
        _ => panic!("`{line}` is no line of a history"),
    }
}

fn events(history: &[(u64, &str)]) -> Vec<Event> {
    let numbered = history.iter().enumerate();
    numbered
        .map(|(i, (ms, line))| Event {
            seq: i as u64,
            at_ns: ms * MS,
            what: what(line),
        })
        .collect()
}

fn judge(pattern: &Pattern, events: &[Event]) -> Finding {
    let mut judge = Judge::new(&stack(pattern.clone()));
    for event in events {
        judge.see(event);
    }
    judge.findings().remove(0)
}

/// Judges a history in which time is in milliseconds; gives the verdict, the witnesses, the numbers of the events
/// that prove it, and the reason.
fn check(
    pattern: Pattern,
    history: &[(u64, &str)],
    verdict: Verdict,
    witnesses: u64,
    proof: &[u64],
    says: &str,
) {
    let finding = judge(&pattern, &events(history));
    let told = format!("{pattern:?}\n{history:?}\n{finding:?}");
    assert_eq!(finding.verdict, verdict, "{told}");
    assert_eq!(finding.witnesses, witnesses, "{told}");
    assert_eq!(
        finding.proof.iter().map(|p| p.seq).collect::<Vec<_>>(),
        proof,
        "{told}"
    );
    assert!(
        finding.reason.as_deref().unwrap_or_default().contains(says),
        "{told}"
    );
}

use Verdict::{Held, Inconclusive, Violated};

/// Judges calls such as `("finish", 1, 4)`, asked at 1 ms and answered at 4 ms. Gives the verdict, and the status that
/// the submission has in the end.
fn overlapping(stack: &Stack, calls: &[(&str, u64, u64)]) -> (Verdict, Option<String>) {
    let captures = || [("submission".to_owned(), "7".to_owned())].into();
    let mut timed = Vec::new();
    for (n, (call, from, to)) in calls.iter().enumerate() {
        let asked = Asked {
            exchange: n as u64,
            client: "worker".to_owned(),
            service: "site".to_owned(),
            port: 80,
            method: "POST".to_owned(),
            path: "/".to_owned(),
            call: Some(call.to_string()),
            captures: captures(),
        };
        let answered = Answered {
            exchange: n as u64,
            call: Some(call.to_string()),
            captures: captures(),
            status: 200,
            request: Message::default(),
            response: Message::default(),
        };
        timed.push((*from, What::Asked(asked)));
        timed.push((*to, What::Answered(Box::new(answered))));
    }
    timed.sort_by_key(|(at, _)| *at);
    let mut judge = Judge::new(stack);
    for (seq, (at, what)) in timed.into_iter().enumerate() {
        judge.see(&Event {
            seq: seq as u64,
            at_ns: at * MS,
            what,
        });
    }
    let verdict = judge.findings().remove(0).verdict;
    let mut records = judge.entities().records("submission");
    let status = records.next().and_then(|(_, record)| record.status());
    (verdict, status.map(str::to_owned))
}
