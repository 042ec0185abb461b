//! Each pattern on small histories: what it comes to, its witnesses, and the exact proof.

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
    };
    let entity = Entity {
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
    }
}

/// One line of a history: `7 status=Done`, `7 +stored`, `7 shown=1`, `fault applied`, `fault ended`,
/// `blind 300`, `blind 300 at end`, or `.` when time only passes.
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
            over: end.is_empty(),
            reason: "refused".to_owned(),
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

#[test]
fn precedence() {
    let p = || Pattern::Precedence {
        no: cel("status == 'Done'"),
        before: cel("happened('stored')"),
    };
    check(
        p(),
        &[(1, "7 +stored"), (2, "7 status=Done")],
        Held,
        1,
        &[],
        "",
    );
    check(
        p(),
        &[(1, "7 status=Done"), (11, "7 +stored")],
        Violated,
        0,
        &[0],
        "only 0.010 s later (#1)",
    );
    check(
        p(),
        &[(1, "7 status=Done"), (2, ".")],
        Violated,
        0,
        &[0],
        "never did",
    );
    check(
        p(),
        &[(1, "8 +stored"), (2, "7 status=Done")],
        Violated,
        0,
        &[1],
        "never did",
    );
    check(
        p(),
        &[(1, "7 +stored")],
        Inconclusive,
        0,
        &[],
        "never came true",
    );
    check(
        p(),
        &[(1, ".")],
        Inconclusive,
        0,
        &[],
        "no submission was ever seen",
    );
}

#[test]
fn what_is_broken_is_known_by_name_before_the_end() {
    let mut judge = Judge::new(&stack(Pattern::Never(cel("shown == 1"))));
    let broken = |judge: &Judge, name: &str| judge.any_broken(&[name.to_owned()]);
    assert!(!broken(&judge, "i"));
    for event in events(&[(1, "7 shown=1")]) {
        judge.see(&event);
    }
    assert!(broken(&judge, "i") && !broken(&judge, "j"));
    assert!(!judge.any_broken(&[]));
}

#[test]
fn calls_that_overlap_cannot_be_put_in_order() {
    let p = Pattern::Precedence {
        no: cel("status == 'Done'"),
        before: cel("happened('stored')"),
    };
    let mut stack = stack(p);
    let entity = &mut stack.entities["submission"];
    let rule = entity.learn[0].clone();
    let learn = |call: &str, set: &[&str], event: Option<&str>| Learn {
        evidence: Evidence::Call(call.to_owned()),
        set: set
            .iter()
            .map(|text| ("status".to_owned(), cel(text)))
            .collect(),
        event: event.map(str::to_owned),
        ..rule.clone()
    };
    entity.learn = vec![
        learn("finish", &["'Done'"], None),
        learn("store", &[], Some("stored")),
        learn("both", &["'Done'"], Some("stored")),
    ];
    let verdict = |calls: &[(&str, u64, u64)]| overlapping(&stack, calls).0;
    assert_eq!(verdict(&[("store", 1, 2), ("finish", 3, 4)]), Held);
    assert_eq!(verdict(&[("finish", 1, 2), ("store", 3, 4)]), Violated);
    assert_eq!(verdict(&[("finish", 1, 4), ("store", 2, 3)]), Inconclusive);
    assert_eq!(verdict(&[("finish", 1, 3), ("store", 2, 4)]), Inconclusive);
    assert_eq!(verdict(&[("store", 1, 3), ("finish", 2, 4)]), Inconclusive);
    assert_eq!(verdict(&[("store", 1, 4), ("finish", 2, 3)]), Inconclusive);
    assert_eq!(verdict(&[("both", 1, 4)]), Held);
}

