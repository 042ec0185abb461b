//! Agreement, shares, balances and quantiles.

use super::*;

#[test]
fn agreement() {
    let p = || Pattern::Agree {
        fields: vec!["status".to_owned(), "shown".to_owned()],
        within: Duration::from_millis(10),
        clock: Clock::Wall,
    };
    let same = [(1, "7 status=Done"), (9, "7 shown=Done"), (30, ".")];
    check(p(), &same, Held, 1, &[], "");
    let late = [(1, "7 status=Done"), (12, "7 shown=Done")];
    check(p(), &late, Violated, 0, &[0], "shown is not known, 10ms");
    let parted = [
        (1, "7 status=Busy"),
        (2, "7 shown=Busy"),
        (3, "7 status=Done"),
        (20, "."),
    ];
    check(
        p(),
        &parted,
        Violated,
        0,
        &[2],
        "status is \"Done\", shown is \"Busy\"",
    );
    check(
        p(),
        &parted[..3],
        Inconclusive,
        0,
        &[],
        "the run ended while",
    );
    let blind = [(1, "7 status=Done"), (20, "blind 19"), (21, "7 shown=Done")];
    check(p(), &blind, Inconclusive, 0, &[], "could not look");
}

/// One source says 10, another one 10.0, as SQL has it.
#[test]
fn numbers_agree_by_what_they_are_worth() {
    let agree = || Pattern::Agree {
        fields: vec!["shown".to_owned(), "told".to_owned()],
        within: Duration::from_millis(10),
        clock: Clock::Wall,
    };
    let told = |shown: serde_json::Value, told: serde_json::Value| {
        let mut told = [(1, "shown", shown), (2, "told", told)].map(|(ms, field, value)| {
            let mut event = events(&[(ms, "7 x=0")]).remove(0);
            if let What::Observed { set, .. } = &mut event.what {
                *set = serde_json::Map::from_iter([(field.to_owned(), value)]);
            }
            event
        });
        told[1].seq = 1;
        let later = events(&[(30, "."); 3]).remove(2);
        judge(&agree(), &[&told[..], &[later]].concat()).verdict
    };
    assert_eq!(told(json!(10), json!(10.0)), Held);
    assert_eq!(told(json!(10), json!(10.5)), Violated);
    assert_eq!(told(json!(10), json!("10")), Violated);
}

#[test]
fn shares() {
    let p = |at_least| Pattern::Share {
        condition: cel("status == 'Done'"),
        at_least,
    };
    let history = [
        (1, "7 status=Done"),
        (2, "8 status=Busy"),
        (3, "9 status=Busy"),
        (4, "9 status=Done"),
    ];
    check(p(0.6), &history, Held, 2, &[], "");
    check(
        p(0.7),
        &history,
        Violated,
        2,
        &[1],
        "held for 2 of 3 at the end, a share of 0.667",
    );
    check(
        p(0.5),
        &[(1, ".")],
        Inconclusive,
        0,
        &[],
        "no submission was ever seen",
    );
}

#[test]
fn where_a_condition_cannot_be_evaluated_it_may_hold() {
    let share = |at_least| Pattern::Share {
        condition: cel("shown > 2"),
        at_least,
    };
    let history = [(1, "7 shown=3"), (1, "8 shown=1"), (1, "9 shown=x")];
    check(share(0.3), &history, Held, 1, &[], "");
    let why = "no matching overload";
    check(share(0.6), &history, Inconclusive, 1, &[], why);
    let why = "held for 1 of 3 at the end";
    check(share(0.9), &history, Violated, 1, &[1], why);
    let balance = |tolerance| Pattern::Balance {
        condition: cel("shown > 2"),
        by: "region".to_owned(),
        tolerance,
    };
    let regions = [
        (2, "7 region=eu"),
        (2, "8 region=us"),
        (2, "9 region=us"),
        (2, "6 region=us"),
        (3, "6 shown=0"),
    ];
    let history = [&history[..], &regions].concat();
    check(balance(1.0), &history, Held, 1, &[], "");
    let why = "no matching overload";
    check(balance(0.7), &history, Inconclusive, 1, &[], why);
    let why = "0 of 3 where region is us";
    check(balance(0.5), &history, Violated, 1, &[1], why);
}

