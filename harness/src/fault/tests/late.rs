//! What came only when the faults were healed.

use super::*;

const STORED: fn() -> Trigger = || Trigger::Happens {
    event: "stored".to_owned(),
};

fn kill() -> Effect {
    Effect::Service {
        service: "worker".to_owned(),
        fault: ServiceFault::Killed,
    }
}

/// What is said of a fault for which this came after it was healed, so many milliseconds after the run began.
fn said(
    effect: Effect,
    trigger: Option<Trigger>,
    before: &[Came<'_>],
    after: &[(u64, Came<'_>)],
) -> String {
    let mut faults = armed(fault(effect, Times::Always, None, trigger));
    let see = |faults: &mut Faults, came: Came<'_>, at_ms: u64| {
        faults.missed(came, at_ms * 1_000_000);
        if let Came::Fact(fact) = came {
            faults.learn(fact, None);
        }
    };
    for came in before {
        see(&mut faults, *came, 1);
    }
    faults.heal();
    for (at_ms, came) in after {
        see(&mut faults, *came, *at_ms);
    }
    let receipt = faults.receipts().remove(0);
    let missing = receipt.missing.unwrap_or_default();
    assert_eq!(
        receipt.late,
        missing.contains("after the faults were healed"),
        "{missing}"
    );
    missing
}

#[test]
fn a_moment_that_comes_too_late_is_told_with_its_time() {
    let (stored, other) = (
        fact("7", &[], Some("stored")),
        fact("7", &["Busy"], Some("x")),
    );
    let (stored, other) = (Came::Fact(&stored), Came::Fact(&other));
    let after = [(5, other), (2_500, stored), (2_600, stored)];
    let missing = said(kill(), Some(STORED()), &[other], &after);
    let expected = "it was armed, but its moment never came while it was armed: when \"stored\" happens, but it came 2 \
                    times, first at +2.500 s, after the faults were healed: let a step wait for it, such as `every \
                    ENTITY is final within 30s`";
    assert_eq!(missing, expected);
    let missing = said(kill(), Some(STORED()), &[], &[(5, other)]);
    assert!(missing.ends_with("when \"stored\" happens"), "{missing}");
}

#[test]
fn so_is_a_call_that_sets_off_or_is_struck() {
    let at = |call: &str, moment| Stop {
        call: call.to_owned(),
        moment,
    };
    let (own, other) = (at(&call(), Moment::Request), at("another", Moment::Request));
    let (own, other) = (Came::Call(&own), Came::Call(&other));
    let late = ", but it came once, at +0.007 s, after the faults were healed";
    let sent = Trigger::BeforeSent { call: call() };
    let missing = said(kill(), Some(sent), &[], &[(5, other), (7, own)]);
    assert!(
        missing.contains(&format!("before \"upload scores\" is sent{late}")),
        "{missing}"
    );
    let missing = said(ANSWER_503(), None, &[], &[(5, other), (7, own)]);
    assert!(
        missing.contains(&format!("nobody made that request on that link{late}")),
        "{missing}"
    );
    assert_eq!(
        said(ANSWER_503(), None, &[], &[(5, other)]).find(late),
        None
    );
    // What was asked in time may be answered too late.
    let answered = at(&call(), Moment::Answer);
    let empty = || Effect::Call {
        call: call(),
        fault: CallFault::AnswerEmpty,
    };
    let missing = said(empty(), None, &[], &[(5, own), (7, Came::Call(&answered))]);
    assert!(
        missing.contains(&format!("was never answered while it was armed{late}")),
        "{missing}"
    );
    // Its moment came in time, and its call did not.
    let stored = fact("7", &[], Some("stored"));
    let stored = Came::Fact(&stored);
    let missing = said(
        ANSWER_503(),
        Some(STORED()),
        &[stored],
        &[(5, stored), (7, own)],
    );
    assert!(
        missing.contains(&format!("nobody made that request on that link{late}")),
        "{missing}"
    );
}

#[test]
fn what_nobody_sees_any_more_strikes_nobody_and_may_still_set_something_off() {
    let answer = Effect::Call {
        call: call(),
        fault: CallFault::AnswerLost,
    };
    let mut faults = armed(fault(answer, Times::First(1), None, None));
    let stop = at(Moment::Answer);
    assert_eq!(
        faults.decide_unseen(&stop, &of("7"), 1).action,
        Action::Pass
    );
    // The first that can feel it does.
    assert_ne!(faults.decide(&stop, &of("7"), 2).action, Action::Pass);
    let after = Trigger::AfterAnswered { call: call() };
    let mut faults = armed(fault(kill(), Times::First(1), None, Some(after)));
    assert_eq!(faults.decide_unseen(&stop, &of("7"), 1).deeds.len(), 1);
}
