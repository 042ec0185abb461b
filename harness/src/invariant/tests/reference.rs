//! Every pattern against a slow evaluator that looks at the whole list, on histories of all kinds.

use super::generated::*;
use super::*;
use crate::expression::Truth::{True, Unset};
use crate::expression::{Scope as Variables, Truth};
use serde_json::{Map, Value};

/// What an invariant comes to for one entity.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Silent,
    Unset,
    Unknown,
    Witness,
    Broken,
}

/// What is known before anything is learnt.
pub(super) fn unlearnt() -> Variables {
    let mut variables = Variables::new();
    variables.set("status", &json!("New"));
    variables.set("final", &json!(["Done", "Failed"]));
    variables
}

/// The events from an observation on, but for these of that one.
type Since = (usize, Vec<String>);

/// What an event tells: of which entity, the fields, and the events.
fn told(what: &What) -> Option<(String, Map<String, Value>, Vec<String>)> {
    match what {
        What::Observed { id, set, event, .. } => {
            let events = event.iter().cloned().collect();
            Some((id.clone(), set.clone(), events))
        }
        What::Answered(answered) => {
            let body: Map<String, Value> = serde_json::from_str(&answered.request.body).ok()?;
            let (events, set): (Vec<_>, Vec<_>) =
                body.into_iter().partition(|(_, value)| value == true);
            let events = events.into_iter().map(|(name, _)| name).collect();
            let set = set.into_iter().collect();
            Some((answered.captures["submission"].clone(), set, events))
        }
        _ => None,
    }
}

/// The observations of one entity: their places in the history.
struct Life<'a> {
    events: &'a [Event],
    /// By event of the history: the time on the clock that counts, in nanoseconds.
    clock: Vec<u64>,
    seen: Vec<usize>,
}

impl Life<'_> {
    /// What is known after the observation `i`, with the events from `from` on.
    fn variables(&self, from: usize, i: usize) -> Variables {
        self.variables_since(&(from, Vec::new()), i)
    }

    /// The same, but for some events of the first of these observations.
    fn variables_since(&self, (from, but): &Since, i: usize) -> Variables {
        let mut variables = unlearnt();
        for (n, place) in self.seen[..=i].iter().enumerate() {
            let (_, set, events) = told(&self.events[*place].what).expect("it was seen");
            for (name, value) in &set {
                variables.set(name, value);
            }
            let counts = |name: &&String| n > *from || n == *from && !but.contains(name);
            let events = events.iter().filter(counts);
            events.for_each(|name| variables.happened(name));
        }
        variables
    }

    fn test(&self, condition: &Expression, i: usize) -> Truth {
        self.test_from(0, condition, i)
    }

    fn test_from(&self, from: usize, condition: &Expression, i: usize) -> Truth {
        condition.test(&self.variables(from, i))
    }

    fn at(&self, i: usize) -> u64 {
        self.clock[self.seen[i]]
    }

    fn told_events(&self, i: usize) -> Vec<String> {
        let told = told(&self.events[self.seen[i]].what);
        told.map(|(_, _, events)| events).unwrap_or_default()
    }

    fn tells_stored(&self, i: usize) -> bool {
        self.told_events(i).contains(&"stored".to_owned())
    }

    /// Where the scope begins and ends: the first observation in it, and the one that ends it.
    fn segments(&self, scope: &Scope) -> Vec<(usize, Option<usize>)> {
        // With the events from `since` on.
        let holds = |condition: &Option<Expression>, since: &Since, i: usize| {
            condition
                .as_ref()
                .is_some_and(|one| one.test(&self.variables_since(since, i)) == True)
        };
        let all_from = |i: usize| (i, Vec::new());
        let (mut segments, mut open, mut since) = (Vec::new(), None, all_from(0));
        for i in 0..self.seen.len() {
            if let Some(start) = open
                && holds(&scope.until, &since, i)
            {
                segments.push((start, Some(i)));
                (open, since) = (None, all_from(i));
            }
            let held = || i > 0 && holds(&scope.after, &since, i - 1);
            let comes = match scope.after {
                None => i == 0,
                Some(_) => holds(&scope.after, &since, i) && !held(),
            };
            if open.is_none() && comes {
                let read = scope.after.iter().flat_map(|one| one.events());
                let own = (i, read.collect());
                (open, since) = match holds(&scope.until, &own, i) {
                    true => (None, all_from(i + 1)),
                    false => (Some(i), own),
                };
            }
        }
        segments.extend(open.map(|start| (start, None)));
        segments
    }

    /// What comes of waiting from the observation `i` on, with where it ended.
    fn wait(&self, i: usize, end: Option<usize>, met: impl Fn(usize) -> bool) -> (Fate, usize) {
        let deadline = self.at(i) + WITHIN_MS * MS;
        let stop = end.unwrap_or(self.seen.len());
        for j in i..stop {
            if self.at(j) > deadline {
                return (Fate::Broken, j);
            }
            if met(j) {
                return (Fate::Witness, j);
            }
        }
        let too_late = self.clock.last().is_some_and(|now| *now > deadline);
        match too_late || end.is_some() {
            true => (Fate::Broken, stop),
            false => (Fate::Unknown, stop),
        }
    }
}

