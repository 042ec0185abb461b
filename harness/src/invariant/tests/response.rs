//! Response, at once and within a time, on both clocks.

use super::*;

/// One round cannot be judged, a later one can.
#[test]
fn what_could_not_be_told_once_is_not_made_up_for() {
    let unclear = [
        (1, "7 shown=x"),
        (2, "7 status=Busy"),
        (30, "7 status=New"),
        (31, "7 shown=1"),
        (32, "7 status=Busy"),
        (60, "."),
    ];
    let response = Pattern::Response {
        when: cel("status == 'Busy'"),
        then: cel("shown > 0"),
        within: Some(Duration::from_millis(10)),
        clock: Clock::Wall,
    };
    let why = "no matching overload";
    check(response.clone(), &unclear[2..], Held, 1, &[], "");
    check(response, &unclear, Inconclusive, 0, &[], why);
}

#[test]
fn response_at_once() {
    let p = || Pattern::Response {
        when: cel("status == 'Done'"),
        then: cel("shown > 0"),
        within: None,
        clock: Clock::Wall,
    };
    check(
        p(),
        &[(1, "7 shown=1"), (2, "7 status=Done")],
        Held,
        1,
        &[],
        "",
    );
    check(
        p(),
        &[(1, "7 shown=0"), (2, "7 status=Done"), (3, "7 shown=1")],
        Violated,
        0,
        &[0, 1],
        "did not",
    );
    check(
        p(),
        &[(1, "7 status=Done")],
        Inconclusive,
        0,
        &[],
        "`shown` is not known",
    );
    check(
        p(),
        &[(1, "7 status=Done"), (2, "7 shown=1")],
        Held,
        1,
        &[],
        "",
    );
    check(
        p(),
        &[(1, "7 shown=1")],
        Inconclusive,
        0,
        &[],
        "never came true",
    );
}

fn within(clock: Clock) -> Pattern {
    Pattern::Response {
        when: cel("happened('stored')"),
        then: cel("status == 'Done'"),
        within: Some(Duration::from_millis(10)),
        clock,
    }
}

#[test]
fn response_within_a_time() {
    let p = || within(Clock::Wall);
    check(
        p(),
        &[(1, "7 +stored"), (11, "7 status=Done")],
        Held,
        1,
        &[],
        "",
    );
    check(
        p(),
        &[(1, "7 +stored"), (12, "7 status=Done")],
        Violated,
        0,
        &[0],
        "10ms later",
    );
    check(
        p(),
        &[(1, "7 +stored"), (12, ".")],
        Violated,
        0,
        &[0],
        "10ms later",
    );
    check(
        p(),
        &[(1, "7 +stored"), (5, ".")],
        Inconclusive,
        0,
        &[],
        "the run ended before",
    );
    check(
        p(),
        &[(1, "7 status=Done"), (2, "7 +stored"), (50, ".")],
        Held,
        1,
        &[],
        "",
    );
}

#[test]
fn the_healed_clock_grants_the_time_of_the_fault() {
    let history = [
        (1, "fault applied"),
        (2, "7 +stored"),
        (90, "fault ended"),
        (99, "7 status=Done"),
        (200, "."),
    ];
    check(within(Clock::Healed), &history, Held, 1, &[], "");
    check(
        within(Clock::Wall),
        &history,
        Violated,
        0,
        &[1],
        "10ms later",
    );
    let late = [
        (1, "fault applied"),
        (2, "7 +stored"),
        (90, "fault ended"),
        (101, "."),
    ];
    check(
        within(Clock::Healed),
        &late,
        Violated,
        0,
        &[1],
        "without an active fault",
    );
}

#[test]
fn what_came_too_late_is_told_with_what_was_there_instead() {
    let reason = |history: &[(u64, &str)]| {
        let finding = judge(&within(Clock::Wall), &events(history));
        finding.reason.unwrap_or_default()
    };
    let never = [(1, "7 status=Busy"), (2, "7 +stored"), (13, ".")];
    let missed = "`status == 'Done'` had not come true 10ms later (status was \"Busy\")";
    assert_eq!(reason(&never), missed);
    let late = [
        &never[..],
        &[
            (14, "7 shown=1"),
            (1502, "7 status=Done"),
            (1600, "7 status=Busy"),
        ],
    ]
    .concat();
    assert_eq!(reason(&late), format!("{missed}, only 1.500 s later (#4)"));
}
