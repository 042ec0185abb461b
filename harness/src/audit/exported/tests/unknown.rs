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
    // What only some entities lack was never so, if all is told of them.
    let lines = ["1,7,status=New", "1,7,n=1", "1,8,n=1", "1,8,m=1", "9,8,n=1"];
    let (verdict, witnesses, proof, reason) =
        judged("{for: job, agree: [n, m], within: 1s}", &lines);
    assert_eq!(
        (verdict, witnesses, proof),
        (Violated, 1, vec![3]),
        "{reason}"
    );
    assert_eq!(
        reason,
        "n is 1, m is not known, 1s after the first of them was known"
    );
    let (verdict, witnesses, _, reason) =
        judged("{for: job, agree: [n, m], within: 1s}", &lines[1..]);
    assert_eq!((verdict, witnesses), (Inconclusive, 1), "{reason}");
    assert_eq!(reason, "job 7: n is 1, m is not known");
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
    let excused = "no declared move leads to Odd, but the export first tells of it as Odd: what was before is not known";
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

#[test]
fn a_first_status_that_is_told_again_and_again_shows_no_beginning_early_on() {
    let rule = "{for: job, no: 'status == \"Done\"', before: happened(\"stored\")}";
    let told = [
        "0,8,stored",
        "0,8,status=New",
        "60,8,status=New",
        "61,8,status=Done",
    ];
    let check = |lines: &[&str], verdict, proof: &[u64]| {
        let judged = judged(rule, &[&told, lines].concat());
        assert_eq!(
            (judged.0, judged.2.clone()),
            (verdict, proof.to_vec()),
            "{judged:?}"
        );
    };
    // Another one was New for a minute. What is New in the first minute may have been so before, and stored.
    let mut early = told.to_vec();
    early.splice(2..2, ["1,7,status=New", "2,7,status=Done"]);
    let judged_early = judged(rule, &early);
    assert_eq!(judged_early.0, Inconclusive);
    assert!(
        judged_early.3.contains("first tells of it as New"),
        "{judged_early:?}"
    );
    check(&["62,9,status=New", "63,9,status=Done"], Violated, &[7]);
    // A move that leads back makes it a status like any other.
    let back = SHAKEDOWN.replace(
        "    learn:\n",
        "    moves: {New: [Busy, Done], Busy: [New]}\n    learn:\n",
    );
    let text =
        "time,entity,id,field,value\n1,job,8,,stored\n2,job,7,status,New\n3,job,7,status,Done\n";
    let verdict = |shakedown: &str| gist(&Data::with(shakedown).judge(text, 0).unwrap()).1[0].0;
    assert_eq!(
        (verdict(SHAKEDOWN), verdict(&back)),
        (Violated, Inconclusive)
    );
}

#[test]
fn a_scope_that_the_data_shows_from_its_beginning_on_is_judged() {
    let rule = "{for: job, after: n == 1, until: n == 0, no: happened(\"stored\"), before: happened(\"paid\")}";
    let check = |lines: &[&str], verdict, proof: &[u64]| {
        let judged = judged(rule, lines);
        assert_eq!(
            (judged.0, judged.2.clone()),
            (verdict, proof.to_vec()),
            "{judged:?}"
        );
    };
    let whole = ["1,8,n=1", "2,8,paid", "3,8,stored"];
    let midway = ["4,7,n=1", "5,7,stored"];
    check(&[&whole[..], &midway].concat(), Inconclusive, &[]);
    let opened = [&["4,7,n=0"][..], &midway].concat();
    check(&[&whole[..], &opened].concat(), Violated, &[6, 7]);
}

#[test]
fn a_share_is_of_those_who_are_at_their_end() {
    let status = "{share: 'status == \"Done\"', of: job, at_least: 1.0}";
    let open = ["1,7,status=New", "2,8,status=New", "3,8,status=Done"];
    let (verdict, witnesses, _, reason) = judged(status, &open);
    assert_eq!((verdict, witnesses), (Inconclusive, 1));
    assert!(
        reason.contains("for 1 it may come to hold after the data ends"),
        "{reason}"
    );
    // What else it reads may come as long after the end as a run would wait for it.
    let n = "{share: n == 1, of: job, at_least: 1.0}";
    let end = ["1,7,status=New", "2,8,n=1", "3,7,status=Done"];
    assert_eq!(judged(n, &end).0, Inconclusive);
    let later = [&end[..], &["5,8,n=1"]].concat();
    assert_eq!(
        (judged(n, &later).0, judged(n, &later).2),
        (Violated, vec![4])
    );
}

