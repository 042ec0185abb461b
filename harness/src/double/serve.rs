//! Serving a double over HTTP/1.

use super::admin;
use super::answer::{Dribble, Reply};
use super::folder::Folder;
use super::play::{Act, Double, Seen};
use super::request::Request;
use super::rigged::{Rigged, Slot};
use super::say;
use crate::seed::Seed;
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::ext::ReasonPhrase;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// A body that is larger is refused.
const MOST_BYTES: usize = 64 << 20;
/// After a failed `accept`, which is for want of file descriptors: until some connection has ended.
const ACCEPT_AGAIN: Duration = Duration::from_millis(50);

/// Plays a folder's mappings and operations at an address, for as long as the process lives. `hosts` says where the
/// services are found that it calls by itself.
///
/// # Errors
/// The address cannot be listened on.
pub async fn serve(
    listen: SocketAddr,
    folder: Folder,
    hosts: HashMap<String, String>,
    seed: Seed,
) -> io::Result<()> {
    let listener = TcpListener::bind(listen).await?;
    let (mappings, operations) = (folder.stubs.len(), folder.operations.len());
    say(&format!(
        "listening at {}, mappings: {mappings}, operations: {operations}",
        listener.local_addr()?
    ));
    accept(listener, Arc::new(Double::new(folder, hosts, seed))).await
}

pub(super) async fn accept(listener: TcpListener, double: Arc<Double>) -> io::Result<()> {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(connection(stream, double.clone()))),
            Err(error) => {
                say(&format!("no connection can be taken: {error}"));
                tokio::time::sleep(ACCEPT_AGAIN).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, double: Arc<Double>) {
    // Answers are small: without this, each may wait for the acknowledgement of the one before.
    let _ = stream.set_nodelay(true);
    let slot = Slot::default();
    let rigged = TokioIo::new(Rigged::new(stream, slot.clone()));
    let service = service_fn(|request| answer(request, &double, &slot));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(rigged, service);
    // It ends with an error where a fault ends it, or a caller that leaves: neither is news.
    let _ = served.await;
}

type Body = UnsyncBoxBody<Bytes, Infallible>;

async fn answer(
    request: http::Request<Incoming>,
    double: &Arc<Double>,
    slot: &Slot,
) -> Result<Response<Body>, Infallible> {
    let (head, body) = request.into_parts();
    let body = match Limited::new(body, MOST_BYTES).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            let text = format!("the body could not be read: {error}\n");
            return Ok(whole(Reply::text(StatusCode::PAYLOAD_TOO_LARGE, text)));
        }
    };
    let request = Request {
        method: head.method,
        url: head
            .uri
            .path_and_query()
            .map_or_else(|| head.uri.to_string(), ToString::to_string),
        headers: head.headers,
        body,
    };
    if let Some(reply) = admin::answer(double, &request) {
        return Ok(whole(reply));
    }
    let act = double.act(&request).await;
    note(double, &request, &act);
    tokio::time::sleep(act.wait).await;
    Ok(match act.seen {
        Seen::Reply(reply, None) => whole(reply),
        Seen::Reply(reply, Some(dribble)) => in_pieces(reply, dribble),
        Seen::Fault(fault) => {
            slot.put(fault);
            whole(Reply::text(StatusCode::OK, String::new()))
        }
    })
}

/// Says what comes of a request, in the log and to whoever asks later.
fn note(double: &Double, request: &Request, act: &Act) {
    let (status, word) = match &act.seen {
        Seen::Reply(reply, _) => (
            Some(reply.status.as_u16()),
            reply.status.as_str().to_owned(),
        ),
        Seen::Fault(fault) => (None, format!("{fault:?}")),
    };
    let told = format!("{} {}: {word}", request.method, request.url);
    match (&act.by, &act.seen) {
        (Some(by), Seen::Reply(reply, _)) if reply.status == StatusCode::INTERNAL_SERVER_ERROR => {
            say(&format!(
                "{told} by {by}: {}",
                super::request::text(&reply.body).trim()
            ));
        }
        (Some(by), _) => say(&format!("{told} by {by}")),
        (None, Seen::Reply(reply, _)) => say(&format!(
            "{told}: {}",
            super::request::text(&reply.body).trim()
        )),
        (None, Seen::Fault(_)) => say(&told),
    }
    double.journal.add(request, status, act.by.clone());
}

fn head(reply: &Reply) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = reply.status;
    for (name, value) in &reply.headers {
        response.headers_mut().append(name, value.clone());
    }
    let reason = reply.reason.as_ref();
    if let Some(reason) = reason.and_then(|reason| ReasonPhrase::try_from(reason.as_bytes()).ok()) {
        response.extensions_mut().insert(reason);
    }
    response
}

fn whole(reply: Reply) -> Response<Body> {
    head(&reply).map(|()| Full::new(reply.body).boxed_unsync())
}

/// The body in pieces, each after its part of the time.
fn in_pieces(reply: Reply, dribble: Dribble) -> Response<Body> {
    let response = head(&reply);
    let size = reply.body.len().div_ceil(dribble.pieces).max(1);
    let pieces: Vec<Bytes> = reply
        .body
        .chunks(size)
        .map(Bytes::copy_from_slice)
        .collect();
    let pause = dribble.takes / u32::try_from(dribble.pieces).unwrap_or(u32::MAX);
    let pieces = stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(pause).await;
        Ok::<_, Infallible>(Frame::data(piece))
    });
    response.map(|()| StreamBody::new(pieces).boxed_unsync())
}