/// What a pattern comes to in one segment.
fn segment(pattern: &Pattern, life: &Life<'_>, (from, end): (usize, Option<usize>)) -> Fate {
    let all = from..end.unwrap_or(life.seen.len());
    let test = |condition: &Expression, i: usize| life.test_from(from, condition, i);
    let holds = |condition: &Expression, i: usize| test(condition, i) == True;
    let comes = |condition: &Expression, i: usize| {
        holds(condition, i) && (i == from || !holds(condition, i - 1))
    };
    match pattern {
        Pattern::Always(condition) | Pattern::Never(condition) => {
            let wanted = matches!(pattern, Pattern::Always(_));
            let truths: Vec<Truth> = all.map(|i| test(condition, i)).collect();
            let is = |truth: bool| truths.contains(if truth { &True } else { &Truth::False });
            match (is(!wanted), is(wanted), truths.is_empty()) {
                (true, ..) => Fate::Broken,
                (_, true, _) => Fate::Witness,
                (.., false) => Fate::Unset,
                _ => Fate::Silent,
            }
        }
        Pattern::Response {
            when,
            then,
            within: None,
            ..
        } => {
            let answers = all.filter(|i| holds(when, *i)).map(|i| test(then, i));
            let answers: Vec<Truth> = answers.collect();
            match (answers.contains(&Truth::False), answers.last()) {
                (true, _) => Fate::Broken,
                (_, Some(Unset(_))) => Fate::Unknown,
                (_, Some(_)) => Fate::Witness,
                _ => Fate::Silent,
            }
        }
        Pattern::Response { when, then, .. } => {
            let (mut fate, mut i) = (Fate::Silent, from);
            while i < all.end {
                if comes(when, i) {
                    (fate, i) = life.wait(i, end, |j| holds(then, j));
                    if fate != Fate::Witness {
                        break;
                    }
                }
                i += 1;
            }
            fate
        }
        Pattern::Precedence { no, before } => {
            let mut fate = Fate::Silent;
            for i in all.filter(|i| comes(no, *i)) {
                if !(from..=i).any(|j| holds(before, j)) {
                    return Fate::Broken;
                }
                fate = Fate::Witness;
            }
            fate
        }
        Pattern::Existence { eventually, .. } => life.wait(from, end, |j| holds(eventually, j)).0,
        Pattern::AtMost { bound, .. } => match all.filter(|i| life.tells_stored(*i)).count() as u64
        {
            0 => Fate::Silent,
            n if n <= *bound => Fate::Witness,
            _ => Fate::Broken,
        },
        Pattern::Agree { fields, .. } => {
            let same = |i: usize| {
                let variables = life.variables(0, i);
                let (a, b) = (variables.get(&fields[0]), variables.get(&fields[1]));
                (a.is_some() || b.is_some()).then_some(a == b)
            };
            let (mut fate, mut i) = (Fate::Silent, from);
            while i < all.end {
                (fate, i) = match same(i) {
                    None => (fate, i),
                    Some(true) => (Fate::Witness, i),
                    Some(false) => life.wait(i, end, |j| same(j) == Some(true)),
                };
                if matches!(fate, Fate::Broken | Fate::Unknown) {
                    break;
                }
                i += 1;
            }
            fate
        }
        Pattern::Moves => {
            let mut statuses = vec![json!("New")];
            statuses.extend(all.filter_map(|i| life.variables(0, i).get("status")));
            statuses.dedup();
            let allowed = [
                ("New", "Busy"),
                ("New", "Failed"),
                ("Busy", "Done"),
                ("Busy", "Failed"),
            ];
            let wrong = |pair: &[serde_json::Value]| {
                !allowed
                    .iter()
                    .any(|(from, to)| pair[0] == *from && pair[1] == *to)
            };
            match (statuses.windows(2).any(wrong), statuses.len()) {
                (true, _) => Fate::Broken,
                (_, 1) => Fate::Silent,
                _ => Fate::Witness,
            }
        }
        Pattern::Share { .. } | Pattern::Balance { .. } | Pattern::Quantile { .. } => {
            unreachable!("of all entities at once")
        }
    }
}

