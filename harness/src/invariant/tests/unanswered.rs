//! Calls that their callees had and never answered.

use super::*;

/// What calls such as `("finish", 4)`, asked at 4 ms for submission 7 and answered at once, come to; one whose name begins
/// with `!` is never answered, one with `-` never reaches its callee. With the reason, and what is noted.
fn judged(pattern: Pattern, calls: &[(&str, u64)]) -> (Verdict, String, String) {
    judged_in(pattern, Scope::default(), calls)
}

fn judged_in(pattern: Pattern, scope: Scope, calls: &[(&str, u64)]) -> (Verdict, String, String) {
    let mut stack = stack(pattern);
    stack.invariants["i"].scope = scope;
    let entity = &mut stack.entities["submission"];
    let rule = entity.learn[0].clone();
    let learn = |call: &str, done: bool| Learn {
        evidence: Evidence::Call(call.to_owned()),
        set: done
            .then(|| ("status".to_owned(), cel("'Done'")))
            .into_iter()
            .collect(),
        event: (!done).then(|| "stored".to_owned()),
        ..rule.clone()
    };
    entity.learn = vec![learn("finish", true), learn("store", false)];
    let mut judge = Judge::new(&stack);
    let mut seq = 0;
    for (exchange, (call, ms)) in (1..).zip(calls) {
        let name = call.trim_start_matches(['!', '-', '?']).to_owned();
        let captures = || [("submission".to_owned(), "7".to_owned())].into();
        let asked = What::Asked(Asked {
            exchange,
            client: "worker".to_owned(),
            service: "site".to_owned(),
            port: 80,
            method: "POST".to_owned(),
            path: "/".to_owned(),
            call: Some(name.clone()),
            captures: captures(),
        });
        let answered = || {
            What::Answered(Box::new(Answered {
                exchange,
                call: Some(name.clone()),
                captures: captures(),
                status: 200,
                request: Message::default(),
                response: Message::default(),
            }))
        };
        let came = match &call[..1] {
            "!" => Some(What::Unanswered { exchange }),
            "-" | "?" => None,
            _ => Some(answered()),
        };
        let delivered = What::Delivered {
            exchange,
            seen: crate::history::Seen::Reset,
            before: None,
        };
        let delivered = (&call[..1] != "?").then_some(delivered);
        for what in [Some(asked), came, delivered].into_iter().flatten() {
            let at_ns = ms * MS + seq;
            judge.see(&Event { seq, at_ns, what });
            seq += 1;
        }
    }
    let finding = judge.findings().remove(0);
    let reason = finding.reason.unwrap_or_default();
    (
        finding.verdict,
        reason,
        judge.notes(&crate::plan::Judged::every()).join("\n"),
    )
}

#[test]
fn what_a_call_without_an_answer_may_have_done_breaks_nothing_by_its_absence() {
    let order = || Pattern::Precedence {
        no: cel("status == 'Done'"),
        before: cel("happened('stored')"),
    };
    let (verdict, why, _) = judged(order(), &[("!store", 1), ("finish", 2)]);
    assert_eq!(verdict, Inconclusive);
    let told = "never did, but the call \"store\" at +0.001 s reached `site` and was never answered: what it did is not known";
    assert!(why.contains(told), "{why}");
    // It may still come.
    let (verdict, why, _) = judged(order(), &[("?store", 1), ("finish", 2)]);
    assert_eq!(verdict, Inconclusive);
    let told = "the call \"store\" at +0.001 s reached `site` and had no answer yet: what it did is not known";
    assert!(why.contains(told), "{why}");
    // One that came too late, one that reached nobody, and another call change nothing.
    for calls in [
        [("finish", 1), ("!store", 2)],
        [("finish", 1), ("?store", 2)],
        [("-store", 1), ("finish", 2)],
        [("!finish", 1), ("finish", 2)],
    ] {
        assert_eq!(judged(order(), &calls).0, Violated, "{calls:?}");
    }
}

#[test]
fn what_it_may_have_done_too_often_is_said() {
    let once = || Pattern::AtMost {
        bound: 1,
        event: "stored".to_owned(),
    };
    let (verdict, _, notes) = judged(once(), &[("!store", 1), ("store", 2)]);
    assert_eq!(verdict, Held);
    let told = "the call \"store\" once reached `site` and was never answered (submission 7): whether it did its work is not \
                known to what rests on its answer (`i`)";
    assert!(notes.contains(told), "{notes}");
    let (verdict, _, notes) = judged(once(), &[("-store", 1), ("store", 2)]);
    assert_eq!((verdict, notes.as_str()), (Held, ""));
    // What is broken for certain stays broken.
    let (verdict, _, notes) = judged(once(), &[("!store", 1), ("store", 2), ("store", 3)]);
    assert_eq!((verdict, notes.as_str()), (Violated, ""));
}

