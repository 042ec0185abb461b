//! What a mapping answers.

use super::*;
use crate::double::answer::{Dribble, Fault};
use std::time::Duration;

async fn act(response: &str) -> crate::double::play::Act {
    let files = [
        (
            "mappings/a.json",
            &*format!("{{\"request\": {{}}, \"response\": {response}}}"),
        ),
        ("__files/bodies/b.txt", "from a file"),
        ("__files/x.txt", "{{request.path}} from a file"),
    ];
    // A file that a request names is read when it comes.
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let read = Folder::read(folder.path()).unwrap_or_else(|problems| panic!("{problems}"));
    let double = Arc::new(Double::new(read, Default::default(), Seed(7)));
    double.act(&request("GET /x", &[], "")).await
}

async fn reply(response: &str) -> (u16, Option<String>, Vec<String>, String) {
    let Seen::Reply(reply, _) = act(response).await.seen else {
        panic!("a fault");
    };
    let headers = reply.headers.iter();
    let headers = headers
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    (
        reply.status.as_u16(),
        reply.reason,
        headers,
        crate::double::request::text(&reply.body),
    )
}

#[tokio::test]
async fn status_headers_and_bodies() {
    let (status, reason, headers, body) = reply(r#"{"status": 503, "statusMessage": "Gone fishing", "body": "x",
        "headers": {"Content-Type": "text/x", "Set-Cookie": ["a=1", "b=2"], "X-Count": 3, "Content-Length": "99"}}"#)
    .await;
    assert_eq!(
        (status, reason.as_deref(), body.as_str()),
        (503, Some("Gone fishing"), "x")
    );
    assert_eq!(
        headers,
        [
            "content-type: text/x",
            "set-cookie: a=1",
            "set-cookie: b=2",
            "x-count: 3"
        ]
    );
    assert_eq!(reply("{}").await, (200, None, vec![], String::new()));
    let (_, _, headers, body) = reply(r#"{"jsonBody": {"z": [1, {"a": "{{x}}"}]}}"#).await;
    assert_eq!(
        (headers, body.as_str()),
        (
            vec!["content-type: application/json".to_owned()],
            r#"{"z":[1,{"a":"{{x}}"}]}"#
        )
    );
    assert_eq!(reply(r#"{"base64Body": "aGk="}"#).await.3, "hi");
    assert_eq!(
        reply(r#"{"bodyFileName": "bodies/b.txt"}"#).await.3,
        "from a file"
    );
}

#[tokio::test]
async fn a_request_can_name_the_file() {
    let named = r#"{"bodyFileName": "{{request.path.[0]}}.txt""#;
    let filled = format!("{named}, \"transformers\": [\"response-template\"]}}");
    assert_eq!(reply(&filled).await.3, "/x from a file");
    let plain = format!("{named}}}");
    assert_eq!(reply(&plain).await.3, "{{request.path}} from a file");
    for name in [
        "../mappings/a.json",
        "y{{request.path}}",
        "{{request.path}}/../../b",
    ] {
        let text = format!("{{\"bodyFileName\": \"{name}{{{{x}}}}\"}}");
        let (status, _, _, told) = reply(&text).await;
        assert_eq!(status, 500, "{name}: {told}");
    }
}

#[tokio::test]
async fn delays_and_faults() {
    let wait = async |text: &str| act(text).await.wait.as_millis();
    assert_eq!(wait(r#"{"fixedDelayMilliseconds": 70}"#).await, 70);
    assert_eq!(wait(r#"{"delayDistribution": {"type": "fixed", "milliseconds": 30}, "fixedDelayMilliseconds": 5}"#).await, 35);
    let uniform =
        wait(r#"{"delayDistribution": {"type": "uniform", "lower": 15, "upper": 25}}"#).await;
    assert!((15..=25).contains(&uniform), "{uniform}");
    let lognormal = wait(r#"{"delayDistribution": {"type": "lognormal", "median": 80, "sigma": 0.4, "maxValue": 90}}"#).await;
    assert!((1..=90).contains(&lognormal), "{lognormal}");
    let act = act(
        r#"{"body": "x", "chunkedDribbleDelay": {"numberOfChunks": 5, "totalDuration": 1000}}"#,
    )
    .await;
    let Seen::Reply(_, Some(dribble)) = act.seen else {
        panic!("{act:?}");
    };
    assert_eq!(
        dribble,
        Dribble {
            pieces: 5,
            takes: Duration::from_secs(1)
        }
    );
    for (name, fault) in [
        ("EMPTY_RESPONSE", Fault::Empty),
        ("MALFORMED_RESPONSE_CHUNK", Fault::Malformed),
        ("RANDOM_DATA_THEN_CLOSE", Fault::Garbage),
        ("CONNECTION_RESET_BY_PEER", Fault::Reset),
    ] {
        let act = self::act(&format!("{{\"fault\": \"{name}\"}}")).await;
        assert!(
            matches!(act.seen, Seen::Fault(found) if found == fault),
            "{name}: {act:?}"
        );
    }
}

#[test]
fn a_lognormal_delay_has_its_median_in_the_middle() {
    use crate::double::delay::Delay;
    let delay = Delay::Lognormal {
        median_ms: 80.0,
        sigma: 0.4,
        most_ms: 1e9,
    };
    let mut random = Seed(1).rng("delay");
    let mut drawn: Vec<f64> = (0..2001)
        .map(|_| delay.draw(&mut random).as_secs_f64() * 1000.0)
        .collect();
    drawn.sort_by(f64::total_cmp);
    assert!((75.0..85.0).contains(&drawn[1000]), "{}", drawn[1000]);
    // The quantile of one deviation: 80 * e^0.4 is 119.
    assert!((110.0..130.0).contains(&drawn[1682]), "{}", drawn[1682]);
}
