//! What a finding tells beyond its verdict: the moment that would have been right, and what was measured.

use super::*;

/// The number of the event that would have been in time, and when a deadline had run out.
fn right(pattern: Pattern, history: &[(u64, &str)]) -> (Option<u64>, Option<u64>) {
    let finding = judge(&pattern, &events(history));
    assert_eq!(finding.verdict, Violated, "{finding:?}");
    (finding.right.map(|right| right.seq), finding.late_ns)
}

#[test]
fn what_came_too_late_is_told_with_its_event() {
    let precedence = || Pattern::Precedence {
        no: cel("status == 'Done'"),
        before: cel("happened('stored')"),
    };
    let late = [(1, "7 status=Done"), (5, "7 shown=1"), (11, "7 +stored")];
    assert_eq!(right(precedence(), &late), (Some(2), None));
    assert_eq!(right(precedence(), &late[..2]), (None, None));

    let response = |within| Pattern::Response {
        when: cel("status == 'Busy'"),
        then: cel("shown == 1"),
        within,
        clock: Clock::Wall,
    };
    let late = [
        (1, "7 shown=0"),
        (2, "7 status=Busy"),
        (30, "7 shown=1"),
        (31, "7 shown=0"),
        (32, "7 shown=1"),
    ];
    assert_eq!(right(response(None), &late), (Some(2), None));
    let within = response(Some(Duration::from_millis(10)));
    assert_eq!(right(within.clone(), &late), (Some(2), Some(12 * MS)));
    let never = [late[0], late[1], (30, ".")];
    assert_eq!(right(within, &never), (None, Some(12 * MS)));
    let existence = Pattern::Existence {
        eventually: cel("shown == 1"),
        within: Duration::from_millis(10),
        clock: Clock::Wall,
    };
    assert_eq!(right(existence, &late), (Some(2), Some(11 * MS)));
    let agree = Pattern::Agree {
        fields: vec!["shown".to_owned(), "told".to_owned()],
        within: Duration::from_millis(10),
        clock: Clock::Wall,
    };
    let late = [(1, "7 shown=1"), (2, "7 told=2"), (30, "7 told=1")];
    assert_eq!(right(agree, &late), (Some(2), Some(11 * MS)));
}

#[test]
fn what_was_measured_is_told_whatever_the_verdict() {
    let measured = |pattern: Pattern, history: &[(u64, &str)]| {
        let finding = judge(&pattern, &events(history));
        finding.measure
    };
    let history = [
        (1, "7 shown=1"),
        (1, "8 shown=1"),
        (1, "9 shown=2"),
        (5, "7 status=Done"),
        (11, "9 status=Done"),
    ];
    let times = Pattern::Quantile {
        quantile: 0.5,
        from: "New".to_owned(),
        to: "Done".to_owned(),
        below: Duration::from_millis(10),
    };
    let expected = Measure::Times {
        quantile: 0.5,
        below: Duration::from_millis(10),
        took: [4, 10].map(Duration::from_millis).to_vec(),
        arrived: 2,
        on_their_way: 1,
    };
    assert_eq!(measured(times, &history), Some(expected));
    let done = || cel("status == 'Done'");
    let share = Pattern::Share {
        condition: done(),
        at_least: 0.5,
    };
    let group = |held, all| Group { held, all };
    let expected = Measure::Share {
        at_least: 0.5,
        group: group(2, 3),
    };
    assert_eq!(measured(share, &history), Some(expected));
    let balance = Pattern::Balance {
        condition: done(),
        by: "shown".to_owned(),
        tolerance: 0.1,
    };
    let expected = Measure::Balance {
        by: "shown".to_owned(),
        tolerance: 0.1,
        groups: vec![("1".to_owned(), group(1, 2)), ("2".to_owned(), group(1, 1))],
    };
    assert_eq!(measured(balance, &history), Some(expected));
    assert_eq!(measured(Pattern::Moves, &history), None);
}

#[test]
fn what_is_done_to_a_service_concerns_everybody_and_what_is_done_to_a_call_those_whose_it_is() {
    let faults = |text: &str| {
        let asked = Asked {
            exchange: 1,
            client: "worker".to_owned(),
            service: "site".to_owned(),
            port: 80,
            method: "GET".to_owned(),
            path: "/".to_owned(),
            call: Some("look".to_owned()),
            captures: [("submission".to_owned(), "7".to_owned())].into(),
        };
        let fault = What::Fault {
            fault: 0,
            text: text.to_owned(),
            moment: FaultMoment::Applied,
            exchange: Some(1),
        };
        let mut history = events(&[(1, "."), (2, "."), (3, "8 +stored"), (4, "8 +stored")]);
        history[0].what = What::Asked(asked);
        history[1].what = fault;
        let most = Pattern::AtMost {
            bound: 1,
            event: "stored".to_owned(),
        };
        judge(&most, &history).faults
    };
    let service = "the service \"site\" is restarted when submission reaches \"Done\"";
    assert_eq!(faults(service), [service]);
    assert!(faults("the call \"look\" answers 503").is_empty());
}
