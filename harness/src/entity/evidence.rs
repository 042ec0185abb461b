//! What an answered call says, as variables for the rules that learn from it.

use crate::expression::Scope;
use crate::history::{Answered, Message};
use crate::stack::{Learn, Lesson};
use serde_json::{Map, Value, json};

/// The variables of an answered call: `request`, `response`, `path`.
pub(super) fn scope(answered: &Answered) -> Scope {
    let mut scope = Scope::new();
    scope.set("request", &message(&answered.request, None));
    scope.set(
        "response",
        &message(&answered.response, Some(answered.status)),
    );
    scope.set("path", &json!(answered.captures));
    scope
}

/// Applies a rule; `None` when its condition is not met.
pub(super) fn apply(
    entity: &str,
    rule: &Learn,
    scope: &Scope,
    answered: &Answered,
) -> Result<Option<Lesson>, String> {
    let id = answered.captures.get(entity).map(String::as_str);
    rule.apply(scope, id).map_err(|trouble| {
        let cut = |message: &Message| message.body_bytes > message.body.len() as u64;
        let cut = match cut(&answered.request) || cut(&answered.response) {
            true => ", of a body that is too long to be kept whole",
            false => "",
        };
        format!("{trouble} (in a call answered {}{cut})", answered.status)
    })
}

fn message(message: &Message, status: Option<u16>) -> Value {
    let headers: Map<String, Value> = message
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let content_type = headers
        .get("content-type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let body = body(content_type, &message.body);
    json!({"status": status, "headers": headers, "body": body})
}

/// A body by its content type: JSON, a form, else its text.
fn body(content_type: &str, text: &str) -> Value {
    if content_type.starts_with("application/x-www-form-urlencoded") {
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        return Value::Object(
            pairs
                .map(|(key, value)| (key.into_owned(), value.into()))
                .collect(),
        );
    }
    match serde_json::from_str(text) {
        Ok(value) if content_type.is_empty() || content_type.contains("json") => value,
        _ => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_by_their_content_type() {
        let form = "application/x-www-form-urlencoded";
        assert_eq!(
            body(form, "status=Finished&secret=a%20b"),
            json!({"status": "Finished", "secret": "a b"})
        );
        assert_eq!(
            body("application/json; charset=utf-8", "{\"id\": 7}"),
            json!({"id": 7})
        );
        assert_eq!(body("application/problem+json", "[1]"), json!([1]));
        assert_eq!(body("text/plain", "7"), json!("7"));
        assert_eq!(body("application/json", "{cut"), json!("{cut"));
    }
}
