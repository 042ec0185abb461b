//! Each kind of fault through its whole life, with the receipt that must come out.

use super::*;
use crate::gateway::Alteration;
use crate::gateway::Moment;
use crate::history::Seen;
use crate::history::{Answered, Message};
use crate::plan::{CallFault, ServiceFault, StatementFault, Times, Trigger, Whom};
use std::time::Duration;

mod disks;
mod late;
mod links;
mod services;
mod statements;

fn call() -> String {
    "upload scores".to_owned()
}

fn at(moment: Moment) -> Stop {
    Stop {
        call: call(),
        moment,
    }
}

fn fault(effect: Effect, times: Times, each: Option<&str>, trigger: Option<Trigger>) -> Fault {
    let whom = each.map_or(Whom::All, |entity| Whom::Each(entity.to_owned()));
    Fault {
        times,
        whom,
        trigger,
        ..Fault::new(effect)
    }
}

fn armed(fault: Fault) -> Faults {
    let mut faults = Faults::new(Seed(7));
    faults.arm(&fault, "the fault", Vec::new(), None);
    assert_eq!(moments(&faults.watching()), [FaultMoment::Armed]);
    faults
}

fn of(submission: &str) -> Captures {
    Captures::from([("submission".to_owned(), submission.to_owned())])
}

fn moments(events: &[What]) -> Vec<FaultMoment> {
    let moment = |what: &What| match what {
        What::Fault { moment, .. } => *moment,
        other => panic!("not a fault's event: {other:?}"),
    };
    events.iter().map(moment).collect()
}

fn answered(exchange: ExchangeId) -> What {
    What::Answered(Box::new(Answered {
        exchange,
        call: Some(call()),
        captures: Captures::new(),
        request: Message::default(),
        status: 201,
        response: Message::default(),
    }))
}

fn seen(exchange: ExchangeId, seen: Seen) -> What {
    What::Delivered {
        exchange,
        seen,
        before: None,
    }
}

fn figures(faults: &Faults) -> [u64; 5] {
    let receipt = &faults.receipts()[0];
    [
        receipt.armed,
        receipt.matched,
        receipt.applied,
        receipt.felt,
        receipt.reached,
    ]
}

fn missing(faults: &Faults) -> Option<String> {
    faults.receipts()[0].missing.clone()
}

fn on_call(fault: CallFault) -> Effect {
    Effect::Call {
        call: call(),
        fault,
    }
}

fn fact(id: &str, statuses: &[&str], event: Option<&str>) -> Fact {
    Fact {
        fields: Vec::new(),
        entity: "submission".to_owned(),
        id: id.to_owned(),
        statuses: statuses.iter().map(|status| status.to_string()).collect(),
        event: event.map(str::to_owned),
    }
}

const HOUR: Duration = Duration::from_secs(3600);

/// What comes an hour later.
fn late(then: Action) -> Action {
    let then = Box::new(then);
    Action::Delay {
        ms: 3_600_000,
        then,
    }
}

const ANSWER_503: fn() -> Effect = || {
    on_call(CallFault::Answers {
        status: 503,
        body: None,
    })
};

const FELT: Seen = Seen::Answer {
    status: 503,
    body_bytes: 0,
    altered: false,
    told: None,
};

#[test]
fn what_hangs_is_told_until_its_caller_leaves() {
    for fault_of_call in [CallFault::Hangs, CallFault::AnswerNeverArrives] {
        let mut faults = armed(fault(on_call(fault_of_call), Times::Always, None, None));
        let stop = faults.stops().remove(0);
        let hanging = |faults: &Faults| faults.hanging(|_| "+0.4 s".to_owned());
        assert!(hanging(&faults).is_empty());
        faults.decide(&stop, &of("1"), 1);
        let one = "the call \"upload scores\" hangs (since +0.4 s) and its caller waits";
        assert_eq!(hanging(&faults), [one]);
        faults.decide(&stop, &of("2"), 2);
        let two = "the call \"upload scores\" hangs 2 times (since +0.4 s) and its callers wait";
        assert_eq!(hanging(&faults), [two]);
        faults.see(&seen(1, Seen::Left));
        assert_eq!(hanging(&faults), [one]);
    }
    let mut others = armed(fault(ANSWER_503(), Times::Always, None, None));
    others.decide(&at(Moment::Request), &of("1"), 1);
    assert!(others.hanging(|_| String::new()).is_empty());
}

