//! Plain HTTP/1 in all its framings.

use super::stage::*;
use crate::gateway::Command;
use crate::gateway::body::RECORDED_BYTES;
use crate::history::Message;
use futures::FutureExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn requests_on_one_connection_share_one_to_the_callee() {
    let mut stage = Stage::new(None).await;
    let get = "GET /jobs?x=1 HTTP/1.1\r\nhOSt: site\r\nX-Odd:  two words \r\n\r\n";
    let (mut caller, mut callee) = stage.pair(get).await;
    callee.says(OK).await;
    caller.hears(OK).await;
    stage
        .expect(&[
            "1 asked worker GET /jobs?x=1",
            "1 answered 200",
            "1 saw 200, 2",
        ])
        .await;

    let post = "POST /jobs/7 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
    caller.says(post).await;
    callee.hears(post).await;
    callee
        .says("HTTP/1.1 404 Not Found\r\nX-A: b\r\nContent-Length: 3\r\n\r\n")
        .await;
    callee.says("no!").await;
    caller
        .hears("HTTP/1.1 404 Not Found\r\nX-A: b\r\nContent-Length: 3\r\n\r\nno!")
        .await;
    stage.expect(&["2 asked worker POST /jobs/7"]).await;
    let answered = stage.answered().await;
    assert_eq!(answered.call.as_deref(), Some(CALL));
    assert_eq!(answered.captures["job"], "7");
    assert_eq!(
        answered.request,
        message(&[("content-length", "5")], "hello")
    );
    assert_eq!(
        answered.response,
        message(&[("x-a", "b"), ("content-length", "3")], "no!")
    );
    stage.expect(&["2 saw 404, 3"]).await;

    drop(caller);
    callee.hears_end().await;
    stage.end().await;
}

