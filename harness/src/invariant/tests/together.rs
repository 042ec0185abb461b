//! What one answer tells by several rules is so at once, in whichever order the rules stand.

use super::generated::*;
use super::reference::reference;
use super::*;

/// The facts that one answer may tell: `told=1`, or `+stored`.
const FACTS: [&str; 15] = [
    "+stored",
    "+again",
    "+opened",
    "+closed",
    "status=Busy",
    "status=Done",
    "status=Failed",
    "shown=0",
    "shown=1",
    "shown=2",
    "told=0",
    "told=1",
    "told=2",
    "status=New",
    "+other",
];
const FIELDS: [&str; 3] = ["status", "shown", "told"];
const EVENTS: [&str; 5] = ["stored", "again", "opened", "closed", "other"];

/// A rule for each fact, in this order or the other way round.
fn stack_of_rules(pattern: &Pattern, scope: &Scope, reversed: bool) -> Stack {
    let mut stack = stack(pattern.clone());
    stack.invariants["i"].scope = scope.clone();
    let entity = &mut stack.entities["submission"];
    let rule = |name: &str, field: bool| Learn {
        evidence: Evidence::Call("tell".to_owned()),
        when: Some(cel(&format!("has(request.body.{name})"))),
        set: field
            .then(|| (name.to_owned(), cel(&format!("request.body.{name}"))))
            .into_iter()
            .collect(),
        event: (!field).then(|| name.to_owned()),
        ..entity.learn[0].clone()
    };
    let fields = FIELDS.iter().map(|name| rule(name, true));
    let events = EVENTS.iter().map(|name| rule(name, false));
    entity.learn = fields.chain(events).collect();
    if reversed {
        entity.learn.reverse();
    }
    stack
}

/// An answer that tells these facts of an entity; of each field, the last one.
fn answer(id: &str, facts: &[&str]) -> What {
    let mut body = serde_json::Map::new();
    for fact in facts {
        let (name, value) = match fact.split_once('=') {
            Some((field, value)) => (
                field,
                value.parse::<i64>().map_or(json!(value), |n| json!(n)),
            ),
            None => (&fact[1..], json!(true)),
        };
        body.insert(name.to_owned(), value);
    }
    What::Answered(Box::new(Answered {
        exchange: 1,
        call: Some("tell".to_owned()),
        captures: [("submission".to_owned(), id.to_owned())].into(),
        status: 200,
        request: Message {
            body: serde_json::Value::from(body).to_string(),
            ..Message::default()
        },
        response: Message::default(),
    }))
}

fn answers() -> impl Strategy<Value = Vec<Event>> {
    let facts = prop::collection::vec(prop::sample::select(FACTS.to_vec()), 1..5);
    let one = (0u64..5, prop::sample::select(IDS.to_vec()), facts);
    prop::collection::vec(one, 0..25).prop_map(|steps| {
        let mut at_ns = 0;
        let events = steps.into_iter().enumerate();
        let event = |(seq, (ms, id, facts)): (usize, (u64, &str, Vec<&str>))| {
            at_ns += ms * MS;
            let (seq, what) = (seq as u64, answer(id, &facts));
            Event { seq, at_ns, what }
        };
        events.map(event).collect()
    })
}

fn judged(pattern: &Pattern, scope: &Scope, reversed: bool, events: &[Event]) -> Finding {
    let mut judge = Judge::new(&stack_of_rules(pattern, scope, reversed));
    for event in events {
        judge.see(event);
    }
    judge.findings().remove(0)
}

/// That what is done was stored before, in three words.
fn stored_before_done() -> [Pattern; 3] {
    let (done, stored) = (|| cel("status == 'Done'"), || cel("happened('stored')"));
    let order = Pattern::Precedence {
        no: done(),
        before: stored(),
    };
    let at_once = Pattern::Response {
        when: done(),
        then: stored(),
        within: None,
        clock: Clock::Wall,
    };
    let never = Pattern::Never(cel("status == 'Done' && !happened('stored')"));
    [order, at_once, never]
}

#[test]
fn what_one_answer_tells_breaks_nothing_by_the_order_of_the_rules() {
    let at = |seq, what| Event {
        seq,
        at_ns: seq * MS,
        what,
    };
    for pattern in stored_before_done() {
        for reversed in [false, true] {
            let told = |facts: &[&str]| {
                let events = [at(1, answer("7", &["told=1"])), at(2, answer("7", facts))];
                judged(&pattern, &Scope::default(), reversed, &events)
            };
            assert_eq!(
                told(&["status=Done", "+stored"]).verdict,
                Held,
                "{pattern:?}"
            );
            let alone = told(&["status=Done", "+other"]);
            assert_eq!(alone.verdict, Violated, "{pattern:?}");
            let proof: Vec<u64> = alone.proof.iter().map(|proof| proof.seq).collect();
            assert_eq!(proof, [2], "{pattern:?}");
        }
    }
}

