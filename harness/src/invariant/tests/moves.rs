//! Moves of the status, also where calls overlap.

use super::*;

#[test]
fn moves() {
    let p = || Pattern::Moves;
    check(
        p(),
        &[
            (1, "7 status=Busy"),
            (2, "7 status=Busy"),
            (3, "7 status=Done"),
        ],
        Held,
        1,
        &[],
        "",
    );
    let back = [
        (1, "7 status=Busy"),
        (2, "7 status=Done"),
        (3, "7 shown=1"),
        (4, "7 status=Busy"),
    ];
    check(p(), &back, Violated, 0, &[1, 3], "Done -> Busy");
    check(
        p(),
        &[(1, "7 status=Done")],
        Violated,
        0,
        &[0],
        "New -> Done",
    );
    // It began as New: no event proves that.
    let seen = [(1, "7 shown=1"), (2, "7 status=Done")];
    check(p(), &seen, Violated, 0, &[1], "New -> Done");
    check(
        p(),
        &[(1, "7 shown=1")],
        Inconclusive,
        0,
        &[],
        "no status ever changed",
    );
}

#[test]
fn overlapping_calls_are_taken_in_the_order_that_the_moves_allow() {
    let mut stack = stack(Pattern::Moves);
    let entity = &mut stack.entities["submission"];
    let rule = entity.learn[0].clone();
    let learn = |status: &str| Learn {
        evidence: Evidence::Call(status.to_owned()),
        set: IndexMap::from([("status".to_owned(), cel(&format!("'{status}'")))]),
        ..rule.clone()
    };
    entity.learn = vec![learn("New"), learn("Busy"), learn("Done")];
    let told = |calls: &[(&str, u64, u64)]| overlapping(&stack, calls);
    let done = Some("Done".to_owned());
    assert_eq!(
        told(&[("Busy", 1, 2), ("Done", 3, 4)]),
        (Held, done.clone())
    );
    // Done was answered first, but Busy may have been first.
    assert_eq!(
        told(&[("Busy", 1, 4), ("Done", 2, 3)]),
        (Held, done.clone())
    );
    assert_eq!(
        told(&[("Busy", 1, 2), ("Busy", 3, 6), ("Done", 4, 5)]),
        (Held, done.clone())
    );
    // Both were answered while the slow answer that told of the beginning was on its way.
    assert_eq!(
        told(&[("New", 1, 6), ("Busy", 2, 3), ("Done", 4, 5)]),
        (Held, done)
    );
    assert_eq!(
        told(&[("New", 3, 6), ("Busy", 1, 2), ("Done", 4, 5)]),
        (Violated, Some("New".to_owned()))
    );
    // It was certainly last.
    let busy = Some("Busy".to_owned());
    let back = [("Busy", 1, 2), ("Done", 3, 4), ("Busy", 5, 6)];
    assert_eq!(told(&back), (Violated, busy));
}