#[test]
fn overlapping_calls_are_taken_in_the_order_that_the_moves_allow() {
    let mut stack = stack(Pattern::Moves);
    let entity = &mut stack.entities["submission"];
    let rule = entity.learn[0].clone();
    let learn = |status: &str| Learn {
        evidence: Evidence::Call(status.to_owned()),
        set: IndexMap::from([("status".to_owned(), cel(&format!("'{status}'")))]),
        ..rule.clone()
    };
    entity.learn = vec![learn("Busy"), learn("Done")];
    let told = |calls: &[(&str, u64, u64)]| overlapping(&stack, calls);
    let done = Some("Done".to_owned());
    assert_eq!(
        told(&[("Busy", 1, 2), ("Done", 3, 4)]),
        (Held, done.clone())
    );
    // Done was answered first, but Busy may have been first.
    assert_eq!(
        told(&[("Busy", 1, 4), ("Done", 2, 3)]),
        (Held, done.clone())
    );
    assert_eq!(
        told(&[("Busy", 1, 2), ("Busy", 3, 6), ("Done", 4, 5)]),
        (Held, done)
    );
    // It was certainly last.
    let busy = Some("Busy".to_owned());
    let back = [("Busy", 1, 2), ("Done", 3, 4), ("Busy", 5, 6)];
    assert_eq!(told(&back), (Violated, busy));
}

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

#[test]
fn response_at_once() {
    let p = || Pattern::Response {
        when: cel("status == 'Done'"),
        then: cel("shown > 0"),
        within: None,
        clock: Clock::Wall,
    };
    check(
        p(),
        &[(1, "7 shown=1"), (2, "7 status=Done")],
        Held,
        1,
        &[],
        "",
    );
    check(
        p(),
        &[(1, "7 shown=0"), (2, "7 status=Done"), (3, "7 shown=1")],
        Violated,
        0,
        &[0, 1],
        "did not",
    );
    check(
        p(),
        &[(1, "7 status=Done")],
        Inconclusive,
        0,
        &[],
        "`shown` is not known",
    );
    check(
        p(),
        &[(1, "7 status=Done"), (2, "7 shown=1")],
        Held,
        1,
        &[],
        "",
    );
    check(
        p(),
        &[(1, "7 shown=1")],
        Inconclusive,
        0,
        &[],
        "never came true",
    );
}

fn within(clock: Clock) -> Pattern {
    Pattern::Response {
        when: cel("happened('stored')"),
        then: cel("status == 'Done'"),
        within: Some(Duration::from_millis(10)),
        clock,
    }
}

#[test]
fn response_within_a_time() {
    let p = || within(Clock::Wall);
    check(
        p(),
        &[(1, "7 +stored"), (11, "7 status=Done")],
        Held,
        1,
        &[],
        "",
    );
    check(
        p(),
        &[(1, "7 +stored"), (12, "7 status=Done")],
        Violated,
        0,
        &[0],
        "10ms later",
    );
    check(
        p(),
        &[(1, "7 +stored"), (12, ".")],
        Violated,
        0,
        &[0],
        "10ms later",
    );
    check(
        p(),
        &[(1, "7 +stored"), (5, ".")],
        Inconclusive,
        0,
        &[],
        "the run ended before",
    );
    check(
        p(),
        &[(1, "7 status=Done"), (2, "7 +stored"), (50, ".")],
        Held,
        1,
        &[],
        "",
    );
}

#[test]
fn the_healed_clock_grants_the_time_of_the_fault() {
    let history = [
        (1, "fault applied"),
        (2, "7 +stored"),
        (90, "fault ended"),
        (99, "7 status=Done"),
        (200, "."),
    ];
    check(within(Clock::Healed), &history, Held, 1, &[], "");
    check(
        within(Clock::Wall),
        &history,
        Violated,
        0,
        &[1],
        "10ms later",
    );
    let late = [
        (1, "fault applied"),
        (2, "7 +stored"),
        (90, "fault ended"),
        (101, "."),
    ];
    check(
        within(Clock::Healed),
        &late,
        Violated,
        0,
        &[1],
        "without an active fault",
    );
}

#[test]
fn existence() {
    let p = || Pattern::Existence {
        eventually: cel("status in final"),
        within: Duration::from_millis(10),
        clock: Clock::Wall,
    };
    check(
        p(),
        &[(1, "7 status=Busy"), (9, "7 status=Failed")],
        Held,
        1,
        &[],
        "",
    );
    check(
        p(),
        &[(1, "7 shown=0"), (5, "7 status=Busy"), (12, ".")],
        Violated,
        0,
        &[0],
        "after 10ms; the last thing seen of it, #1: status became Busy",
    );
    check(
        p(),
        &[(1, "7 shown=0"), (12, ".")],
        Violated,
        0,
        &[0],
        "after 10ms",
    );
    check(
        p(),
        &[(1, "7 status=Busy"), (11, ".")],
        Inconclusive,
        0,
        &[],
        "the run ended before",
    );
}

