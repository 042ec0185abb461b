//! Invariants that count in a part of an entity's life only.

use super::*;

fn within(after: Option<&str>, until: Option<&str>) -> Scope {
    Scope {
        after: after.map(cel),
        until: until.map(cel),
    }
}

/// The verdict, the witnesses and the proof.
fn told(pattern: &Pattern, scope: Scope, history: &[(u64, &str)]) -> (Verdict, u64, Vec<u64>) {
    let finding = finding(pattern, scope, history);
    let proof = finding.proof.iter().map(|proof| proof.seq).collect();
    (finding.verdict, finding.witnesses, proof)
}

fn finding(pattern: &Pattern, scope: Scope, history: &[(u64, &str)]) -> Finding {
    let mut stack = stack(pattern.clone());
    stack.invariants["i"].scope = scope;
    let mut judge = Judge::new(&stack);
    for event in events(history) {
        judge.see(&event);
    }
    judge.findings().remove(0)
}

fn busy() -> Scope {
    within(Some("status == 'Busy'"), Some("status in final"))
}

#[test]
fn absence_in_a_scope() {
    let never = Pattern::Never(cel("shown > 0"));
    let outside = [
        (1, "7 shown=1"),
        (2, "7 shown=0"),
        (3, "7 status=Busy"),
        (4, "7 status=Done"),
        (5, "7 shown=1"),
    ];
    assert_eq!(told(&never, busy(), &outside), (Held, 1, vec![]));
    let inside = [
        (1, "7 status=Busy"),
        (2, "7 shown=0"),
        (3, "7 shown=1"),
        (4, "7 status=Done"),
    ];
    assert_eq!(told(&never, busy(), &inside), (Violated, 0, vec![0, 2]));
    let from_before = [(1, "7 shown=1"), (2, "7 status=Busy")];
    assert_eq!(
        told(&never, busy(), &from_before),
        (Violated, 0, vec![0, 1])
    );
    let nothing = finding(&never, busy(), &[(1, "7 shown=1")]);
    assert!(nothing.unwitnessed);
    assert_eq!(
        nothing.reason.as_deref(),
        Some("the scope never began: `status == 'Busy'` never came true")
    );
    assert_eq!(
        nothing.expected,
        "never shown > 0, after status == 'Busy', until status in final"
    );
    let until = || within(None, Some("happened('stored')"));
    assert_eq!(
        told(
            &never,
            until(),
            &[(1, "7 shown=0"), (2, "7 +stored"), (3, "7 shown=1")]
        ),
        (Held, 1, vec![])
    );
    assert_eq!(
        told(&never, until(), &[(1, "7 shown=1"), (2, "7 +stored")]),
        (Violated, 0, vec![0])
    );
}

#[test]
fn response_in_a_scope() {
    let p = Pattern::Response {
        when: cel("happened('stored')"),
        then: cel("shown == 1"),
        within: Some(Duration::from_millis(10)),
        clock: Clock::Wall,
    };
    let answered = [
        (1, "7 status=Busy"),
        (2, "7 +stored"),
        (3, "7 shown=1"),
        (4, "7 status=Done"),
    ];
    assert_eq!(told(&p, busy(), &answered), (Held, 1, vec![]));
    let late = [(1, "7 status=Busy"), (2, "7 +stored"), (13, ".")];
    assert_eq!(told(&p, busy(), &late), (Violated, 0, vec![0, 1]));
    // The scope is over before the answer comes, although it would have been in time.
    let over = [
        (1, "7 status=Busy"),
        (2, "7 +stored"),
        (3, "7 status=Done"),
        (4, "7 shown=1"),
    ];
    assert_eq!(told(&p, busy(), &over), (Violated, 0, vec![0, 1, 2]));
    let before = [(1, "7 +stored"), (2, "7 status=Failed"), (90, ".")];
    assert_eq!(told(&p, busy(), &before), (Inconclusive, 0, vec![]));
    let at_once = Pattern::Response {
        when: cel("happened('stored')"),
        then: cel("shown == 1"),
        within: None,
        clock: Clock::Wall,
    };
    let early = [
        (1, "7 shown=0"),
        (2, "7 +stored"),
        (3, "7 shown=1"),
        (4, "7 status=Busy"),
    ];
    let in_it = [&early[..], &[(5, "7 +stored")]].concat();
    assert_eq!(told(&at_once, busy(), &in_it), (Held, 1, vec![]));
    assert_eq!(
        told(&at_once, Scope::default(), &early),
        (Violated, 0, vec![0, 1])
    );
}

