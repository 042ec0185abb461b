//! What goes over a connection.

use super::*;
use crate::double::serve::accept;
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Serves a double at an address of its own.
async fn serve(double: Arc<Double>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(accept(listener, double));
    address
}

/// All that comes for a request until the connection ends, and how it ends.
async fn raw(address: SocketAddr, request: &str) -> (String, Result<(), std::io::ErrorKind>) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let end = stream.read_to_end(&mut bytes).await;
    let end = end.map(drop).map_err(|error| error.kind());
    (super::super::request::text(&bytes), end)
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: double\r\n\r\n")
}

#[tokio::test]
async fn the_faults_are_what_wiremock_has() {
    let fault = |name: &str| {
        format!(
            "{{\"request\": {{\"url\": \"/{name}\"}}, \"response\": {{\"fault\": \"{name}\"}}}}"
        )
    };
    let all = [
        "EMPTY_RESPONSE",
        "CONNECTION_RESET_BY_PEER",
        "MALFORMED_RESPONSE_CHUNK",
        "RANDOM_DATA_THEN_CLOSE",
    ];
    let text = format!("{{\"mappings\": [{}]}}", all.map(fault).join(","));
    let address = serve(mapping(&text)).await;
    assert_eq!(
        raw(address, &get("/EMPTY_RESPONSE")).await,
        (String::new(), Ok(()))
    );
    let (text, end) = raw(address, &get("/CONNECTION_RESET_BY_PEER")).await;
    assert_eq!(
        (text.as_str(), end),
        ("", Err(std::io::ErrorKind::ConnectionReset))
    );
    let (text, end) = raw(address, &get("/MALFORMED_RESPONSE_CHUNK")).await;
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("HTTP/1.1 200 OK") && head.contains("chunked"),
        "{head}"
    );
    assert!(!body.is_empty() && end.is_ok(), "{body} {end:?}");
    let (text, end) = raw(address, &get("/RANDOM_DATA_THEN_CLOSE")).await;
    assert!(
        !text.is_empty() && !text.contains("HTTP/1") && end.is_ok(),
        "{text} {end:?}"
    );
}

#[tokio::test]
async fn a_fault_spares_what_was_answered_before_it() {
    let text = r#"{"mappings": [
        {"request": {"url": "/a"}, "response": {"body": "whole"}},
        {"request": {"url": "/b"}, "response": {"fault": "EMPTY_RESPONSE"}}]}"#;
    let address = serve(mapping(text)).await;
    let both = format!("{}{}", get("/a"), get("/b"));
    let (text, end) = raw(address, &both).await;
    assert!(text.ends_with("\r\n\r\nwhole"), "{text}");
    assert_eq!(end, Ok(()));
}

#[tokio::test]
async fn a_body_comes_in_pieces_over_its_time() {
    let text = r#"{"request": {}, "response": {"body": "abcdefghij", "statusMessage": "Slowly",
        "chunkedDribbleDelay": {"numberOfChunks": 5, "totalDuration": 250}}}"#;
    let address = serve(mapping(text)).await;
    let began = Instant::now();
    let request = "GET / HTTP/1.1\r\nHost: double\r\nConnection: close\r\n\r\n";
    let (text, _) = raw(address, request).await;
    assert!(
        began.elapsed() >= Duration::from_millis(250),
        "{:?}",
        began.elapsed()
    );
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 Slowly"), "{head}");
    assert_eq!(
        body,
        "2\r\nab\r\n2\r\ncd\r\n2\r\nef\r\n2\r\ngh\r\n2\r\nij\r\n0\r\n\r\n"
    );
}

