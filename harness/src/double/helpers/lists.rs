//! Helpers for JSON and lists.

use super::super::path::Path;
use super::super::template::shown;
use super::{Given, Helpers, json};
use rand::RngExt;
use serde_json::Value;

pub(super) const HELPERS: Helpers = &[
    ("jsonPath", json_path),
    // Around a text, the parameter is the name of a variable.
    ("parseJson", |given| {
        json(given.value(if given.helper.is_block() {
            given.values.len() - 1
        } else {
            0
        }))
    }),
    ("toJson", |given| Ok(format!("{:#}", given.value(0)).into())),
    ("formatJson", format_json),
    ("jsonMerge", |given| {
        Ok(format!("{:#}", merged(json(given.value(0))?, json(given.value(1))?)).into())
    }),
    ("array", |given| Ok(given.values.clone().into())),
    ("range", range),
    ("join", join),
    ("arrayJoin", array_join),
    ("size", |given| Ok(size(&given.value(0)).into())),
    ("contains", |given| {
        Ok(match given.value(0) {
            Value::Array(items) => items.iter().any(|item| shown(item) == given.text(1)),
            other => shown(&other).contains(&given.text(1)),
        }
        .into())
    }),
    ("pickRandom", pick_random),
    ("assign", |given| Ok(given.text(1).into())),
    ("val", |given| {
        let value = given.value(0);
        let default = given.named("or").or_else(|| given.named("default"));
        Ok(if value.is_null() {
            default.unwrap_or_default()
        } else {
            value
        })
    }),
];

fn json_path(given: &Given<'_>) -> Result<Value, String> {
    let found = Path::parse(&given.text(1))?.of(&json(given.value(0))?);
    let found = found.filter(|found| !found.is_null());
    Ok(found.or_else(|| given.named("default")).unwrap_or_default())
}

fn format_json(given: &Given<'_>) -> Result<Value, String> {
    let value = json(given.value(0))?;
    Ok(match given.named_text("format").as_deref() {
        Some("compact") => value.to_string(),
        _ => format!("{value:#}"),
    }
    .into())
}

/// The second object laid over the first.
fn merged(under: Value, over: Value) -> Value {
    match (under, over) {
        (Value::Object(mut under), Value::Object(over)) => {
            for (key, value) in over {
                let below = under.remove(&key).unwrap_or_default();
                under.insert(key, merged(below, value));
            }
            Value::Object(under)
        }
        (_, over) => over,
    }
}

/// More than that is a slip.
const LONGEST_RANGE: i64 = 100_000;

fn range(given: &Given<'_>) -> Result<Value, String> {
    let (from, to) = (given.number(0)? as i64, given.number(1)? as i64);
    match to.saturating_sub(from) {
        ..LONGEST_RANGE => Ok((from..=to).map(Value::from).collect()),
        _ => Err(format!("a range has at most {LONGEST_RANGE} numbers")),
    }
}

fn items(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        other => vec![other],
    }
}

/// `join list ','` or `join 'a' 'b' ','`.
fn join(given: &Given<'_>) -> Result<Value, String> {
    let mut values = given.values.clone();
    let between = values.pop().as_ref().map(shown).unwrap_or_default();
    Ok(joined(values, &between).into())
}

fn array_join(given: &Given<'_>) -> Result<Value, String> {
    let joined = joined(
        given.values.iter().skip(1).cloned().collect(),
        &given.text(0),
    );
    let edge = |name: &str| given.named_text(name).unwrap_or_default();
    Ok(format!("{}{joined}{}", edge("prefix"), edge("suffix")).into())
}

fn joined(values: Vec<Value>, between: &str) -> String {
    let all = values.into_iter().flat_map(items);
    all.map(|item| shown(&item))
        .collect::<Vec<_>>()
        .join(between)
}

fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.len(),
        Value::Object(map) => map.len(),
        other => shown(other).chars().count(),
    }
}

fn pick_random(given: &Given<'_>) -> Result<Value, String> {
    let mut all: Vec<Value> = given.values.iter().cloned().flat_map(items).collect();
    let mut pick = || match all.len() {
        0 => None,
        count => Some(all.swap_remove(given.random().random_range(0..count))),
    };
    match given.named("count") {
        Some(count) => {
            let count = super::number(&count)? as usize;
            Ok((0..count).map_while(|_| pick()).collect())
        }
        None => pick().ok_or_else(|| "there is nothing to pick from".to_owned()),
    }
}