#[test]
fn at_most() {
    let p = || Pattern::AtMost {
        bound: 1,
        event: "stored".to_owned(),
    };
    check(p(), &[(1, "7 +stored"), (2, "8 +stored")], Held, 2, &[], "");
    check(
        p(),
        &[(1, "7 +stored"), (2, "7 shown=1"), (3, "7 +stored")],
        Violated,
        0,
        &[0, 2],
        "2 times",
    );
    check(
        p(),
        &[(1, "7 shown=1")],
        Inconclusive,
        0,
        &[],
        "never happened",
    );
}

#[test]
fn moves() {
    let p = || Pattern::Moves;
    check(
        p(),
        &[
            (1, "7 status=Busy"),
            (2, "7 status=Busy"),
            (3, "7 status=Done"),
        ],
        Held,
        1,
        &[],
        "",
    );
    let back = [
        (1, "7 status=Busy"),
        (2, "7 status=Done"),
        (3, "7 shown=1"),
        (4, "7 status=Busy"),
    ];
    check(p(), &back, Violated, 0, &[1, 3], "Done -> Busy");
    check(
        p(),
        &[(1, "7 status=Done")],
        Violated,
        0,
        &[0],
        "New -> Done",
    );
    check(
        p(),
        &[(1, "7 shown=1")],
        Inconclusive,
        0,
        &[],
        "no status ever changed",
    );
}

#[test]
fn agreement() {
    let p = || Pattern::Agree {
        fields: vec!["status".to_owned(), "shown".to_owned()],
        within: Duration::from_millis(10),
        clock: Clock::Wall,
    };
    let same = [(1, "7 status=Done"), (9, "7 shown=Done"), (30, ".")];
    check(p(), &same, Held, 1, &[], "");
    let late = [(1, "7 status=Done"), (12, "7 shown=Done")];
    check(p(), &late, Violated, 0, &[0], "shown is not known, 10ms");
    let parted = [
        (1, "7 status=Busy"),
        (2, "7 shown=Busy"),
        (3, "7 status=Done"),
        (20, "."),
    ];
    check(
        p(),
        &parted,
        Violated,
        0,
        &[2],
        "status is \"Done\", shown is \"Busy\"",
    );
    check(
        p(),
        &parted[..3],
        Inconclusive,
        0,
        &[],
        "the run ended while",
    );
    let blind = [(1, "7 status=Done"), (20, "blind 19"), (21, "7 shown=Done")];
    check(p(), &blind, Inconclusive, 0, &[], "could not look");
}

#[test]
fn shares() {
    let p = |at_least| Pattern::Share {
        condition: cel("status == 'Done'"),
        at_least,
    };
    let history = [
        (1, "7 status=Done"),
        (2, "8 status=Busy"),
        (3, "9 status=Busy"),
        (4, "9 status=Done"),
    ];
    check(p(0.6), &history, Held, 2, &[], "");
    check(
        p(0.7),
        &history,
        Violated,
        2,
        &[1],
        "held for 2 of 3 at the end, a share of 0.667",
    );
    check(
        p(0.5),
        &[(1, ".")],
        Inconclusive,
        0,
        &[],
        "no submission was ever seen",
    );
}

#[test]
fn quantiles() {
    let p = |quantile| Pattern::Quantile {
        quantile,
        from: "New".to_owned(),
        to: "Done".to_owned(),
        below: Duration::from_millis(10),
    };
    let history = [
        (1, "7 shown=0"),
        (1, "8 shown=0"),
        (1, "9 shown=0"),
        (2, "9 status=Failed"),
        (5, "7 status=Done"),
        (11, "8 status=Done"),
    ];
    check(p(0.5), &history, Held, 1, &[], "");
    check(
        p(0.95),
        &history,
        Violated,
        1,
        &[1, 5],
        "it took 10 ms from New to Done",
    );
    // Who is still on its way counts, who ended elsewhere does not.
    check(p(0.95), &history[..5], Violated, 1, &[1], "never to Done");
    check(p(0.95), &[history[0], history[4]], Held, 1, &[], "");
    check(
        p(0.5),
        &history[2..4],
        Inconclusive,
        0,
        &[],
        "it never went from New to Done",
    );
}