#[test]
fn what_may_have_ended_the_scope_breaks_nothing_after_it() {
    let until = Scope {
        after: None,
        until: Some(cel("happened('stored')")),
    };
    let never = || Pattern::Never(cel("status == 'Done'"));
    let told = |calls: &[(&str, u64)]| judged_in(never(), until.clone(), calls);
    let (verdict, why, _) = told(&[("!store", 1), ("finish", 2)]);
    assert_eq!(verdict, Inconclusive);
    assert!(
        why.contains("came true, but the call \"store\" at"),
        "{why}"
    );
    for calls in [
        [("finish", 1), ("!store", 2)],
        [("-store", 1), ("finish", 2)],
    ] {
        assert_eq!(told(&calls).0, Violated, "{calls:?}");
    }
}

#[test]
fn what_may_have_come_to_be_without_an_answer_is_said_of_all_that_rests_on_it() {
    let (stored, done) = (|| cel("happened('stored')"), || cel("status == 'Done'"));
    let response = |within| Pattern::Response {
        when: stored(),
        then: done(),
        within,
        clock: Clock::Wall,
    };
    let share = Pattern::Share {
        condition: stored(),
        at_least: 0.0,
    };
    let precedence = Pattern::Precedence {
        no: stored(),
        before: done(),
    };
    let soon = Some(Duration::from_millis(10));
    let patterns = [response(None), response(soon), share, precedence];
    let calls = [("finish", 1), ("!store", 2)];
    for pattern in patterns {
        let (_, _, notes) = judged(pattern.clone(), &calls);
        assert!(
            notes.contains("known to what rests on its answer (`i`)"),
            "{pattern:?}: {notes}"
        );
    }
    let after = Scope {
        after: Some(stored()),
        until: None,
    };
    let (_, _, notes) = judged_in(Pattern::Never(cel("shown > 0")), after, &calls);
    assert!(notes.contains("(`i`)"), "{notes}");
    // What only waits for it is not broken by more of it.
    let waits = Pattern::Existence {
        eventually: stored(),
        within: Duration::from_millis(10),
        clock: Clock::Wall,
    };
    let (verdict, _, notes) = judged(waits, &[("store", 1), ("!store", 2)]);
    assert_eq!((verdict, notes.as_str()), (Held, ""));
}

/// Judges a stack whose call `charge` has this for an id, with these orders, of which each is asked to be charged (`charge 7`,
/// `!charge 7` without an answer) or becomes paid (`paid 7`), in this order.
fn charged(id: Option<&str>, pattern: Pattern, told: &[&str]) -> (Verdict, String) {
    let mut stack = stack(pattern);
    let entity = &mut stack.entities["submission"];
    let rule = Learn {
        set: IndexMap::new(),
        ..entity.learn[0].clone()
    };
    let charge = Learn {
        evidence: Evidence::Call("charge".to_owned()),
        id: id.map(cel),
        event: Some("charged".to_owned()),
        ..rule.clone()
    };
    let paid = Learn {
        evidence: Evidence::Call("paid".to_owned()),
        set: IndexMap::from([("status".to_owned(), cel("'Done'"))]),
        ..rule
    };
    entity.learn = vec![charge, paid];
    let mut judge = Judge::new(&stack);
    let mut seq = 0;
    for (exchange, line) in (1..).zip(told) {
        let (call, of) = line.split_once(' ').unwrap();
        let name = call.trim_start_matches(['!', '?']);
        let own = id.is_none() || name == "paid";
        let caught = || match own {
            true => [("submission".to_owned(), of.to_owned())].into(),
            false => [("n".to_owned(), of.to_owned())].into(),
        };
        let asked = Asked {
            exchange,
            client: "web".to_owned(),
            service: "site".to_owned(),
            port: 80,
            method: "POST".to_owned(),
            path: "/".to_owned(),
            call: Some(name.to_owned()),
            captures: caught(),
        };
        let answered = Answered {
            exchange,
            call: Some(name.to_owned()),
            captures: caught(),
            status: 200,
            request: Message {
                body: format!("{{\"order\": {of}}}"),
                ..Message::default()
            },
            response: Message {
                body: format!("{{\"order\": {of}}}"),
                ..Message::default()
            },
        };
        let came = match &call[..1] {
            "!" => Some(What::Unanswered { exchange }),
            "?" => None,
            _ => Some(What::Answered(Box::new(answered))),
        };
        for what in [Some(What::Asked(asked)), came].into_iter().flatten() {
            seq += 1;
            let at_ns = seq * MS;
            judge.see(&Event { seq, at_ns, what });
        }
    }
    let finding = judge.findings().remove(0);
    (finding.verdict, finding.reason.unwrap_or_default())
}

