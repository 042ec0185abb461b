//! Response, at once and within a time, on both clocks.

use super::*;

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