/// The verdict, and the number of witnesses.
pub(super) fn reference(
    pattern: &Pattern,
    scope: &Scope,
    healed: bool,
    events: &[Event],
) -> (Verdict, u64) {
    let lives: Vec<Life<'_>> = lives(healed, events);
    let fates: Vec<Fate> = match pattern {
        Pattern::Share {
            condition,
            at_least,
        } => shares(&lives, condition, *at_least),
        Pattern::Balance {
            condition,
            tolerance,
            ..
        } => balances(&lives, condition, *tolerance),
        Pattern::Quantile { quantile, .. } => quantiles(&lives, *quantile),
        _ => lives
            .iter()
            .map(|life| of_life(pattern, scope, life))
            .collect(),
    };
    let witnesses = fates.iter().filter(|fate| **fate == Fate::Witness).count() as u64;
    let unknown = |fate: &Fate| *fate == Fate::Unknown || *fate == Fate::Unset && witnesses > 0;
    let verdict = match (
        fates.contains(&Fate::Broken),
        fates.iter().any(unknown),
        witnesses,
    ) {
        (true, ..) => Violated,
        (_, true, _) | (.., 0) => Inconclusive,
        _ => Held,
    };
    (verdict, witnesses)
}

/// The lives of all entities that were seen, in that order.
fn lives(healed: bool, events: &[Event]) -> Vec<Life<'_>> {
    let (mut clock, mut now, mut last, mut active) = (Vec::new(), 0, 0, false);
    for event in events {
        if !(healed && active) {
            now += event.at_ns - last;
        }
        last = event.at_ns;
        clock.push(now);
        if let What::Fault { moment, .. } = &event.what {
            active = *moment == FaultMoment::Applied;
        }
    }
    let seen = |id: &str| -> Vec<usize> {
        let of = |event: &Event| told(&event.what).is_some_and(|(of, ..)| of == id);
        (0..events.len()).filter(|i| of(&events[*i])).collect()
    };
    let mut lives: Vec<Life<'_>> = IDS
        .iter()
        .map(|id| Life {
            events,
            clock: clock.clone(),
            seen: seen(id),
        })
        .filter(|life| !life.seen.is_empty())
        .collect();
    lives.sort_by_key(|life| life.seen[0]);
    lives
}

fn of_life(pattern: &Pattern, scope: &Scope, life: &Life<'_>) -> Fate {
    let segments = life.segments(scope).into_iter();
    let fates: Vec<Fate> = segments.map(|one| segment(pattern, life, one)).collect();
    let certain = [Fate::Broken].into_iter().find(|fate| fates.contains(fate));
    let universal = matches!(pattern, Pattern::Always(_) | Pattern::Never(_));
    let said = |fate: &&Fate| **fate != Fate::Silent && (!universal || **fate == Fate::Witness);
    let last = fates.iter().rev().find(said).copied();
    let unset = fates.contains(&Fate::Unset).then_some(Fate::Unset);
    certain.or(last).or(unset).unwrap_or(Fate::Silent)
}

