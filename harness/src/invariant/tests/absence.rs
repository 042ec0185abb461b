//! Universality and absence.

use super::*;
use crate::plan::Judged;

#[test]
fn always_and_never() {
    let always = || Pattern::Always(cel("shown <= 1"));
    check(always(), &[(1, "7 shown=1")], Held, 1, &[], "");
    check(
        always(),
        &[(1, "7 shown=1"), (2, "7 shown=2")],
        Violated,
        0,
        &[1],
        "did not hold",
    );
    check(
        always(),
        &[(1, "7 status=Busy")],
        Inconclusive,
        0,
        &[],
        "could never be evaluated",
    );
    // One entity of which nobody learnt what the others were judged by may be the one that broke it.
    check(
        always(),
        &[(1, "7 shown=1"), (2, "8 status=Busy")],
        Inconclusive,
        1,
        &[],
        "submission 8: `shown` is not known",
    );
    let never = || Pattern::Never(cel("shown > 1"));
    check(never(), &[(1, "7 shown=1")], Held, 1, &[], "");
    check(never(), &[(1, "7 shown=2")], Violated, 0, &[0], "came true");
}

#[test]
fn what_is_broken_is_known_by_name_before_the_end() {
    let mut judge = Judge::new(&stack(Pattern::Never(cel("shown == 1"))));
    let broken =
        |judge: &Judge, name: &str| judge.broken(&Judged::named(&[name.to_owned()])).is_some();
    assert!(!broken(&judge, "i"));
    for event in events(&[(1, "7 shown=1")]) {
        judge.see(&event);
    }
    assert!(broken(&judge, "i") && !broken(&judge, "j"));
    assert!(judge.broken(&Judged::named([])).is_none());
}
