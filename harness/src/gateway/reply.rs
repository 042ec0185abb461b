//! Answers that the gateway makes itself.

use super::body::Body;
use super::carry::message;
use super::head::{self, Parsed, Request};
use crate::history::Message;
use reqwest::StatusCode;
use std::fmt::Write;

/// What tells a caller to go on with its body.
pub(super) const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The headers that speak about a body.
const BODY_HEADERS: [&str; 3] = ["content-length", "transfer-encoding", "trailer"];

/// An answer, and the length of the body that the caller gets with it.
pub(super) fn given(
    request: &Request,
    persists: bool,
    status: u16,
    content_type: Option<&str>,
    body: &str,
) -> (Vec<u8>, u64) {
    let reason = StatusCode::from_u16(status)
        .ok()
        .and_then(|s| s.canonical_reason());
    let mut head = format!("HTTP/1.1 {status:03} {}\r\n", reason.unwrap_or_default());
    let bare = bare(status);
    if !bare {
        if let Some(content_type) = content_type {
            // Writing to a string cannot fail.
            let _ = write!(head, "Content-Type: {content_type}\r\n");
        }
        let _ = write!(head, "Content-Length: {}\r\n", body.len());
    }
    match (persists, request.old) {
        (false, _) => head.push_str("Connection: close\r\n"),
        (true, true) => head.push_str("Connection: keep-alive\r\n"),
        (true, false) => {}
    }
    head.push_str("\r\n");
    let mut bytes = head.into_bytes();
    let body = if bare || request.method == "HEAD" {
        ""
    } else {
        body
    };
    bytes.extend_from_slice(body.as_bytes());
    (bytes, body.len() as u64)
}

/// An answer of the gateway's own making, as far as its bytes go, for the history.
pub(super) fn told(answer: &[u8], method: &str) -> Option<Box<Message>> {
    let Parsed::Whole(head, length) = head::answer(answer, method) else {
        return None;
    };
    let body = Body::whole(&answer[length..]);
    Some(Box::new(message(head.headers, &body)))
}

/// Whether an answer to this method with this status can have a body.
pub(super) fn bodied(method: &str, status: u16) -> bool {
    method != "HEAD" && !bare(status)
}

/// A head as the callee wrote it, but for a body of so many bytes.
pub(super) fn resized(head: &[u8], method: &str, status: u16, length: u64) -> Vec<u8> {
    if !bodied(method, status) {
        return head.to_vec();
    }
    let mut bytes = Vec::with_capacity(head.len());
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        let blank = line.iter().all(u8::is_ascii_whitespace);
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(0);
        let name = line[..colon].trim_ascii();
        if blank {
            bytes.extend_from_slice(format!("Content-Length: {length}\r\n\r\n").as_bytes());
        } else if !BODY_HEADERS
            .iter()
            .any(|n| name.eq_ignore_ascii_case(n.as_bytes()))
        {
            bytes.extend_from_slice(line);
        }
    }
    bytes
}

/// Whether answers with this status have no body, nor a length.
pub(super) fn bare(status: u16) -> bool {
    status < 200 || status == 204 || status == 304
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::head::{self, Parsed};

    fn check(request: &str, status: u16, body: &str, expected: &str) {
        let Parsed::Whole(request, _) = head::request(request.as_bytes()) else {
            panic!("{request}")
        };
        let content_type = (!body.is_empty()).then_some("text/plain");
        let (bytes, length) = given(&request, request.persists, status, content_type, body);
        assert_eq!(String::from_utf8_lossy(&bytes), expected);
        let (_, sent) = expected.split_once("\r\n\r\n").unwrap();
        assert_eq!(length, sent.len() as u64);
        let told = told(&bytes, &request.method).unwrap();
        assert_eq!((&*told.body, told.body_bytes), (sent, length));
        let says = told
            .headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"));
        let expected = expected.to_ascii_lowercase();
        for header in says {
            assert!(expected.contains(&header), "{header}");
        }
        assert_eq!(told.headers.len(), expected.matches(": ").count());
    }

    #[test]
    fn a_given_answer_fits_its_request() {
        let unavailable = "HTTP/1.1 503 Service Unavailable\r\n";
        check(
            "GET / HTTP/1.1\r\n\r\n",
            503,
            "no",
            &format!("{unavailable}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\nno"),
        );
        check(
            "HEAD / HTTP/1.1\r\n\r\n",
            503,
            "no",
            &format!("{unavailable}Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n"),
        );
        check(
            "GET / HTTP/1.1\r\nConnection: close\r\n\r\n",
            503,
            "",
            &format!("{unavailable}Content-Length: 0\r\nConnection: close\r\n\r\n"),
        );
        check(
            "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
            299,
            "",
            "HTTP/1.1 299 \r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n",
        );
        check(
            "GET / HTTP/1.1\r\n\r\n",
            204,
            "no",
            "HTTP/1.1 204 No Content\r\n\r\n",
        );
    }

    #[test]
    fn a_head_for_another_body_keeps_all_that_does_not_speak_of_it() {
        let head = "HTTP/1.1 201 Made\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\nx-b:2\r\nCONTENT-LENGTH: 7\r\n\r\n";
        let expected = "HTTP/1.1 201 Made\r\nX-A: 1\r\nx-b:2\r\nContent-Length: 0\r\n\r\n";
        let resized = |method, status, length| {
            String::from_utf8(super::resized(head.as_bytes(), method, status, length)).unwrap()
        };
        assert_eq!(resized("GET", 201, 0), expected);
        assert_eq!(resized("GET", 201, 12), expected.replace(": 0", ": 12"));
        assert_eq!(resized("HEAD", 201, 0), head);
        assert_eq!(resized("GET", 304, 0), head);
    }
}