fn shares(lives: &[Life<'_>], condition: &Expression, at_least: f64) -> Vec<Fate> {
    let holds = |life: &Life<'_>| life.test(condition, life.seen.len() - 1) == True;
    let held = lives.iter().filter(|life| holds(life)).count();
    let enough = held as f64 >= at_least * lives.len() as f64;
    let fate = |life| match (holds(life), enough) {
        (true, _) => Fate::Witness,
        (false, true) => Fate::Silent,
        (false, false) => Fate::Broken,
    };
    lives.iter().map(fate).collect()
}

/// Among those for which `shown` says the same at the end.
fn balances(lives: &[Life<'_>], condition: &Expression, tolerance: f64) -> Vec<Fate> {
    let last = |life: &Life<'_>| life.seen.len() - 1;
    let holds = |life: &Life<'_>| life.test(condition, last(life)) == True;
    let shown = |life: &Life<'_>| life.variables(0, last(life)).get("shown");
    let mut kinds: Vec<serde_json::Value> = Vec::new();
    kinds.extend(lives.iter().filter_map(shown));
    kinds.sort_unstable_by_key(|value| value.to_string());
    kinds.dedup();
    let share = |kind: &serde_json::Value| {
        let of: Vec<_> = lives
            .iter()
            .filter(|l| shown(l).as_ref() == Some(kind))
            .collect();
        of.iter().filter(|life| holds(life)).count() as f64 / of.len() as f64
    };
    let shares: Vec<f64> = kinds.iter().map(share).collect();
    let lowest = shares.iter().copied().fold(f64::INFINITY, f64::min);
    let apart = shares.iter().copied().fold(0.0, f64::max) - lowest > tolerance + 1e-9;
    let fate = |life: &Life<'_>| match shown(life) {
        None => Fate::Unknown,
        Some(_) if kinds.len() < 2 => Fate::Silent,
        Some(_) if holds(life) => Fate::Witness,
        Some(kind) if apart && share(&kind) == lowest => Fate::Broken,
        Some(_) => Fate::Silent,
    };
    lives.iter().map(fate).collect()
}

/// From New, which it is from the beginning, to Done in less than 10 ms.
fn quantiles(lives: &[Life<'_>], quantile: f64) -> Vec<Fate> {
    let first = |life: &Life<'_>, statuses: &[&str]| {
        let is = |i: &usize| {
            statuses
                .iter()
                .any(|name| life.variables(0, *i).get("status") == Some(json!(name)))
        };
        (0..life.seen.len()).find(is)
    };
    let took = |life: &Life<'_>| match (first(life, &["Done"]), first(life, &["Failed"])) {
        (Some(done), _) => Some(life.at(done) - life.at(0)),
        (None, Some(_)) => None,
        (None, None) => Some(u64::MAX),
    };
    let mut times: Vec<u64> = lives.iter().filter_map(took).collect();
    times.sort_unstable();
    // So many of them, and no fewer, are the share.
    let needed = (1..=times.len()).find(|n| *n as f64 >= quantile * times.len() as f64);
    let held = needed.is_some_and(|n| times[n - 1] < WITHIN_MS * MS);
    let fate = |life| match took(life) {
        None => Fate::Silent,
        Some(took) if took < WITHIN_MS * MS => Fate::Witness,
        Some(_) if held => Fate::Silent,
        Some(_) => Fate::Broken,
    };
    lives.iter().map(fate).collect()
}

pub(super) fn judge_in(pattern: &Pattern, scope: &Scope, events: &[Event]) -> Finding {
    let mut stack = stack(pattern.clone());
    stack.invariants["i"].scope = scope.clone();
    // Gaps of polls are another matter.
    let mut judge = Judge::without_gaps(&stack);
    for event in events {
        judge.see(event);
    }
    judge.findings().remove(0)
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn monitors_agree_with_the_slow_evaluator(
        pattern in patterns(conditions), scope in scopes(), history in histories()
    ) {
        let scope = if scopable(&pattern) { scope } else { Scope::default() };
        let finding = judge_in(&pattern, &scope, &history);
        let expected = reference(&pattern, &scope, is_healed(&pattern), &history);
        prop_assert_eq!((finding.verdict, finding.witnesses), expected, "{:?}", finding);
    }

    #[test]
    fn each_time_that_a_scope_begins_nothing_has_happened(
        pattern in patterns_of(on_events, on_events), scope in reopened(), history in reopenings()
    ) {
        prop_assume!(scopable(&pattern));
        let finding = judge_in(&pattern, &scope, &history);
        let expected = reference(&pattern, &scope, is_healed(&pattern), &history);
        prop_assert_eq!((finding.verdict, finding.witnesses), expected, "{:?}", finding);
    }

    #[test]
    fn monitors_of_all_entities_agree_with_the_slow_evaluator(
        pattern in of_all(), history in histories()
    ) {
        let finding = judge_in(&pattern, &Scope::default(), &history);
        let expected = reference(&pattern, &Scope::default(), false, &history);
        prop_assert_eq!((finding.verdict, finding.witnesses), expected, "{:?}", finding);
    }
}
