//! What is done to services, at once or at a moment.

use super::*;
use serde_json::json;

fn killing(exchange: ExchangeId) -> Deed {
    Deed {
        fault: 0,
        what: Doing::Strike {
            service: "worker".to_owned(),
            how: ServiceFault::Killed,
        },
        exchange: Some(exchange),
    }
}

fn kill() -> Effect {
    Effect::Service {
        service: "worker".to_owned(),
        fault: ServiceFault::Killed,
    }
}

#[test]
fn before_a_call_is_sent_its_service_is_killed_and_the_call_itself_can_be_struck() {
    let before = || Some(Trigger::BeforeSent { call: call() });
    let mut faults = armed(fault(kill(), Times::First(1), None, before()));
    assert_eq!(faults.stops(), [at(Moment::Request)]);
    let first = faults.decide(&at(Moment::Request), &of("1"), 1);
    assert_eq!(first.deeds, [killing(1)]);
    faults.done(0);
    assert_eq!(figures(&faults), [1, 1, 1, 1, 0], "the callee did nothing");

    let mut faults = armed(fault(ANSWER_503(), Times::First(1), None, before()));
    let action = faults.decide(&at(Moment::Request), &of("1"), 1).action;
    assert_ne!(action, Action::Pass);
}

#[test]
fn whatever_field_an_observer_tells_of_can_be_waited_for() {
    let trigger = Trigger::Becomes {
        entity: "submission".to_owned(),
        field: "shown".to_owned(),
        value: json!(1),
    };
    let mut faults = armed(fault(kill(), Times::First(1), None, Some(trigger)));
    let told = |entity: &str, field: &str, value| Fact {
        entity: entity.to_owned(),
        fields: vec![(field.to_owned(), value)],
        ..fact("7", &[], None)
    };
    faults.learn(&told("submission", "shown", json!(2)), None);
    faults.learn(&told("submission", "stored", json!(1)), None);
    faults.learn(&told("parent", "shown", json!(1)), None);
    assert_eq!(faults.loose_deeds(), []);
    faults.learn(&told("submission", "shown", json!(1.0)), None);
    assert_eq!(faults.loose_deeds().len(), 1);
}

#[test]
fn what_a_call_teaches_kills_before_its_answer_goes_on() {
    let trigger = Trigger::Reaches {
        entity: "submission".to_owned(),
        status: "Scoring".to_owned(),
    };
    let mut faults = Faults::new(Seed(7));
    let fault = fault(kill(), Times::First(1), Some("submission"), Some(trigger));
    faults.arm(&fault, "the fault", vec![call()], None);
    faults.watching();
    assert_eq!(faults.stops(), [at(Moment::Answer)], "the teacher is held");
    assert!(
        missing(&faults)
            .unwrap()
            .contains("when submission reaches \"Scoring\"")
    );
    faults.learn(&fact("7", &["Running"], None), Some(1));
    assert_eq!(faults.decide(&at(Moment::Answer), &of("7"), 1).deeds, []);
    faults.learn(&fact("7", &["Scoring"], None), Some(2));
    assert_eq!(
        faults.loose_deeds(),
        [],
        "it waits for the exchange to be asked about"
    );
    let due = faults.decide(&at(Moment::Answer), &of("7"), 2).deeds;
    assert_eq!(due, [killing(2)]);
    // What a poll teaches waits for nobody, and what slipped by comes late.
    faults.learn(&fact("8", &["Running", "Scoring"], None), None);
    assert_eq!(faults.loose_deeds().len(), 1);
    faults.learn(&fact("9", &["Scoring"], None), Some(3));
    faults.see(&seen(3, Seen::Left));
    assert_eq!(faults.loose_deeds().len(), 1);
    faults.learn(&fact("9", &["Scoring"], None), None);
    assert_eq!(faults.loose_deeds(), [], "only the first time for each");
}

#[test]
fn without_a_moment_it_is_done_at_once_and_counts_once_it_was_seen_done() {
    let mut faults = armed(fault(kill(), Times::Always, None, None));
    let (deed, events) = faults.at_once();
    use FaultMoment::*;
    assert_eq!(moments(&events), [Matched, Applied]);
    assert_eq!(deed.map(|deed| deed.exchange), Some(None));
    assert!(missing(&faults).unwrap().contains("was never killed"));
    assert_eq!(moments(&faults.done(0)), [Felt]);
    assert_eq!(missing(&faults), None);
    assert_eq!(moments(&faults.recovered("portal")), []);
    assert_eq!(moments(&faults.recovered("worker")), [Ended]);
}