#[test]
fn a_count_for_each_entity_is_kept_apart() {
    let mut faults = armed(fault(
        ANSWER_503(),
        Times::First(2),
        Some("submission"),
        None,
    ));
    let mut hit = |exchange, submission: &str| {
        let decision = faults.decide(&at(Moment::Request), &of(submission), exchange);
        let hit = decision.action != Action::Pass;
        if hit {
            faults.see(&seen(
                exchange,
                Seen::Answer {
                    status: 503,
                    body_bytes: 0,
                    altered: false,
                    told: None,
                },
            ));
        }
        hit
    };
    let tries = [(1, "7"), (2, "8"), (3, "7"), (4, "7"), (5, "8"), (6, "8")];
    let hits: Vec<bool> = tries
        .into_iter()
        .map(|(n, submission)| hit(n, submission))
        .collect();
    assert_eq!(hits, [true, true, true, false, true, false]);
    assert_eq!(figures(&faults), [1, 6, 4, 4, 0]);
    assert_eq!(missing(&faults), None);
}

#[test]
fn every_missing_link_of_the_chain_is_named() {
    let never_armed = {
        let mut faults = Faults::new(Seed(7));
        faults.arm(
            &fault(ANSWER_503(), Times::Always, None, None),
            "the fault",
            Vec::new(),
            None,
        );
        faults
    };
    assert!(missing(&never_armed).unwrap().contains("never armed"));

    let mut faults = armed(fault(ANSWER_503(), Times::Nth(3), None, None));
    assert!(
        missing(&faults)
            .unwrap()
            .contains("nobody made that request")
    );
    faults.decide(&at(Moment::Request), &of("1"), 1);
    assert!(missing(&faults).unwrap().contains("waited for number 3"));
    faults.decide(&at(Moment::Request), &of("1"), 2);
    faults.decide(&at(Moment::Request), &of("1"), 3);
    assert!(missing(&faults).unwrap().contains("nobody felt it"));
    faults.see(&seen(3, Seen::Left));
    assert!(
        missing(&faults).unwrap().contains("nobody felt it"),
        "the caller had left"
    );
}

#[test]
fn a_count_that_was_not_reached_is_told() {
    let mut faults = armed(fault(
        ANSWER_503(),
        Times::First(2),
        Some("submission"),
        None,
    ));
    for (exchange, submission) in [(1, "7"), (2, "7"), (3, "8")] {
        faults.decide(&at(Moment::Request), &of(submission), exchange);
        faults.see(&seen(
            exchange,
            Seen::Answer {
                status: 503,
                body_bytes: 0,
                altered: false,
                told: None,
            },
        ));
    }
    let missing = missing(&faults).unwrap();
    let expected = "its count was not reached: for 1 of the 2 submissions for which it was counted, the call \"upload \
                    scores\" came by fewer than 2 times";
    assert_eq!(missing, expected);
}

