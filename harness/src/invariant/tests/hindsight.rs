//! What is learnt after the fact, by a look or from a log.

use super::*;

const SHAKEDOWN: &str = "\
stack: s
compose: compose.yaml
calls: {set: {link: workload -> web, request: \"POST /jobs/{job}\"}}
entities:
  job:
    status: {field: status, first: new, final: [done]}
    moves: {new: [run], run: [done]}
    learn:
      - {call: set, when: response.status == 200, set: {f: request.body.f}}
      - {log: web, pattern: 'job=(?<id>.) stored', event: stored}
      - {poll: \"GET http://web/\", every: 100ms, id: string(body.id), set: {g: body.g, h: body.h, status: body.status}}
      - {sql: select a, on: db, id: string(row.id), set: {a: row.a}}
      - {sql: select b, on: db, id: string(row.id), set: {b: row.b}, event: paid}
invariants:
  i: PATTERN
";

/// Judges `(ms, age in ms, source, fact)`, where a fact is `f=1` or `+stored` and a call has no age.
fn judged(pattern: &str, told: &[(u64, u64, &str, &str)]) -> (Verdict, String) {
    let folder = tempfile::tempdir().unwrap();
    let compose = "services: {web: {image: a, expose: ['80']}, \
                   db: {image: b, x-shakedown: {sql: 'postgres://db/'}}}";
    std::fs::write(folder.path().join("compose.yaml"), compose).unwrap();
    let file = folder.path().join("shakedown.yaml");
    std::fs::write(&file, SHAKEDOWN.replace("PATTERN", pattern)).unwrap();
    let stack = Stack::read(&file).unwrap().stack;
    let mut judge = Judge::new(&stack);
    for (seq, (ms, age, source, fact)) in (0..).zip(told) {
        let (set, event) = match fact.split_once('=') {
            Some((field, value)) => {
                let value = value.parse::<i64>().map_or(json!(value), |n| json!(n));
                (json!({field: value}), None)
            }
            None => (json!({}), fact.strip_prefix('+').map(str::to_owned)),
        };
        let mut rules = stack.entities["job"].learn.iter();
        let rule = rules.find(|rule| {
            let told = fact.split_once('=').map(|(field, _)| field);
            let told = told.is_some_and(|field| rule.set.contains_key(field));
            rule.evidence.source() == *source && (told || rule.tells(&fact[1..]))
        });
        judge.see(&Event {
            seq,
            at_ns: ms * MS,
            what: What::Observed {
                entity: "job".to_owned(),
                id: "7".to_owned(),
                source: source.to_string(),
                set: set.as_object().unwrap().clone(),
                event,
                since_ns: (*source != CALL).then_some((ms - age) * MS),
                rule: rule.map(Learn::key),
            },
        });
    }
    let finding = judge.findings().remove(0);
    (finding.verdict, finding.reason.unwrap_or_default())
}

const CALL: &str = "call set";
const LOG: &str = "log of web";
const POLL: &str = "poll GET http://web/";
const SQL: &str = "sql on db";

#[test]
fn a_line_that_is_read_late_may_have_been_written_in_time() {
    for pattern in [
        "{no: f == 1, before: happened(\"stored\")}",
        "{when: f == 1, then: happened(\"stored\")}",
        "{never: f == 1 && !happened(\"stored\")}",
        "{always: f != 1 || happened(\"stored\")}",
    ] {
        let line = |at, age| judged(pattern, &[(10, 0, CALL, "f=1"), (at, age, LOG, "+stored")]);
        let (verdict, why) = line(30, 21);
        assert_eq!(verdict, Inconclusive, "{pattern}: {why}");
        assert!(why.contains("up to 21 ms after it was so"), "{why}");
        assert_eq!(line(30, 19).0, Violated, "{pattern}");
        assert_eq!(judged(pattern, &[(10, 0, CALL, "f=1")]).0, Violated);
    }
}

#[test]
fn what_one_look_saw_together_was_so_together() {
    for pattern in [
        "{no: g == 1, before: h == 1}",
        "{when: g == 1, then: h == 1}",
        "{never: g == 1 && h != 1}",
    ] {
        let looks = [
            (0, 0, POLL, "h=0"),
            (10, 9, POLL, "g=1"),
            (20, 15, POLL, "h=1"),
        ];
        assert_eq!(judged(pattern, &looks).0, Violated, "{pattern}");
    }
}

#[test]
fn what_two_rules_see_by_looks_of_their_own_may_have_been_so_together() {
    let at_once = [
        "{when: a == 1, then: b == 1}",
        "{never: a == 1 && b != 1}",
        "{no: a == 1, before: b == 1}",
    ];
    for pattern in at_once {
        let looks = |a, b, age| {
            let told = [(a, age, SQL, "a=1"), (b, age, SQL, "b=1")];
            let mut told = [&[(0, 0, SQL, "a=0"), (1, 1, SQL, "b=0")][..], &told].concat();
            told.sort();
            judged(pattern, &told)
        };
        let (verdict, why) = looks(20, 25, 15);
        assert_eq!(verdict, Inconclusive, "{pattern}: {why}");
        // At the look before, it was not so yet.
        assert_eq!(looks(20, 40, 15).0, Violated, "{pattern}");
        assert_eq!(looks(40, 20, 15).0, Held, "{pattern}");
    }
    let order = |before| {
        let order = format!("{{no: a == 1, before: {before}}}");
        judged(&order, &[(20, 15, SQL, "+paid"), (25, 15, SQL, "a=1")])
    };
    let (verdict, why) = order("happened(\"paid\")");
    assert_eq!(verdict, Inconclusive, "{why}");
    assert!(why.contains("two rules looked, each by itself"), "{why}");
    // One rule sees both as they were.
    let one = [(10, 5, SQL, "b=1"), (20, 15, SQL, "+paid")];
    let pattern = "{no: b == 1, before: happened(\"paid\")}";
    assert_eq!(judged(pattern, &one).0, Violated);
}

/// One reader applies all rules, line by line.
#[test]
fn lines_of_one_log_are_in_order() {
    let lines = [
        (10, 0, CALL, "f=0"),
        (20, 15, LOG, "status=done"),
        (25, 15, LOG, "+stored"),
    ];
    for pattern in [
        "{no: 'status == \"done\"', before: happened(\"stored\")}",
        "{when: 'status == \"done\"', then: happened(\"stored\")}",
    ] {
        assert_eq!(judged(pattern, &lines).0, Violated, "{pattern}");
        let other = [lines[0], lines[2], lines[1]];
        assert_eq!(judged(pattern, &other).0, Held, "{pattern}");
    }
}

#[test]
fn what_a_poll_shows_after_a_deadline_may_have_been_so_before() {
    for pattern in [
        "{when: f == 1, then: g == 1, within: 50ms}",
        "{eventually: g == 1, within: 50ms}",
        "{agree: [f, g], within: 50ms}",
    ] {
        let late = |age| judged(pattern, &[(10, 0, CALL, "f=1"), (100, age, POLL, "g=1")]);
        let (verdict, why) = late(60);
        assert_eq!(verdict, Inconclusive, "{pattern}: {why}");
        assert_eq!(late(20).0, Violated, "{pattern}");
    }
}

#[test]
fn a_poll_does_not_see_every_status() {
    let to_done = |source| [(10, 0, POLL, "g=0"), (20, 5, source, "status=done")];
    let moves = "{for: job, moves: declared}";
    assert_eq!(judged(moves, &to_done(POLL)).0, Held);
    assert_eq!(judged(moves, &to_done(LOG)).0, Violated);
    let back = [(10, 0, POLL, "status=done"), (20, 5, POLL, "status=run")];
    assert_eq!(judged(moves, &back).0, Violated);
    let order = "{no: 'status == \"done\"', before: 'status == \"run\"'}";
    let (verdict, why) = judged(order, &to_done(POLL));
    assert!(
        verdict == Inconclusive && why.contains("between two looks"),
        "{why}"
    );
    assert_eq!(judged(order, &to_done(LOG)).0, Violated);
    // The answer to an earlier question, which came late.
    let stale = [
        (10, 0, CALL, "status=run"),
        (20, 0, CALL, "status=done"),
        (30, 25, POLL, "status=run"),
    ];
    assert_eq!(judged(moves, &stale).0, Held);
}

#[test]
fn what_is_not_read_excuses_nothing_however_late_it_is_seen() {
    let never = "{for: job, never: 'f == 1 || a == 1'}";
    let told = [
        (100, 0, CALL, "f=1"),
        (200, 0, CALL, "f=2"),
        (210, 150, SQL, "b=1"),
    ];
    assert_eq!(judged(never, &told).0, Verdict::Violated);
    let read = [(100, 0, CALL, "f=1"), (210, 150, SQL, "a=1")];
    assert_eq!(judged(never, &read).0, Verdict::Violated);
}
