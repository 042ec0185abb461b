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
