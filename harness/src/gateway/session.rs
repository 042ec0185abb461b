//! A connection that speaks HTTP/1, request by request.

use super::callee::{self, Callee};
use super::head::{self, Parsed, Request};
use super::http2;
use super::passing::Passed;
use super::raw::{self, AsOf, HEAD_READ_BYTES, READ_BYTES};
use super::state::{Link, State, Ticket};
use super::wire::Wire;
use crate::history::{ExchangeId, Seen};
use bytes::BytesMut;
use futures::FutureExt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The status that is reported for an answer in which there is none to read.
const NO_STATUS: u16 = 0;
/// How long a caller may take to close after the last answer; closing at once would reset the connection when more of
/// a request is under way, and the caller would lose that answer.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);
/// The most that is read and forgotten meanwhile.
const CLOSE_BYTES: u64 = 16 * 1024 * 1024;

/// One caller's connection, and the one to the callee that belongs to it.
pub(super) struct Session {
    pub(super) state: Arc<State>,
    pub(super) link: Link,
    pub(super) caller: Wire,
    pub(super) callee: Option<Callee>,
    pub(super) from_caller: BytesMut,
    pub(super) from_callee: BytesMut,
}

/// What follows after an exchange.
pub(super) enum After {
    /// The next request.
    Next,
    /// The end of the connection, once the caller has what was written.
    Close,
    /// A reset.
    Reset,
    /// Nothing; the caller is gone.
    Gone,
    /// Bytes both ways.
    Raw(Before),
}

/// What came before a connection passed bytes both ways.
pub(super) enum Before {
    /// Nothing that was understood.
    Nothing,
    /// An exchange by which both sides agreed to speak something else.
    Switch(ExchangeId),
    /// An exchange that is settled with the end of the connection.
    Unsettled(Ticket),
    /// HTTP/2's preface, which the callee has had and does not answer in HTTP/2.
    Preface,
}

impl Session {
    /// Serves the connection to its end.
    pub(super) async fn run(mut self) {
        loop {
            let after = match self.request().await {
                Parsed::Whole(request, head) => self.exchange(request, head).await,
                Parsed::Partial => After::Gone,
                Parsed::Malformed => {
                    self.callee
                        .take_if(|callee| !raw::quiet(&callee.stream, AsOf::Now));
                    After::Raw(Before::Nothing)
                }
            };
            match after {
                After::Next => {}
                After::Close => return self.close().await,
                After::Reset => return self.caller.reset(),
                After::Gone => return,
                After::Raw(before) => return self.raw(before).await,
            }
        }
    }

    /// Waits for the next request's head. Partial: the caller closed instead.
    async fn request(&mut self) -> Parsed<Request> {
        loop {
            match head::request(&self.from_caller) {
                Parsed::Partial => {}
                other => return other,
            }
            match self.read().await {
                Ok(0) if !self.from_caller.is_empty() => return Parsed::Malformed,
                Ok(0) | Err(_) => return Parsed::Partial,
                Ok(_) => {}
            }
        }
    }

    /// Reads from the caller what is at hand: once, and once more when that filled the room for a head, so that a body
    /// that is there already goes on together with its head.
    pub(super) async fn read(&mut self) -> io::Result<usize> {
        if self.from_callee.is_empty() {
            self.from_callee = BytesMut::new();
        }
        let buffer = &mut self.from_caller;
        let count = raw::read(&mut self.caller, buffer, HEAD_READ_BYTES).await?;
        if count > 0 && buffer.len() == buffer.capacity() {
            // An end or an error is there for the next read too.
            let _ = raw::read(&mut self.caller, buffer, READ_BYTES).now_or_never();
        }
        Ok(count)
    }

    /// Passes bytes both ways from here on.
    pub(super) async fn raw(mut self, before: Before) {
        let callee = match self.callee.take() {
            Some(callee) => Ok(callee),
            None => callee::connect(&self.state, &self.link).await,
        };
        let (exchange, reason) = match &before {
            Before::Nothing => (None, None),
            Before::Switch(exchange) => (Some(*exchange), None),
            Before::Unsettled(ticket) => (Some(ticket.exchange), None),
            Before::Preface => (None, Some(http2::REFUSED.to_owned())),
        };
        let passing = self.state.passing.open(self.link, exchange, reason);
        let passed = &passing.passed;
        if let Before::Preface = before {
            Passed::add(&passed.sent, http2::PREFACE.len());
        }
        match callee {
            Ok(callee) => {
                let (from_caller, from_callee) = (self.from_caller, self.from_callee);
                raw::pump(self.caller, callee.stream, from_caller, from_callee, passed).await
            }
            Err(reason) => {
                tracing::debug!(reason, "unreachable");
                self.caller.reset();
            }
        }
        if let Before::Unsettled(ticket) = before {
            let seen = Seen::Answer {
                status: NO_STATUS,
                body_bytes: passed.received.load(Ordering::Relaxed),
                altered: false,
                told: None,
            };
            self.state.delivered(ticket, seen);
        }
        self.state.passed(&passing);
    }

    /// Ends a connection whose callee could not be reached before anything was heard.
    pub(super) fn unreachable(self) {
        self.caller.reset();
        let passing = self.state.passing.open(self.link, None, None);
        self.state.passed(&passing);
    }

    /// Closes for writing and waits for the caller to do the same.
    async fn close(mut self) {
        self.callee = None;
        let caller = &mut self.caller;
        let closing = async {
            caller.shutdown().await?;
            tokio::io::copy(&mut caller.take(CLOSE_BYTES), &mut tokio::io::sink()).await
        };
        if let Ok(Err(error)) = tokio::time::timeout(CLOSE_WITHIN, closing).await {
            tracing::debug!(%error, "the caller was gone before it was closed");
        }
    }
}