#[test]
fn so_many_are_as_many_as_asked_for_whatever_the_rounding() {
    let quantile = Pattern::Quantile {
        quantile: 0.55,
        from: "New".to_owned(),
        to: "Done".to_owned(),
        below: Duration::from_millis(10),
    };
    let of = |fact: &str| (0..100).map(|n| format!("{n} {fact}")).collect::<Vec<_>>();
    let (begun, done) = (of("shown=0"), of("status=Done"));
    let (quick, slow) = done.split_at(55);
    let begun = begun.iter().map(|text| (1, text.as_str()));
    let quick = quick.iter().map(|text| (5, text.as_str()));
    let slow = slow.iter().map(|text| (50, text.as_str()));
    let history: Vec<_> = begun.chain(quick).chain(slow).collect();
    check(quantile, &history, Held, 55, &[], "");
}

#[test]
fn who_is_missing_from_a_share_is_proven_by_what_was_learnt_and_not_by_what_was_seen_last() {
    let share = Pattern::Share {
        condition: cel("!happened('stored')"),
        at_least: 0.5,
    };
    let history = [(1, "7 +stored"), (2, "7 status=Busy")];
    check(share, &history, Violated, 0, &[0], "held for 0 of 1");
    let balance = Pattern::Balance {
        condition: cel("!happened('stored')"),
        by: "shown".to_owned(),
        tolerance: 0.5,
    };
    let history = [
        (1, "7 shown=0"),
        (2, "8 +stored"),
        (3, "8 shown=1"),
        (4, "8 status=Busy"),
    ];
    check(
        balance,
        &history,
        Violated,
        1,
        &[1],
        "0 of 1 where shown is 1",
    );
}

#[test]
fn balances() {
    let p = |tolerance| Pattern::Balance {
        condition: cel("status == 'Done'"),
        by: "shown".to_owned(),
        tolerance,
    };
    let history = [
        (1, "7 shown=eu"),
        (1, "8 shown=eu"),
        (1, "9 shown=us"),
        (2, "7 status=Done"),
        (3, "9 status=Done"),
    ];
    check(p(0.5), &history, Held, 2, &[], "");
    let why = "held for 1 of 2 where shown is eu at the end, and for 1 of 1 where shown is us";
    check(p(0.4), &history, Violated, 2, &[1], why);
    let one = [(1, "7 shown=eu"), (2, "7 status=Done")];
    let why = "never told two kinds of them apart";
    check(p(0.4), &one, Inconclusive, 0, &[], why);
    // Who belongs nowhere may be missing anywhere.
    let lost = [
        history[0],
        history[2],
        history[3],
        history[4],
        (5, "6 told=x"),
    ];
    check(
        p(0.4),
        &lost,
        Inconclusive,
        2,
        &[],
        "its `shown` was never told",
    );
}

#[test]
fn quantiles() {
    let p = |quantile| Pattern::Quantile {
        quantile,
        from: "New".to_owned(),
        to: "Done".to_owned(),
        below: Duration::from_millis(10),
    };
    let history = [
        (1, "7 shown=0"),
        (1, "8 shown=0"),
        (1, "9 shown=0"),
        (2, "9 status=Failed"),
        (5, "7 status=Done"),
        (11, "8 status=Done"),
    ];
    check(p(0.5), &history, Held, 1, &[], "");
    check(
        p(0.95),
        &history,
        Violated,
        1,
        &[1, 5],
        "it took 10 ms from New to Done",
    );
    // Who is still on its way counts, who ended elsewhere does not.
    check(p(0.95), &history[..5], Violated, 1, &[1], "never to Done");
    check(p(0.95), &[history[0], history[4]], Held, 1, &[], "");
    check(
        p(0.5),
        &history[2..4],
        Inconclusive,
        0,
        &[],
        "it never went from New to Done",
    );
}
