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
invariants:
  i: PATTERN
";

/// Judges `(ms, age in ms, source, fact)`, where a fact is `f=1` or `+stored` and a call has no age.
fn judged(pattern: &str, told: &[(u64, u64, &str, &str)]) -> (Verdict, String) {
    let folder = tempfile::tempdir().unwrap();
    let compose = "services: {web: {image: a, expose: ['80']}}";
    std::fs::write(folder.path().join("compose.yaml"), compose).unwrap();
    let file = folder.path().join("shakedown.yaml");
    std::fs::write(&file, SHAKEDOWN.replace("PATTERN", pattern)).unwrap();
    let mut judge = Judge::new(&Stack::read(&file).unwrap().stack);
    for (seq, (ms, age, source, fact)) in (0..).zip(told) {
        let (set, event) = match fact.split_once('=') {
            Some((field, value)) => {
                let value = value.parse::<i64>().map_or(json!(value), |n| json!(n));
                (json!({field: value}), None)
            }
            None => (json!({}), fact.strip_prefix('+').map(str::to_owned)),
        };
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
                rule: None,
            },
        });
    }
    let finding = judge.findings().remove(0);
    (finding.verdict, finding.reason.unwrap_or_default())
}

const CALL: &str = "call set";
const LOG: &str = "log of web";
const POLL: &str = "poll GET http://web/";

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
