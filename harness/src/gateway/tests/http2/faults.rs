//! Stopped streams: what the caller saw, what the callee saw, and every event.

use super::peers::*;
use crate::gateway::tests::stage::*;
use crate::gateway::{Action, Alteration, Command, Moment};
use bytes::Bytes;
use h2::Reason;
use h2::client::ResponseFuture;
use http::Response;
use std::net::Shutdown;
use std::os::fd::AsFd;
use tokio::net::TcpStream;

const ASKED: &str = "1 asked worker POST /jobs/7";

fn refusal() -> Action {
    Action::Answer {
        status: 503,
        content_type: Some("text/plain".into()),
        body: "not now".into(),
    }
}

/// A caller whose request is stopped; nobody has called the callee.
async fn stopped_request() -> (Stage, Client, ResponseFuture, u64) {
    let mut stage = Stage::new(Some(true)).await;
    // The callee is known to speak HTTP/2, so nobody has to ask it first.
    let client = Client::connect(stage.front).await;
    drop(client.asks(post("/first"), "").await);
    let server = Server::accept(&stage).await;
    stage
        .expect(&["1 asked worker POST /first", "1 left"])
        .await;
    drop(client);
    drop(server);
    stage.watch(&[Moment::Request]).await;
    let client = Client::connect(stage.front).await;
    let answer = client.asks(post("/jobs/7"), "hello").await;
    stage.expect(&["2 asked worker POST /jobs/7"]).await;
    let ask = stage.ask().await;
    (stage, client, answer, ask)
}

/// A caller whose answer is held back.
async fn stopped_answer(
    head: Response<()>,
    body: &'static str,
) -> (Stage, Client, Server, ResponseFuture, u64) {
    let mut stage = Stage::new(Some(true)).await;
    let client = Client::connect(stage.front).await;
    let (server, answer, ask) = hold(&mut stage, &client, head, body).await;
    (stage, client, server, answer, ask)
}

/// Holds back the answer to a caller's first request.
async fn hold(
    stage: &mut Stage,
    client: &Client,
    head: Response<()>,
    body: &'static str,
) -> (Server, ResponseFuture, u64) {
    stage.watch(&[Moment::Answer]).await;
    let answer = client.asks(post("/jobs/7"), "hello").await;
    let mut server = Server::accept(stage).await;
    let mut call = server.call().await;
    let mut to = call.respond.send_response(head, false).unwrap();
    to.send_data(Bytes::from_static(body.as_bytes()), false)
        .unwrap();
    to.send_trailers(headers(&[("grpc-status", "0")])).unwrap();
    assert_eq!(request_heard(call.request).await.unwrap().body, b"hello");
    stage.expect(&[ASKED, "1 answered 201"]).await;
    let ask = stage.ask().await;
    (server, answer, ask)
}

/// Another stream of the same connection, whose request has this number, is not concerned.
async fn another_passes(stage: &mut Stage, client: &Client, server: &mut Server, number: u64) {
    let answer = client.asks(post("/other"), "").await;
    server.call().await.answers(made(), "made").await;
    assert_eq!(told(answer).await, "201 Created made");
    stage
        .expect(&[
            &format!("{number} asked worker POST /other"),
            &format!("{number} answered 201"),
            &format!("{number} saw 201, 4"),
        ])
        .await;
}

/// The callee has had no call before this one, which does not need to wait.
async fn another_is_the_first(stage: &mut Stage, client: &Client) -> Server {
    stage.watch(&[]).await;
    let answer = client.asks(post("/jobs/7"), "").await;
    let mut server = Server::accept(stage).await;
    server.call().await.answers(made(), "made").await;
    assert_eq!(told(answer).await, "201 Created made");
    stage
        .expect(&[
            "3 asked worker POST /jobs/7",
            "3 answered 201",
            "3 saw 201, 4",
        ])
        .await;
    server
}

#[tokio::test]
async fn a_stopped_request_may_pass() {
    let (mut stage, _client, answer, ask) = stopped_request().await;
    stage.act(ask, Action::Pass);
    let mut server = Server::accept(&stage).await;
    let heard = server.call().await.answers(made(), "made").await;
    assert_eq!(heard.body, b"hello");
    assert_eq!(told(answer).await, "201 Created made");
    stage.expect(&["2 answered 201", "2 saw 201, 4"]).await;
    stage.end().await;
}

