//! A gateway behind its control port.

use super::stage::*;
use crate::gateway::{Handle, Moment, OBSERVER, Tunnel, WORKLOAD, connect, serve};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const GET: &str = "GET /x HTTP/1.1\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const WITHIN: Duration = Duration::from_secs(20);

/// A gateway on a control port of its own, and its controller.
async fn served() -> (SocketAddr, Handle, JoinHandle<std::io::Result<()>>) {
    let listener = TcpListener::bind((own_address(), 0)).await.unwrap();
    let control = listener.local_addr().unwrap();
    // Nobody else has this address, so the port is still free for the gateway.
    drop(listener);
    let connecting = tokio::spawn(async move { connect(control, "secret", WITHIN).await });
    let serving = tokio::spawn(serve(control, "secret".into()));
    (control, connecting.await.unwrap().unwrap(), serving)
}

#[tokio::test]
async fn a_remote_gateway_does_what_a_local_one_does() {
    let (control, handle, serving) = served().await;
    let mut stage = Stage::with(handle, None, Some("worker")).await;
    let (mut caller, mut callee) = stage.pair(GET).await;
    callee.says(OK).await;
    caller.hears(OK).await;
    stage
        .expect(&["1 asked worker GET /x", "1 answered 200", "1 saw 200, 2"])
        .await;
    stage.watch(&[Moment::Request]).await;
    let post = "POST /jobs/7 HTTP/1.1\r\n\r\n";
    caller.says(post).await;
    stage.expect(&["2 asked worker POST /jobs/7"]).await;
    let ask = stage.ask().await;
    stage.act(ask, crate::gateway::Action::Reset);
    caller.hears_reset().await;
    stage.expect(&["2 saw reset"]).await;
    stage.end().await;
    // When the controller goes, so does the gateway.
    soon(serving).await.unwrap().unwrap();
    let left = TcpStream::connect(control).await.map_err(|e| e.kind());
    assert_eq!(left.err(), Some(ErrorKind::ConnectionRefused));
}

#[tokio::test]
async fn a_tunnel_leads_to_a_service_as_a_workload_or_unseen() {
    let (control, handle, _serving) = served().await;
    let mut stage = Stage::with(handle, None, Some("worker")).await;
    let open = |client| {
        let port = stage.front.port();
        Tunnel::open(
            (own_address(), 0).into(),
            control,
            "secret",
            client,
            "site",
            port,
        )
    };
    let (workload, observer) = (open(WORKLOAD).await.unwrap(), open(OBSERVER).await.unwrap());
    for tunnel in [&observer, &workload] {
        let mut caller = Peer(TcpStream::connect(tunnel.address()).await.unwrap());
        caller.says(GET).await;
        let mut callee = stage.callee().await;
        callee.hears(GET).await;
        callee.says(OK).await;
        caller.hears(OK).await;
    }
    stage
        .expect(&["1 asked workload GET /x", "1 answered 200", "1 saw 200, 2"])
        .await;

    let mut caller = Peer(TcpStream::connect(workload.address()).await.unwrap());
    caller.says(GET).await;
    drop(stage.callee().await);
    caller.hears_reset().await;
    stage
        .expect(&["2 asked workload GET /x", "2 unanswered", "2 saw reset"])
        .await;

    let mut caller = Peer(TcpStream::connect(workload.address()).await.unwrap());
    caller.says(GET).await;
    let mut callee = stage.callee().await;
    callee.hears(GET).await;
    let address = workload.address();
    drop(workload);
    caller.loses().await;
    callee.loses().await;
    drop(callee);
    let left = TcpStream::connect(address).await.map_err(|e| e.kind());
    assert_eq!(left.err(), Some(ErrorKind::ConnectionRefused));
    stage
        .expect(&["3 asked workload GET /x", "3 unanswered", "3 left"])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn only_the_right_token_opens_the_control_port() {
    let (control, handle, _serving) = served().await;
    let hellos = [
        "CONTROL wrong\n".to_owned(),
        "DIAL wrong worker site 80\n".to_owned(),
        "DIAL secret worker site many\n".to_owned(),
        "GET / HTTP/1.1\r\n".to_owned(),
        // There is one controller already.
        "CONTROL secret\n".to_owned(),
        "x".repeat(600),
    ];
    for hello in hellos {
        let mut peer = Peer(TcpStream::connect(control).await.unwrap());
        peer.says(&hello).await;
        peer.loses().await;
    }
    let refused = connect(control, "wrong", Duration::ZERO).await;
    assert!(refused.is_err());
    // None of them has disturbed the controller.
    Stage::with(handle, None, Some("worker")).await.end().await;
}

#[tokio::test]
async fn a_gateway_that_is_not_there_is_told_after_the_time_it_may_take() {
    let error = connect((own_address(), 1).into(), "secret", Duration::ZERO)
        .await
        .err();
    assert!(error.is_some());
}
