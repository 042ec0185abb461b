//! Events with secrets, as they are written.

use super::*;
use crate::history::{Answered, Asked, Captures, Message, What};
use serde_json::json;

fn secrets(declared: &[&str]) -> Secrets {
    let declared: Vec<String> = declared.iter().map(|name| name.to_string()).collect();
    Secrets::new(
        Names::new(&declared),
        HashSet::from(["finished-well".to_owned()]),
    )
}

fn message(headers: &[(&str, &str)], body: &str) -> Message {
    let headers = headers.iter();
    Message {
        headers: headers
            .map(|(name, value)| (name.to_string(), value.to_string()))
            .collect(),
        body: body.to_owned(),
        body_bytes: body.len() as u64,
        digest: Some("00".to_owned()),
    }
}

fn answered(request: Message, response: Message) -> What {
    What::Answered(Box::new(Answered {
        exchange: 1,
        call: None,
        captures: Captures::new(),
        request,
        status: 200,
        response,
    }))
}

fn both(what: What) -> (Message, Message) {
    match what {
        What::Answered(answered) => (answered.request, answered.response),
        other => panic!("{other:?}"),
    }
}

fn value<'m>(message: &'m Message, name: &str) -> &'m str {
    let found = message.headers.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str()).unwrap()
}

#[test]
fn headers_are_hidden_and_what_they_had_is_known_in_bodies() {
    let secrets = secrets(&["x-mine"]);
    let request = message(
        &[
            ("authorization", "Bearer eyJhbGciOi.J9"),
            ("cookie", "theme=dark; sid=0123456789abcdef"),
            ("x-mine", "7"),
            ("accept", "text/html"),
        ],
        "{\"again\": \"eyJhbGciOi.J9\", \"n\": 7, \"theme\": \"dark\"}",
    );
    let response = message(
        &[
            ("set-cookie", "sid=fedcba9876543210; Path=/; HttpOnly"),
            ("www-authenticate", "Basic realm=x"),
        ],
        "sid was 0123456789abcdef",
    );
    let (request, response) = both(secrets.redacted(answered(request, response)));
    assert_eq!(value(&request, "authorization"), "Bearer [redacted 1]");
    assert_eq!(
        value(&request, "cookie"),
        "theme=[redacted 2]; sid=[redacted 3]"
    );
    assert_eq!(value(&request, "x-mine"), "[redacted 4]");
    assert_eq!(value(&request, "accept"), "text/html");
    assert_eq!(
        request.body,
        "{\"again\": \"[redacted 1]\", \"n\": 7, \"theme\": \"dark\"}"
    );
    assert_ne!(request.digest.as_deref(), Some("00"));
    assert_eq!(
        value(&response, "set-cookie"),
        "sid=[redacted 5]; Path=/; HttpOnly"
    );
    assert_eq!(value(&response, "www-authenticate"), "Basic realm=x");
    assert_eq!(response.body, "sid was [redacted 3]");
    // What is hidden already stays as it is.
    let again = secrets.redacted(answered(request.clone(), response.clone()));
    let (request_again, response_again) = both(again);
    assert_eq!(request_again.headers, request.headers);
    assert_eq!(
        (request_again.body, response_again),
        (request.body, response)
    );
}

#[test]
fn basic_authentication_gives_its_password_away() {
    let secrets = secrets(&[]);
    let sent = spelling::basic("me", "correct horse");
    let request = message(&[("authorization", &format!("Basic {sent}"))], "");
    let response = message(&[], "you are me:correct horse");
    let (request, response) = both(secrets.redacted(answered(request, response)));
    assert!(value(&request, "authorization").starts_with("Basic [redacted"));
    assert_eq!(response.body, "you are me:[redacted 1]");
}

#[test]
fn fields_teach_what_is_hidden_everywhere_and_words_of_the_stack_are_left() {
    let secrets = secrets(&[]);
    let response = message(
        &[],
        r#"{"access_token": "tok-en-12345", "token": "finished-well", "secret": "short", "token_type": "some-words"}"#,
    );
    let (_, response) = both(secrets.redacted(answered(Message::default(), response)));
    assert_eq!(
        response.body,
        r#"{"access_token": "[redacted 1]", "token": "finished-well", "secret": "short", "token_type": "some-words"}"#
    );
    let asked = What::Asked(Asked {
        exchange: 2,
        client: "a".to_owned(),
        service: "b".to_owned(),
        port: 80,
        method: "GET".to_owned(),
        path: "/jobs/tok-en-12345?api_key=key%2Fof%20mine&x=1".to_owned(),
        call: None,
        captures: Captures::from([("job".to_owned(), "tok-en-12345".to_owned())]),
    });
    match secrets.redacted(asked) {
        What::Asked(asked) => {
            assert_eq!(asked.path, "/jobs/[redacted 1]?api_key=[redacted 2]&x=1");
            assert_eq!(asked.captures["job"], "[redacted 1]");
        }
        other => panic!("{other:?}"),
    }
    let observed = What::Observed {
        entity: "job".to_owned(),
        id: "tok-en-12345".to_owned(),
        source: "poll GET http://web/".to_owned(),
        set: json!({"password": "pass of another", "seen": ["tok-en-12345", 7]})
            .as_object()
            .cloned()
            .unwrap(),
        event: None,
        since_ns: None,
        rule: None,
    };
    match secrets.redacted(observed) {
        What::Observed { id, set, .. } => {
            assert_eq!(id, "[redacted 1]");
            assert_eq!(
                json!(set),
                json!({"password": "[redacted 3]", "seen": ["[redacted 1]", 7]})
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_body_that_was_cut_in_a_secret_does_not_tell_its_beginning() {
    let secrets = secrets(&[]);
    secrets.learn("correct-horse-battery");
    let begin = "x".repeat(64 * 1024 - 17);
    let mut response = message(&[], &format!("{begin}correct-horse-bat"));
    response.body_bytes = 100_000;
    let (_, response) = both(secrets.redacted(answered(Message::default(), response)));
    assert!(response.body == format!("{begin}[redacted]"));
}

#[test]
fn logs_are_written_by_lines_whatever_the_pieces() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.log");
    let secrets = std::sync::Arc::new(secrets(&[]));
    secrets.learn("correct-horse-battery");
    secrets.begin();
    let mut log = LogWriter::open(&path, Some(secrets.clone())).unwrap();
    let mut expected = Vec::new();
    for piece in [
        "a correct-",
        "horse-battery b\nredis://:p",
        "wd-of-mine@cache\n",
        "late-token-1 \n",
    ] {
        log.write(piece.as_bytes()).unwrap();
    }
    log.write(b"\xff correct-horse-battery\n").unwrap();
    expected.extend_from_slice(
        b"a [redacted 1] b\nredis://:[redacted 2]@cache\nlate-token-1 \n\xff [redacted 1]\n",
    );
    // One line that is longer than what is held, with a secret at each possible place of a cut.
    let long = "x".repeat(300 * 1024) + "correct-horse-battery";
    for piece in long.repeat(3).as_bytes().chunks(1000) {
        log.write(piece).unwrap();
    }
    log.finish().unwrap();
    expected.extend_from_slice(
        ("x".repeat(300 * 1024) + "[redacted 1]")
            .repeat(3)
            .as_bytes(),
    );
    assert!(std::fs::read(&path).unwrap() == expected);
    // What becomes known later is found once more.
    secrets.learn("late-token-1");
    secrets.hide_late(&path).unwrap();
    let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
    assert!(text.contains("\n[redacted 3] \n") && !text.contains("late-token-1"));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