/// Two exchanges of one call are no one source: which was first is not known where they overlap.
#[test]
fn exchanges_of_one_call_overlap_as_those_of_two_do() {
    let asked = |exchange| {
        What::Asked(Asked {
            exchange,
            client: "worker".to_owned(),
            service: "site".to_owned(),
            port: 80,
            method: "POST".to_owned(),
            path: "/".to_owned(),
            call: Some("tell".to_owned()),
            captures: [("submission".to_owned(), "7".to_owned())].into(),
        })
    };
    let answered = |exchange, fact| match answer("7", &[fact]) {
        What::Answered(answered) => What::Answered(Box::new(Answered {
            exchange,
            ..*answered
        })),
        other => other,
    };
    for pattern in stored_before_done() {
        let judged = |order: [usize; 4]| {
            let told = [
                asked(1),
                answered(1, "+stored"),
                asked(2),
                answered(2, "status=Done"),
            ];
            let events = (0..).zip(order).map(|(seq, n)| Event {
                seq,
                at_ns: seq * MS,
                what: told[n].clone(),
            });
            let events: Vec<Event> = events.collect();
            judged(&pattern, &Scope::default(), false, &events).verdict
        };
        assert_eq!(judged([0, 2, 3, 1]), Inconclusive, "{pattern:?}");
        assert_eq!(judged([2, 3, 0, 1]), Violated, "{pattern:?}");
        assert_eq!(judged([0, 1, 2, 3]), Held, "{pattern:?}");
    }
}

/// Two rules tell the status of one answer: it moves twice. Two tell the same event: it happened twice.
#[test]
fn what_one_answer_tells_twice_came_twice() {
    let both = |pattern: Pattern, set: [&str; 2], event: Option<&str>| {
        let mut stack = stack(pattern);
        let entity = &mut stack.entities["submission"];
        let learn = |status: &str| Learn {
            evidence: Evidence::Call("tell".to_owned()),
            when: None,
            set: IndexMap::from([("status".to_owned(), cel(&format!("'{status}'")))]),
            event: event.map(str::to_owned),
            ..entity.learn[0].clone()
        };
        entity.learn = set.map(learn).to_vec();
        overlapping(&stack, &[("tell", 1, 2)])
    };
    let end = |status: &str| Some(status.to_owned());
    let moves = |set| both(Pattern::Moves, set, None);
    assert_eq!(moves(["Busy", "Done"]), (Held, end("Done")));
    assert_eq!(moves(["Done", "Busy"]).0, Violated);
    assert_eq!(moves(["Busy", "Busy"]), (Held, end("Busy")));
    let at_most = |bound| Pattern::AtMost {
        bound,
        event: "stored".to_owned(),
    };
    let stored = Some("stored");
    assert_eq!(both(at_most(1), ["Busy", "Busy"], stored).0, Violated);
    assert_eq!(both(at_most(2), ["Busy", "Busy"], stored).0, Held);
    let never = Pattern::Never(cel("status == 'Busy'"));
    assert_eq!(both(never, ["Busy", "Done"], None).0, Violated);
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn monitors_agree_with_the_slow_evaluator_on_answers(
        pattern in patterns(conditions), scope in scopes(), answers in answers(), reversed: bool
    ) {
        let scope = if scopable(&pattern) { scope } else { Scope::default() };
        let finding = judged(&pattern, &scope, reversed, &answers);
        let expected = reference(&pattern, &scope, is_healed(&pattern), &answers);
        prop_assert_eq!((finding.verdict, finding.witnesses), expected, "{:?}", finding);
    }

    #[test]
    fn scopes_that_begin_again_agree_on_answers(
        pattern in patterns_of(on_events, on_events), scope in reopened(), answers in answers(), reversed: bool
    ) {
        prop_assume!(scopable(&pattern));
        let finding = judged(&pattern, &scope, reversed, &answers);
        let expected = reference(&pattern, &scope, is_healed(&pattern), &answers);
        prop_assert_eq!((finding.verdict, finding.witnesses), expected, "{:?}", finding);
    }

    #[test]
    fn measures_of_all_entities_agree_on_answers(
        pattern in of_all(), answers in answers(), reversed: bool
    ) {
        let finding = judged(&pattern, &Scope::default(), reversed, &answers);
        let expected = reference(&pattern, &Scope::default(), false, &answers);
        prop_assert_eq!((finding.verdict, finding.witnesses), expected, "{:?}", finding);
    }
}