#[tokio::test]
async fn a_delay_is_waited_for_and_keeps_nobody_else_waiting() {
    let text = r#"{"mappings": [
        {"request": {"url": "/late"}, "response": {"fixedDelayMilliseconds": 300, "body": "late"}},
        {"request": {"url": "/now"}, "response": {"body": "now"}}]}"#;
    let address = serve(mapping(text)).await;
    let began = Instant::now();
    let late = tokio::spawn(async move {
        reqwest::get(format!("http://{address}/late"))
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
    });
    let now = reqwest::get(format!("http://{address}/now"))
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert_eq!(now, "now");
    assert!(!late.is_finished());
    assert_eq!(late.await.unwrap(), "late");
    assert!(began.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn what_it_was_asked_can_be_asked() {
    let text = r#"{"mappings": [
        {"request": {"urlPath": "/a"}, "response": {"status": 202}},
        {"scenarioName": "s", "newScenarioState": "moved", "request": {"url": "/move"}, "response": {}}]}"#;
    let address = serve(mapping(text)).await;
    let client = reqwest::Client::new();
    let url = |path: &str| format!("http://{address}{path}");
    client
        .post(url("/a?x=1"))
        .body("hello")
        .send()
        .await
        .unwrap();
    client.get(url("/no")).send().await.unwrap();
    client.get(url("/move")).send().await.unwrap();
    let ask = async |method: &str, path: &str, body: &str| {
        let request = client
            .request(method.parse().unwrap(), url(path))
            .body(body.to_owned());
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (
            status,
            serde_json::from_str::<serde_json::Value>(&answer.text().await.unwrap())
                .unwrap_or_default(),
        )
    };
    let (_, all) = ask("GET", "/__admin/requests", "").await;
    assert_eq!(all["meta"]["total"], 3);
    assert_eq!(all["requests"][2]["request"]["body"], "hello");
    assert_eq!(all["requests"][2]["response"]["status"], 202);
    let unmatched = ask("GET", "/__admin/requests/unmatched", "").await.1;
    assert_eq!(unmatched["requests"][0]["request"]["url"], "/no");
    let pattern = r#"{"method": "POST", "urlPath": "/a", "bodyPatterns": [{"contains": "ell"}]}"#;
    assert_eq!(
        ask("POST", "/__admin/requests/count", pattern).await.1["count"],
        1
    );
    assert_eq!(
        ask("POST", "/__admin/requests/find", pattern).await.1["requests"][0]["url"],
        "/a?x=1"
    );
    assert_eq!(
        ask("POST", "/__admin/requests/count", "{\"urll\": \"/a\"}")
            .await
            .0,
        422
    );
    assert_eq!(
        ask("GET", "/__admin/mappings", "").await.1["meta"]["total"],
        2
    );
    assert_eq!(
        ask("GET", "/__admin/scenarios", "").await.1["scenarios"][0]["state"],
        "moved"
    );
    assert_eq!(ask("POST", "/__admin/scenarios/reset", "").await.0, 200);
    assert_eq!(
        ask("GET", "/__admin/scenarios", "").await.1["scenarios"][0]["state"],
        "Started"
    );
    assert_eq!(ask("DELETE", "/__admin/requests", "").await.0, 200);
    assert_eq!(
        ask("GET", "/__admin/requests", "").await.1["meta"]["total"],
        0
    );
    assert_eq!(ask("GET", "/__admin/health", "").await.0, 200);
    assert_eq!(ask("GET", "/__admin/nothing", "").await.0, 404);
}

#[tokio::test]
async fn a_webhook_is_called_once_the_answer_is_on_its_way() {
    let target = mapping(r#"{"request": {}, "response": {}}"#);
    let address = serve(target.clone()).await;
    let text = r#"{"request": {"urlPathTemplate": "/do/{what}"}, "response": {"status": 202},
        "serveEventListeners": [{"name": "webhook", "parameters": {"method": "PUT",
            "url": "http://target:8000/done/{{originalRequest.path.what}}", "headers": {"X-Of": "{{originalRequest.method}}"},
            "body": "{{jsonPath originalRequest.body '$.id'}}", "delay": {"type": "fixed", "milliseconds": 20}}}]}"#;
    let folder = folder(&[("mappings/a.json", text)]).unwrap();
    let hosts = [("target:8000".to_owned(), address.to_string())].into();
    let double = Arc::new(Double::new(folder, hosts, Seed(7)));
    assert_eq!(ask(&double, "POST /do/it", "{\"id\": 9}").await.0, 202);
    let deadline = Instant::now() + Duration::from_secs(20);
    while target.journal.all(false).is_empty() && Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let told = target.journal.all(false).remove(0);
    let request = &told["request"];
    assert_eq!(
        (&request["method"], &request["url"], &request["body"]),
        (&"PUT".into(), &"/done/it".into(), &"9".into())
    );
    assert_eq!(request["headers"]["x-of"], "POST");
}
