//! What is exported is cut out of longer lives: whatever was before and comes after, a cut of what holds is never violated,
//! and what breaks inside it is found.

use super::generated::{
    histories, of_all, patterns, plain, reopened, reopenings, scopable, scopes,
};
use super::*;
use crate::history::CUT_SHORT;
use crate::history::What::{self, Fault, Observed};

/// Each entity begins with the telling of its first status; there are no faults.
fn whole(history: &[Event]) -> Vec<Event> {
    let mut seen: Vec<&str> = Vec::new();
    let mut lines = Vec::new();
    for event in history {
        if let Observed { id, .. } = &event.what
            && !seen.contains(&id.as_str())
        {
            seen.push(id);
            let begin = what(&format!("{id} status=New"));
            lines.push(Event {
                what: begin,
                ..event.clone()
            });
        }
        if !matches!(event.what, Fault { .. }) {
            lines.push(event.clone());
        }
    }
    for (seq, line) in lines.iter_mut().enumerate() {
        line.seq = seq as u64;
    }
    lines
}

/// What is final has no more to tell.
fn ended(history: &[Event]) -> Vec<Event> {
    let mut over: Vec<String> = Vec::new();
    let mut lines = history.to_vec();
    lines.retain(|event| {
        let Observed { id, set, .. } = &event.what else {
            return true;
        };
        let goes_on = !over.contains(id);
        let status = set.get("status");
        if status.is_some_and(|status| *status == "Done" || *status == "Failed") {
            over.push(id.clone());
        }
        goes_on
    });
    lines
}

fn audit(pattern: &Pattern, scope: &Scope, events: &[Event]) -> Finding {
    let mut stack = stack(pattern.clone());
    stack.invariants["i"].scope = scope.clone();
    let mut judge = Judge::of_export(&stack);
    let base_ns = events.first().map_or(0, |event| event.at_ns);
    for event in events {
        judge.see(&Event {
            at_ns: event.at_ns - base_ns,
            ..event.clone()
        });
    }
    judge.findings().remove(0)
}

/// No cut is violated, if the whole is not.
fn no_cut_lies(pattern: &Pattern, scope: &Scope, events: &[Event]) {
    for start in 0..events.len() {
        no_end_lies(pattern, scope, events, start, start + 1);
    }
}

/// No cut is violated that begins with a line and ends from another one on, if the whole is not.
fn no_end_lies(pattern: &Pattern, scope: &Scope, events: &[Event], start: usize, from: usize) {
    let all = audit(pattern, scope, events);
    // What rests on something that no line tells may hide what is broken all the same.
    if all.verdict != Violated && !rests_on_untold(&all) {
        for end in from..=events.len() {
            let finding = audit(pattern, scope, &events[start..end]);
            let lines: Vec<String> = events
                .iter()
                .map(|event| format!("{:?}", event.what))
                .collect();
            assert_ne!(
                finding.verdict,
                Violated,
                "{start}..{end} of\n{}\n{finding:?}",
                lines.join("\n")
            );
        }
    }
}

fn rests_on_untold(finding: &Finding) -> bool {
    let reason = finding.reason.as_deref();
    reason.is_some_and(|reason| reason.contains("no line of the data"))
}

/// What broke for one entity is broken in what is left from its first line on.
fn no_cut_is_blind(pattern: &Pattern, scope: &Scope, events: &[Event]) {
    let finding = audit(pattern, scope, events);
    if finding.verdict != Violated {
        return;
    }
    let entity = finding.entity.clone().unwrap_or_default();
    let own = |event: &Event| match &event.what {
        Observed { id, .. } => entity.ends_with(&format!(" {id}")),
        _ => false,
    };
    let start = events.iter().position(own).expect("it was seen");
    let cut = audit(pattern, scope, &events[start..]);
    let untold = rests_on_untold(&cut);
    assert!(cut.verdict == Violated || untold, "{finding:?}\n{cut:?}");
}

