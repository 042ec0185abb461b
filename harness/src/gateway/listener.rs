//! The address and port at which a service seems to be.

use super::connection;
use super::state::{Link, State};
use bytes::BytesMut;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// How soon to accept again after it failed, for example for want of file descriptors; nothing tells when they are back.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// Whom a listener stands in front of.
pub(super) struct Front {
    /// The only client; `None`: known by its address.
    pub(super) client: Option<String>,
    /// The only one of its instances; `None`: any, or known by its address.
    pub(super) instance: Option<IpAddr>,
    pub(super) service: String,
    pub(super) port: u16,
}

/// Accepts connections until dropped; the connections end with it.
pub(super) async fn accept(state: Arc<State>, listener: TcpListener, front: Front) {
    let front = Arc::new(front);
    each(listener, |caller| {
        greet(state.clone(), caller, front.clone())
    })
    .await
}

/// Runs a task for each connection of a listener. Dropping this ends them all.
pub(super) async fn each<F>(listener: TcpListener, serve: impl Fn(TcpStream) -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((caller, _)) => drop(connections.spawn(serve(caller))),
            Err(error) => {
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Finds out who connected and serves the connection.
async fn greet(state: Arc<State>, caller: TcpStream, front: Arc<Front>) {
    let (client, instance) = match (&front.client, caller.peer_addr()) {
        (Some(client), _) => (client.clone(), front.instance),
        (None, Ok(peer)) => {
            let address = peer.ip().to_canonical();
            let client = state.places.client(address).await;
            let several = state.places.has_several(&client);
            (client, several.then_some(address))
        }
        // It has gone already.
        (None, Err(_)) => return,
    };
    if let Some(instance) = instance {
        state.met(instance, true);
    }
    let link = Link {
        client,
        service: front.service.clone(),
        port: front.port,
    };
    connection::serve(state, caller, BytesMut::new(), link).await
}
