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

#[test]
fn all_that_broke_it_are_named_in_order_up_to_a_bound() {
    let lines: Vec<String> = (0..1100)
        .map(|n| format!("{} status={}", 2000 - n, ["Busy", "New"][n % 2]))
        .collect();
    let lines: Vec<(u64, &str)> = lines.iter().map(|line| (1, line.as_str())).collect();
    let never = Pattern::Never(cel("status == \"Busy\""));
    let few = judge(&never, &events(&lines[..5]));
    assert_eq!(few.entities, ["2000", "1998", "1996"]);
    assert_eq!((few.broken, few.witnesses), (3, 2));
    let always = Pattern::Always(cel("status == \"Gone\""));
    let many = judge(&always, &events(&lines));
    assert_eq!((many.broken, many.entities.len()), (1100, 1000));
    assert_eq!(many.entities[999], "1001");
}