#[test]
fn each_kind_acts_at_its_moment_and_knows_how_it_is_felt() {
    let reset = Seen::Reset;
    let empty = Seen::Answer {
        status: 201,
        body_bytes: 0,
        altered: true,
        told: None,
    };
    let full = Seen::Answer {
        status: 201,
        body_bytes: 9,
        altered: false,
        told: None,
    };
    let altered = Seen::Answer {
        status: 201,
        body_bytes: 9,
        altered: true,
        told: None,
    };
    let alter = |body| Action::Alter { body };
    let cases = [
        (
            on_call(CallFault::Hangs),
            Moment::Request,
            Action::Hang,
            Seen::Left,
            full.clone(),
            0,
        ),
        (
            on_call(CallFault::Refused),
            Moment::Request,
            Action::Reset,
            reset.clone(),
            Seen::Left,
            0,
        ),
        (
            on_call(CallFault::AnswerLost),
            Moment::Answer,
            Action::Reset,
            reset,
            Seen::Left,
            1,
        ),
        (
            on_call(CallFault::AnswerEmpty),
            Moment::Answer,
            alter(Alteration::Empty),
            empty,
            full.clone(),
            1,
        ),
        (
            on_call(CallFault::TakesLonger { by: HOUR }),
            Moment::Request,
            late(Action::Pass),
            Seen::Left,
            Seen::Reset,
            0,
        ),
        (
            on_call(CallFault::DeliveredTwice),
            Moment::Request,
            Action::Twice,
            altered.clone(),
            full.clone(),
            0,
        ),
        (
            on_call(CallFault::AnswerNeverArrives),
            Moment::Answer,
            Action::Hang,
            Seen::Left,
            full.clone(),
            1,
        ),
        (
            on_call(CallFault::AnswerMalformed),
            Moment::Answer,
            alter(Alteration::Malformed),
            altered.clone(),
            full.clone(),
            1,
        ),
        (
            on_call(CallFault::AnswerCut { after_bytes: 5 }),
            Moment::Answer,
            alter(Alteration::Cut { after_bytes: 5 }),
            Seen::Cut {
                status: 201,
                body_bytes: 5,
                told: None,
            },
            full.clone(),
            1,
        ),
        (
            on_call(CallFault::AnswerSet {
                path: "a".to_owned(),
                value: 1.into(),
            }),
            Moment::Answer,
            alter(Alteration::Set {
                values: vec![("a".to_owned(), 1.into())],
            }),
            altered,
            full,
            1,
        ),
    ];
    for (effect, moment, action, felt, other, reached) in cases {
        for (outcome, count) in [(felt, 1), (other, 0)] {
            let mut faults = armed(fault(effect.clone(), Times::First(1), None, None));
            assert_eq!(faults.stops(), [at(moment)], "{effect:?}");
            if moment == Moment::Answer {
                faults.see(&answered(1));
            }
            assert_eq!(
                faults.decide(&at(moment), &of("1"), 1).action,
                action,
                "{effect:?}"
            );
            faults.see(&seen(1, outcome.clone()));
            assert_eq!(
                figures(&faults),
                [1, 1, 1, count, reached],
                "{effect:?} {outcome:?}"
            );
        }
    }
}

#[test]
fn a_trigger_sets_a_call_fault_off_for_its_own_entity_only() {
    let trigger = Trigger::AfterAnswered {
        call: "scored".to_owned(),
    };
    let mut faults = armed(fault(
        ANSWER_503(),
        Times::First(1),
        Some("submission"),
        Some(trigger),
    ));
    let scored = Stop {
        call: "scored".to_owned(),
        moment: Moment::Answer,
    };
    assert_eq!(faults.stops(), [at(Moment::Request), scored.clone()]);
    let mut act = |stop: &Stop, submission: &str, n| faults.decide(stop, &of(submission), n).action;
    assert_eq!(act(&at(Moment::Request), "7", 1), Action::Pass, "not yet");
    assert_eq!(act(&scored, "7", 2), Action::Pass);
    assert_eq!(
        act(&at(Moment::Request), "8", 3),
        Action::Pass,
        "not this one"
    );
    assert_ne!(act(&at(Moment::Request), "7", 4), Action::Pass);
}

#[test]
fn an_event_sets_a_call_fault_off_for_its_own_entity_only() {
    let trigger = Trigger::Happens {
        event: "scores stored".to_owned(),
    };
    let mut faults = armed(fault(
        ANSWER_503(),
        Times::Always,
        Some("submission"),
        Some(trigger),
    ));
    let mut act = |id: &str, n| faults.decide(&at(Moment::Request), &of(id), n).action;
    assert_eq!(act("7", 1), Action::Pass);
    faults.learn(&fact("7", &[], Some("output stored")), None);
    let mut act = |id: &str, n| faults.decide(&at(Moment::Request), &of(id), n).action;
    assert_eq!(act("7", 2), Action::Pass);
    faults.learn(&fact("7", &[], Some("scores stored")), None);
    let mut act = |id: &str, n| faults.decide(&at(Moment::Request), &of(id), n).action;
    assert_eq!(act("8", 3), Action::Pass);
    assert_ne!(act("7", 4), Action::Pass);
}

#[test]
fn one_entity_is_struck_and_all_others_are_spared() {
    let mut faults = armed(Fault {
        whom: Whom::One("submission".to_owned()),
        ..fault(ANSWER_503(), Times::First(2), None, None)
    });
    let mut struck =
        |id: &str, n| faults.decide(&at(Moment::Request), &of(id), n).action != Action::Pass;
    let struck = [("7", 1), ("8", 2), ("7", 3), ("7", 4), ("8", 5)].map(|(id, n)| struck(id, n));
    assert_eq!(struck, [true, false, true, false, false]);
    assert_eq!(figures(&faults)[1], 3, "the others were no match");
}

