//! What an export leaves out, or begins too late to tell.

use super::*;

/// A stack with one invariant, whose jobs begin as New.
fn with_invariant(invariant: &str) -> Data {
    let (stack, _) = SHAKEDOWN.split_once("invariants:\n").unwrap();
    let stack = stack
        .replace(
            "    learn:\n",
            "    moves: {New: [Busy, Done], Busy: [Done]}\n    learn:\n",
        )
        .replace(
            "n: request.body.n}",
            "n: request.body.n, m: request.body.m}",
        );
    Data::with(&format!(
        "{stack}      - {{call: tell, event: paid}}\ninvariants:\n  i: {invariant}\n"
    ))
}

/// What one invariant comes to on lines of `seconds,job,fact`.
fn judged(invariant: &str, lines: &[&str]) -> (Verdict, u64, Vec<u64>, String) {
    let mut text = "time,entity,id,field,value\n".to_owned();
    for line in lines {
        let mut cells = line.split(',');
        let (time, id, fact) = (cells.next(), cells.next(), cells.next().unwrap());
        let (field, value) = fact.split_once('=').unwrap_or(("", fact));
        text += &format!("{},job,{},{field},{value}\n", time.unwrap(), id.unwrap());
    }
    let played = with_invariant(invariant).judge(&text, 0).unwrap();
    let finding = &played.outcome.findings[0];
    assert_eq!(played.verdict, finding.verdict, "{:?}", played.outcome);
    (
        finding.verdict,
        finding.witnesses,
        finding.proof.iter().map(|proof| proof.seq).collect(),
        finding.reason.clone().unwrap_or_default(),
    )
}

#[test]
fn what_reads_what_no_line_tells_is_neither_broken_nor_held() {
    let n = ["1,7,n=1", "1,7,paid", "99,8,n=1"];
    let status = ["1,7,status=New", "1,8,n=1", "2,7,status=Done", "99,7,n=1"];
    let cases: [(&str, &[&str], &str); 13] = [
        ("agree: [n, m], within: 1s", &n, "the field `m`"),
        ("eventually: m == 1, within: 5s", &n, "the field `m`"),
        (
            "eventually: 'status in final', within: 5s",
            &n,
            "the field `status`",
        ),
        ("always: 'status != \"Busy\"'", &n, "the field `status`"),
        ("never: 'status == \"New\"'", &n, "the field `status`"),
        (
            "when: n == 1, then: m == 1, within: 5s",
            &n,
            "the field `m`",
        ),
        (
            "when: n == 1, then: happened(\"stored\")",
            &n,
            "the event `stored`",
        ),
        ("never: happened(\"stored\")", &n, "the event `stored`"),
        ("always: n == 1 || m == 1", &n, "the field `m`"),
        ("at_most: 1, of: stored", &n, "the event `stored`"),
        ("moves: declared", &n, "the field `status`"),
        (
            "no: 'status == \"Done\"', before: happened(\"stored\")",
            &status,
            "the event `stored`",
        ),
        (
            "never: n == 1, until: happened(\"stored\") || m == 1",
            &n,
            "the field `m` or the event `stored`",
        ),
    ];
    for (invariant, lines, untold) in cases {
        let (verdict, _, proof, reason) = judged(&format!("{{for: job, {invariant}}}"), lines);
        assert_eq!(
            (verdict, proof),
            (Inconclusive, vec![]),
            "{invariant}: {reason}"
        );
        let expected = format!("no line of the data tells {untold}");
        assert!(reason.ends_with(&expected), "{invariant}: {reason}");
    }
    let share = "{share: m == 1, of: job, at_least: 0.5}";
    assert_eq!(judged(share, &n).0, Inconclusive);
}

