//! One exchange of a history: all that is known of a call.

use super::words::Words;
use crate::history::{Answered, Asked, Captures, Message, Seen};
use serde_json::{Map, Value, json};

/// So many bytes of a body are in the page; the history has more of it.
const MAX_BODY_BYTES: usize = 4 * 1024;
/// So many bytes of a header are.
const MAX_HEADER_BYTES: usize = 1024;

/// When something happened: the number of its event, and microseconds since the run began.
pub(super) type At = (u64, u64);

/// What is known of an exchange.
#[derive(Default)]
pub(super) struct Exchange {
    pub asked: Option<(At, Asked)>,
    /// The entities that it is about, by the names that count.
    pub about: Captures,
    pub answered: Option<(At, Answered)>,
    pub unanswered: Option<At>,
    pub delivered: Option<(At, Seen)>,
}

impl Exchange {
    /// For the page; without headers and bodies unless `whole`.
    pub fn json(&self, id: u64, whole: bool, words: &mut Words) -> Value {
        let mut value = Map::new();
        value.insert("x".to_owned(), json!(id));
        if let Some((at, asked)) = &self.asked {
            value.insert("asked".to_owned(), json!(at));
            value.insert("from".to_owned(), json!(words.number(&asked.client)));
            value.insert("to".to_owned(), json!(words.number(&asked.service)));
            value.insert("port".to_owned(), json!(asked.port));
            value.insert("method".to_owned(), json!(words.number(&asked.method)));
            value.insert("path".to_owned(), json!(words.number(&asked.path)));
            if let Some(call) = &asked.call {
                value.insert("call".to_owned(), json!(words.number(call)));
            }
        }
        if !self.about.is_empty() {
            value.insert("about".to_owned(), json!(self.about));
        }
        if let Some((at, answered)) = &self.answered {
            value.insert("answered".to_owned(), json!(at));
            value.insert("status".to_owned(), json!(answered.status));
            let mut told = |message| message_json(message, whole, words);
            let (request, response) = (told(&answered.request), told(&answered.response));
            value.insert("request".to_owned(), request);
            value.insert("response".to_owned(), response);
        }
        if let Some(at) = &self.unanswered {
            value.insert("unanswered".to_owned(), json!(at));
        }
        if let Some((at, seen)) = &self.delivered {
            value.insert("delivered".to_owned(), json!(at));
            value.insert("saw".to_owned(), saw(seen, whole, words));
        }
        Value::Object(value)
    }
}

/// `{"as", "status", "bytes", "altered", "told", "reason"}`.
fn saw(seen: &Seen, whole: bool, words: &mut Words) -> Value {
    let mut told = |told: &Option<Box<Message>>| {
        let told = told.as_ref();
        told.map(|message| message_json(message, whole, words))
    };
    match seen {
        Seen::Answer {
            status,
            body_bytes,
            altered,
            told: message,
        } => {
            json!({"as": "answer", "status": status, "bytes": body_bytes, "altered": altered, "told": told(message)})
        }
        Seen::Cut {
            status,
            body_bytes,
            told: message,
        } => json!({"as": "cut", "status": status, "bytes": body_bytes, "told": told(message)}),
        Seen::Copy => json!({"as": "copy"}),
        Seen::Reset => json!({"as": "reset"}),
        Seen::Left => json!({"as": "left"}),
        Seen::Unreachable { reason } => json!({"as": "unreachable", "reason": reason}),
    }
}

/// `[bytes of the body, headers, body, whether the body is cut]`; the first of these alone unless `whole`.
fn message_json(message: &Message, whole: bool, words: &mut Words) -> Value {
    if !whole {
        return json!([message.body_bytes]);
    }
    let headers = message.headers.iter().map(|(name, value)| {
        let value = cut(value, MAX_HEADER_BYTES);
        words.number(&format!("{name}: {value}"))
    });
    let headers: Vec<usize> = headers.collect();
    let body = cut(&message.body, MAX_BODY_BYTES);
    let is_cut = (body.len() as u64) < message.body_bytes;
    match body {
        "" => json!([message.body_bytes, headers]),
        body => json!([message.body_bytes, headers, words.number(body), is_cut]),
    }
}

/// The beginning of a text, up to so many bytes.
fn cut(text: &str, most_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(most_bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_body_is_cut_at_a_character_and_says_so() {
        let message = |body: String| Message {
            headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
            body_bytes: body.len() as u64,
            body,
            digest: None,
        };
        let mut words = Words::default();
        let long = message("ä".repeat(5000));
        let value = message_json(&long, true, &mut words);
        assert_eq!((&value[0], &value[3]), (&json!(10_000), &json!(true)));
        let short = message_json(&message("ok".to_owned()), true, &mut words);
        assert_eq!(short, json!([2, [0], 2, false]));
        assert_eq!(message_json(&long, false, &mut words), json!([10_000]));
        let texts = words.take();
        assert_eq!(texts[0], "content-type: text/plain");
        assert_eq!(texts[1], "ä".repeat(2048));
    }
}