#[test]
fn a_chance_is_drawn_from_the_seed_for_each_entity_apart() {
    let drawn = |each, seed, ids: &[&str]| -> Vec<(String, bool)> {
        let mut faults = Faults::new(Seed(seed));
        let fault = Fault {
            chance: Some(0.3),
            ..fault(ANSWER_503(), Times::Always, each, None)
        };
        faults.arm(&fault, "the fault", Vec::new(), None);
        faults.watching();
        let draw = |(n, id): (usize, &&str)| {
            let decision = faults.decide(&at(Moment::Request), &of(id), n as u64);
            (id.to_string(), decision.action != Action::Pass)
        };
        ids.iter().enumerate().map(draw).collect()
    };
    let draws = |seed, ids: &[&str]| drawn(Some("submission"), seed, ids);
    let sorted = |mut drawn: Vec<(String, bool)>| {
        drawn.sort();
        drawn
    };
    let (one, other) = (["7", "8", "9"].repeat(40), ["9", "7", "8"].repeat(40));
    assert_eq!(
        sorted(draws(1, &one)),
        sorted(draws(1, &other)),
        "order changes nothing"
    );
    assert_ne!(draws(1, &one), draws(2, &one));
    let struck = draws(1, &one).iter().filter(|(_, struck)| *struck).count();
    assert!((18..=54).contains(&struck), "{struck} of 120 at 0.3");
    // For all together the number of the call decides, whomever it is about.
    let numbered = |ids: &[&str]| -> Vec<bool> {
        let drawn = drawn(None, 1, ids).into_iter();
        drawn.map(|(_, struck)| struck).collect()
    };
    assert_eq!(numbered(&one), numbered(&other));
    let mut faults = armed(Fault {
        chance: Some(1e-9),
        ..fault(ANSWER_503(), Times::Always, None, None)
    });
    faults.decide(&at(Moment::Request), &of("1"), 1);
    assert!(missing(&faults).unwrap().contains("a chance of"));
}

#[test]
fn a_count_with_a_chance_is_demanded_of_nobody() {
    let with = |chance, times| {
        armed(Fault {
            chance: Some(chance),
            ..fault(ANSWER_503(), times, Some("submission"), None)
        })
    };
    let twice = Times::First(2);
    let come = |faults: &mut Faults, times: u64| {
        for n in 0..times {
            let decision = faults.decide(&at(Moment::Request), &of(&(n % 20).to_string()), n);
            if decision.action != Action::Pass {
                faults.see(&seen(n, FELT));
            }
        }
    };
    // Who is spared does not come again.
    let mut faults = with(0.5, twice);
    come(&mut faults, 20);
    let [_, matched, applied, felt, _] = figures(&faults);
    assert!(matched == 20 && (1..20).contains(&applied) && felt == applied);
    assert_eq!(missing(&faults), None);
    // It is demanded that it strikes at all, and told how often it could.
    let mut faults = with(1e-9, twice);
    come(&mut faults, 50);
    let never = "the call \"upload scores\" came by 50 times; it could be struck 40 times, and a chance of 0.000000001 \
                 did so never";
    assert_eq!(missing(&faults).unwrap(), never);
    let mut faults = with(1e-9, Times::Nth(9));
    come(&mut faults, 50);
    let waited = missing(&faults).unwrap();
    assert!(
        waited.ends_with("but the fault waited for number 9"),
        "{waited}"
    );
}

#[test]
fn a_fault_is_active_until_it_is_used_up_or_healed() {
    let mut faults = armed(fault(
        ANSWER_503(),
        Times::First(2),
        Some("submission"),
        None,
    ));
    let answer = Seen::Answer {
        status: 503,
        body_bytes: 0,
        altered: false,
        told: None,
    };
    use FaultMoment::*;
    faults.decide(&at(Moment::Request), &of("7"), 1);
    assert_eq!(
        moments(&faults.see(&seen(1, answer.clone()))),
        [Felt],
        "in the middle of its count"
    );
    faults.decide(&at(Moment::Request), &of("7"), 2);
    assert_eq!(
        moments(&faults.see(&seen(2, answer))),
        [Felt, Ended],
        "used up for all it has met"
    );
    faults.decide(&at(Moment::Request), &of("8"), 3);
    assert_eq!(
        moments(&faults.heal()),
        [],
        "an exchange is still under way"
    );
    assert_eq!(moments(&faults.see(&seen(3, Seen::Left))), [Ended]);
    assert_eq!(faults.stops(), [], "a healed fault stops nothing");
    assert_eq!(
        faults.decide(&at(Moment::Request), &of("9"), 4).action,
        Action::Pass
    );
}

