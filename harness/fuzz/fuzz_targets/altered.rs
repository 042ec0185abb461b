#![no_main]
//! Answers with another body. The first bytes draw what is done to it, and at which place of it.

#[path = "../../src/gateway/alter.rs"]
#[allow(dead_code)]
mod alter;
#[path = "../../src/gateway/body.rs"]
#[allow(dead_code)]
mod body;
#[path = "../../src/count.rs"]
#[allow(dead_code)]
mod count;
#[path = "../../src/history/heard.rs"]
#[allow(dead_code)]
mod heard;
#[path = "../../src/history/event.rs"]
#[allow(dead_code)]
mod history;
#[path = "../src/plan.rs"]
mod plan;
#[path = "../../src/gateway/protocol.rs"]
#[allow(dead_code)]
mod protocol;

use body::{Body, Framing};
use heard::Heard;
use history::Message;
use protocol::Alteration;
use serde_json::{Value, json};

const PATHS: [&str; 8] = ["a", "b", "0", "a.a", "a.0", "0.a", "1.1", ""];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let [what, place, bytes @ ..] = bytes else {
        return;
    };
    let (what, value) = (what % 8, what / 8);
    let set = |place: u8| {
        let path = PATHS[usize::from(place) % PATHS.len()].to_owned();
        let value =
            [json!(value), json!({ "a": [value] }), json!(null)][usize::from(value) % 3].clone();
        (path, value)
    };
    let how = match what {
        0 => Alteration::Empty,
        1 => Alteration::Malformed,
        2 => Alteration::Cut {
            after_bytes: u64::from(*place),
        },
        3 => Alteration::Set {
            values: vec![set(*place), set(*place / 8)],
        },
        _ => Alteration::Set {
            values: vec![set(*place)],
        },
    };
    let whole = |bytes: &[u8]| {
        let mut body = Body::new(Framing::Length(bytes.len() as u64));
        body.feed(bytes);
        body
    };
    let body = whole(bytes);
    let altered = alter::alter(&how, &body);
    if let Ok(text) = std::str::from_utf8(bytes)
        && text.len() == body.kept().len()
    {
        let answer = Message {
            body: text.to_owned(),
            body_bytes: text.len() as u64,
            ..Message::default()
        };
        assert_eq!(alter::misfit(&how, &answer).is_some(), altered.is_none());
    }
    let Some(altered) = altered else {
        return;
    };
    assert_eq!(altered.cut(), what == 2);
    match how {
        Alteration::Empty => assert!(altered.bytes.is_empty()),
        Alteration::Malformed => {
            assert!(serde_json::from_slice::<Value>(&altered.bytes).is_err());
        }
        Alteration::Cut { .. } => assert!(bytes.starts_with(&altered.bytes)),
        // It says so from then on.
        Alteration::Set { .. } if altered.bytes.len() <= body::RECORDED_BYTES => {
            assert_eq!(alter::alter(&how, &whole(&altered.bytes)), None);
        }
        Alteration::Set { .. } => {}
    }
});