#[tokio::test]
async fn an_answer_is_given_in_the_callee_s_place_and_the_connection_lives_on() {
    let (mut stage, client, answer, ask) = stopped_request().await;
    stage.act(ask, refusal());
    let heard = answer_heard(answer).await.unwrap();
    let expected = [
        ("content-length".to_owned(), b"7".to_vec()),
        ("content-type".to_owned(), b"text/plain".to_vec()),
    ];
    assert_eq!(heard.head, "503 Service Unavailable");
    assert_eq!(
        (&heard.headers[..], &heard.body[..]),
        (&expected[..], &b"not now"[..])
    );
    stage.expect(&["2 saw 503, 7: not now"]).await;
    another_is_the_first(&mut stage, &client).await;
    stage.end().await;
}

#[tokio::test]
async fn a_request_is_refused_on_its_stream_alone() {
    let (mut stage, client, answer, ask) = stopped_request().await;
    stage.act(ask, Action::Reset);
    assert_eq!(told(answer).await, "refused");
    stage.expect(&["2 saw reset"]).await;
    another_is_the_first(&mut stage, &client).await;
    stage.end().await;
}

#[tokio::test]
async fn a_hang_ends_when_it_is_released_and_stops_nobody_else() {
    let (mut stage, client, answer, ask) = stopped_request().await;
    stage.act(ask, Action::Hang);
    let mut server = another_is_the_first(&mut stage, &client).await;
    another_passes(&mut stage, &client, &mut server, 4).await;
    stage.send(Command::Release { exchanges: None });
    assert_eq!(told(answer).await, "reset");
    stage.expect(&["2 saw reset"]).await;
    another_passes(&mut stage, &client, &mut server, 5).await;
    stage.end().await;
}

#[tokio::test]
async fn a_caller_may_leave_a_hang_by_its_stream_or_by_its_connection() {
    for whole in [false, true] {
        let (mut stage, client, answer, ask) = stopped_request().await;
        stage.act(ask, Action::Hang);
        if whole {
            client.connection.abort();
        } else {
            drop(answer);
        }
        stage.expect(&["2 left"]).await;
        stage.end().await;
    }
}