fn message(headers: &[(&str, &str)], body: &str) -> Message {
    let headers = headers.iter().map(|(k, v)| (k.to_string(), v.to_string()));
    Message {
        headers: headers.collect(),
        body: body.into(),
        body_bytes: body.len() as u64,
        digest: Some(format!(
            "{:032x}",
            xxhash_rust::xxh3::xxh3_128(body.as_bytes())
        )),
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let mut stage = Stage::new(Some(true)).await;
    let (one, two) = ("GET /1 HTTP/1.1\r\n\r\n", "GET /2 HTTP/1.1\r\n\r\n");
    let mut caller = stage.caller().await;
    caller.says(&format!("{one}{two}")).await;
    let mut callee = stage.callee().await;
    callee.hears(one).await;
    stage.expect(&["1 asked worker GET /1"]).await;
    callee.says(OK).await;
    callee.hears(two).await;
    callee.says(OK).await;
    caller.hears(&format!("{OK}{OK}")).await;
    stage.expect(&["1 answered 200", "1 saw 200, 2"]).await;
    stage
        .expect(&["2 asked worker GET /2", "2 answered 200", "2 saw 200, 2"])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn chunks_pass_as_they_are_both_ways() {
    let mut stage = Stage::new(Some(true)).await;
    let chunks = "3;x=y\r\nabc\r\n00A\r\n0123456789\r\n0\r\nDigest: z\r\n\r\n";
    let request = format!("PUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}");
    let answer = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n{chunks}");
    let (mut caller, mut callee) = stage.pair(&request).await;
    callee.says(&answer).await;
    caller.hears(&answer).await;
    stage.expect(&["1 asked worker PUT /x"]).await;
    let answered = stage.answered().await;
    assert_eq!(answered.request.body, "abc0123456789");
    assert_eq!(answered.response.body, "abc0123456789");
    assert_eq!(answered.response.body_bytes, 13);
    stage.expect(&["1 saw 200, 13"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_stream_of_chunks_flows_before_it_ends() {
    let mut stage = Stage::new(Some(true)).await;
    let (mut caller, mut callee) = stage.pair("GET /events HTTP/1.1\r\n\r\n").await;
    let begin = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n";
    callee.says(begin).await;
    caller.hears(begin).await;
    callee.says("3\r\ntwo\r\n").await;
    caller.hears("3\r\ntwo\r\n").await;
    callee.says("0\r\n\r\n").await;
    caller.hears("0\r\n\r\n").await;
    stage
        .expect(&[
            "1 asked worker GET /events",
            "1 answered 200",
            "1 saw 200, 6",
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn large_bodies_stream_both_ways_at_once() {
    const LENGTH: usize = 5 * 1024 * 1024;
    let mut stage = Stage::new(Some(true)).await;
    let body: Vec<u8> = (0..LENGTH).map(|i| b'a' + (i % 23) as u8).collect();
    let (mut caller, mut callee) = stage
        .pair(&format!(
            "PUT /big HTTP/1.1\r\nContent-Length: {LENGTH}\r\n\r\n"
        ))
        .await;
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n");
    // The callee sends back what it gets while it gets it.
    callee.says(&answer).await;
    let echo = async {
        let (mut read, mut write) = callee.0.split();
        tokio::io::copy(&mut (&mut read).take(LENGTH as u64), &mut write)
            .await
            .unwrap();
    };
    let (mut read, mut write) = caller.0.split();
    let hear = async {
        let mut heard = vec![0; answer.len() + LENGTH];
        read.read_exact(&mut heard).await.unwrap();
        heard
    };
    let (_, heard, said) = soon(async { tokio::join!(echo, hear, write.write_all(&body)) }).await;
    said.unwrap();
    assert!(heard[answer.len()..] == body, "the body has changed");
    stage.expect(&["1 asked worker PUT /big"]).await;
    let answered = stage.answered().await;
    for message in [answered.request, answered.response] {
        assert_eq!(message.body.as_bytes(), &body[..RECORDED_BYTES]);
        assert_eq!(message.body_bytes, LENGTH as u64);
    }
    stage.expect(&[&format!("1 saw 200, {LENGTH}")]).await;
    stage.end().await;
}

#[tokio::test]
async fn an_answer_may_end_with_its_connection() {
    let mut stage = Stage::new(Some(true)).await;
    let (mut caller, mut callee) = stage.pair("GET / HTTP/1.0\r\n\r\n").await;
    let answer = "HTTP/1.0 200 OK\r\n\r\nto the end";
    callee.says(answer).await;
    caller.hears(answer).await;
    stage.expect(&["1 asked worker GET /"]).await;
    drop(callee);
    caller.hears_end().await;
    stage.expect(&["1 answered 200", "1 saw 200, 10"]).await;
    stage.end().await;
}

#[tokio::test]
async fn answers_without_a_body_end_with_their_head() {
    let mut stage = Stage::new(Some(true)).await;
    let head = "HEAD / HTTP/1.1\r\n\r\n";
    let (mut caller, mut callee) = stage.pair(head).await;
    let answers = [
        ("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", head),
        (
            "HTTP/1.1 204 No Content\r\n\r\n",
            "DELETE / HTTP/1.1\r\n\r\n",
        ),
        (
            "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
        ),
    ];
    for (i, (answer, request)) in answers.into_iter().enumerate() {
        if i > 0 {
            caller.says(request).await;
            callee.hears(request).await;
        }
        callee.says(answer).await;
        caller.hears(answer).await;
    }
    stage
        .expect(&["1 asked worker HEAD /", "1 answered 200", "1 saw 200, 0"])
        .await;
    stage
        .expect(&["2 asked worker DELETE /", "2 answered 204", "2 saw 204, 0"])
        .await;
    stage
        .expect(&["3 asked worker GET /", "3 answered 304", "3 saw 304, 0"])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_caller_that_expects_to_be_told_to_continue_is_told_by_the_callee() {
    let mut stage = Stage::new(None).await;
    let head = "PUT /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    let (mut caller, mut callee) = stage.pair(head).await;
    callee.says("HTTP/1.1 100 Continue\r\n\r\n").await;
    caller.hears("HTTP/1.1 100 Continue\r\n\r\n").await;
    caller.says("body").await;
    callee.hears("body").await;
    callee.says(OK).await;
    caller.hears(OK).await;
    stage.expect(&["1 asked worker PUT /x"]).await;
    assert_eq!(stage.answered().await.request.body, "body");
    stage.expect(&["1 saw 200, 2"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_callee_may_answer_before_it_has_the_whole_request() {
    let mut stage = Stage::new(Some(true)).await;
    let (mut caller, mut callee) = stage
        .pair("PUT /x HTTP/1.1\r\nContent-Length: 4\r\n\r\nbo")
        .await;
    callee.says(OK).await;
    caller.hears(OK).await;
    stage
        .expect(&["1 asked worker PUT /x", "1 answered 200", "1 saw 200, 2"])
        .await;
    let next = "GET / HTTP/1.1\r\n\r\n";
    caller.says(&format!("dy{next}")).await;
    callee.hears(&format!("dy{next}")).await;
    callee.says(OK).await;
    caller.hears(OK).await;
    stage
        .expect(&["2 asked worker GET /", "2 answered 200", "2 saw 200, 2"])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn the_last_byte_is_seen_after_the_answer_is_reported() {
    let mut stage = Stage::new(Some(true)).await;
    let mut caller = stage.caller().await;
    let mut callee = None;
    for n in 1..=200 {
        let get = "GET / HTTP/1.1\r\n\r\n";
        caller.says(get).await;
        if callee.is_none() {
            callee = Some(stage.callee().await);
        }
        let callee = callee.as_mut().unwrap();
        callee.hears(get).await;
        // In two pieces: the head alone must not reach the caller either.
        let (head, body) = OK.split_at(OK.len() - 2);
        callee.says(head).await;
        callee.says(body).await;
        soon(caller.0.peek(&mut [0])).await.unwrap();
        let reported: Vec<_> = std::iter::from_fn(|| stage.handle.reports.recv().now_or_never()?)
            .map(|report| format!("{report:?}"))
            .collect();
        assert!(
            reported.iter().any(|r| r.contains("Answered")),
            "{n}: {reported:?}"
        );
        caller.hears(OK).await;
        if reported.len() < 3 {
            stage.expect(&[&format!("{n} saw 200, 2")]).await;
        }
    }
}

#[tokio::test]
async fn an_upgraded_connection_passes_bytes() {
    let mut stage = Stage::new(Some(true)).await;
    let upgrade = "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let (mut caller, mut callee) = stage.pair(upgrade).await;
    let switch = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
    callee.says(&format!("{switch}\x01hi")).await;
    caller.hears(&format!("{switch}\x01hi")).await;
    stage
        .expect(&["1 asked worker GET /ws", "1 answered 101", "1 saw 101, 0"])
        .await;
    caller.says("GET / HTTP/1.1\r\n\r\n").await;
    callee.hears("GET / HTTP/1.1\r\n\r\n").await;
    drop(caller);
    callee.hears_end().await;
    drop(callee);
    stage.expect(&["stream worker 18 3 after 1"]).await;
    stage.end().await;
}

#[tokio::test]
async fn an_upgraded_connection_that_is_open_is_told_as_it_is_and_only_once() {
    let mut stage = Stage::new(Some(true)).await;
    let upgrade = "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let (mut caller, mut callee) = stage.pair(upgrade).await;
    let switch = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
    callee.says(&format!("{switch}\x01hi")).await;
    caller.hears(&format!("{switch}\x01hi")).await;
    stage
        .expect(&["1 asked worker GET /ws", "1 answered 101", "1 saw 101, 0"])
        .await;
    stage.send(Command::Streams);
    stage.expect(&["stream worker 0 3 after 1 so far"]).await;
    // It goes on, and nothing more is said of it.
    caller.says("more").await;
    callee.hears("more").await;
    drop((caller, callee));
    let (mut caller, mut callee) = stage.pair("GET / HTTP/1.1\r\n\r\n").await;
    callee.says(OK).await;
    caller.hears(OK).await;
    stage
        .expect(&["2 asked worker GET /", "2 answered 200", "2 saw 200, 2"])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_connection_that_the_callee_closed_while_idle_is_replaced() {
    let mut stage = Stage::new(Some(true)).await;
    let get = "GET / HTTP/1.1\r\n\r\n";
    let (mut caller, mut callee) = stage.pair(get).await;
    callee.says(OK).await;
    caller.hears(OK).await;
    drop(callee);
    caller.says(get).await;
    let mut callee = stage.callee().await;
    callee.hears(get).await;
    callee.says(OK).await;
    caller.hears(OK).await;
    stage
        .expect(&["1 asked worker GET /", "1 answered 200", "1 saw 200, 2"])
        .await;
    stage
        .expect(&["2 asked worker GET /", "2 answered 200", "2 saw 200, 2"])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_connection_that_is_not_to_persist_is_closed() {
    let mut stage = Stage::new(Some(true)).await;
    let (mut caller, mut callee) = stage
        .pair("GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
        .await;
    callee.says(OK).await;
    caller.hears(OK).await;
    caller.hears_end().await;
    callee.hears_end().await;
    stage
        .expect(&["1 asked worker GET /", "1 answered 200", "1 saw 200, 2"])
        .await;
    stage.end().await;
}