/// In the whole, the scope is over at `closed` and does not begin again: within it, `again` had not happened.
#[test]
fn a_scope_that_may_be_open_already_does_not_begin_for_certain() {
    let once = Pattern::AtMost {
        bound: 1,
        event: "stored".to_owned(),
    };
    let scope = Scope {
        after: Some(cel("!happened('again')")),
        until: Some(cel("happened('closed') && happened('again')")),
    };
    let lives = [
        (0, "7 status=New"),
        (1, "7 +again"),
        (2, "7 +closed"),
        (3, "7 +stored"),
        (4, "7 +stored"),
    ];
    no_cut_lies(&once, &scope, &events(&lives));
}

/// A judge who has seen a run with these events.
fn of_run(pattern: &Pattern, events: &[Event]) -> Judge {
    let mut judge = Judge::without_gaps(&stack(pattern.clone()));
    for event in events {
        judge.see(event);
    }
    judge
}

/// A run that ends after these events, since nobody waited any longer.
fn cut_short(pattern: &Pattern, events: &[Event]) -> Finding {
    let mut judge = of_run(pattern, events);
    let name = CUT_SHORT.to_owned();
    judge.see(&Event {
        seq: events.len() as u64,
        at_ns: events.last().map_or(0, |event| event.at_ns),
        what: What::Phase { name },
    });
    judge.findings().remove(0)
}

/// From where on every entity has been seen.
fn all_seen(events: &[Event]) -> usize {
    let new = |event: &Event| matches!(&event.what, Observed { set, .. } if set.get("status") == Some(&json!("New")));
    events.iter().rposition(new).map_or(0, |last| last + 1)
}

/// In the whole, the scope is over at the first `closed`, and does not begin again: `after` held then, and goes on to hold
/// by `opened`. In what is left from there on, it may be that it began with `opened`, and was over at the second `closed`.
#[test]
fn a_scope_that_was_over_only_perhaps_does_not_begin_again_for_certain() {
    let once = Pattern::AtMost {
        bound: 1,
        event: "stored".to_owned(),
    };
    let scope = Scope {
        after: Some(cel("happened('opened') || told == 1")),
        until: Some(cel("happened('closed')")),
    };
    let lives = [
        (0, "7 status=New"),
        (1, "7 told=1"),
        (2, "7 +closed"),
        (3, "7 +opened"),
        (4, "7 told=0"),
        (5, "7 +closed"),
        (6, "7 told=1"),
        (7, "7 +stored"),
        (8, "7 +stored"),
    ];
    no_cut_lies(&once, &scope, &events(&lives));
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        // Each has hundreds of cuts.
        cases: 96,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_cut_of_what_holds_is_never_violated(
        pattern in patterns(plain), scope in scopes(), history in histories()
    ) {
        let scope = if scopable(&pattern) { scope } else { Scope::default() };
        let events = whole(&history);
        no_cut_lies(&pattern, &scope, &events);
        no_cut_is_blind(&pattern, &scope, &events);
    }

    #[test]
    fn a_cut_of_scopes_that_hold_is_never_violated(
        pattern in patterns(plain), scope in reopened(), history in reopenings()
    ) {
        prop_assume!(scopable(&pattern));
        let events = whole(&history);
        no_cut_lies(&pattern, &scope, &events);
        no_cut_is_blind(&pattern, &scope, &events);
    }

    /// Of those that the data tells of: whom it never saw, it cannot count.
    #[test]
    fn a_share_that_may_still_come_is_not_violated(pattern in of_all(), history in histories()) {
        let events = ended(&whole(&history));
        no_end_lies(&pattern, &Scope::default(), &events, 0, all_seen(&events));
    }

    #[test]
    fn what_nobody_waited_for_in_a_run_is_not_violated(pattern in of_all(), history in histories()) {
        let events = ended(&whole(&history));
        let all = of_run(&pattern, &events).findings().remove(0);
        if all.verdict != Violated {
            for end in all_seen(&events)..=events.len() {
                let cut = cut_short(&pattern, &events[..end]);
                prop_assert_ne!(cut.verdict, Violated, "{} of {:#?}\n{:?}", end, events, cut);
            }
        }
    }
}
