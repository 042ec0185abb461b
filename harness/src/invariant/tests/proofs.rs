//! Every proof proves what it is for, and does not without any one of its events.

use super::generated::*;
use super::reference::{judge_in, unlearnt};
use super::*;
use crate::expression::Truth;
use crate::expression::Truth::True;

/// A proof and nothing else, with the time going on to where it went, and standing still where it did.
fn alone(events: &[Event], proof: &[u64]) -> Vec<Event> {
    let kept =
        |event: &&Event| proof.contains(&event.seq) || matches!(event.what, What::Fault { .. });
    let mut list: Vec<Event> = events.iter().filter(kept).cloned().collect();
    let end = events.last().expect("something was proven");
    list.push(Event {
        what: what("."),
        ..end.clone()
    });
    list
}

/// What is proven of a history is so in its proof alone, and not without any one event of that.
fn proves(pattern: &Pattern, scope: &Scope, history: &[Event]) -> Result<(), TestCaseError> {
    let finding = judge_in(pattern, scope, history);
    if finding.verdict != Violated {
        return Ok(());
    }
    let part = *scope != Scope::default();
    if part && rests_on_what_was_not(pattern, scope) {
        return Ok(());
    }
    let proof: Vec<u64> = finding.proof.iter().map(|proof| proof.seq).collect();
    let again = judge_in(pattern, scope, &alone(history, &proof));
    prop_assert_eq!(again.verdict, Violated, "{:?}\n{:?}", finding, again);
    prop_assert_eq!(&again.entity, &finding.entity);
    // What is not known does not hold for a share either: less than a proof shows as much.
    if !begins_apart(pattern, scope)
        || part && (begins_anyway(pattern) || counts_from_the_first(pattern, scope))
        || matches!(pattern, Pattern::Share { .. })
    {
        return Ok(());
    }
    // A proof has the move that counts, and not those that led there.
    let same = match pattern {
        Pattern::Moves => &finding,
        _ => &again,
    };
    for removed in &proof {
        let rest: Vec<u64> = proof.iter().copied().filter(|seq| seq != removed).collect();
        let less = judge_in(pattern, scope, &alone(history, &rest));
        let gone = less.verdict != Violated
            || breaks_otherwise(pattern, scope) && words(&less) != words(same);
        prop_assert!(gone, "without #{}: {:?}\n{:?}", removed, finding, less);
    }
    Ok(())
}

/// Whether a scope begins by what was learnt, and by nothing that can break what counts in it: otherwise, without one of the
/// events by which it began, it may begin later and be broken all the same.
fn begins_apart(pattern: &Pattern, scope: &Scope) -> bool {
    let apart = |after: &Expression| after.test(&unlearnt()) != True && !alike(after, pattern);
    scope.after.as_ref().is_none_or(apart)
}

/// Whether something may have gone on, not come, or not been so in between, of which no event of a proof tells: a proof says
/// how a scope began and what broke in it.
fn rests_on_what_was_not(pattern: &Pattern, scope: &Scope) -> bool {
    let kept_open = |until: &Expression| until.text().contains(['!', '<']) && alike(until, pattern);
    let in_between = match pattern {
        Pattern::Existence { .. } => begins_anyway(pattern) || !begins_apart(pattern, scope),
        Pattern::Response {
            when,
            within: Some(_),
            ..
        } => {
            let told = |after: &Expression| begins_anyway(pattern) || alike(after, when);
            scope.after.as_ref().is_some_and(told)
        }
        _ => false,
    };
    in_between || scope.until.as_ref().is_some_and(kept_open)
}

/// Whether both read the same.
fn alike(condition: &Expression, other: &impl std::fmt::Debug) -> bool {
    let other = format!("{other:?}");
    let names = ["status", "shown", "told", "stored", "again", "opened"];
    let both = |name: &&str| condition.text().contains(*name) && other.contains(*name);
    names.iter().any(both)
}

/// Why it broke, without what was seen last.
fn words(finding: &Finding) -> Option<&str> {
    finding.reason.as_ref()?.split(';').next()
}

/// Whether less than a proof can be one of something else: a list of moves without one of them is a list of other moves,
/// who did not arrive was no faster, and what had not come when a scope ended may not come in time where it does not end.
fn breaks_otherwise(pattern: &Pattern, scope: &Scope) -> bool {
    match pattern {
        Pattern::Moves | Pattern::Quantile { .. } => true,
        _ => scope.until.is_some() && is_waited_for(pattern),
    }
}

fn is_waited_for(pattern: &Pattern) -> bool {
    matches!(
        pattern,
        Pattern::Existence { .. }
            | Pattern::Response {
                within: Some(_),
                ..
            }
    )
}

/// Whether the time runs from whatever comes first.
fn counts_from_the_first(pattern: &Pattern, scope: &Scope) -> bool {
    scope.after.is_none() && matches!(pattern, Pattern::Existence { .. })
}

/// Whether what is known before anything is learnt counts: then anything by which a scope begins is enough for it.
fn begins_anyway(pattern: &Pattern) -> bool {
    match pattern {
        Pattern::Always(condition) => condition.test(&unlearnt()) == Truth::False,
        Pattern::Never(condition)
        | Pattern::Response {
            when: condition, ..
        }
        | Pattern::Precedence { no: condition, .. }
        | Pattern::Existence {
            eventually: condition,
            ..
        } => condition.test(&unlearnt()) == True,
        _ => false,
    }
}

proptest! {
    // Few histories break anything, and fewer in a scope that has more to tell than its beginning.
    #![proptest_config(ProptestConfig {
        cases: 1024,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn a_proof_proves_and_loses_its_force_without_any_of_its_events(
        pattern in patterns(plain), scope in scopes(), history in histories()
    ) {
        let scope = if scopable(&pattern) { scope } else { Scope::default() };
        proves(&pattern, &scope, &history)?;
    }

    #[test]
    fn a_proof_proves_in_a_scope_that_begins_again_and_again(
        pattern in patterns_of(on_events, on_events), scope in reopened(), history in reopenings()
    ) {
        if scopable(&pattern) {
            proves(&pattern, &scope, &history)?;
        }
    }

    #[test]
    fn a_proof_of_all_entities_proves(pattern in of_all(), history in histories()) {
        // That shares are apart is seen of many together, of whom a proof has one.
        if !matches!(pattern, Pattern::Balance { .. }) {
            proves(&pattern, &Scope::default(), &history)?;
        }
    }
}