#[test]
fn the_first_armed_fault_decides_what_the_caller_sees() {
    let mut faults = armed(fault(ANSWER_503(), Times::First(1), None, None));
    faults.arm(
        &fault(on_call(CallFault::Refused), Times::Always, None, None),
        "refused",
        Vec::new(),
        None,
    );
    faults.watching();
    assert!(matches!(
        faults.decide(&at(Moment::Request), &of("1"), 1).action,
        Action::Answer { status: 503, .. }
    ));
    let second = faults.receipts()[1].missing.clone().unwrap();
    let why = "came by once, but whenever it was to strike, a fault that was armed earlier did so";
    assert!(second.ends_with(why), "{second}");
    assert_eq!(
        faults.decide(&at(Moment::Request), &of("1"), 2).action,
        Action::Reset
    );
}

/// Two faults on one exchange, and how often each is felt where its caller waits so long and then sees that.
async fn both_felt(faults: [CallFault; 2], waits: Duration, sees: Seen) -> [u64; 2] {
    let [first, second] = faults.map(|one| fault(on_call(one), Times::First(1), None, None));
    let mut faults = armed(first);
    faults.arm(&second, "the second", Vec::new(), None);
    faults.watching();
    let request = faults.decide(&at(Moment::Request), &of("1"), 1);
    assert!(matches!(request.action, Action::Delay { .. }));
    tokio::time::advance(waits).await;
    if !matches!(request.action, Action::Delay { then, .. } if *then != Action::Pass) {
        faults.see(&answered(1));
        faults.decide(&at(Moment::Answer), &of("1"), 1);
    }
    faults.see(&seen(1, sees));
    [0, 1].map(|n| faults.receipts()[n].felt)
}

#[tokio::test(start_paused = true)]
async fn a_delay_goes_with_what_comes_after_it() {
    let delay = || CallFault::TakesLonger { by: HOUR };
    let given = || CallFault::Answers {
        status: 503,
        body: None,
    };
    for (other, sees) in [
        (CallFault::AnswerLost, Seen::Reset),
        (CallFault::Refused, Seen::Reset),
        (given(), FELT),
        (delay(), FELT),
    ] {
        let orders = [[delay(), other.clone()], [other.clone(), delay()]];
        for order in orders {
            let felt = both_felt(order, 2 * HOUR, sees.clone()).await;
            assert_eq!(felt, [1, 1], "{other:?}");
        }
    }
    // Something else came in between.
    let order = [delay(), CallFault::AnswerLost];
    let early = both_felt(order, HOUR / 2, Seen::Reset).await;
    assert_eq!(early, [0, 1]);
}

#[test]
fn delays_add_up_and_of_the_rest_one_is_done() {
    let hours = |n: u64, then| Action::Delay {
        ms: n * 3_600_000,
        then: Box::new(then),
    };
    let both = late(Action::Pass).and(late(Action::Reset));
    assert_eq!(both, Some(hours(2, Action::Reset)));
    assert_eq!(both.and_then(|both| both.and(Action::Hang)), None);
    let both = Action::Reset.and(late(Action::Pass));
    assert_eq!(both, Some(late(Action::Reset)));
    assert_eq!(Action::Reset.and(late(Action::Hang)), None);
}

#[test]
fn why_nobody_felt_it_is_told() {
    let cut = on_call(CallFault::AnswerCut { after_bytes: 100 });
    let mut faults = armed(fault(cut, Times::First(1), None, None));
    faults.see(&answered(1));
    faults.decide(&at(Moment::Answer), &of("1"), 1);
    let as_it_was = Seen::Answer {
        status: 201,
        body_bytes: 0,
        altered: false,
        told: None,
    };
    faults.see(&seen(1, as_it_was));
    let why = "it was applied once, but nobody felt it: the body had only 0 bytes";
    assert_eq!(missing(&faults).as_deref(), Some(why));
}