#[tokio::test]
async fn a_held_answer_passes_unchanged_and_only_then() {
    let (mut stage, client, mut server, answer, ask) = stopped_answer(made(), "made").await;
    another_passes(&mut stage, &client, &mut server, 2).await;
    stage.act(ask, Action::Pass);
    let heard = answer_heard(answer).await.unwrap();
    assert_eq!((&heard.body[..], heard.trailers.len()), (&b"made"[..], 1));
    stage.expect(&["1 saw 201, 4"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_held_answer_is_lost_on_its_stream_alone() {
    let (mut stage, client, mut server, answer, ask) = stopped_answer(made(), "made").await;
    stage.act(ask, Action::Reset);
    assert_eq!(told(answer).await, "reset");
    stage.expect(&["1 saw reset"]).await;
    another_passes(&mut stage, &client, &mut server, 2).await;
    stage.end().await;
}

#[tokio::test]
async fn a_held_answer_never_arrives() {
    let (mut stage, client, mut server, answer, ask) = stopped_answer(made(), "made").await;
    stage.act(ask, Action::Hang);
    another_passes(&mut stage, &client, &mut server, 2).await;
    stage.send(Command::Release { exchanges: None });
    assert_eq!(told(answer).await, "reset");
    stage.expect(&["1 saw reset"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_held_answer_gets_another_body_and_keeps_its_trailers() {
    let set = Alteration::Set {
        values: vec![("id".to_owned(), 8.into())],
    };
    let cases = [
        (set, "{\"id\":8}", "1 saw 201, 8, altered: {\"id\":8}"),
        (
            Alteration::Malformed,
            "{\"id\n{\"",
            "1 saw 201, 7, altered: {\"id\n{\"",
        ),
        (Alteration::Empty, "", "1 saw 201, 0, altered: "),
    ];
    for (body, expected, seen) in cases {
        for length in [None, Some("8")] {
            let mut head = made();
            if let Some(length) = length {
                head.headers_mut()
                    .insert("content-length", length.parse().unwrap());
            }
            let (mut stage, client, mut server, answer, ask) =
                stopped_answer(head, "{\"id\":7}").await;
            let body = body.clone();
            stage.act(ask, Action::Alter { body });
            let heard = answer_heard(answer).await.unwrap();
            assert_eq!(String::from_utf8_lossy(&heard.body), expected);
            assert_eq!(heard.trailers.len(), 1);
            let declared = heard.headers.iter().find(|(n, _)| n == "content-length");
            let declared = declared.map(|(_, v)| String::from_utf8_lossy(v).into_owned());
            assert_eq!(declared, length.map(|_| expected.len().to_string()));
            stage.expect(&[seen]).await;
            another_passes(&mut stage, &client, &mut server, 2).await;
            stage.end().await;
        }
    }
}

#[tokio::test]
async fn a_held_answer_is_cut_on_its_stream_alone() {
    for after_bytes in [0, 3] {
        let (mut stage, client, mut server, answer, ask) = stopped_answer(made(), "made").await;
        let body = Alteration::Cut { after_bytes };
        stage.act(ask, Action::Alter { body });
        let (head, body) = soon(answer).await.unwrap().into_parts();
        assert_eq!(head.status, 201);
        let mut heard = Heard::default();
        let error = body_heard(body, &mut heard).await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::INTERNAL_ERROR));
        assert_eq!(heard.body, b"made"[..after_bytes as usize]);
        let arrived = &"made"[..after_bytes as usize];
        let seen = format!("1 cut 201, {after_bytes}: {arrived}");
        stage.expect(&[&seen]).await;
        another_passes(&mut stage, &client, &mut server, 2).await;
        stage.end().await;
    }
}

#[tokio::test]
async fn a_request_is_delayed() {
    let (mut stage, _client, answer, ask) = stopped_request().await;
    let begun = std::time::Instant::now();
    stage.act(ask, late(100, Action::Pass));
    let mut server = Server::accept(&stage).await;
    assert!(begun.elapsed() >= std::time::Duration::from_millis(100));
    server.call().await.answers(made(), "made").await;
    assert_eq!(told(answer).await, "201 Created made");
    stage.expect(&["2 answered 201", "2 saw 201, 4"]).await;
    // One that waits for an hour goes on when it is released.
    let (mut stage, _client, answer, ask) = stopped_request().await;
    stage.act(ask, late(3_600_000, Action::Pass));
    stage.watch(&[]).await;
    stage.send(Command::Release { exchanges: None });
    let mut server = Server::accept(&stage).await;
    server.call().await.answers(made(), "made").await;
    assert_eq!(told(answer).await, "201 Created made");
    stage.expect(&["2 answered 201", "2 saw 201, 4"]).await;
    // What is done with it then comes as late.
    let (mut stage, _client, answer, ask) = stopped_request().await;
    let begun = std::time::Instant::now();
    stage.act(ask, late(100, refusal()));
    assert_eq!(told(answer).await, "503 Service Unavailable not now");
    assert!(begun.elapsed() >= std::time::Duration::from_millis(100));
    stage.expect(&["2 saw 503, 7: not now"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_request_is_delivered_twice() {
    let (mut stage, _client, answer, ask) = stopped_request().await;
    stage.act(ask, Action::Twice);
    stage.expect(&["3 asked worker POST /jobs/7"]).await;
    let mut server = Server::accept(&stage).await;
    let conflict = Response::builder().status(409).body(()).unwrap();
    let copy = server.call().await.answers(conflict, "no").await;
    stage.expect(&["3 answered 409", "3 was a copy"]).await;
    let original = server.call().await.answers(made(), "made").await;
    assert_eq!(original, copy);
    assert_eq!(told(answer).await, "201 Created made");
    stage
        .expect(&["2 answered 201", "2 saw 201, 4, altered: made"])
        .await;
    // A copy that gets no answer is no second delivery.
    let (mut stage, _client, answer, ask) = stopped_request().await;
    stage.act(ask, Action::Twice);
    stage.expect(&["3 asked worker POST /jobs/7"]).await;
    let mut server = Server::accept(&stage).await;
    server.call().await.respond.send_reset(Reason::CANCEL);
    stage.expect(&["3 unanswered", "3 saw unreachable"]).await;
    server.call().await.answers(made(), "made").await;
    assert_eq!(told(answer).await, "201 Created made");
    stage.expect(&["2 answered 201", "2 saw 201, 4"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_caller_is_known_to_be_dead_even_when_the_decision_follows_at_once() {
    for _ in 0..50 {
        let mut stage = Stage::new(Some(true)).await;
        let stream = TcpStream::connect(stage.front).await.unwrap();
        let socket = std::net::TcpStream::from(stream.as_fd().try_clone_to_owned().unwrap());
        let client = Client::on(stream, &h2::client::Builder::new()).await;
        let (_server, _answer, ask) = hold(&mut stage, &client, made(), "made").await;
        // No await between the two: the gateway's task may hear of the decision first.
        socket.shutdown(Shutdown::Both).unwrap();
        stage.act(ask, Action::Pass);
        stage.expect(&["1 left"]).await;
        stage.end().await;
    }
}
