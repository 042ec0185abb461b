//! Conditions are worked out as seldom as can be, and never too seldom.

use super::super::condition::Condition;
use super::*;
use crate::entity::{Entities, Observation};
use crate::expression::Truth;

/// Tells facts one by one; gives the answers, and how often the condition was really evaluated.
fn asked(condition: &str, facts: &[(&str, serde_json::Value)]) -> (Vec<Truth>, u64) {
    let mut entities = Entities::new(&stack(Pattern::Moves));
    let (number, kind) = entities.kind_mut("submission").unwrap();
    let mut condition = Condition::new(cel(condition), kind);
    let mut answers = Vec::new();
    for (n, (fact, value)) in facts.iter().enumerate() {
        let (id, field) = fact.split_once(' ').unwrap();
        let event = field.strip_prefix('+').map(str::to_owned);
        let set = event.is_none().then(|| (field.to_owned(), value.clone()));
        let observation = Observation {
            at_ns: n as u64,
            since_ns: n as u64,
            looked: false,
            seq: n as u64,
            entity: "submission".to_owned(),
            id: id.to_owned(),
            set: set.into_iter().collect(),
            event,
            source: "test".to_owned(),
            rule: None,
        };
        let (_, entity) = entities.learn(&[observation]).unwrap();
        answers.push(condition.test(&entities.kind(number).view(entity)));
    }
    (answers, condition.evaluated)
}

#[test]
fn nothing_is_worked_out_twice() {
    use Truth::{False, True};
    let facts: Vec<(&str, serde_json::Value)> = vec![
        ("7 shown", json!(1)),
        ("7 told", json!(5)),
        ("7 +stored", json!(null)),
        ("7 shown", json!(2)),
        ("8 shown", json!(1)),
        ("8 told", json!(6)),
        ("8 shown", json!(2)),
    ];
    let (answers, evaluated) = asked("shown == 2", &facts);
    assert_eq!(answers, [False, False, False, True, False, False, True]);
    assert_eq!(evaluated, 2, "once for each value");
}

#[test]
fn values_that_look_alike_are_told_apart() {
    use Truth::{False, True};
    let facts = |values: &[serde_json::Value]| -> Vec<(&str, serde_json::Value)> {
        values
            .iter()
            .map(|value| ("7 shown", value.clone()))
            .collect()
    };
    let values = [
        json!(1),
        json!("1"),
        json!(true),
        json!(null),
        json!(1.0),
        json!(-1),
    ];
    let (answers, _) = asked("[shown] == ['1']", &facts(&values));
    assert_eq!(answers, [False, True, False, False, False, False]);
    // Lists have no atoms: they are compared by when they changed.
    let lists = [json!([1]), json!([1]), json!([1, 2]), json!([1])];
    let (answers, evaluated) = asked("size(shown) == 1", &facts(&lists));
    assert_eq!((answers, evaluated), (vec![True, True, False, True], 3));
    let mixed = [
        ("7 shown", json!([1])),
        ("7 told", json!(1)),
        ("7 +stored", json!(null)),
        ("8 shown", json!([])),
    ];
    let (answers, evaluated) = asked("size(shown) == 1 && happened('stored')", &mixed);
    assert_eq!((answers, evaluated), (vec![False, False, True, False], 3));
}