#[test]
fn a_service_comes_back_at_the_moment_that_ends_the_fault() {
    let until = |event: &str| {
        let event = event.to_owned();
        Some(Trigger::Happens { event })
    };
    let mut faults = armed(Fault {
        until: until("scores stored"),
        ..fault(kill(), Times::Always, None, None)
    });
    faults.at_once();
    faults.done(0);
    faults.learn(&fact("7", &[], Some("output stored")), Some(1));
    faults.learn(&fact("7", &[], Some("scores stored")), Some(2));
    let back = Doing::Recover {
        service: "worker".to_owned(),
    };
    let due = faults.decide(&at(Moment::Answer), &of("7"), 2).deeds;
    assert_eq!(
        due.into_iter().map(|deed| deed.what).collect::<Vec<_>>(),
        [back]
    );
    faults.learn(&fact("8", &[], Some("scores stored")), None);
    assert_eq!(faults.loose_deeds(), [], "it has come back already");
}

#[test]
fn a_kill_at_a_trigger_is_active_until_the_service_is_back() {
    let trigger = Trigger::AfterAnswered { call: call() };
    let mut faults = armed(fault(kill(), Times::First(1), None, Some(trigger)));
    let first = faults.decide(&at(Moment::Answer), &of("1"), 1);
    assert_eq!(first.action, Action::Pass);
    assert_eq!(first.deeds, [killing(1)]);
    use FaultMoment::*;
    assert_eq!(moments(&first.events), [Matched, Applied, Reached]);
    assert_eq!(moments(&faults.done(0)), [Felt]);
    assert_eq!(
        faults.decide(&at(Moment::Answer), &of("2"), 2).deeds,
        [],
        "only once"
    );
    assert_eq!(moments(&faults.recovered("site")), [], "another service");
    assert_eq!(moments(&faults.recovered("worker")), [Ended]);
    assert_eq!(figures(&faults), [1, 2, 1, 1, 1]);
    assert_eq!(missing(&faults), None);
}

#[test]
fn only_who_was_struck_ends_a_fault_and_only_when_nobody_else_still_needs_it() {
    let until = Some(Trigger::Happens {
        event: "stored".to_owned(),
    });
    let trigger = Some(Trigger::AfterAnswered { call: call() });
    let mut faults = armed(Fault {
        until,
        ..fault(kill(), Times::First(1), Some("submission"), trigger)
    });
    for (submission, exchange) in [("1", 1), ("2", 2)] {
        let struck = faults.decide(&at(Moment::Answer), &of(submission), exchange);
        assert_eq!(struck.deeds.len(), 1);
        faults.done(0);
    }
    let mut end = |submission: &str| {
        faults.learn(&fact(submission, &[], Some("stored")), None);
        faults.loose_deeds().len()
    };
    assert_eq!(end("1"), 0, "it is in force for 2 as well");
    assert_eq!(end("2"), 1);
    // It strikes each only once: what comes by again is not struck, so nothing is undone.
    assert_eq!(faults.decide(&at(Moment::Answer), &of("1"), 3).deeds, []);
    faults.learn(&fact("1", &[], Some("stored")), None);
    assert_eq!(faults.loose_deeds(), []);
}

#[test]
fn an_end_waits_for_a_beginning_that_nobody_has_taken_on_yet() {
    let happens = |event: &str| {
        let event = event.to_owned();
        Some(Trigger::Happens { event })
    };
    let kinds = |deeds: Vec<Deed>| {
        let ends = deeds.into_iter().map(|deed| deed.what.ends());
        ends.collect::<Vec<_>>()
    };
    let armed = |until| {
        armed(Fault {
            until,
            ..fault(kill(), Times::First(1), None, happens("stored"))
        })
    };
    // The second exchange, whose answer teaches the end, is asked about before the first, whose answer taught the beginning.
    let mut faults = armed(happens("told"));
    faults.learn(&fact("7", &[], Some("stored")), Some(1));
    faults.learn(&fact("7", &[], Some("told")), Some(2));
    let second = faults.decide(&at(Moment::Answer), &of("7"), 2).deeds;
    assert_eq!(kinds(second), [] as [bool; 0]);
    let first = faults.decide(&at(Moment::Answer), &of("7"), 1).deeds;
    assert_eq!(kinds(first), [false, true]);
    // The same where the end is a call, and where the first one went on before anybody could stop it.
    let mut faults = armed(Some(Trigger::BeforeSent { call: call() }));
    faults.learn(&fact("7", &[], Some("stored")), Some(1));
    faults.see(&seen(1, Seen::Left));
    let second = faults.decide(&at(Moment::Request), &of("7"), 2).deeds;
    assert_eq!(kinds(second), [] as [bool; 0]);
    assert_eq!(kinds(faults.loose_deeds()), [false, true]);
}
