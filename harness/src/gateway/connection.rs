//! What a new connection speaks.

use super::callee::{self, Callee};
use super::http2;
use super::passing::Passed;
use super::pipe::Pipe;
use super::postgres;
use super::raw::{self, READ_BYTES};
use super::session::{Before, Session};
use super::state::{Link, State};
use super::wire::Wire;
use super::{CHECKER, OBSERVER, PROBER, Speaks};
use bytes::BytesMut;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest request line that is waited for before bytes count as something else.
const LINE_BYTES: usize = 16 * 1024;
/// The longest method that is believed to be one.
const METHOD_BYTES: usize = 24;

/// What a caller speaks.
enum Spoken {
    Http1,
    /// With prior knowledge: its preface has come.
    Http2,
    Postgres,
    Other,
    /// Nobody knows: the callee could not be reached.
    Unheard,
}

/// Serves a caller's connection to its end. `early` is what was read from it already.
pub(super) async fn serve(state: Arc<State>, caller: TcpStream, early: BytesMut, link: Link) {
    // Fails only on a connection that has broken already, which the first read will tell.
    let _ = caller.set_nodelay(true);
    if link.client == PROBER {
        return probe(&state, caller, &link).await;
    }
    if [OBSERVER, CHECKER].contains(&link.client.as_str()) {
        let caller = Wire::new(caller, Pipe::straight());
        return observe(&state, caller, early, &link).await;
    }
    let caller = Wire::new(caller, state.pipes.between(&link.client, &link.service));
    caller.passable().await;
    let speaks = state.speaks(&link.service, link.port);
    let mut session = Session {
        state,
        link,
        caller,
        callee: None,
        from_caller: early,
        from_callee: BytesMut::new(),
    };
    let spoken = match speaks {
        Some(Speaks::Http) => which(&mut session).await,
        Some(Speaks::Postgres) => Spoken::Postgres,
        Some(Speaks::Other) => Spoken::Other,
        None => sniff(&mut session).await,
    };
    match spoken {
        Spoken::Http1 => session.run().await,
        Spoken::Http2 => session.http2().await,
        Spoken::Postgres => session.postgres().await,
        Spoken::Other => session.raw(Before::Nothing).await,
        Spoken::Unheard => session.unreachable(),
    }
}

/// Says whether the service accepts connections. That the gateway itself does says nothing.
async fn probe(state: &State, mut caller: TcpStream, link: &Link) {
    match callee::connect(state, link).await {
        // A prober that has left meanwhile has no use for the answer.
        Ok(_) => drop(caller.write_all(b"+").await),
        Err(reason) => {
            tracing::debug!(reason, ?link, "unreachable");
            raw::reset(&caller);
        }
    }
}

/// Passes on what the harness's own eyes ask, and leaves no trace of it.
async fn observe(state: &State, caller: Wire, early: BytesMut, link: &Link) {
    match callee::connect(state, link).await {
        Ok(callee) => {
            let passed = Passed::default();
            raw::pump(caller, callee.stream, early, BytesMut::new(), &passed).await;
        }
        Err(reason) => {
            tracing::debug!(reason, ?link, "unreachable");
            caller.reset();
        }
    }
}

/// Waits until a caller that speaks HTTP has said which.
async fn which(session: &mut Session) -> Spoken {
    loop {
        match http2::begins(&session.from_caller) {
            Some(true) => return Spoken::Http2,
            Some(false) => return Spoken::Http1,
            None => {}
        }
        if !matches!(session.read().await, Ok(1..)) {
            return Spoken::Http1;
        }
    }
}

