#![no_main]
//! What is said on the control port. The first byte draws which of its lines.

#[path = "../../src/gateway/hello.rs"]
mod hello;
#[path = "../../src/history/heard.rs"]
#[allow(dead_code)]
mod heard;
#[path = "../../src/history/event.rs"]
#[allow(dead_code)]
mod history;
#[path = "../src/plan.rs"]
mod plan;
#[path = "../../src/gateway/pattern.rs"]
#[allow(dead_code)]
mod pattern;
#[path = "../../src/gateway/protocol.rs"]
#[allow(dead_code)]
mod protocol;

use heard::Heard;
use hello::{Hello, understood};
use pattern::Pattern;
use protocol::{CallPattern, Command, Report};
use serde::Serialize;
use serde::de::DeserializeOwned;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, line)) = bytes.split_first() else {
        return;
    };
    match first % 4 {
        0 => match understood(line, "token") {
            Some(Hello::Control) => assert!(understood(line, "other").is_none()),
            Some(Hello::Dial {
                client,
                service,
                port,
            }) => {
                let again = format!("DIAL token {client} {service} {port}");
                assert_eq!(
                    understood(again.as_bytes(), "token"),
                    understood(line, "token")
                );
            }
            None => {}
        },
        1 => said_again::<Command>(line),
        2 => said_again::<Report>(line),
        _ => caught(&String::from_utf8_lossy(line)),
    }
});

fn said_again<T: Serialize + DeserializeOwned>(line: &[u8]) {
    if let Ok(value) = serde_json::from_slice::<T>(line) {
        let again = serde_json::to_vec(&value).expect("a value can be written");
        assert!(!again.contains(&b'\n'));
        assert!(
            serde_json::from_slice::<T>(&again).is_ok(),
            "{}",
            String::from_utf8_lossy(&again)
        );
    }
}

/// A template and a target, with a line's end between them.
fn caught(text: &str) {
    let Some((template, target)) = text.split_once('\n') else {
        return;
    };
    let call = CallPattern {
        name: String::new(),
        client: String::new(),
        service: String::new(),
        method: String::new(),
        path: template.to_owned(),
    };
    let captures = Pattern::new(call).catch("", "", "", target);
    assert!(
        captures.into_iter().flatten().all(|(name, value)| {
            template.contains(&format!("{{{name}}}")) && !value.is_empty()
        })
    );
}
