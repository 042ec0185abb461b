//! The connection to the real service.

use super::raw::{self, AsOf};
use super::state::{Link, State};
use super::{CHECKER, OBSERVER, PROBER};
use bytes::BytesMut;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;

/// How long a connection to a service may take; a host that is gone answers nothing at all.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// The same of a service that is only about to run. Nobody may be at its address yet, which nobody says.
const STARTING_WITHIN: Duration = Duration::from_millis(100);

/// A connection to the service, and the address that it leads to.
pub(super) struct Callee {
    pub(super) stream: TcpStream,
    pub(super) address: SocketAddr,
}

/// Connects to where a link's service is now.
///
/// # Errors
/// Says in words why it cannot be reached.
pub(super) async fn connect(state: &State, link: &Link) -> Result<Callee, String> {
    let next = state.places.next(link);
    let down = || format!("`{}` is down", link.service);
    let address = SocketAddr::new(next.ok_or_else(down)?, link.port);
    let starting = state.places.is_starting(&link.service);
    let within = match starting {
        true => STARTING_WITHIN,
        false => CONNECT_WITHIN,
    };
    let connecting = tokio::time::timeout(within, TcpStream::connect(address));
    let stream = match connecting.await {
        Ok(Ok(stream)) => stream,
        Ok(Err(_)) | Err(_) if starting => return Err(down()),
        Ok(Err(error)) => return Err(error.to_string()),
        Err(_) => return Err(format!("no connection within {CONNECT_WITHIN:?}")),
    };
    // Fails only on a connection that has broken already, which the first read will tell.
    let _ = stream.set_nodelay(true);
    let eyes = [OBSERVER, CHECKER, PROBER].contains(&link.client.as_str());
    if !eyes && state.places.has_several(&link.service) {
        state.met(address.ip(), false);
    }
    Ok(Callee { stream, address })
}

/// The connection at hand if it still leads to the service and nothing came on it since the last answer; otherwise a
/// fresh one.
///
/// # Errors
/// Says in words why the service cannot be reached.
pub(super) async fn reach<'a>(
    state: &State,
    link: &Link,
    callee: &'a mut Option<Callee>,
    from_callee: &mut BytesMut,
    as_of: AsOf,
) -> Result<&'a mut TcpStream, String> {
    let fresh = match callee.take() {
        Some(old)
            if state.places.is_at(&link.service, old.address.ip())
                && from_callee.is_empty()
                && raw::quiet(&old.stream, as_of) =>
        {
            old
        }
        _ => connect(state, link).await?,
    };
    from_callee.clear();
    Ok(&mut callee.insert(fresh).stream)
}
