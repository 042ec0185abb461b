//! What a call says, as variables for the rules that learn from it.

use crate::expression::Scope;
use crate::gateway::RECORDED_BYTES;
use crate::history::{Answered, Captures, Message, Seen};
use crate::stack::{Learn, Lesson, SEEN};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// A call, as far as rules read of it.
pub(super) struct Exchange<'a> {
    /// What the call's path caught.
    pub captures: &'a Captures,
    /// `None`: its callee did not answer.
    pub answered: Option<&'a Answered>,
    /// What its caller was told, where that is known by now.
    pub told: Option<Told<'a>>,
}

/// What a caller was told.
pub(super) struct Told<'a> {
    status: u16,
    /// `None`: the history does not have it.
    message: Option<&'a Message>,
}

impl<'a> Told<'a> {
    /// `None`: it was told nothing.
    pub fn new(seen: &'a Seen, answered: Option<&'a Answered>) -> Option<Told<'a>> {
        let (status, altered, told) = match seen {
            Seen::Answer {
                status,
                altered,
                told,
                ..
            } => (*status, *altered, told),
            Seen::Cut { status, told, .. } => (*status, true, told),
            Seen::Copy | Seen::Reset | Seen::Left | Seen::Unreachable { .. } => return None,
        };
        let as_answered = answered.filter(|_| !altered).map(|one| &one.response);
        let message = told.as_deref().or(as_answered);
        Some(Told { status, message })
    }
}

/// A call, as rules on what follows it read it: `request`, `response` and `path`.
pub fn call(answered: &Answered) -> Value {
    json!({
        "request": message(&answered.request, None),
        "response": message(&answered.response, Some(answered.status)),
        "path": answered.captures,
    })
}

impl Exchange<'_> {
    /// The variables `request`, `response`, `path` and, once it is known, `seen`.
    pub fn scope(&self) -> Scope {
        let mut scope = Scope::new();
        let (request, response) = match self.answered {
            Some(answered) => (
                message(&answered.request, None),
                message(&answered.response, Some(answered.status)),
            ),
            None => (Value::Null, Value::Null),
        };
        scope.set("request", &request);
        scope.set("response", &response);
        scope.set("path", &json!(self.captures));
        if let Some(told) = &self.told
            && let Some(said) = told.message
        {
            scope.set(SEEN, &message(said, Some(told.status)));
        }
        scope
    }

    /// Applies a rule; `None` when its condition is not met.
    pub fn apply(
        &self,
        entity: &str,
        rule: &Learn,
        scope: &Scope,
    ) -> Result<Option<Lesson>, String> {
        let id = self.captures.get(entity).map(String::as_str);
        match rule.apply(scope, id) {
            // Nobody can read it, the caller neither.
            Err(_) if self.spoilt() && rule.reads(&[SEEN, "body"]) => Ok(None),
            Err(trouble) => Err(format!("{trouble} ({})", self.words())),
            lesson => lesson,
        }
    }

    /// Whether the caller got a mere text that is not what the callee answered: a fault left nothing else of it.
    fn spoilt(&self) -> bool {
        let told = self.told.as_ref().and_then(|told| told.message);
        let own = self.answered.map(|answered| &answered.response);
        told.is_some_and(|told| own != Some(told) && message(told, None)["body"].is_string())
    }

    /// Which call it is, as far as that explains why a rule could not be applied.
    fn words(&self) -> String {
        let mut words = match (&self.told, self.answered) {
            (Some(Told { message: None, .. }), _) => {
                "the history does not say what the caller of this call was told".to_owned()
            }
            (Some(told), Some(_)) => format!("in a call whose caller was told {}", told.status),
            (Some(told), None) => format!(
                "in a call whose caller was told {} and whose callee did not answer: `request` and `response` are null",
                told.status
            ),
            (None, answered) => {
                let status = answered.map(|answered| answered.status);
                format!("in a call answered {}", status.unwrap_or_default())
            }
        };
        let answered = self.answered.into_iter();
        let mut messages: Vec<&Message> = answered
            .flat_map(|answered| [&answered.request, &answered.response])
            .collect();
        messages.extend(self.told.as_ref().and_then(|told| told.message));
        if let Some(why) = messages.into_iter().find_map(|one| kept(one).err()) {
            words.push_str(", of a body ");
            words.push_str(why);
        }
        words
    }
}

fn message(message: &Message, status: Option<u16>) -> Value {
    let mut headers: BTreeMap<&str, String> = BTreeMap::new();
    for (name, value) in &message.headers {
        // Several of one name are one list (RFC 9110, section 5.2).
        match headers.entry(name) {
            Entry::Vacant(first) => drop(first.insert(value.clone())),
            Entry::Occupied(mut list) => *list.get_mut() += &format!(", {value}"),
        }
    }
    let content_type = headers.get("content-type").map_or("", String::as_str);
    let body = kept(message).map(|()| body(&content_type.to_ascii_lowercase(), &message.body));
    let mut said = json!({"status": status, "headers": headers});
    if let Ok(body) = body {
        said["body"] = body;
    }
    said
}

/// Whether the text of a body is all of it; the error is why not. Where it is not, there is no body that rules could read: what
/// they would miss may be just what they look for.
fn kept(message: &Message) -> Result<(), &'static str> {
    let packed = |(name, value): &(String, String)| {
        name == "content-encoding" && !value.eq_ignore_ascii_case("identity")
    };
    if message.body_bytes > RECORDED_BYTES as u64 {
        return Err("that is too long to be kept whole");
    }
    match message.body_bytes {
        0 => Ok(()),
        _ if message.headers.iter().any(packed) => Err("that is compressed"),
        // What is not UTF-8 was replaced, by something longer; so are secrets.
        bytes
            if bytes != message.body.len() as u64
                && message.body.contains(char::REPLACEMENT_CHARACTER) =>
        {
            Err("that is no text in UTF-8")
        }
        _ => Ok(()),
    }
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

    fn said(headers: &[(&str, &str)], body: &str, body_bytes: u64) -> Value {
        let headers = headers
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        let said = Message {
            headers: headers.collect(),
            body: body.to_owned(),
            body_bytes,
            digest: None,
        };
        message(&said, None)
    }

    #[test]
    fn a_body_of_which_the_text_is_not_all_is_none() {
        let text = [("content-type", "text/plain")];
        assert_eq!(said(&text, "ab", 2)["body"], "ab");
        assert_eq!(
            said(&[("content-encoding", "identity")], "ab", 2)["body"],
            "ab"
        );
        let hidden = "the secret of somebody else is hidden";
        assert_eq!(said(&text, hidden, 2)["body"], hidden);
        assert_eq!(said(&text, "\u{fffd}", 3)["body"], "\u{fffd}");
        // It was longer, it was not UTF-8, it is packed.
        let long = RECORDED_BYTES as u64 + 1;
        assert_eq!(said(&text, "ab", long).get("body"), None);
        assert_eq!(said(&text, "caf\u{fffd}", 4).get("body"), None);
        assert_eq!(
            said(&[("content-encoding", "gzip")], "ab", 2).get("body"),
            None
        );
        assert_eq!(said(&[("content-encoding", "gzip")], "", 0)["body"], "");
    }

    #[test]
    fn headers_of_one_name_are_one_list_and_types_have_no_case() {
        let twice = [("x", "overdraft"), ("y", "1"), ("x", "slow")];
        let headers = json!({"x": "overdraft, slow", "y": "1"});
        assert_eq!(said(&twice, "", 0)["headers"], headers);
        let json = [("content-type", "Application/JSON")];
        assert_eq!(said(&json, "[1]", 3)["body"], json!([1]));
    }
}
