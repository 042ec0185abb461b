//! Existence and counts.

use super::*;

#[test]
fn existence() {
    let p = || Pattern::Existence {
        eventually: cel("status in final"),
        within: Duration::from_millis(10),
        clock: Clock::Wall,
    };
    check(
        p(),
        &[(1, "7 status=Busy"), (9, "7 status=Failed")],
        Held,
        1,
        &[],
        "",
    );
    check(
        p(),
        &[(1, "7 shown=0"), (5, "7 status=Busy"), (12, ".")],
        Violated,
        0,
        &[0],
        "after 10ms; the last thing seen of it, #1: status became Busy",
    );
    check(
        p(),
        &[(1, "7 shown=0"), (12, ".")],
        Violated,
        0,
        &[0],
        "after 10ms",
    );
    check(
        p(),
        &[(1, "7 status=Busy"), (11, ".")],
        Inconclusive,
        0,
        &[],
        "the run ended before",
    );
}

#[test]
fn at_most() {
    let p = || Pattern::AtMost {
        bound: 1,
        event: "stored".to_owned(),
    };
    check(p(), &[(1, "7 +stored"), (2, "8 +stored")], Held, 2, &[], "");
    check(
        p(),
        &[(1, "7 +stored"), (2, "7 shown=1"), (3, "7 +stored")],
        Violated,
        0,
        &[0, 2],
        "2 times",
    );
    check(
        p(),
        &[(1, "7 shown=1")],
        Inconclusive,
        0,
        &[],
        "never happened",
    );
}