#[test]
fn precedence_existence_and_counts_in_a_scope() {
    let precedence = Pattern::Precedence {
        no: cel("shown == 1"),
        before: cel("shown == 0"),
    };
    let again = [(1, "7 shown=0"), (2, "7 status=Busy"), (3, "7 shown=1")];
    assert_eq!(
        told(&precedence, Scope::default(), &again),
        (Held, 1, vec![])
    );
    assert_eq!(
        told(&precedence, busy(), &again),
        (Held, 1, vec![]),
        "it is 0 as the scope begins"
    );
    let not_in_it = [
        (1, "7 shown=0"),
        (2, "7 shown=2"),
        (3, "7 status=Busy"),
        (4, "7 shown=1"),
    ];
    assert_eq!(
        told(&precedence, busy(), &not_in_it),
        (Violated, 0, vec![2, 3])
    );
    assert_eq!(
        told(&precedence, busy(), &not_in_it[..3]),
        (Inconclusive, 0, vec![])
    );

    let existence = Pattern::Existence {
        eventually: cel("shown == 1"),
        within: Duration::from_millis(10),
        clock: Clock::Wall,
    };
    // It counts from where the scope begins.
    let late = [(1, "7 shown=0"), (50, "7 status=Busy"), (60, "7 shown=1")];
    assert_eq!(told(&existence, busy(), &late), (Held, 1, vec![]));
    assert_eq!(
        told(&existence, busy(), &[late[1], (61, ".")]),
        (Violated, 0, vec![0])
    );
    assert_eq!(
        told(&existence, busy(), &[late[1], (55, "7 status=Done")]),
        (Violated, 0, vec![0, 1])
    );
    assert_eq!(
        told(&existence, busy(), &late[..1]),
        (Inconclusive, 0, vec![])
    );

    let once = Pattern::AtMost {
        bound: 1,
        event: "stored".to_owned(),
    };
    let outside = [
        (1, "7 +stored"),
        (2, "7 status=Busy"),
        (3, "7 +stored"),
        (4, "7 status=Done"),
        (5, "7 +stored"),
    ];
    assert_eq!(told(&once, busy(), &outside), (Held, 1, vec![]));
    let twice = [(1, "7 status=Busy"), (2, "7 +stored"), (3, "7 +stored")];
    assert_eq!(told(&once, busy(), &twice), (Violated, 0, vec![0, 1, 2]));
    assert_eq!(told(&once, busy(), &twice[..1]), (Inconclusive, 0, vec![]));
}

#[test]
fn a_scope_can_begin_again() {
    let once = Pattern::AtMost {
        bound: 1,
        event: "stored".to_owned(),
    };
    let scope = || within(Some("shown == 1"), Some("shown == 0"));
    let one_each = [
        (1, "7 shown=1"),
        (2, "7 +stored"),
        (3, "7 shown=0"),
        (4, "7 shown=1"),
        (5, "7 +stored"),
    ];
    assert_eq!(told(&once, scope(), &one_each), (Held, 1, vec![]));
    let mut two = one_each.to_vec();
    two.push((6, "7 +stored"));
    assert_eq!(told(&once, scope(), &two), (Violated, 0, vec![3, 4, 5]));
}

#[test]
fn an_event_begins_and_ends_a_scope_each_time_that_it_happens() {
    let once = Pattern::AtMost {
        bound: 1,
        event: "stored".to_owned(),
    };
    let never = Pattern::Never(cel("shown > 0"));
    let scope = |after, until| within(Some(after), Some(until));
    let (opened, closed) = ("happened('opened')", "happened('closed')");
    let periods = [
        (1, "7 +closed"),
        (2, "7 +opened"),
        (3, "7 +stored"),
        (4, "7 +closed"),
        (5, "7 +stored"),
        (6, "7 +opened"),
        (7, "7 +stored"),
    ];
    assert_eq!(
        told(&once, scope(opened, closed), &periods),
        (Held, 1, vec![])
    );
    let twice = [&periods[..], &[(8, "7 +stored")]].concat();
    assert_eq!(
        told(&once, scope(opened, closed), &twice),
        (Violated, 0, vec![5, 6, 7])
    );
    // It does not begin again by itself, when what ended it passes.
    let passing = [
        (1, "7 +opened"),
        (2, "7 shown=0"),
        (3, "7 status=Done"),
        (4, "7 status=Busy"),
        (5, "7 shown=1"),
    ];
    let by_status = || scope(opened, "status in final");
    assert_eq!(told(&never, by_status(), &passing), (Held, 1, vec![]));
    let anew = [&passing[..], &[(6, "7 +opened")]].concat();
    assert_eq!(told(&never, by_status(), &anew), (Violated, 0, vec![4, 5]));
    // Nor as long as what began it lasts.
    let lasting = [
        (1, "7 status=Busy"),
        (2, "7 shown=0"),
        (3, "7 +closed"),
        (4, "7 shown=1"),
        (5, "7 status=New"),
    ];
    let while_busy = || scope("status == 'Busy'", closed);
    assert_eq!(told(&never, while_busy(), &lasting), (Held, 1, vec![]));
    let again = [&lasting[..], &[(6, "7 status=Busy")]].concat();
    assert_eq!(
        told(&never, while_busy(), &again),
        (Violated, 0, vec![3, 5])
    );
    // One event can end it and begin the next.
    let between = || scope(opened, opened);
    let each = [
        (1, "7 +opened"),
        (2, "7 +stored"),
        (3, "7 +opened"),
        (4, "7 +stored"),
    ];
    assert_eq!(told(&once, between(), &each), (Held, 1, vec![]));
    let more = [&each[..], &[(5, "7 +stored")]].concat();
    assert_eq!(told(&once, between(), &more), (Violated, 0, vec![2, 3, 4]));
}

