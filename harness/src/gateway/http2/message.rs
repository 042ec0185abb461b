//! Heads of HTTP/2, as the rest of the gateway, the history and the other side know them.

use super::uplink::Uplink;
use crate::gateway::body::{Body, Framing};
use crate::gateway::head::{self, Headers};
use crate::history::Message;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HOST};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Version, request};

/// A request as that of HTTP/1 which says the same.
pub(super) fn asked(parts: &request::Parts) -> head::Request {
    let uri = &parts.uri;
    let authority = uri.authority().map(|authority| authority.as_str());
    let path = uri.path_and_query().map(|path| path.as_str());
    let mut headers = recorded(&parts.headers);
    if let Some(authority) = authority.filter(|_| !parts.headers.contains_key(HOST)) {
        headers.insert(0, (HOST.to_string(), authority.to_owned()));
    }
    head::Request {
        method: parts.method.to_string(),
        target: path.or(authority).unwrap_or_default().to_owned(),
        headers,
        framing: Framing::UntilClose,
        persists: true,
        expects_continue: expects_continue(&parts.headers),
        old: false,
    }
}

/// A request's head for the callee.
pub(super) fn forwarded(parts: &request::Parts) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = parts.uri.clone();
    *request.headers_mut() = parts.headers.clone();
    *request.version_mut() = match parts.uri.authority() {
        Some(_) => Version::HTTP_2,
        // To the library, a request without an authority is one that came as HTTP/1.
        None => Version::HTTP_11,
    };
    request
}

/// A request as far as it has come, for the history.
pub(super) fn request(asked: &head::Request, uplink: &Uplink<'_>) -> Message {
    message(asked.headers.clone(), uplink.body(), uplink.trailers())
}

/// An answer, for the history.
pub(super) fn answer(headers: &HeaderMap, body: &Body, trailers: Option<&HeaderMap>) -> Message {
    message(recorded(headers), body, trailers)
}

/// The head of an answer that the gateway makes itself, or `None` when its status is none.
pub(super) fn given(
    status: u16,
    content_type: Option<&str>,
    length: Option<usize>,
) -> Option<Response<()>> {
    let mut answer = Response::new(());
    *answer.status_mut() = StatusCode::from_u16(status).ok()?;
    if let Some(length) = length {
        let headers = answer.headers_mut();
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        if let Some(content_type) = content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_str(content_type).ok()?);
        }
    }
    Some(answer)
}

/// What tells a caller to go on with its body.
pub(super) fn go_on() -> Response<()> {
    let mut answer = Response::new(());
    *answer.status_mut() = StatusCode::CONTINUE;
    answer
}

fn expects_continue(headers: &HeaderMap) -> bool {
    let expected = headers.get(EXPECT);
    expected.is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"100-continue"))
}

fn message(mut headers: Headers, body: &Body, trailers: Option<&HeaderMap>) -> Message {
    headers.extend(trailers.into_iter().flat_map(recorded));
    Message {
        headers,
        body: body.text(),
        body_bytes: body.length(),
        digest: body.digest(),
    }
}

fn recorded(headers: &HeaderMap) -> Headers {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let header = |(name, value): (&http::HeaderName, &HeaderValue)| (name.to_string(), text(value));
    headers.iter().map(header).collect()
}