#[test]
fn always_and_never() {
    let always = || Pattern::Always(cel("shown <= 1"));
    check(always(), &[(1, "7 shown=1")], Held, 1, &[], "");
    check(
        always(),
        &[(1, "7 shown=1"), (2, "7 shown=2")],
        Violated,
        0,
        &[1],
        "did not hold",
    );
    check(
        always(),
        &[(1, "7 status=Busy")],
        Inconclusive,
        0,
        &[],
        "could never be evaluated",
    );
    // One entity of which nobody learnt what the others were judged by may be the one that broke it.
    check(
        always(),
        &[(1, "7 shown=1"), (2, "8 status=Busy")],
        Inconclusive,
        1,
        &[],
        "submission 8: `shown` is not known",
    );
    let never = || Pattern::Never(cel("shown > 1"));
    check(never(), &[(1, "7 shown=1")], Held, 1, &[], "");
    check(never(), &[(1, "7 shown=2")], Violated, 0, &[0], "came true");
}

#[test]
fn an_observer_that_was_blind_makes_what_rests_on_it_unknown() {
    let p = |ms| Pattern::Response {
        when: cel("shown == 1"),
        then: cel("shown == 2"),
        within: Some(Duration::from_millis(ms)),
        clock: Clock::Wall,
    };
    let history = |blind| [(1, "7 shown=1"), (2, "7 shown=2"), (400, blind)];
    check(p(200), &history("blind 30"), Held, 1, &[], "");
    check(
        p(200),
        &history("blind 300"),
        Inconclusive,
        1,
        &[],
        "could not look for 300 ms: refused",
    );
    check(
        p(200),
        &history("blind 30 at end"),
        Inconclusive,
        1,
        &[],
        "until the end",
    );
    check(
        Pattern::Always(cel("shown < 9")),
        &history("blind 30 at end"),
        Inconclusive,
        1,
        &[],
        "end",
    );
    check(
        Pattern::Moves,
        &[(1, "7 status=Busy"), (2, "blind 900")],
        Held,
        1,
        &[],
        "",
    );
    let sight = |blind| {
        let finding = judge(&p(200), &events(&history(blind)));
        finding.sight.map(|sight| sight.to_string())
    };
    assert_eq!(sight(".").as_deref(), Some("seen every 100ms"));
    assert_eq!(
        sight("blind 30").as_deref(),
        Some("seen every 100ms, once not for 30 ms")
    );
}

#[test]
fn what_cannot_be_evaluated_is_never_taken_for_a_pass() {
    // `shown` is not a number for a while: nobody can say whether the condition held then.
    let history = [
        (1, "7 shown=1"),
        (2, "7 shown=odd"),
        (3, "7 shown=1"),
        (4, "7 +stored"),
        (5, "7 status=Done"),
        (100, "."),
    ];
    let response = |when: &str, then: &str, ms: Option<u64>| Pattern::Response {
        when: cel(when),
        then: cel(then),
        within: ms.map(Duration::from_millis),
        clock: Clock::Wall,
    };
    let precedence = |no: &str, before: &str| Pattern::Precedence {
        no: cel(no),
        before: cel(before),
    };
    let unclear = [
        Pattern::Always(cel("shown < 9")),
        Pattern::Never(cel("shown > 9")),
        response("shown > 0", "happened('stored') || true", None),
        response("shown >= 1", "shown < 9", Some(10)),
        precedence("shown > 9 || status == 'Done'", "happened('stored')"),
        precedence("status == 'Done'", "shown > 9"),
    ];
    for pattern in unclear {
        check(pattern, &history, Inconclusive, 0, &[], "shown");
    }
    // What is met all the same, or broken all the same, is told.
    check(
        response("happened('stored')", "shown > 0", Some(10)),
        &history,
        Held,
        1,
        &[],
        "",
    );
    check(
        precedence("status == 'Done'", "happened('told')"),
        &history,
        Violated,
        0,
        &[4],
        "never did",
    );
    let odd = [(1, "7 +stored"), (2, "7 shown=odd"), (100, ".")];
    let late = response("happened('stored')", "shown > 0", Some(10));
    check(late, &odd, Inconclusive, 0, &[], "shown > 0");
    let p = Pattern::Existence {
        eventually: cel("shown > 0"),
        within: Duration::from_millis(10),
        clock: Clock::Wall,
    };
    check(p, &odd, Inconclusive, 0, &[], "shown > 0");
}

