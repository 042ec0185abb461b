//! What is done to links, and the moments up to which a fault lasts.

use super::*;
use FaultMoment::*;

fn link() -> Link {
    "worker -> site".parse().unwrap()
}

fn cut(trigger: Option<Trigger>, until: Option<Trigger>) -> Fault {
    let effect = Effect::Link {
        link: link(),
        fault: LinkFault::Cut,
    };
    Fault {
        until,
        ..fault(effect, Times::Always, None, trigger)
    }
}

fn bend(exchange: Option<ExchangeId>) -> Deed {
    Deed {
        fault: 0,
        what: Doing::Bend {
            link: link(),
            how: LinkFault::Cut,
            lasting: None,
        },
        exchange,
    }
}

fn reaches(status: &str) -> Option<Trigger> {
    Some(Trigger::Reaches {
        entity: "submission".to_owned(),
        status: status.to_owned(),
    })
}

#[test]
fn a_link_is_bent_at_once_and_counts_once_a_connection_has_felt_it() {
    let mut faults = armed(cut(None, None));
    let (deed, events) = faults.at_once();
    assert_eq!(
        (deed, moments(&events)),
        (Some(bend(None)), vec![Matched, Applied])
    );
    assert_eq!(moments(&faults.done(0)), []);
    let why = "nobody felt it: nothing was sent over it meanwhile";
    assert!(missing(&faults).unwrap().contains(why));
    assert_eq!(moments(&faults.felt(0)), [Felt]);
    assert_eq!(figures(&faults), [1, 1, 1, 1, 0]);
    assert_eq!(missing(&faults), None);
    assert_eq!(moments(&faults.heal()), [], "it is still bent");
    assert_eq!(moments(&faults.straightened(0)), [Ended]);
}

#[test]
fn one_of_several_times_is_felt_by_somebody_and_the_last_to_end_ends_it() {
    let mut faults = armed(cut(reaches("Scoring"), None));
    assert!(
        missing(&faults)
            .unwrap()
            .contains("when submission reaches")
    );
    for id in ["7", "8"] {
        faults.learn(&fact(id, &["Scoring"], None), None);
        faults.done(0);
    }
    assert_eq!(faults.loose_deeds(), [bend(None), bend(None)]);
    faults.felt(0);
    assert_eq!(figures(&faults), [1, 2, 2, 1, 0]);
    assert_eq!(missing(&faults), None, "nothing may pass during the other");
    assert_eq!(moments(&faults.straightened(0)), []);
    assert_eq!(moments(&faults.straightened(0)), [Ended]);
}

#[test]
fn it_ends_whichever_is_told_first() {
    let mut faults = armed(cut(None, None));
    faults.at_once();
    assert_eq!(moments(&faults.straightened(0)), []);
    assert_eq!(moments(&faults.done(0)), [Ended]);
}

#[test]
fn from_one_moment_to_another_and_again() {
    let mut faults = armed(cut(reaches("Running"), reaches("Scoring")));
    let straighten = Deed {
        what: Doing::Straighten,
        ..bend(None)
    };
    faults.learn(&fact("7", &["Scoring"], None), None);
    assert_eq!(faults.loose_deeds(), [], "what has not begun does not end");
    for _ in 0..2 {
        faults.learn(&fact("7", &["Running"], None), None);
        assert_eq!(faults.loose_deeds(), [bend(None)]);
        faults.learn(&fact("7", &["Scoring"], None), None);
        assert_eq!(faults.loose_deeds(), std::slice::from_ref(&straighten));
    }
}

#[test]
fn a_call_fault_ends_for_its_own_entity_and_lets_go_of_what_it_holds() {
    let mut faults = armed(Fault {
        until: reaches("Scoring"),
        ..fault(
            on_call(CallFault::Hangs),
            Times::Always,
            Some("submission"),
            None,
        )
    });
    let struck = |faults: &mut Faults, id: &str, n| {
        faults.decide(&at(Moment::Request), &of(id), n).action != Action::Pass
    };
    assert!(struck(&mut faults, "7", 1) && struck(&mut faults, "8", 2));
    faults.learn(&fact("7", &["Scoring"], None), None);
    let deeds = faults.loose_deeds();
    let exchanges = vec![1];
    assert_eq!(deeds[0].what, Doing::LetGo { exchanges });
    assert_eq!(moments(&faults.see(&seen(1, Seen::Reset))), [Felt]);
    assert!(!struck(&mut faults, "7", 3) && struck(&mut faults, "8", 4));
    faults.learn(&fact("8", &["Scoring"], None), None);
    faults.see(&seen(2, Seen::Reset));
    assert_eq!(
        moments(&faults.see(&seen(4, Seen::Reset))),
        [Felt, Ended],
        "over for all"
    );
}

#[test]
fn a_moment_of_a_call_ends_a_fault_before_the_call_goes_on() {
    let until = Some(Trigger::AfterAnswered { call: call() });
    let mut faults = armed(cut(None, until));
    assert_eq!(faults.stops(), [at(Moment::Answer)]);
    faults.at_once();
    let deeds = faults.decide(&at(Moment::Answer), &of("7"), 5).deeds;
    assert_eq!(deeds[0].what, Doing::Straighten);
    assert_eq!(deeds[0].exchange, Some(5));
}
