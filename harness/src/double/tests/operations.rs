//! Operations, on a clock that stands still until everybody waits.

use super::*;
use std::time::Duration;
use tokio::time::{Instant, sleep};

const EXECUTE: &str = r#"{
    "name": "execute",
    "begin": {"method": "POST", "urlPath": "/v1/execute"},
    "id": "{{jsonPath request.body '$.request_id'}}",
    "takes": 200,
    "fails": {"with": "QUOTA_EXCEEDED", "nth": [3]},
    "stalls": {"nth": [5]},
    "began": {"jsonBody": {"name": "{{operation.id}}", "status": "RUNNING"}, "transformers": ["response-template"]},
    "poll": {"method": "GET", "urlPathTemplate": "/v1/executions/{id}"},
    "running": {"body": "{{operation.status}} {{request.path.id}}", "transformers": ["response-template"]},
    "done": {"body": "{{operation.status}} {{operation.executions}} {{jsonPath operation.request.body '$.prompt'}}",
             "transformers": ["response-template"]},
    "failed": {"status": 207, "body": "{{operation.status}} {{operation.error}}", "transformers": ["response-template"]}
}"#;

async fn begin(double: &Arc<Double>, id: &str) -> (u16, String) {
    let body = format!("{{\"request_id\": \"{id}\", \"prompt\": \"p\"}}");
    ask(double, "POST /v1/execute", &body).await
}

async fn poll(double: &Arc<Double>, id: &str) -> (u16, String) {
    ask(double, &format!("GET /v1/executions/{id}"), "").await
}

fn said(status: u16, text: &str) -> (u16, String) {
    (status, text.to_owned())
}

#[tokio::test(start_paused = true)]
async fn one_runs_and_is_done() {
    let double = double(&[("operations/a.json", EXECUTE)]);
    assert_eq!(
        begin(&double, "a").await,
        said(200, r#"{"name":"a","status":"RUNNING"}"#)
    );
    assert_eq!(poll(&double, "a").await, said(200, "RUNNING a"));
    sleep(Duration::from_millis(190)).await;
    assert_eq!(poll(&double, "a").await, said(200, "RUNNING a"));
    sleep(Duration::from_millis(20)).await;
    assert_eq!(poll(&double, "a").await, said(200, "DONE 1 p"));
    let (status, told) = poll(&double, "b").await;
    assert_eq!(status, 404);
    assert!(
        told.contains("no operation `execute` with the id `b`"),
        "{told}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_same_id_is_the_same_operation() {
    let double = double(&[("operations/a.json", EXECUTE)]);
    begin(&double, "a").await;
    assert_eq!(begin(&double, "a").await.1, "RUNNING ");
    sleep(Duration::from_millis(210)).await;
    assert_eq!(begin(&double, "a").await, said(200, "DONE 3 p"));
    // It counts as one, so the next two are the second and the third.
    begin(&double, "b").await;
    begin(&double, "c").await;
    sleep(Duration::from_millis(210)).await;
    assert_eq!(poll(&double, "b").await.1, "DONE 1 p");
    assert_eq!(poll(&double, "c").await, said(207, "FAILED QUOTA_EXCEEDED"));
}

#[tokio::test(start_paused = true)]
async fn one_stalls() {
    let double = double(&[("operations/a.json", EXECUTE)]);
    for id in ["a", "b", "c", "d", "e", "f"] {
        begin(&double, id).await;
    }
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(poll(&double, "e").await, said(200, "RUNNING e"));
    assert_eq!(poll(&double, "f").await, said(200, "DONE 1 p"));
}

#[tokio::test(start_paused = true)]
async fn a_caller_can_be_kept_until_it_is_over() {
    let text = EXECUTE.replace(r#"{"jsonBody": {"name": "{{operation.id}}", "status": "RUNNING"}, "transformers": ["response-template"]}"#, "\"when over\"");
    let double = double(&[("operations/a.json", &text)]);
    let began = Instant::now();
    assert_eq!(begin(&double, "a").await, said(200, "DONE 1 p"));
    assert!(began.elapsed() >= Duration::from_millis(200));
    // A caller that leaves takes nothing with it.
    let left = tokio::time::timeout(Duration::from_millis(50), begin(&double, "b")).await;
    assert!(left.is_err());
    sleep(Duration::from_millis(160)).await;
    assert_eq!(poll(&double, "b").await.1, "DONE 1 p");
}

#[tokio::test(start_paused = true)]
async fn without_an_id_they_are_numbered() {
    let text = r#"{"name": "vm", "begin": {"method": "POST", "url": "/vms"}, "takes": 10,
        "poll": {"urlPath": "/vm", "id": "{{request.query.name}}"},
        "began": {"body": "{{operation.id}}", "transformers": ["response-template"]},
        "running": {"body": "not yet"}, "done": {"body": "there"}}"#;
    let double = double(&[("operations/a.json", text)]);
    assert_eq!(ask(&double, "POST /vms", "").await.1, "1");
    assert_eq!(ask(&double, "POST /vms", "").await.1, "2");
    assert_eq!(ask(&double, "GET /vm?name=2", "").await.1, "not yet");
    sleep(Duration::from_millis(20)).await;
    assert_eq!(ask(&double, "GET /vm?name=2", "").await.1, "there");
    assert_eq!(ask(&double, "GET /vm?name=3", "").await.0, 404);
}

#[tokio::test(start_paused = true)]
async fn a_seed_repeats_which_of_them_fail() {
    let text = EXECUTE
        .replace("\"nth\": [3]", "\"probability\": 0.4")
        .replace("\"nth\": [5]", "\"probability\": 0");
    let fate = async || {
        let double = double(&[("operations/a.json", &*text)]);
        let mut fate = Vec::new();
        for id in 0..30 {
            begin(&double, &id.to_string()).await;
        }
        sleep(Duration::from_secs(1)).await;
        for id in 0..30 {
            fate.push(poll(&double, &id.to_string()).await.0 == 207);
        }
        fate
    };
    let first = fate().await;
    assert_eq!(first, fate().await);
    let failed = first.iter().filter(|failed| **failed).count();
    assert!((4..=22).contains(&failed), "{failed} of 30");
}

#[tokio::test]
async fn a_mapping_with_a_better_priority_comes_first() {
    let refusal = r#"{"priority": 1, "request": {"headers": {"X-Key": {"absent": true}}}, "response": {"status": 401}}"#;
    let double = double(&[("operations/a.json", EXECUTE), ("mappings/a.json", refusal)]);
    assert_eq!(begin(&double, "a").await.0, 401);
    let body = "{\"request_id\": \"a\"}";
    let answer = ask_with(&double, "POST /v1/execute", &[("X-Key", "k")], body).await;
    assert_eq!(answer.0, 200);
    let nameless = ask_with(&double, "POST /v1/execute", &[("X-Key", "k")], "{}").await;
    assert_eq!(nameless.0, 400, "{}", nameless.1);
}