#[test]
fn a_scope_that_is_over_as_it_begins_says_so() {
    let never = Pattern::Never(cel("shown > 0"));
    let scope = within(Some("happened('opened')"), Some("status in final"));
    let finding = finding(&never, scope, &[(1, "7 status=Done"), (2, "7 +opened")]);
    assert!(finding.unwitnessed);
    assert_eq!(
        finding.reason.as_deref(),
        Some(
            "the scope was over whenever it began: `status in final` held as `happened('opened')` came true"
        )
    );
}

#[test]
fn a_scope_of_which_nobody_can_tell_decides_nothing() {
    let never = Pattern::Never(cel("status == 'Done'"));
    let odd = [(1, "7 shown=odd"), (2, "7 status=Done")];
    let finding = finding(&never, within(Some("shown > 0"), None), &odd);
    assert_eq!(finding.verdict, Inconclusive);
    assert!(finding.reason.unwrap_or_default().contains("shown > 0"));
}

#[test]
fn what_happened_before_a_scope_began_is_forgotten() {
    let scope = || within(Some("status == 'Busy'"), Some("status == 'New'"));
    let stored = || cel("happened('stored')");
    let precedence = Pattern::Precedence {
        no: cel("happened('told')"),
        before: stored(),
    };
    let second_without = [
        (1, "7 status=Busy"),
        (2, "7 +stored"),
        (3, "7 +told"),
        (4, "7 status=New"),
        (5, "7 status=Busy"),
        (6, "7 +told"),
    ];
    assert_eq!(
        told(&precedence, scope(), &second_without),
        (Violated, 0, vec![4, 5])
    );
    let before_only = [(1, "7 +told"), (2, "7 status=Busy"), (3, "7 +stored")];
    assert_eq!(
        told(&precedence, scope(), &before_only),
        (Inconclusive, 0, vec![])
    );
    let never = Pattern::Never(stored());
    let before = [(1, "7 +stored"), (2, "7 status=Busy")];
    assert_eq!(told(&never, scope(), &before), (Held, 1, vec![]));
    // So is the answer where so much is read that answers are not looked up by values.
    let much =
        "happened('stored') && !(happened('a') && happened('b') && happened('c') && happened('d'))";
    let other_then = [
        (1, "7 status=Busy"),
        (2, "7 +a"),
        (3, "7 status=New"),
        (4, "7 status=Busy"),
        (5, "7 +stored"),
    ];
    assert_eq!(
        told(&Pattern::Never(cel(much)), scope(), &other_then),
        (Violated, 0, vec![3, 4])
    );
    let response = Pattern::Response {
        when: cel("shown == 1"),
        then: stored(),
        within: Some(Duration::from_millis(10)),
        clock: Clock::Wall,
    };
    let late = [
        (1, "7 +stored"),
        (2, "7 status=Busy"),
        (3, "7 shown=1"),
        (14, "."),
    ];
    assert_eq!(told(&response, scope(), &late), (Violated, 0, vec![1, 2]));
}

#[test]
fn a_proof_says_once_what_two_conditions_read() {
    let never = Pattern::Never(cel("status == 'Busy' && shown == 1"));
    let finding = finding(&never, busy(), &[(1, "7 status=Busy"), (2, "7 shown=1")]);
    let proof: Vec<&str> = finding.proof.iter().map(|p| p.text.as_str()).collect();
    assert_eq!(
        proof,
        ["status became Busy (test)", "shown became 1 (test)"]
    );
}

#[test]
fn a_proof_has_what_kept_a_scope_from_being_over_as_it_began() {
    let always = Pattern::Always(cel("shown == told"));
    let scope = within(None, Some("!happened('stored')"));
    let history = [(1, "7 +stored"), (2, "7 told=0"), (3, "7 shown=1")];
    assert_eq!(told(&always, scope, &history), (Violated, 0, vec![0, 1, 2]));
}

#[test]
fn a_proof_has_the_beginning_of_the_scope_in_which_it_broke() {
    let response = Pattern::Response {
        when: cel("shown == 1"),
        then: cel("happened('stored')"),
        within: Some(Duration::from_millis(10)),
        clock: Clock::Wall,
    };
    // What ends the scope begins another.
    let scope = || within(Some("happened('opened')"), Some("happened('opened')"));
    let history = [(1, "7 +opened"), (2, "7 shown=1"), (3, "7 +opened")];
    assert_eq!(
        told(&response, scope(), &history),
        (Violated, 0, vec![0, 1, 2])
    );
}

#[test]
fn a_proof_has_what_became_of_what_began_the_scope() {
    let response = Pattern::Response {
        when: cel("shown > 0"),
        then: cel("happened('stored') || status == 'Busy'"),
        within: None,
        clock: Clock::Wall,
    };
    let scope = within(Some("status == 'Busy'"), None);
    let history = [(1, "7 status=Busy"), (2, "7 status=Done"), (3, "7 shown=1")];
    assert_eq!(
        told(&response, scope, &history),
        (Violated, 0, vec![0, 1, 2])
    );
}
