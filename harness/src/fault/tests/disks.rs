//! A disk that is full, and the moments up to which it is.

use super::*;
use FaultMoment::*;

fn full(each: Option<&str>, until: Option<Trigger>) -> Faults {
    let effect = Effect::Service {
        service: "storage".to_owned(),
        fault: ServiceFault::DiskFull,
    };
    let trigger = until
        .is_some()
        .then(|| Trigger::BeforeSent { call: call() });
    armed(Fault {
        until,
        ..fault(effect, Times::Always, each, trigger)
    })
}

fn doings(deeds: Vec<Deed>) -> Vec<Doing> {
    deeds.into_iter().map(|deed| deed.what).collect()
}

fn fill() -> Doing {
    let service = "storage".to_owned();
    Doing::Fill { service }
}

#[test]
fn it_counts_once_a_write_was_refused_and_is_active_until_there_is_room() {
    let mut faults = full(None, None);
    let (deed, events) = faults.at_once();
    assert_eq!(doings(deed.into_iter().collect()), [fill()]);
    assert_eq!(moments(&events), [Matched, Applied]);
    assert!(missing(&faults).unwrap().contains("without room"));
    assert_eq!(moments(&faults.done(0)), []);
    assert_eq!(moments(&faults.felt(0)), [Felt]);
    assert_eq!(missing(&faults), None);
    // The service died of it, say, and is back: its disk is as full as before.
    assert_eq!(moments(&faults.recovered("storage")), []);
    assert_eq!(moments(&faults.heal()), []);
    assert_eq!(moments(&faults.straightened(0)), [Ended]);
}

#[test]
fn what_ends_it_for_one_leaves_it_full_for_another() {
    let answered = Trigger::AfterAnswered { call: call() };
    let mut faults = full(Some("submission"), Some(answered));
    let mut decide = |moment, submission: &str, exchange| {
        doings(faults.decide(&at(moment), &of(submission), exchange).deeds)
    };
    assert_eq!(decide(Moment::Request, "7", 1), [fill()]);
    assert_eq!(decide(Moment::Request, "8", 2), [fill()]);
    assert_eq!(decide(Moment::Request, "8", 3), [fill()]);
    assert_eq!(decide(Moment::Answer, "8", 2), [], "it is full for 7");
    assert_eq!(decide(Moment::Answer, "8", 3), [], "it has ended already");
    assert_eq!(decide(Moment::Answer, "7", 1), [Doing::Empty]);
}