#[test]
fn what_a_blind_observer_may_have_missed_is_not_late() {
    let p = || Pattern::Response {
        when: cel("happened('stored')"),
        then: cel("shown == 2"),
        within: Some(Duration::from_millis(10)),
        clock: Clock::Wall,
    };
    let history = |blind| [(1, "7 +stored"), (30, blind), (31, "7 shown=2"), (40, ".")];
    check(p(), &history("."), Violated, 0, &[0], "10ms later");
    let says = "could not look for 25 ms";
    check(p(), &history("blind 25"), Inconclusive, 0, &[], says);
    // It could look again before the time was over.
    let p = || match p() {
        Pattern::Response {
            when, then, clock, ..
        } => Pattern::Response {
            when,
            then,
            within: Some(Duration::from_millis(35)),
            clock,
        },
        other => other,
    };
    let early = [
        (1, "7 +stored"),
        (30, "blind 25"),
        (31, "7 shown=0"),
        (40, "."),
    ];
    check(p(), &early, Violated, 0, &[0], "35ms later");
}

#[test]
fn a_rule_that_could_not_be_applied_makes_what_rests_on_it_unknown() {
    let answered = |status, body: &str| {
        let message = |body: &str| Message {
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: body.to_owned(),
            body_bytes: body.len() as u64,
        };
        What::Answered(Box::new(Answered {
            exchange: 1,
            call: Some("tell".to_owned()),
            captures: [("submission".to_owned(), "7".to_owned())].into(),
            status,
            request: message(body),
            response: message(""),
        }))
    };
    let verdict = |when: Option<&str>, pattern: Pattern, bodies: &[(u16, &str)]| {
        let mut stack = stack(pattern);
        let entity = &mut stack.entities["submission"];
        entity.learn[0].evidence = Evidence::Call("tell".to_owned());
        entity.learn[0].when = when.map(cel);
        entity.learn[0].set = IndexMap::from([("shown".to_owned(), cel("request.body.n"))]);
        let mut judge = Judge::new(&stack);
        for (seq, (status, body)) in bodies.iter().enumerate() {
            judge.see(&Event {
                seq: seq as u64,
                at_ns: MS,
                what: answered(*status, body),
            });
        }
        let finding = judge.findings().remove(0);
        (finding.verdict, finding.reason.unwrap_or_default())
    };
    let always = || Pattern::Always(cel("shown < 9"));
    let bodies = [(200, r#"{"n": 1}"#), (503, r#"{"error": "busy"}"#)];
    let (unclear, why) = verdict(None, always(), &bodies);
    assert_eq!(unclear, Inconclusive);
    assert!(
        why.contains("shakedown.yaml:1:1") && why.contains("`n`") && why.contains("503"),
        "{why}"
    );
    // The rule says when it is about to be read.
    assert_eq!(
        verdict(Some("response.status == 200"), always(), &bodies).0,
        Held
    );
    // A violation that was seen stays one.
    let broken = [(200, r#"{"n": 10}"#), (503, "{}")];
    assert_eq!(verdict(None, always(), &broken).0, Violated);
    // One that rests on what was not learnt does not.
    let response = Pattern::Response {
        when: cel("shown == 1"),
        then: cel("shown == 2"),
        within: None,
        clock: Clock::Wall,
    };
    let (unclear, why) = verdict(None, response, &bodies);
    assert_eq!(unclear, Inconclusive);
    assert!(why.contains("did not, but the rule at"), "{why}");
    // What rests on other rules is told.
    let other = Pattern::Moves;
    assert!(!verdict(None, other, &bodies).1.contains("rule"));
}

/// A random history of two entities, with time going on between its lines.
fn histories() -> impl Strategy<Value = Vec<Event>> {
    let lines = prop::sample::select(vec![
        "7 +stored",
        "8 +stored",
        "7 status=Busy",
        "8 status=Busy",
        "7 status=Done",
        "8 status=Done",
        "7 shown=1",
        ".",
    ]);
    prop::collection::vec((0u64..8, lines), 0..20).prop_map(|steps| {
        let mut at = 0;
        let timed: Vec<(u64, &str)> = steps
            .into_iter()
            .map(|(passed, line)| {
                at += passed;
                (at, line)
            })
            .collect();
        events(&timed)
    })
}

/// The entity of an event, its status if it sets one, and whether `stored` happened to it.
fn fact(event: &Event) -> Option<(&str, Option<&str>, bool)> {
    let What::Observed { id, set, event, .. } = &event.what else {
        return None;
    };
    Some((
        id,
        set.get("status").and_then(|v| v.as_str()),
        event.is_some(),
    ))
}

/// Precedence, word for word: some event makes the status Done, and no earlier one of that entity is `stored`.
fn breaks_precedence(events: &[Event]) -> bool {
    events
        .iter()
        .enumerate()
        .any(|(i, event)| match fact(event) {
            Some((id, Some("Done"), _)) => !events[..i]
                .iter()
                .filter_map(fact)
                .any(|f| f.0 == id && f.2),
            _ => false,
        })
}

/// Response within 10 ms, word for word: after the first `stored` (there is no second condition to come true), no
/// status Done is in force at any moment up to the deadline, and the history goes on beyond it.
fn breaks_response(events: &[Event]) -> bool {
    let end = events.last().map_or(0, |event| event.at_ns);
    ["7", "8"].iter().any(|id| {
        let Some(i) = events
            .iter()
            .position(|e| fact(e).is_some_and(|f| f.0 == *id && f.2))
        else {
            return false;
        };
        let deadline = events[i].at_ns + 10 * MS;
        let status = |upto: usize| {
            events[..=upto]
                .iter()
                .filter_map(fact)
                .filter(|f| f.0 == *id)
                .filter_map(|f| f.1)
                .next_back()
        };
        let met =
            (i..events.len()).any(|j| events[j].at_ns <= deadline && status(j) == Some("Done"));
        !met && end > deadline
    })
}

proptest! {
    #[test]
    fn monitors_agree_with_the_patterns_word_for_word(history in histories()) {
        let precedence =
            Pattern::Precedence { no: cel("status == 'Done'"), before: cel("happened('stored')") };
        let verdict = judge(&precedence, &history).verdict;
        prop_assert_eq!(verdict == Violated, breaks_precedence(&history));
        let verdict = judge(&within(Clock::Wall), &history).verdict;
        prop_assert_eq!(verdict == Violated, breaks_response(&history));
        let twice = Pattern::AtMost { bound: 1, event: "stored".to_owned() };
        let count = |id| history.iter().filter_map(fact).filter(|f| f.0 == id && f.2).count();
        prop_assert_eq!(judge(&twice, &history).verdict == Violated, count("7") > 1 || count("8") > 1);
    }

    #[test]
    fn the_proof_of_a_count_loses_its_force_without_any_of_its_events(history in histories()) {
        let twice = Pattern::AtMost { bound: 1, event: "stored".to_owned() };
        let finding = judge(&twice, &history);
        for removed in &finding.proof {
            let id = finding.entity.as_deref().unwrap_or_default().trim_start_matches("submission ");
            let rest: Vec<Event> = finding
                .proof
                .iter()
                .filter(|proof| proof.seq != removed.seq)
                .map(|proof| history[proof.seq as usize].clone())
                .collect();
            prop_assert!(rest.iter().filter_map(fact).all(|f| f.0 == id));
            prop_assert_ne!(judge(&twice, &rest).verdict, Violated);
        }
    }
}
