//! Whatever is not HTTP, and who is connected.

use super::stage::*;
use crate::gateway::{Command, OBSERVER, PROBER, Report, local, local_with, raw};
use tokio::io::AsyncWriteExt;

#[tokio::test]
async fn a_server_that_speaks_first_is_heard_at_once() {
    let mut stage = Stage::new(None).await;
    let mut caller = stage.caller().await;
    let mut callee = stage.callee().await;
    callee.says("220 welcome\r\n").await;
    caller.hears("220 welcome\r\n").await;
    caller.says("GET / HTTP/1.1\r\n\r\n").await;
    callee.hears("GET / HTTP/1.1\r\n\r\n").await;
    drop(caller);
    callee.hears_end().await;
    drop(callee);
    stage.expect(&["stream worker 18 13"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_client_that_speaks_first_is_passed_on_with_half_closes() {
    let mut stage = Stage::new(None).await;
    let (mut caller, mut callee) = stage.pair("PRI * HTTP/2.1\r\n\r\nSM\r\n\r\n").await;
    caller.0.shutdown().await.unwrap();
    callee.hears_end().await;
    callee.says("still here").await;
    caller.hears("still here").await;
    drop(callee);
    caller.hears_end().await;
    stage.expect(&["stream worker 24 10"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_reset_passes_both_ways() {
    let mut stage = Stage::new(Some(false)).await;
    let (mut caller, callee) = stage.pair("GET").await;
    raw::reset(&callee.0);
    drop(callee);
    caller.hears_reset().await;
    stage.expect(&["stream worker 3 0"]).await;
    let (caller, mut callee) = stage.pair("GET").await;
    raw::reset(&caller.0);
    drop(caller);
    callee.hears_reset().await;
    stage.expect(&["stream worker 3 0"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_port_that_was_heard_to_speak_http_shows_requests_to_a_dead_service() {
    let mut stage = Stage::new(None).await;
    let get = "GET / HTTP/1.1\r\n\r\n";
    let (caller, mut callee) = stage.pair(get).await;
    drop(caller);
    callee.loses().await;
    drop(callee);
    stage
        .expect(&["1 asked worker GET /", "1 unanswered", "1 left"])
        .await;
    stage.place("site", None);
    stage.watch(&[]).await;
    let mut caller = stage.caller().await;
    caller.says(get).await;
    caller.hears_reset().await;
    stage
        .expect(&["2 asked worker GET /", "2 saw unreachable"])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_connection_whose_callee_was_not_there_is_not_passed_on_unseen_when_it_is() {
    let mut stage = Stage::new(None).await;
    let (gone, there) = (own_address(), stage.real.local_addr().unwrap().ip());
    let place = |address| Command::Place {
        service: "site".into(),
        addresses: vec![address],
        starting: false,
    };
    stage.send(place(gone));
    stage.watch(&[]).await;
    let get = "GET / HTTP/1.1\r\n\r\n";
    let mut caller = stage.caller().await;
    caller.hears_reset().await;
    stage.expect(&["stream worker 0 0"]).await;
    stage.send(place(there));
    stage.watch(&[]).await;
    let (mut caller, mut callee) = stage.pair(get).await;
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    callee.says(answer).await;
    caller.hears(answer).await;
    stage
        .expect(&["1 asked worker GET /", "1 answered 200", "1 saw 200, 0"])
        .await;
    drop(caller);
    callee.hears_end().await;
    stage.end().await;
}

#[tokio::test]
async fn an_observer_leaves_no_trace() {
    let stage = Stage::with(local(), Some(true), Some(OBSERVER)).await;
    let (mut caller, mut callee) = stage.pair("POST /jobs/7 HTTP/1.1\r\n\r\n").await;
    callee
        .says("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .await;
    caller
        .hears("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .await;
    drop(caller);
    callee.hears_end().await;
    stage.end().await;
}

#[tokio::test]
async fn a_client_is_known_by_its_address_once_that_is_placed() {
    let mut stage = Stage::with(local(), Some(true), None).await;
    let from = own_address();
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((from, 0).into()).unwrap();
    let mut caller = Peer(soon(socket.connect(stage.front)).await.unwrap());
    let get = "GET / HTTP/1.1\r\n\r\n";
    caller.says(get).await;
    // Another client that is placed already is not held up by the one that is not.
    let other = own_address();
    stage.place("portal", Some(other));
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind((other, 0).into()).unwrap();
    let mut portal = Peer(soon(socket.connect(stage.front)).await.unwrap());
    portal.says(get).await;
    stage.expect(&["1 asked portal GET /"]).await;
    stage.place("worker", Some(from));
    stage.expect(&["2 asked worker GET /"]).await;
    stage.end().await;
}

#[tokio::test]
async fn which_of_several_instances_is_met_is_told_once() {
    let mut stage = Stage::new(Some(false)).await;
    let (real, second) = (stage.real.local_addr().unwrap().ip(), own_address());
    stage.send(Command::Place {
        service: "site".into(),
        addresses: vec![real, second],
        starting: false,
    });
    stage.watch(&[]).await;
    let met = |address, connects| Report::Met { address, connects };
    let (caller, mut callee) = stage.pair("hello").await;
    assert_eq!(stage.report().await, met(real, false));
    drop(caller);
    callee.hears_end().await;
    drop(callee);
    stage.expect(&["stream worker 5 0"]).await;
    // Nobody is at the other one's place.
    stage.caller().await.hears_reset().await;
    stage.expect(&["stream worker 0 0"]).await;
    let (caller, mut callee) = stage.pair("again").await;
    drop(caller);
    callee.hears_end().await;
    drop(callee);
    stage.expect(&["stream worker 5 0"]).await;
    // Who connects here is known to be that one.
    let front = own_address();
    stage.send(Command::Listen {
        address: front,
        port: stage.front.port(),
        service: "site".into(),
        client: Some("worker".into()),
        instance: Some(second),
        speaks: None,
    });
    let listening = stage.report().await;
    assert!(matches!(listening, Report::Listening { error: None, .. }));
    stage.place("site", Some(second));
    stage.watch(&[]).await;
    for first in [true, false] {
        let caller = tokio::net::TcpStream::connect((front, stage.front.port()));
        let mut caller = Peer(soon(caller).await.unwrap());
        if first {
            assert_eq!(stage.report().await, met(second, true));
        }
        caller.hears_reset().await;
        stage.expect(&["stream worker 0 0"]).await;
    }
    stage.end().await;
}

#[tokio::test]
async fn a_prober_is_told_whether_the_service_accepts_connections() {
    let stage = Stage::with(local(), None, Some(PROBER)).await;
    stage.caller().await.hears("+").await;
    stage.place("site", None);
    stage.caller().await.hears_reset().await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_for_a_gateway_is_let_go_after_its_last_listener() {
    for _ in 0..20 {
        let (kept, mut let_go) = tokio::sync::mpsc::channel::<()>(1);
        let mut handle = local_with(kept);
        let ports = 20_000..20_050;
        let address = own_address();
        for port in ports.clone() {
            let command = Command::Listen {
                address,
                port,
                service: "site".into(),
                client: None,
                instance: None,
                speaks: None,
            };
            handle.commands.send(command).unwrap();
            assert!(matches!(
                handle.reports.recv().await,
                Some(Report::Listening { error: None, .. })
            ));
        }
        drop(handle);
        assert_eq!(let_go.recv().await, None);
        for port in ports {
            std::net::TcpListener::bind((address, port)).expect("nobody listens there any more");
        }
    }
}