#[test]
fn who_goes_on_where_the_data_ends_cannot_turn_every_balance() {
    let verdict = |tolerance: f64, last: u32| {
        let job = |id: u32, n: u32, m: u32| {
            let facts = ["status=New".to_owned(), format!("n={n}"), format!("m={m}")];
            let facts = facts.into_iter().chain(["status=Done".to_owned()]);
            facts.map(move |fact| format!("{id},{id},{fact}"))
        };
        let all_of_one = (1..=6).flat_map(|id| job(id, 1, 1));
        let none_of_another = (7..=12).flat_map(|id| job(id, 2, 0));
        let lines = all_of_one.chain(none_of_another).chain(job(99, 1, last));
        let lines: Vec<String> = lines.collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let balance = format!("{{balance: m == 1, of: job, by: n, tolerance: {tolerance}}}");
        judged(&balance, &lines).0
    };
    // Whatever becomes of the last one, they are as near as 6 of 7 and 1 of 7 at best.
    for last in [0, 1] {
        assert_eq!(verdict(0.3, last), Violated, "{last}");
        assert_eq!(verdict(0.8, last), Inconclusive, "{last}");
    }
}

#[test]
fn a_quantile_is_broken_when_it_is_however_all_goes_on() {
    let rule = "{for: job, quantile: 0.5, of: 'elapsed(\"New\", \"Done\")', below: 5s}";
    let fast = ["1,7,status=New", "2,7,status=Done"];
    let slow = ["1,8,status=New", "9,8,status=Done"];
    let open = ["8,6,status=New", "8,5,status=New"];
    let both = [
        "1,7,status=New",
        "1,8,status=New",
        "2,7,status=Done",
        "9,8,status=Done",
    ];
    assert_eq!(judged(rule, &both).0, Held);
    assert_eq!(judged(rule, &[&fast[..], &open].concat()).0, Inconclusive);
    assert_eq!(judged(rule, &slow).0, Violated);
    let late = [&slow[..1], &["8,6,status=New"], &slow[1..]].concat();
    assert_eq!(
        judged(rule, &late).0,
        Inconclusive,
        "the other may be in time"
    );
    let hopeless = [&late[..], &["20,6,n=1"]].concat();
    assert_eq!(judged(rule, &hopeless).0, Violated, "it cannot any more");
}

#[test]
fn what_is_waited_for_may_have_come_before_the_data_begins() {
    let response = "{for: job, when: n == 1, then: m == 1, within: 5s}";
    let existence = "{for: job, eventually: m == 1, within: 5s}";
    let check = |rule: &str, lines: &[&str], verdict, proof: &[u64], says: &str| {
        let judged = judged(rule, &[lines, &["20,8,m=1"]].concat());
        assert_eq!(
            (judged.0, judged.2.clone()),
            (verdict, proof.to_vec()),
            "{judged:?}"
        );
        assert!(judged.3.contains(says), "{judged:?}");
    };
    let past = "what was before is not known";
    let late = "`m == 1` had not come true 5s later (m was 0)";
    check(response, &["1,7,m=0", "2,7,n=1"], Inconclusive, &[], past);
    check(
        response,
        &["1,7,n=0", "2,7,n=1", "3,7,m=0"],
        Inconclusive,
        &[],
        past,
    );
    check(
        response,
        &["1,7,n=0", "2,7,n=1"],
        Inconclusive,
        &[],
        "`m` is not known",
    );
    check(
        response,
        &["1,7,m=0", "1,7,n=0", "2,7,n=1"],
        Violated,
        &[4],
        late,
    );
    check(
        response,
        &["1,7,m=0", "1,7,status=New", "2,7,n=1"],
        Violated,
        &[4],
        late,
    );
    check(existence, &["1,7,m=0"], Inconclusive, &[], past);
    check(
        existence,
        &["1,7,m=0", "2,7,status=New"],
        Violated,
        &[2],
        "after 5s",
    );
}
