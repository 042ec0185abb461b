//! Peers that leave, break off, or do not follow the rules.

use super::stage::*;
use crate::gateway::{Command, raw};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const GET: &str = "GET / HTTP/1.1\r\n\r\n";

#[tokio::test]
async fn a_callee_that_breaks_off_resets_the_caller() {
    let mut stage = Stage::new(Some(true)).await;
    for (n, answer) in [
        "",
        "HTTP/1.1 200",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf",
    ]
    .into_iter()
    .enumerate()
    {
        let (mut caller, mut callee) = stage.pair(GET).await;
        callee.says(answer).await;
        drop(callee);
        caller.hears_reset().await;
        let n = n + 1;
        stage
            .expect(&[
                &format!("{n} asked worker GET /"),
                &format!("{n} unanswered"),
                &format!("{n} saw reset"),
            ])
            .await;
    }
    let (mut caller, mut callee) = stage.pair(GET).await;
    let begin = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n";
    callee.says(begin).await;
    caller.hears(begin).await;
    raw::reset(&callee.0);
    drop(callee);
    caller.hears_reset().await;
    stage
        .expect(&["4 asked worker GET /", "4 unanswered", "4 saw reset"])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_service_that_is_down_or_closed_is_unreachable() {
    let mut stage = Stage::new(Some(true)).await;
    let real = stage.real.local_addr().unwrap().ip();
    for (n, address) in [None, Some(own_address())].into_iter().enumerate() {
        stage.place("site", address);
        stage.watch(&[]).await;
        let mut caller = stage.caller().await;
        caller.says(GET).await;
        caller.hears_reset().await;
        let n = n + 1;
        stage
            .expect(&[
                &format!("{n} asked worker GET /"),
                &format!("{n} saw unreachable"),
            ])
            .await;
    }
    stage.place("site", Some(real));
    stage.watch(&[]).await;
    let (_caller, _callee) = stage.pair(GET).await;
    stage.expect(&["3 asked worker GET /"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_service_that_is_about_to_run_is_there_as_soon_as_it_listens() {
    let mut stage = Stage::new(Some(true)).await;
    let soon_at = |address| Command::Place {
        service: "site".into(),
        addresses: vec![address],
        starting: true,
    };
    stage.send(soon_at(own_address()));
    stage.watch(&[]).await;
    let mut caller = stage.caller().await;
    caller.says(GET).await;
    caller.hears_reset().await;
    let down = stage.report().await;
    assert!(format!("{down:?}").contains("Asked"), "{down:?}");
    let down = stage.report().await;
    assert!(format!("{down:?}").contains("`site` is down"), "{down:?}");
    stage.send(soon_at(stage.real.local_addr().unwrap().ip()));
    stage.watch(&[]).await;
    let (_caller, _callee) = stage.pair(GET).await;
    stage.expect(&["2 asked worker GET /"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_connection_to_where_the_service_was_is_not_used_again() {
    let mut stage = Stage::new(Some(true)).await;
    let (mut caller, mut callee) = stage.pair(GET).await;
    callee.says("HTTP/1.1 204 Gone\r\n\r\n").await;
    caller.hears("HTTP/1.1 204 Gone\r\n\r\n").await;
    stage.place("site", None);
    stage
        .expect(&["1 asked worker GET /", "1 answered 204", "1 saw 204, 0"])
        .await;
    stage.watch(&[]).await;
    caller.says(GET).await;
    caller.hears_reset().await;
    stage
        .expect(&["2 asked worker GET /", "2 saw unreachable"])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn what_is_not_http_after_all_is_passed_on() {
    let mut stage = Stage::new(Some(true)).await;
    let odd = "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx";
    let (mut caller, mut callee) = stage.pair(odd).await;
    callee.says("what?").await;
    caller.hears("what?").await;
    drop(callee);
    caller.hears_end().await;
    drop(caller);
    stage
        .expect(&[&format!("stream worker {} 5", odd.len())])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_passed_on() {
    let mut stage = Stage::new(Some(true)).await;
    let (mut caller, mut callee) = stage.pair(GET).await;
    callee.says("+OK\r\n").await;
    caller.hears("+OK\r\n").await;
    stage.expect(&["1 asked worker GET /"]).await;
    drop(callee);
    caller.hears_end().await;
    drop(caller);
    stage
        .expect(&["1 saw 0, 5", "stream worker 0 5 after 1"])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn an_endless_head_is_passed_on() {
    let stage = Stage::new(Some(true)).await;
    let head = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(100_000));
    let (mut caller, mut callee) = stage.pair(&head).await;
    callee.says("HTTP/1.1 414 URI Too Long\r\n\r\n").await;
    caller.hears("HTTP/1.1 414 URI Too Long\r\n\r\n").await;
    stage.end().await;
}

#[tokio::test]
async fn an_early_refusal_reaches_a_caller_that_is_still_sending() {
    let mut stage = Stage::new(Some(true)).await;
    let (mut caller, mut callee) = stage
        .pair("PUT / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n")
        .await;
    let refusal = "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
    callee.says(refusal).await;
    drop(callee);
    stage
        .expect(&["1 asked worker PUT /", "1 answered 413", "1 saw 413, 0"])
        .await;
    caller.0.write_all(&[b'x'; 300_000]).await.unwrap();
    let mut heard = String::new();
    soon(caller.0.read_to_string(&mut heard)).await.unwrap();
    assert_eq!(heard, refusal);
    stage.end().await;
}
