//! The kinds of calls among those that were seen, each with a name.

use super::exchange::Exchange;
use super::path::{LONG_ENOUGH, generalise, noun};
use crate::gateway::WORKLOAD;
use serde_json::Value;
use std::collections::BTreeSet;

/// A kind of call.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    pub name: String,
    pub client: String,
    pub service: String,
    pub method: String,
    /// With `{name}` where ids stood.
    pub path: String,
    /// All that were of this kind.
    pub seen: Vec<Exchange>,
    /// Those that happen again when the feature plays.
    pub again: Vec<Exchange>,
}

impl Call {
    /// `POST /orders`.
    pub fn request(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether it may do something: all but what only asks.
    pub fn acts(&self) -> bool {
        !["GET", "HEAD", "OPTIONS"].contains(&self.method.as_str())
    }
}

/// The fields that hold an id, the likeliest first.
const IDS: [&str; 4] = ["id", "uuid", "_id", "key"];

/// The fields that have the id of what is called so.
pub(super) fn own_fields(noun: &str) -> [String; 3] {
    [noun.to_owned(), format!("{noun}_id"), format!("{noun}Id")]
}

/// Where an object says its id, and which it is; `noun` is what it is called.
pub(super) fn id_of<'v>(body: &'v Value, noun: &str) -> Option<(String, &'v Value)> {
    let object = body.as_object()?;
    // Its name alone is the least likely one of them.
    let mut own = own_fields(noun);
    own.rotate_left(1);
    let names = IDS.iter().map(|name| (*name).to_owned()).chain(own);
    let scalar = |value: &Value| value.is_string() || value.is_u64();
    let mut here = names.filter_map(|name| {
        let value = object.get(&name).filter(|value| scalar(value))?;
        Some((name, value))
    });
    if let Some(found) = here.next() {
        return Some(found);
    }
    // One level below, as in `{"order": {"id": 7}}`.
    object.iter().find_map(|(key, inner)| {
        let inner = inner.as_object()?;
        let (name, value) = IDS
            .iter()
            .find_map(|name| Some((name, inner.get(*name)?)))?;
        scalar(value).then(|| (format!("{key}.{name}"), value))
    })
}

/// An id as it stands in a path.
pub(super) fn as_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The kinds of calls, in the order in which they first came by.
pub(super) fn calls(exchanges: &[Exchange]) -> Vec<Call> {
    let ids = created(exchanges);
    let mut calls: Vec<Call> = Vec::new();
    for exchange in exchanges {
        let path = generalise(&exchange.path, &ids);
        let same = |call: &&mut Call| {
            (&call.client, &call.service, &call.method, &call.path)
                == (&exchange.client, &exchange.service, &exchange.method, &path)
        };
        match calls.iter_mut().find(same) {
            Some(call) => call.seen.push(exchange.clone()),
            None => calls.push(Call {
                name: name(&exchange.method, &path),
                client: exchange.client.clone(),
                service: exchange.service.clone(),
                method: exchange.method.clone(),
                path,
                seen: vec![exchange.clone()],
                again: Vec::new(),
            }),
        }
    }
    distinguish(&mut calls);
    calls
}

/// The ids that answers to creating requests told. A short text may be anything, unless it was told under `id`, or to
/// somebody outside, whose next requests it is filled into.
fn created(exchanges: &[Exchange]) -> Vec<String> {
    let outside = |one: &Exchange| one.client == WORKLOAD && one.method != "GET";
    let creates = |one: &&Exchange| one.status < 300 && (one.method == "POST" || outside(one));
    let ids = exchanges.iter().filter(creates).filter_map(|one| {
        let (at, id) = id_of(one.answer.as_ref()?, "")?;
        let named = at.rsplit('.').next() == Some(IDS[0]);
        let id = as_text(id);
        let sure = named || outside(one) || id.len() >= LONG_ENOUGH;
        (sure && !id.is_empty()).then_some(id)
    });
    ids.collect()
}

