//! What becomes of whole connections.

use super::peers::*;
use crate::gateway::tests::stage::*;
use crate::gateway::{Action, Command, Moment, Report, Shape};
use crate::history::What;
use bytes::Bytes;
use h2::client;
use std::future::poll_fn;
use tokio::net::TcpStream;

const PREFACE: &str = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// One exchange that nothing stops, with this number.
async fn passes(stage: &mut Stage, client: &Client, server: &mut Server, number: u64) {
    let answer = client.asks(post("/jobs/8"), "").await;
    server.call().await.answers(made(), "made").await;
    assert_eq!(told(answer).await, "201 Created made");
    stage
        .expect(&[
            &format!("{number} asked worker POST /jobs/8"),
            &format!("{number} answered 201"),
            &format!("{number} saw 201, 4"),
        ])
        .await;
}

#[tokio::test]
async fn a_callee_that_does_not_speak_it_says_so_itself() {
    for http in [None, Some(true)] {
        let mut stage = Stage::new(http).await;
        let mut caller = stage.caller().await;
        caller.says(PREFACE).await;
        let mut callee = stage.callee().await;
        callee.hears(PREFACE).await;
        caller.says("more").await;
        callee.says("HTTP/1.1 400 Bad Request\r\n\r\n").await;
        callee.hears("more").await;
        caller.hears("HTTP/1.1 400 Bad Request\r\n\r\n").await;
        drop(callee);
        caller.loses().await;
        drop(caller);
        match stage.report().await {
            Report::Event {
                what:
                    What::Stream {
                        sent_bytes: 28,
                        received_bytes: 28,
                        reason,
                        ..
                    },
            } => assert_eq!(
                reason.as_deref(),
                Some("the callee does not answer in HTTP/2")
            ),
            other => panic!("{other:?}"),
        }
        stage.end().await;
    }
}

#[tokio::test]
async fn a_port_that_speaks_plain_tcp_is_not_looked_into() {
    let mut stage = Stage::new(Some(false)).await;
    let client = Client::connect(stage.front).await;
    let answer = client.asks(post("/jobs/7"), "").await;
    let mut server = Server::accept(&stage).await;
    server.call().await.answers(made(), "made").await;
    assert_eq!(told(answer).await, "201 Created made");
    client.connection.abort();
    drop((client.send, server));
    match stage.report().await {
        Report::Event {
            what: What::Stream { reason: None, .. },
        } => {}
        other => panic!("{other:?}"),
    }
    stage.end().await;
}