/// Connects to the callee and waits for who speaks first. Whether it is the caller, and in something that is known.
async fn sniff(session: &mut Session) -> Spoken {
    let Session {
        state,
        link,
        caller,
        callee,
        from_caller,
        from_callee,
    } = session;
    let Ok(connected) = callee::connect(state, link).await else {
        // A second attempt could succeed, and pass on unseen what may be HTTP.
        return Spoken::Unheard;
    };
    let Callee { stream, .. } = callee.insert(connected);
    loop {
        match http2::begins(from_caller) {
            Some(true) => return Spoken::Http2,
            Some(false) => match looks_like_http(from_caller) {
                Some(true) => {
                    // Next time there is no need to connect first, so a request to a dead service is seen as one.
                    state.spoke(&link.service, link.port, Speaks::Http);
                    return Spoken::Http1;
                }
                Some(false) => match postgres::begins(from_caller) {
                    Some(true) => return Spoken::Postgres,
                    Some(false) => return Spoken::Other,
                    None => {}
                },
                None => {}
            },
            None => {}
        }
        // A callee may say its HTTP/2 settings before it has heard anything.
        let settings = http2::answers(from_callee);
        if settings == Some(false) {
            return Spoken::Other;
        }
        from_caller.reserve(READ_BYTES);
        from_callee.reserve(READ_BYTES);
        let read = tokio::select! {
            read = caller.read_buf(from_caller) => read,
            read = stream.read_buf(from_callee), if settings.is_none() => read,
        };
        if !matches!(read, Ok(1..)) {
            return Spoken::Other;
        }
    }
}

/// Whether bytes begin like an HTTP/1 request; `None`: more of them are needed to tell.
fn looks_like_http(bytes: &[u8]) -> Option<bool> {
    let line = bytes
        .split(|byte| *byte == b'\n')
        .next()
        .unwrap_or_default();
    let whole = line.len() < bytes.len();
    let mut words = line.trim_ascii_end().split(|byte| *byte == b' ');
    let method = words.next().unwrap_or_default();
    let target = words.next();
    let upper = |byte: &u8| byte.is_ascii_uppercase() || matches!(byte, b'-' | b'_');
    if method.len() > METHOD_BYTES || !method.iter().all(upper) || line.len() > LINE_BYTES {
        return Some(false);
    }
    let begins = match target {
        None => true,
        Some(target) if method == b"CONNECT" => target.iter().all(u8::is_ascii_graphic),
        Some(target) => ["/", "*", "http://", "https://"].iter().any(|start| {
            let n = start.len().min(target.len());
            target[..n].eq_ignore_ascii_case(&start.as_bytes()[..n])
        }),
    };
    let version = words.next();
    match (begins, whole) {
        (false, _) => Some(false),
        (true, false) => None,
        (true, true) => {
            Some(!method.is_empty() && version.is_some_and(|v| v.starts_with(b"HTTP/1.")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_known_by_its_request_line() {
        let check = |bytes: &[u8], expected| {
            let text = String::from_utf8_lossy(bytes).into_owned();
            assert_eq!(looks_like_http(bytes), expected, "{text:?}");
        };
        check(b"", None);
        check(b"GE", None);
        check(b"GET ", None);
        check(b"GET /x?y HTTP/1.", None);
        check(b"GET /x?y HTTP/1.1\r\nHost", Some(true));
        check(b"OPTIONS * HTTP/1.1\r\n", Some(true));
        check(b"POST http://site/ HTTP/1.0\n", Some(true));
        check(b"CONNECT site:80 HTTP/1.1\r\n", Some(true));
        check(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Some(false));
        check(b"PING\r\n", Some(false));
        check(b"SET foo", Some(false));
        check(b"GET /x\r\n", Some(false));
        check(b"*1\r\n$4\r\nPING\r\n", Some(false));
        check(b"AMQP\0\0\x09\x01", Some(false));
        check(b"\x16\x03\x01", Some(false));
        check(b"\r\n", Some(false));
        check(&[b'A'; METHOD_BYTES + 1], Some(false));
        check(
            &[b"GET /".as_slice(), &[b'x'; LINE_BYTES]].concat(),
            Some(false),
        );
    }
}
