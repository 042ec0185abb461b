//! Precedence, also of calls that overlap.

use super::*;

#[test]
fn precedence() {
    let p = || Pattern::Precedence {
        no: cel("status == 'Done'"),
        before: cel("happened('stored')"),
    };
    check(
        p(),
        &[(1, "7 +stored"), (2, "7 status=Done")],
        Held,
        1,
        &[],
        "",
    );
    check(
        p(),
        &[(1, "7 status=Done"), (11, "7 +stored")],
        Violated,
        0,
        &[0],
        "only 0.010 s later (#1)",
    );
    check(
        p(),
        &[(1, "7 status=Done"), (2, ".")],
        Violated,
        0,
        &[0],
        "never did",
    );
    check(
        p(),
        &[(1, "8 +stored"), (2, "7 status=Done")],
        Violated,
        0,
        &[1],
        "never did",
    );
    check(
        p(),
        &[(1, "7 +stored")],
        Inconclusive,
        0,
        &[],
        "never came true",
    );
    check(
        p(),
        &[(1, ".")],
        Inconclusive,
        0,
        &[],
        "no submission was ever seen",
    );
}

#[test]
fn calls_that_overlap_cannot_be_put_in_order() {
    let p = Pattern::Precedence {
        no: cel("status == 'Done'"),
        before: cel("happened('stored')"),
    };
    let mut stack = stack(p);
    let entity = &mut stack.entities["submission"];
    let rule = entity.learn[0].clone();
    let learn = |call: &str, set: &[&str], event: Option<&str>| Learn {
        evidence: Evidence::Call(call.to_owned()),
        set: set
            .iter()
            .map(|text| ("status".to_owned(), cel(text)))
            .collect(),
        event: event.map(str::to_owned),
        ..rule.clone()
    };
    entity.learn = vec![
        learn("finish", &["'Done'"], None),
        learn("store", &[], Some("stored")),
        learn("both", &["'Done'"], Some("stored")),
    ];
    let verdict = |calls: &[(&str, u64, u64)]| overlapping(&stack, calls).0;
    assert_eq!(verdict(&[("store", 1, 2), ("finish", 3, 4)]), Held);
    assert_eq!(verdict(&[("finish", 1, 2), ("store", 3, 4)]), Violated);
    assert_eq!(verdict(&[("finish", 1, 4), ("store", 2, 3)]), Inconclusive);
    assert_eq!(verdict(&[("finish", 1, 3), ("store", 2, 4)]), Inconclusive);
    assert_eq!(verdict(&[("store", 1, 3), ("finish", 2, 4)]), Inconclusive);
    assert_eq!(verdict(&[("store", 1, 4), ("finish", 2, 3)]), Inconclusive);
    assert_eq!(verdict(&[("both", 1, 4)]), Held);
}

#[test]
fn what_kept_the_other_condition_from_being_met_is_part_of_the_proof() {
    let p = Pattern::Precedence {
        no: cel("shown == told"),
        before: cel("shown == 1 && status != 'Busy'"),
    };
    let history = [(1, "7 status=Busy"), (2, "7 shown=1"), (3, "7 told=1")];
    check(p, &history, Violated, 0, &[0, 1, 2], "never did");
}