#[tokio::test]
async fn a_server_may_say_its_settings_first() {
    let mut stage = Stage::new(None).await;
    let stream = TcpStream::connect(stage.front).await.unwrap();
    let settled = tokio::spawn(h2::server::handshake(stage.callee().await.0));
    // The caller says nothing until the gateway has heard the settings, and does not hear them before it has spoken.
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    let (send, connection) = soon(client::handshake(stream)).await.unwrap();
    let connection = tokio::spawn(connection);
    let client = Client { send, connection };
    let answer = client.asks(post("/jobs/7"), "").await;
    let mut server = soon(settled).await.unwrap().unwrap();
    let (_, mut respond) = soon(server.accept()).await.unwrap().unwrap();
    respond.send_response(made(), true).unwrap();
    tokio::spawn(async move { while server.accept().await.is_some() {} });
    assert_eq!(told(answer).await, "201 Created ");
    stage
        .expect(&[
            "1 asked worker POST /jobs/7",
            "1 answered 201",
            "1 saw 201, 0",
        ])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_port_that_was_heard_to_speak_it_shows_requests_to_a_dead_service() {
    let mut stage = Stage::new(None).await;
    let client = Client::connect(stage.front).await;
    let answer = client.asks(post("/jobs/8"), "").await;
    let mut server = Server::accept(&stage).await;
    server.call().await.answers(made(), "made").await;
    told(answer).await;
    stage
        .expect(&[
            "1 asked worker POST /jobs/8",
            "1 answered 201",
            "1 saw 201, 4",
        ])
        .await;
    stage.place("site", None);
    stage.watch(&[]).await;
    let other = Client::connect(stage.front).await;
    let answer = other.asks(post("/jobs/7"), "").await;
    assert_eq!(told(answer).await, "disconnected");
    assert!(other.ends().await.unwrap_err().is_io());
    stage
        .expect(&["2 asked worker POST /jobs/7", "2 saw unreachable"])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_callee_that_dies_takes_the_caller_s_connection_along() {
    let mut stage = Stage::new(None).await;
    let client = Client::connect(stage.front).await;
    let answer = client.asks(post("/jobs/7"), "").await;
    let mut server = Server::accept(&stage).await;
    let call = server.call().await;
    stage.expect(&["1 asked worker POST /jobs/7"]).await;
    drop(call);
    server.dies().await;
    assert_eq!(told(answer).await, "disconnected");
    assert!(client.ends().await.unwrap_err().is_io());
    stage.expect(&["1 unanswered", "1 saw reset"]).await;
    stage.end().await;
}

#[tokio::test]
async fn an_answer_that_is_held_while_its_callee_dies_arrives_all_the_same() {
    let mut stage = Stage::new(None).await;
    stage.watch(&[Moment::Answer]).await;
    let client = Client::connect(stage.front).await;
    let held = client.asks(post("/jobs/7"), "").await;
    let mut server = Server::accept(&stage).await;
    server.call().await.answers(made(), "made").await;
    stage
        .expect(&["1 asked worker POST /jobs/7", "1 answered 201"])
        .await;
    let ask = stage.ask().await;
    let lost = client.asks(post("/other"), "").await;
    let call = server.call().await;
    stage.expect(&["2 asked worker POST /other"]).await;
    drop(call.request);
    server.dies().await;
    assert_eq!(told(lost).await, "reset");
    stage.expect(&["2 unanswered", "2 saw reset"]).await;
    stage.act(ask, Action::Pass);
    assert_eq!(told(held).await, "201 Created made");
    stage.expect(&["1 saw 201, 4"]).await;
    client.ends().await.unwrap();
    stage.end().await;
}

#[tokio::test]
async fn a_callee_s_goodbye_reaches_the_caller_once_its_streams_have_ended() {
    let mut stage = Stage::new(None).await;
    let client = Client::connect(stage.front).await;
    let answer = client.asks(post("/jobs/7"), "").await;
    let mut server = Server::accept(&stage).await;
    let call = server.call().await;
    server.leave.send(()).unwrap();
    call.answers(made(), "made").await;
    assert_eq!(told(answer).await, "201 Created made");
    stage
        .expect(&[
            "1 asked worker POST /jobs/7",
            "1 answered 201",
            "1 saw 201, 4",
        ])
        .await;
    server.ends().await.unwrap();
    // The caller closes because it was told to, not because nobody uses the connection.
    let Client { send, connection } = client;
    soon(connection).await.unwrap().unwrap();
    drop(send);
    stage.end().await;
}

#[tokio::test]
async fn a_caller_that_dies_leaves_all_its_streams() {
    let mut stage = Stage::new(None).await;
    let client = Client::connect(stage.front).await;
    let _first = client.asks(post("/jobs/7"), "").await;
    let (_second, _to) = client.begins(post("/jobs/8"), false).await;
    let mut server = Server::accept(&stage).await;
    let _calls = (server.call().await, server.call().await);
    stage
        .expect(&["1 asked worker POST /jobs/7", "2 asked worker POST /jobs/8"])
        .await;
    client.connection.abort();
    let mut left = Vec::new();
    for _ in 0..4 {
        match stage.report().await {
            Report::Event {
                what: What::Delivered { exchange, seen, .. },
            } => left.push((exchange, format!("{seen:?}"))),
            Report::Event {
                what: What::Unanswered { exchange },
            } => left.push((exchange, "Unanswered".to_owned())),
            other => panic!("{other:?}"),
        }
    }
    left.sort();
    let both = |exchange| ["Left", "Unanswered"].map(|said| (exchange, said.to_owned()));
    assert_eq!(left, [both(1), both(2)].concat());
    stage.end().await;
}

#[tokio::test]
async fn a_link_that_resets_is_felt_as_a_reset() {
    let mut stage = Stage::new(None).await;
    let client = Client::connect(stage.front).await;
    let answer = client.asks(post("/jobs/7"), "").await;
    let mut server = Server::accept(&stage).await;
    let _call = server.call().await;
    stage.expect(&["1 asked worker POST /jobs/7"]).await;
    stage.send(Command::Shape {
        number: 1,
        client: "worker".into(),
        service: "site".into(),
        shape: Some(Shape::ResetAfter { bytes: 10 }),
        seed: 1,
    });
    stage.send(Command::Sync { number: 1 });
    assert_eq!(stage.report().await, Report::Synced { number: 1 });
    // Its head alone is longer than that.
    let _other = client.asks(post("/jobs/8"), "").await;
    assert_eq!(told(answer).await, "disconnected");
    assert_eq!(stage.report().await, Report::Felt { shape: 1 });
    stage.expect(&["1 unanswered", "1 saw reset"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_body_of_any_size_passes_and_waits_for_who_takes_it() {
    const PIECE: usize = 16 * 1024;
    const PIECES: usize = 1024;
    /// The windows of both sides and what the sockets hold lie far below.
    const AT_MOST: usize = 4 * 1024 * 1024;
    let mut stage = Stage::new(None).await;
    let client = Client::roomy(stage.front).await;
    let answer = client.asks(post("/jobs/7"), "").await;
    let mut server = Server::accept(&stage).await;
    let mut call = server.call().await;
    let mut to = call.respond.send_response(made(), false).unwrap();
    let mut answer = soon(answer).await.unwrap().into_body();
    stage.expect(&["1 asked worker POST /jobs/7"]).await;
    let sent = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = sent.clone();
    let sending = tokio::spawn(async move {
        for number in 0..PIECES {
            let mut piece = Bytes::from(vec![number as u8; PIECE]);
            while !piece.is_empty() {
                to.reserve_capacity(piece.len());
                let room = match to.capacity() {
                    0 => poll_fn(|cx| to.poll_capacity(cx)).await.unwrap().unwrap(),
                    room => room,
                };
                let now = piece.split_to(room.min(piece.len()));
                counted.fetch_add(now.len(), std::sync::atomic::Ordering::Relaxed);
                let last = piece.is_empty() && number + 1 == PIECES;
                to.send_data(now, last).unwrap();
            }
        }
    });
    // While nobody takes it, the connection serves others.
    for number in 2..50 {
        passes(&mut stage, &client, &mut server, number).await;
    }
    let waits = sent.load(std::sync::atomic::Ordering::Relaxed);
    assert!(waits <= AT_MOST, "{waits}");
    let mut length = 0;
    while let Some(piece) = soon(answer.data()).await {
        let piece = piece.unwrap();
        for (at, byte) in piece.iter().enumerate() {
            assert_eq!(*byte, ((length + at) / PIECE) as u8);
        }
        length += piece.len();
        answer.flow_control().release_capacity(piece.len()).unwrap();
    }
    assert_eq!(length, PIECE * PIECES);
    sending.await.unwrap();
    let seen = format!("1 saw 201, {length}");
    stage.expect(&["1 answered 201", &seen]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_prober_s_and_an_observer_s_connections_leave_no_trace() {
    let stage = Stage::with(
        crate::gateway::local(),
        None,
        Some(crate::gateway::OBSERVER),
    )
    .await;
    let mut stage = stage;
    let client = Client::connect(stage.front).await;
    let answer = client.asks(post("/jobs/7"), "").await;
    let mut server = Server::accept(&stage).await;
    server.call().await.answers(made(), "made").await;
    assert_eq!(told(answer).await, "201 Created made");
    stage.send(Command::Sync { number: 1 });
    assert_eq!(stage.report().await, Report::Synced { number: 1 });
    stage.end().await;
}
