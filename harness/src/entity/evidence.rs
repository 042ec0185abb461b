//! What an answered call says, as variables for the rules that learn from it.

use crate::expression::{Expression, Scope, Truth};
use crate::history::{Answered, Message};
use crate::stack::Learn;
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

/// An entity's id and the fields that are set.
pub(super) type Lesson = (String, Map<String, Value>);

/// Applies a rule: the entity's id and the fields that it sets, or `None` when its condition is not met.
pub(super) fn apply(
    entity: &str,
    rule: &Learn,
    scope: &Scope,
    answered: &Answered,
) -> Result<Option<Lesson>, String> {
    if let Some(when) = &rule.when {
        match when.test(scope) {
            Truth::True => {}
            Truth::False => return Ok(None),
            Truth::Unknown(why) => return Err(why),
        }
    }
    let id = match &rule.id {
        Some(id) => id.value(scope).map(as_id)?,
        None => answered
            .captures
            .get(entity)
            .cloned()
            .ok_or_else(|| format!("the path names no {entity}"))?,
    };
    Ok(Some((id, fields(&rule.set, scope)?)))
}

/// The fields that a rule sets.
fn fields<'a>(
    set: impl IntoIterator<Item = (&'a String, &'a Expression)>,
    scope: &Scope,
) -> Result<Map<String, Value>, String> {
    set.into_iter()
        .map(|(field, expression)| Ok((field.clone(), expression.value(scope)?)))
        .collect()
}

/// Ids are strings; a number is taken by its digits.
fn as_id(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
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
