//! Patterns, scopes and histories of all kinds, as properties draw them.

use super::*;

pub(super) const WITHIN_MS: u64 = 10;
pub(super) const IDS: [&str; 2] = ["7", "8"];

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

pub(super) fn conditions() -> impl Strategy<Value = Expression> {
    prop::sample::select([&PLAIN[..], &BY_DEFAULT[..]].concat()).prop_map(cel)
}

/// Conditions that come and go.
pub(super) fn switches() -> impl Strategy<Value = Expression> {
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
pub(super) fn patterns_of<E, F>(
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

pub(super) fn is_healed(pattern: &Pattern) -> bool {
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
pub(super) fn on_events() -> impl Strategy<Value = Expression> {
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

pub(super) fn histories_of(facts: &[&str]) -> impl Strategy<Value = Vec<Event>> {
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
