//! What cannot be told is never taken for a pass.

use super::*;

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
    // Another query of the same database could not look.
    check(p(200), &history("blind 300 elsewhere"), Held, 1, &[], "");
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
            digest: None,
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

#[test]
fn what_nobody_could_see_any_more_breaks_nothing_for_want_of_it() {
    let (done, seen) = (|| cel("status == 'Done'"), || cel("shown == 1"));
    let at_once = || Pattern::Response {
        when: done(),
        then: seen(),
        within: None,
        clock: Clock::Wall,
    };
    let order = || Pattern::Precedence {
        no: done(),
        before: seen(),
    };
    let never = || Pattern::Never(cel("status == 'Done' && shown != 1"));
    let share = || Pattern::Share {
        condition: seen(),
        at_least: 0.5,
    };
    let blind = |line| [(1, "7 shown=0"), (5, "7 status=Done"), (10, line)];
    for pattern in [at_once(), order(), never(), share()] {
        let finding = judge(&pattern, &events(&blind("blind 8 at end")));
        assert_eq!(finding.verdict, Inconclusive, "{pattern:?}");
        let why = finding.reason.unwrap_or_default();
        let told = "could not look for 8 ms, until the end: refused";
        assert!(why.contains("but `") && why.contains(told), "{why}");
        // It could look again, and nothing was new.
        for seen in [".", "blind 8"] {
            let finding = judge(&pattern, &events(&blind(seen)));
            assert_eq!(finding.verdict, Violated, "{pattern:?}");
        }
    }
    // It could look when it was needed.
    for pattern in [at_once(), order(), never()] {
        let finding = judge(&pattern, &events(&blind("blind 3 at end")));
        assert_eq!(finding.verdict, Violated, "{pattern:?}");
    }
    let finding = judge(&share(), &events(&blind("blind 3 at end")));
    assert_eq!(finding.verdict, Inconclusive);
    // What happened too often did so whoever looked.
    let at_most = Pattern::AtMost {
        bound: 0,
        event: "stored".to_owned(),
    };
    let history = [(1, "7 +stored"), (10, "blind 9 at end")];
    check(at_most, &history, Violated, 0, &[0], "happened once");
}
