//! A request that the callee gets once more than the caller sent it.

use super::body::Body;
use super::callee;
use super::carry::message;
use super::head::{self, Answer, Parsed, Request};
use super::raw::READ_BYTES;
use super::reply;
use super::session::Session;
use super::state::Ticket;
use super::uplink::Left;
use crate::history::Seen;
use bytes::BytesMut;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest request that is sent twice.
pub(super) const COPIED_BYTES: usize = 8 * 1024 * 1024;
/// How long the callee may take for the copy.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(30);

impl Session {
    /// Reads the rest of the request, and sends all of it on a connection of its own. The request itself is still in
    /// the caller's buffer afterwards. Whether the callee has answered the copy.
    pub(super) async fn copy(
        &mut self,
        request: &Request,
        head: usize,
        ticket: &Ticket,
    ) -> Result<bool, Left> {
        let Some((length, asked)) = self.whole(request, head).await? else {
            tracing::warn!("the request is too long to be sent twice; it passes once");
            return Ok(false);
        };
        let mut copy = self.state.asked_again(&self.link, request, ticket);
        let bytes = self.from_caller[..length].to_vec();
        let answer = async {
            let mut stream = callee::connect(&self.state, &self.link).await?.stream;
            copy.unanswered = true;
            let answer = ask(&mut stream, &bytes, &request.method).await;
            answer.map_err(|error| error.to_string())
        };
        let timed = tokio::time::timeout(ANSWER_WITHIN, answer).await;
        match timed.unwrap_or_else(|_| Err("no answer in time".to_owned())) {
            Ok((answer, came)) => {
                let asked = message(request.headers.clone(), &asked);
                let answered = copy.answered(asked, answer.status, message(answer.headers, &came));
                self.state.answered(&mut copy, answered, false);
                self.state.delivered(copy, Seen::Copy);
                Ok(true)
            }
            Err(reason) => {
                self.state.delivered(copy, Seen::Unreachable { reason });
                Ok(false)
            }
        }
    }

    /// Waits until the whole request is in the caller's buffer. Its length and its body, unless it is too long.
    async fn whole(
        &mut self,
        request: &Request,
        head: usize,
    ) -> Result<Option<(usize, Body)>, Left> {
        let mut body = Body::new(request.framing);
        let mut length = head + body.feed(&self.from_caller[head..]);
        if request.expects_continue && !body.done() {
            self.caller
                .write_all(reply::CONTINUE)
                .await
                .map_err(|_| Left)?;
        }
        while !body.done() {
            if length > COPIED_BYTES {
                return Ok(None);
            }
            self.from_caller.reserve(READ_BYTES);
            match self.caller.read_buf(&mut self.from_caller).await {
                Ok(0) | Err(_) => return Err(Left),
                Ok(_) => length += body.feed(&self.from_caller[length..]),
            }
        }
        Ok(Some((length, body)))
    }
}

/// Asks on a connection of its own and reads the whole answer.
async fn ask(
    stream: &mut TcpStream,
    request: &[u8],
    method: &str,
) -> std::io::Result<(Answer, Body)> {
    let ended = || std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
    stream.write_all(request).await?;
    let mut buffer = BytesMut::new();
    let (answer, length) = loop {
        match head::answer(&buffer, method) {
            Parsed::Whole(answer, length) if answer.interim() => drop(buffer.split_to(length)),
            Parsed::Whole(answer, length) => break (answer, length),
            Parsed::Malformed => return Err(std::io::Error::other("the answer is not HTTP/1")),
            Parsed::Partial => {
                if stream.read_buf(&mut buffer).await? == 0 {
                    return Err(ended());
                }
            }
        }
    };
    let mut body = Body::new(answer.framing);
    let mut rest = buffer.split_off(length);
    loop {
        let taken = body.feed(&rest);
        drop(rest.split_to(taken));
        if body.done() {
            return Ok((answer, body));
        }
        if stream.read_buf(&mut rest).await? == 0 {
            return body.close().then_some((answer, body)).ok_or_else(ended);
        }
    }
}
