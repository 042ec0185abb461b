//! Every pattern against a slow evaluator that looks at the whole list, on histories of all kinds; and every proof against
//! the loss of any one of its events.

use super::*;
use crate::expression::Truth::{True, Unset};
use crate::expression::{Scope as Variables, Truth};

const WITHIN_MS: u64 = 10;
const IDS: [&str; 2] = ["7", "8"];

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
fn unlearnt() -> Variables {
    let mut variables = Variables::new();
    variables.set("status", &json!("New"));
    variables.set("final", &json!(["Done", "Failed"]));
    variables
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
        let mut variables = unlearnt();
        for (n, place) in self.seen[..=i].iter().enumerate() {
            let What::Observed { set, event, .. } = &self.events[*place].what else {
                unreachable!()
            };
            for (name, value) in set {
                variables.set(name, value);
            }
            let event = event.iter().filter(|_| n >= from);
            event.for_each(|name| variables.happened(name));
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

    fn tells_stored(&self, i: usize) -> bool {
        matches!(&self.events[self.seen[i]].what, What::Observed { event: Some(name), .. } if name == "stored")
    }

    /// Where the scope begins and ends: the first observation in it, and the one that ends it.
    fn segments(&self, scope: &Scope) -> Vec<(usize, Option<usize>)> {
        // With the events from `since` on.
        let holds = |condition: &Option<Expression>, since: usize, i: usize| {
            condition
                .as_ref()
                .is_some_and(|one| self.test_from(since, one, i) == True)
        };
        let (mut segments, mut open, mut since) = (Vec::new(), None, 0);
        for i in 0..self.seen.len() {
            if let Some(start) = open
                && holds(&scope.until, since, i)
            {
                segments.push((start, Some(i)));
                (open, since) = (None, i);
            }
            let held = |since| i > 0 && holds(&scope.after, since, i - 1);
            let comes = match scope.after {
                None => i == 0,
                Some(_) => holds(&scope.after, since, i) && !held(since),
            };
            if open.is_none() && comes {
                let own = if self.is_read(&scope.after, i) {
                    i + 1
                } else {
                    i
                };
                (open, since) = match holds(&scope.until, own, i) {
                    true => (None, i + 1),
                    false => (Some(i), own),
                };
            }
        }
        segments.extend(open.map(|start| (start, None)));
        segments
    }

    /// Whether a condition reads the event that the observation `i` tells.
    fn is_read(&self, condition: &Option<Expression>, i: usize) -> bool {
        let What::Observed { event, .. } = &self.events[self.seen[i]].what else {
            unreachable!()
        };
        let mut read = condition.iter().flat_map(|one| one.events());
        read.any(|name| Some(&name) == event.as_ref())
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
fn reference(pattern: &Pattern, scope: &Scope, healed: bool, events: &[Event]) -> (Verdict, u64) {
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
        let of = |event: &Event| matches!(&event.what, What::Observed { id: of, .. } if of == id);
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

/// Conditions that are not met before anything is learnt.
const PLAIN: [&str; 7] = [
    "status == 'Done'",
    "status in final",
    "happened('stored')",
    "shown > 0",
    "shown == told",
    "happened('stored') && shown < 2",
    "happened('stored') || status == 'Busy'",
];
/// Conditions that may be.
const BY_DEFAULT: [&str; 3] = [
    "status != 'Busy'",
    "!happened('stored')",
    "shown == 1 && status != 'Busy'",
];

pub(super) fn plain() -> impl Strategy<Value = Expression> {
    prop::sample::select(PLAIN.to_vec()).prop_map(cel)
}

fn conditions() -> impl Strategy<Value = Expression> {
    prop::sample::select([&PLAIN[..], &BY_DEFAULT[..]].concat()).prop_map(cel)
}

/// Conditions that come and go.
fn switches() -> impl Strategy<Value = Expression> {
    prop::sample::select(vec![
        "told == 0",
        "told == 1",
        "told == 2",
        "status == 'Busy'",
        "shown == 1",
    ])
    .prop_map(cel)
}

/// Every pattern; where it has two conditions, the second is one of these.
pub(super) fn patterns<E>(second: impl Fn() -> E) -> impl Strategy<Value = Pattern>
where
    E: Strategy<Value = Expression> + 'static,
{
    patterns_of(conditions, second)
}

/// Every pattern of these conditions.
fn patterns_of<E, F>(
    conditions: impl Fn() -> F,
    second: impl Fn() -> E,
) -> impl Strategy<Value = Pattern>
where
    E: Strategy<Value = Expression> + 'static,
    F: Strategy<Value = Expression> + 'static,
{
    let within = Duration::from_millis(WITHIN_MS);
    let clock = || prop::sample::select(vec![Clock::Wall, Clock::Healed]);
    let two = || (conditions(), second());
    prop_oneof![
        conditions().prop_map(Pattern::Always),
        conditions().prop_map(Pattern::Never),
        two().prop_map(|(when, then)| Pattern::Response {
            when,
            then,
            within: None,
            clock: Clock::Wall
        }),
        (two(), clock()).prop_map(move |((when, then), clock)| Pattern::Response {
            when,
            then,
            within: Some(within),
            clock
        }),
        two().prop_map(|(no, before)| Pattern::Precedence { no, before }),
        (conditions(), clock()).prop_map(move |(eventually, clock)| Pattern::Existence {
            eventually,
            within,
            clock
        }),
        (0u64..3).prop_map(|bound| Pattern::AtMost {
            bound,
            event: "stored".to_owned()
        }),
        Just(Pattern::Moves),
        clock().prop_map(move |clock| Pattern::Agree {
            fields: vec!["shown".to_owned(), "told".to_owned()],
            within,
            clock
        }),
    ]
}

pub(super) fn of_all() -> impl Strategy<Value = Pattern> {
    let share = || prop::sample::select(vec![0.3, 0.5, 0.7, 1.0]);
    prop_oneof![
        (conditions(), share()).prop_map(|(condition, at_least)| Pattern::Share {
            condition,
            at_least
        }),
        (conditions(), prop::sample::select(vec![0.0, 0.3, 0.5])).prop_map(
            |(condition, tolerance)| Pattern::Balance {
                condition,
                by: "shown".to_owned(),
                tolerance
            }
        ),
        share().prop_map(|quantile| Pattern::Quantile {
            quantile,
            from: "New".to_owned(),
            to: "Done".to_owned(),
            below: Duration::from_millis(WITHIN_MS)
        }),
    ]
}

pub(super) fn scopes() -> impl Strategy<Value = Scope> {
    let maybe = || prop::option::of(prop_oneof![conditions(), switches()]);
    (maybe(), maybe()).prop_map(|(after, until)| Scope { after, until })
}

/// Whether the pattern can have a scope.
pub(super) fn scopable(pattern: &Pattern) -> bool {
    !matches!(pattern, Pattern::Moves | Pattern::Agree { .. })
}

fn is_healed(pattern: &Pattern) -> bool {
    matches!(
        pattern,
        Pattern::Response {
            clock: Clock::Healed,
            ..
        } | Pattern::Existence {
            clock: Clock::Healed,
            ..
        } | Pattern::Agree {
            clock: Clock::Healed,
            ..
        }
    )
}

/// Scopes that begin again and again in [`reopenings`].
pub(super) fn reopened() -> impl Strategy<Value = Scope> {
    let one = |sets: &'static [&'static str]| prop::sample::select(sets).prop_map(cel);
    let after = one(&[
        "told == 1",
        "happened('opened')",
        "happened('opened') && shown == 1",
        "happened('opened') || told == 1",
        "!happened('again')",
    ]);
    let until = one(&[
        "told == 0",
        "happened('closed')",
        "happened('opened')",
        "happened('closed') || shown == 0",
        "happened('closed') && happened('again')",
    ]);
    (after, until).prop_map(|(after, until)| Scope {
        after: Some(after),
        until: Some(until),
    })
}

/// Conditions on what is forgotten between two scopes.
fn on_events() -> impl Strategy<Value = Expression> {
    prop::sample::select(vec![
        "happened('stored')",
        "happened('again')",
        "!happened('stored')",
        "happened('stored') && !happened('again')",
        "shown == 1",
    ])
    .prop_map(cel)
}

pub(super) fn reopenings() -> impl Strategy<Value = Vec<Event>> {
    histories_of(&[
        "+stored", "+again", "+opened", "+closed", "told=0", "told=1", "shown=1", "shown=0",
    ])
}

pub(super) fn histories() -> impl Strategy<Value = Vec<Event>> {
    histories_of(&[
        "+stored",
        "status=Busy",
        "status=Done",
        "status=Failed",
        "shown=0",
        "shown=1",
        "shown=2",
        "told=0",
        "told=1",
        "told=2",
    ])
}

fn histories_of(facts: &[&str]) -> impl Strategy<Value = Vec<Event>> {
    let mut lines: Vec<String> = Vec::new();
    for id in IDS {
        lines.extend(facts.iter().map(|fact| format!("{id} {fact}")));
    }
    lines.extend([".", "fault applied", "fault ended"].map(str::to_owned));
    let lines = prop::sample::select(lines);
    prop::collection::vec((0u64..5, lines), 0..40).prop_map(|steps| {
        let mut at = 0;
        let mut timed: Vec<(u64, String)> = Vec::new();
        for (passed, line) in steps {
            at += passed;
            timed.push((at, line));
        }
        let timed: Vec<(u64, &str)> = timed
            .iter()
            .map(|(at, line)| (*at, line.as_str()))
            .collect();
        events(&timed)
    })
}

fn judge_in(pattern: &Pattern, scope: &Scope, events: &[Event]) -> Finding {
    let mut stack = stack(pattern.clone());
    stack.invariants["i"].scope = scope.clone();
    // Gaps of polls are another matter.
    let mut judge = Judge::without_gaps(&stack);
    for event in events {
        judge.see(event);
    }
    judge.findings().remove(0)
}

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