#[test]
fn what_is_broken_whatever_no_line_tells_stays_broken() {
    let lines = ["1,7,n=1", "2,7,n=2"];
    for invariant in [
        "never: n == 2",
        "never: n == 2 || m == 1",
        "never: n == 2 || happened(\"stored\")",
        "when: n == 2, then: n == 1 && happened(\"stored\")",
    ] {
        let (verdict, _, proof, reason) = judged(&format!("{{for: job, {invariant}}}"), &lines);
        assert_eq!(
            (verdict, proof),
            (Violated, vec![3]),
            "{invariant}: {reason}"
        );
    }
    // One that only some entities lack is told of them.
    let lines = ["1,7,n=1", "1,8,n=1", "1,8,m=1", "9,8,n=1"];
    let (verdict, witnesses, proof, reason) =
        judged("{for: job, agree: [n, m], within: 1s}", &lines);
    assert_eq!(
        (verdict, witnesses, proof),
        (Violated, 1, vec![2]),
        "{reason}"
    );
    assert!(reason.starts_with("n is 1, m is not known"), "{reason}");
}

#[test]
fn where_nothing_was_seen_at_all_that_is_said() {
    let (verdict, _, _, reason) = judged("{for: job, never: n == 2}", &[]);
    assert_eq!(
        (verdict, reason.as_str()),
        (Inconclusive, "no job was ever seen")
    );
}

#[test]
fn only_the_first_move_of_an_export_may_have_had_one_before_it() {
    let check = |lines: &[&str], verdict, witnesses, proof: &[u64], says: &str| {
        let judged = judged("{for: job, moves: declared}", lines);
        let expected = (verdict, witnesses, proof.to_vec());
        assert_eq!(
            (judged.0, judged.1, judged.2.clone()),
            expected,
            "{lines:?}: {judged:?}"
        );
        assert!(judged.3.contains(says), "{lines:?}: {judged:?}");
    };
    // What the data itself shows is not excused by what it does not show.
    let back = ["1,7,status=Done", "2,7,status=Busy", "3,7,status=Done"];
    check(
        &back,
        Violated,
        0,
        &[2, 3],
        "Done -> Busy is no declared move",
    );
    check(&["1,7,status=Busy", "2,7,status=Done"], Held, 1, &[], "");
    // Nobody knows what a status came from that is told first, whether or not it may come from the first.
    check(
        &["1,7,status=Busy"],
        Inconclusive,
        0,
        &[],
        "no status ever changed",
    );
    let unseen = ["1,7,status=Odd", "1,8,status=Busy", "2,8,status=Done"];
    let excused = "New -> Odd is no declared move, but the export first tells of it as Odd: what was before is not known";
    check(&unseen, Inconclusive, 1, &[], excused);
    check(
        &["1,7,status=New", "2,7,status=Odd"],
        Violated,
        0,
        &[3],
        "New -> Odd",
    );
}

#[test]
fn what_an_export_tells_from_the_first_status_on_had_nothing_before() {
    let rule = "{for: job, no: 'status == \"Done\"', before: happened(\"stored\")}";
    let other = "1,8,stored";
    let check = |lines: &[&str], verdict, proof: &[u64]| {
        let judged = judged(rule, lines);
        assert_eq!(
            (judged.0, judged.2.clone()),
            (verdict, proof.to_vec()),
            "{lines:?}: {judged:?}"
        );
    };
    check(
        &[other, "1,7,status=New", "2,7,status=Done"],
        Violated,
        &[4],
    );
    check(
        &[other, "1,7,n=1", "1,7,status=New", "2,7,status=Done"],
        Violated,
        &[5],
    );
    check(
        &[other, "1,7,status=Busy", "2,7,status=Done"],
        Inconclusive,
        &[],
    );
    check(
        &[other, "1,7,status=Busy", "2,7,stored", "3,7,status=Done"],
        Held,
        &[],
    );
}

#[test]
fn a_name_that_nobody_declared_is_answered_with_each_that_is_once() {
    let data = Data::with(&SHAKEDOWN.replace(
        "event: stored}",
        "event: stored}\n      - {call: tell, set: {status: request.body.t}, event: stored}",
    ));
    let text = "time,entity,id,field,value\n1,job,7,zzz,1\n1,job,7,,yyy\n";
    let notes = data.judge(text, 0).unwrap().outcome.notes.join("\n");
    for words in [
        "`zzz` (there are: `n`, `status`)",
        "`yyy` (there are: `stored`)",
    ] {
        assert!(notes.contains(words), "without {words}:\n{notes}");
    }
}