const IN_BODY: Option<&str> = Some("string(request.body.order)");
const IN_ANSWER: Option<&str> = Some("string(response.body.order)");

#[test]
fn a_call_that_does_not_say_whose_it_is_may_be_about_any_entity() {
    let order = || Pattern::Precedence {
        no: cel("status == 'Done'"),
        before: cel("happened('charged')"),
    };
    let judged = |id, told: &[&str]| charged(id, order(), told);
    let told = ["charge 7", "paid 7", "!charge 8", "paid 8"];
    for id in [None, Some("path.n"), IN_BODY, IN_ANSWER] {
        let (verdict, why) = judged(id, &told);
        assert_eq!(verdict, Inconclusive, "{id:?}");
        let whose = why.contains("what it did, and for whom, is not known");
        assert_eq!(whose, id == IN_BODY || id == IN_ANSWER, "{why}");
    }
    // Of one that does, it is known.
    let other = ["!charge 7", "paid 8"];
    assert_eq!(judged(None, &other).0, Violated);
    assert_eq!(judged(Some("path.n"), &other).0, Violated);
    assert_eq!(judged(IN_BODY, &other).0, Inconclusive);
    // It came too late, or it cannot have been for all of them.
    assert_eq!(judged(IN_BODY, &["paid 8", "!charge 8"]).0, Violated);
    let (verdict, why) = judged(IN_BODY, &["!charge 7", "paid 7", "paid 8"]);
    assert_eq!(verdict, Violated);
    assert!(why.contains("cannot explain all 2"), "{why}");
    let late = ["!charge 7", "paid 7", "paid 8", "!charge 8"];
    assert_eq!(judged(IN_BODY, &late).0, Violated);
    let both = ["!charge 7", "paid 7", "!charge 8", "paid 8"];
    assert_eq!(judged(IN_BODY, &both).0, Inconclusive);
    // The answer may still come. A long poll is always under way.
    assert_eq!(judged(IN_BODY, &["?charge 8", "paid 8"]).0, Inconclusive);
    assert_eq!(judged(IN_ANSWER, &["?charge 8", "paid 8"]).0, Violated);
}

#[test]
fn what_it_may_have_done_may_be_what_a_share_is_short_of() {
    let share = |at_least| Pattern::Share {
        condition: cel("happened('charged')"),
        at_least,
    };
    let told = [
        "charge 1",
        "paid 1",
        "charge 2",
        "paid 2",
        "charge 3",
        "paid 3",
        "!charge 4",
        "paid 4",
        "paid 5",
    ];
    for id in [None, IN_BODY] {
        let (verdict, why) = charged(id, share(0.8), &told);
        assert_eq!(verdict, Inconclusive, "{id:?}");
        assert!(
            why.contains("held for 3 of 5 at the end, a share of 0.600, but the call \"charge\""),
            "{why}"
        );
        assert_eq!(charged(id, share(0.9), &told).0, Violated, "{id:?}");
        assert_eq!(charged(id, share(0.6), &told).0, Held, "{id:?}");
        // What it may have done makes nothing better.
        let spared = Pattern::Share {
            condition: cel("!happened('charged') || status == 'New'"),
            at_least: 0.6,
        };
        let (verdict, why) = charged(id, spared, &told);
        assert_eq!(verdict, Violated, "{id:?}: {why}");
    }
}

#[test]
fn what_it_may_have_done_may_be_what_a_balance_or_a_quantile_is_short_of() {
    let balance = |tolerance| Pattern::Balance {
        condition: cel("happened('charged')"),
        by: "status".to_owned(),
        tolerance,
    };
    // Those that are paid are the charged ones.
    let told = ["charge 1", "charge 2", "paid 3", "!charge 4", "paid 4"];
    for id in [None, IN_BODY] {
        assert_eq!(charged(id, balance(0.6), &told).0, Inconclusive, "{id:?}");
        assert_eq!(charged(id, balance(0.4), &told).0, Violated, "{id:?}");
    }
    let quantile = || Pattern::Quantile {
        quantile: 1.0,
        from: "New".to_owned(),
        to: "Done".to_owned(),
        below: Duration::from_millis(10),
    };
    let told = ["charge 1", "paid 1", "charge 2", "!paid 2"];
    assert_eq!(charged(None, quantile(), &told).0, Inconclusive);
    assert_eq!(charged(None, quantile(), &told[..3]).0, Violated);
}
