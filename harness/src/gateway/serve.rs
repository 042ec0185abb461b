//! A gateway as a process of its own, in a container.

use super::connection;
use super::control::{self, Addresses, Ends};
use super::hello::{self, Hello};
use super::listener;
use super::state::{Link, State};
use super::{courier, lines};
use bytes::{Buf, BytesMut};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// The longest first line.
const HELLO_BYTES: usize = 512;
/// How long the first line may take.
const HELLO_WITHIN: Duration = Duration::from_secs(5);

/// How much the gateway goes before others, as `nice` counts. Everything between services passes through it, so a busy
/// machine is to delay anything but it. More than that takes the machine from those whose traffic it is.
const NICENESS: i32 = -5;

/// What every connection to the control port needs.
struct Porter {
    state: Arc<State>,
    token: String,
    /// Taken by the one controller.
    ends: Mutex<Option<Ends>>,
    ended: Notify,
}

/// Serves control and dialling on one port until the controller goes.
///
/// The first line of a connection says what it is: `CONTROL <token>`, then commands and reports as JSON lines; or
/// `DIAL <token> <client> <service> <port>`, then bytes as if that client had connected to that service.
///
/// # Errors
/// The port cannot be listened on.
pub async fn serve(listen: SocketAddr, token: String) -> io::Result<()> {
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::debug!(%error, "the gateway waits its turn like any other");
    }
    let listener = TcpListener::bind(listen).await?;
    let (ends, state) = control::start(Addresses::Missing, ());
    let porter = Arc::new(Porter {
        state,
        token,
        ends: Mutex::new(Some(ends)),
        ended: Notify::new(),
    });
    tokio::select! {
        () = listener::each(listener, |peer| admit(porter.clone(), peer)) => {}
        () = porter.ended.notified() => {}
    }
    Ok(())
}

async fn admit(porter: Arc<Porter>, mut peer: TcpStream) {
    let mut early = BytesMut::new();
    let hello = tokio::time::timeout(
        HELLO_WITHIN,
        read_hello(&porter.token, &mut peer, &mut early),
    );
    match hello.await {
        Ok(Ok(Some(Hello::Dial {
            client,
            service,
            port,
        }))) => {
            let link = Link {
                client,
                service,
                port,
            };
            connection::serve(porter.state.clone(), peer, early, link).await
        }
        Ok(Ok(Some(Hello::Control))) => {
            let ends = porter
                .ends
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .take();
            match ends {
                Some(ends) => {
                    if let Err(error) = converse(ends, peer, early, &porter.state).await {
                        tracing::warn!(%error, "the controller's connection broke");
                    }
                    porter.ended.notify_one();
                }
                None => tracing::warn!("a second controller was sent away"),
            }
        }
        refused => tracing::debug!(
            refused = refused.is_err(),
            "a peer without a proper first line"
        ),
    }
}

/// Reads the first line; what follows it stays in `early`. `None`: it is none that counts here.
async fn read_hello(
    token: &str,
    peer: &mut TcpStream,
    early: &mut BytesMut,
) -> io::Result<Option<Hello>> {
    let end = loop {
        if let Some(end) = early.iter().position(|byte| *byte == b'\n') {
            break end;
        }
        if early.len() >= HELLO_BYTES || peer.read_buf(early).await? == 0 {
            return Ok(None);
        }
    };
    let line = early.split_to(end);
    early.advance(1);
    Ok(hello::understood(&line[..end.min(HELLO_BYTES)], token))
}

/// Passes commands and reports on until one side ends.
async fn converse(
    (commands, mut reports): Ends,
    mut peer: TcpStream,
    early: BytesMut,
    state: &State,
) -> io::Result<()> {
    peer.set_nodelay(true)?;
    let (read, write) = peer.split();
    let read = BufReader::new(AsyncReadExt::chain(&early[..], read));
    tokio::select! {
        ended = lines::receive(read, &commands) => ended,
        ended = courier::send(&mut reports, write, &state.hurry) => ended,
    }
}