/// `create order`, `list orders`, `pay order`: by the words of the path alone, whatever its ids are called.
fn name(method: &str, path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let words = |part: &str| {
        let plain = |c: char| if c.is_alphanumeric() { c } else { ' ' };
        part.chars()
            .map(plain)
            .collect::<String>()
            .trim()
            .to_owned()
    };
    let is_id = |part: &str| part.starts_with('{');
    // What an id is one of stands before it.
    let one_of = |at: usize| {
        words(&noun(
            parts[..at]
                .iter()
                .rev()
                .find(|part| !is_id(part))
                .unwrap_or(&""),
        ))
    };
    let last_id = parts.iter().rposition(|part| is_id(part));
    let Some(last) = parts.last() else {
        return format!("{} the root", verb(method, true));
    };
    match (is_id(last), last_id, method) {
        (true, _, _) => format!("{} {}", verb(method, false), one_of(parts.len() - 1)),
        // Of one that is there already.
        (false, Some(at), "POST" | "PUT" | "PATCH") => format!("{} {}", words(last), one_of(at)),
        (false, Some(at), _) => {
            format!("{} {} of {}", verb(method, false), words(last), one_of(at))
        }
        (false, None, "POST") => format!("create {}", words(&noun(last))),
        (false, None, _) => format!("{} {}", verb(method, true), words(last)),
    }
}

fn verb(method: &str, many: bool) -> String {
    match method {
        "GET" if many => "list".to_owned(),
        "POST" => "post".to_owned(),
        "PUT" | "PATCH" => "update".to_owned(),
        other => other.to_lowercase(),
    }
}

/// Names that several kinds have say who asks, and then whom.
fn distinguish(calls: &mut [Call]) {
    let doubled = |calls: &[Call]| -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let names = calls.iter().map(|call| call.name.clone());
        names.filter(|name| !seen.insert(name.clone())).collect()
    };
    let more: [fn(&Call) -> String; 3] = [
        |call| format!("{} by {}", call.name, call.client),
        |call| format!("{} at {}", call.name, call.service),
        |call| format!("{} ({} {})", call.name, call.method, call.path),
    ];
    for more in more {
        let doubled = doubled(calls);
        let doubles = calls.iter_mut().filter(|call| doubled.contains(&call.name));
        // The first one of the outside world is the plain one.
        for call in doubles.filter(|call| call.client != WORKLOAD) {
            call.name = more(call);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn calls_are_named_by_what_they_do() {
        for (method, path, expected) in [
            ("POST", "/orders", "create order"),
            ("GET", "/orders", "list orders"),
            ("GET", "/orders/{order}", "get order"),
            ("PATCH", "/orders/{order}", "update order"),
            ("DELETE", "/orders/{order}", "delete order"),
            ("POST", "/orders/{order}/pay", "pay order"),
            ("POST", "/charges/{charge}", "post charge"),
            ("GET", "/orders/{order}/lines", "get lines of order"),
            ("GET", "/", "list the root"),
            ("PUT", "/api/v1/feature-flags", "update feature flags"),
        ] {
            assert_eq!(name(method, path), expected, "{method} {path}");
        }
    }

    #[test]
    fn short_ids_are_known_by_where_they_were_told() {
        for (client, method, answer, expected) in [
            ("web", "POST", json!({"id": "j1"}), Some("j1")),
            ("web", "POST", json!({"job": {"id": "x"}}), Some("x")),
            ("web", "POST", json!({"key": "j1"}), None),
            ("web", "POST", json!({"key": "long"}), Some("long")),
            ("web", "PUT", json!({"id": "j1"}), None),
            (WORKLOAD, "PUT", json!({"key": "j1"}), Some("j1")),
            (WORKLOAD, "GET", json!({"id": "j1"}), None),
            (WORKLOAD, "POST", json!({"id": ""}), None),
        ] {
            let exchange = Exchange {
                client: client.to_owned(),
                service: "web".to_owned(),
                port: 80,
                method: method.to_owned(),
                path: "/jobs".to_owned(),
                query: None,
                logged_in: false,
                sent: None,
                status: 201,
                answer: Some(answer.clone()),
                asked: 0,
                answered: 1,
                answered_ns: 0,
            };
            let expected: Vec<&str> = expected.into_iter().collect();
            assert_eq!(created(&[exchange]), expected, "{client} {method} {answer}");
        }
    }

    #[test]
    fn an_id_is_found_where_answers_say_it() {
        for (body, expected) in [
            (json!({"name": "a", "id": 7}), Some(("id", "7"))),
            (json!({"order_id": "x"}), Some(("order_id", "x"))),
            (
                json!({"ok": true, "order": {"uuid": "u"}}),
                Some(("order.uuid", "u")),
            ),
            (json!({"id": null}), None),
            (json!([1]), None),
        ] {
            let found = id_of(&body, "order").map(|(at, id)| (at, as_text(id)));
            let expected = expected.map(|(at, id)| (at.to_owned(), id.to_owned()));
            assert_eq!(found, expected, "{body}");
        }
    }
}
