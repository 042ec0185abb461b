//! The answer's way from callee to caller.

use super::alter::Altered;
use super::body::{Body, Framing};
use super::head::{self, Answer, Parsed};
use super::raw::{HEAD_READ_BYTES, READ_BYTES};
use super::reply;
use super::uplink::Left;
use super::wire::WireWrite;
use crate::history::Message;
use bytes::{Buf, BufMut, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::ReadHalf;
use tokio::time::Instant;

/// Why an exchange came to no proper end.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Broken {
    /// The caller left.
    Left,
    /// The callee's connection ended too early.
    Lost,
    /// The harness wants the caller's connection reset.
    Reset,
    /// The answer is not HTTP/1.
    Odd,
}

impl From<Left> for Broken {
    fn from(Left: Left) -> Broken {
        Broken::Left
    }
}

/// What to do with the pieces of an answer before it is whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pieces {
    /// Keep them, up to so many bytes.
    Keep(usize),
    /// Keep them until the body is so long.
    First(u64),
    /// Write all but the last as they come.
    Pass,
    /// Forget them.
    Drop,
}

/// Carries one answer. Its last piece is written by [`Downlink::deliver`] alone.
pub(super) struct Downlink<'a> {
    callee: ReadHalf<'a>,
    caller: WireWrite<'a>,
    buffer: &'a mut BytesMut,
    /// Bytes at the beginning of the buffer that belong to this answer and are not written yet.
    ready: usize,
    head: BytesMut,
    body: Body,
    begun: bool,
    closed: bool,
}

impl<'a> Downlink<'a> {
    /// An answer of which nothing has come yet.
    pub(super) fn new(
        callee: ReadHalf<'a>,
        caller: WireWrite<'a>,
        buffer: &'a mut BytesMut,
    ) -> Downlink<'a> {
        Downlink {
            callee,
            caller,
            buffer,
            ready: 0,
            head: BytesMut::new(),
            body: Body::new(Framing::None),
            begun: false,
            closed: false,
        }
    }

    /// The answer's body so far.
    pub(super) fn body(&self) -> &Body {
        &self.body
    }

    /// Whether the caller has seen some of it.
    pub(super) fn begun(&self) -> bool {
        self.begun
    }

    /// Whether the callee has closed its connection.
    pub(super) fn closed(&self) -> bool {
        self.closed
    }

    /// Waits for the answer's head. Interim answers are passed on at once.
    pub(super) async fn head(&mut self, method: &str) -> Result<Answer, Broken> {
        loop {
            match head::answer(self.buffer, method) {
                Parsed::Whole(answer, length) if answer.interim() => {
                    self.ready = length;
                    self.flush().await?;
                    self.begun = false;
                }
                Parsed::Whole(answer, length) => {
                    self.ready = length;
                    self.head = BytesMut::from(&self.buffer[..length]);
                    self.body = Body::new(answer.framing);
                    return Ok(answer);
                }
                Parsed::Malformed => return Err(Broken::Odd),
                Parsed::Partial => self.read().await?,
            }
            if self.closed {
                return Err(Broken::Lost);
            }
        }
    }

    /// Waits until the answer is whole (`true`), or longer than what may be kept, or not there in time (`false`).
    pub(super) async fn whole(
        &mut self,
        pieces: Pieces,
        until: Option<Instant>,
    ) -> Result<bool, Broken> {
        loop {
            self.ready += self.body.feed(&self.buffer[self.ready..]);
            if self.body.done() {
                return Ok(true);
            }
            if self.closed {
                return self.body.close().then_some(true).ok_or(Broken::Lost);
            }
            match pieces {
                Pieces::Keep(limit) if self.ready > limit => return Ok(false),
                Pieces::First(bytes) if self.body.length() >= bytes => return Ok(false),
                Pieces::Keep(_) | Pieces::First(_) => {}
                Pieces::Pass => self.flush().await?,
                Pieces::Drop => self.forget(),
            }
            match until {
                None => self.read().await?,
                Some(until) => match tokio::time::timeout_at(until, self.read()).await {
                    Ok(read) => read?,
                    Err(_) => return Ok(false),
                },
            }
        }
    }

    /// Puts the same head with another body in the place of what is not written yet. What the caller is told by it.
    pub(super) fn replace(
        &mut self,
        method: &str,
        status: u16,
        altered: &Altered,
    ) -> Option<Box<Message>> {
        self.forget();
        let mut bytes = reply::resized(&self.head, method, status, altered.declared);
        bytes.extend_from_slice(&altered.bytes);
        self.ready = bytes.len();
        let rest = std::mem::replace(self.buffer, BytesMut::from(&bytes[..]));
        self.buffer.unsplit(rest);
        reply::told(&bytes, method)
    }

    /// Writes what is left.
    pub(super) async fn deliver(&mut self) -> Result<(), Broken> {
        self.flush().await
    }

    /// Reads once. May be dropped and called again.
    pub(super) async fn read(&mut self) -> Result<(), Broken> {
        // Of a body that has begun, more will come than of a head.
        let room = match self.ready {
            0 if !self.begun => HEAD_READ_BYTES,
            _ => READ_BYTES,
        };
        self.buffer.reserve(room);
        let mut room = (&mut *self.buffer).limit(room);
        match self.callee.read_buf(&mut room).await {
            Ok(count) => self.closed = count == 0,
            Err(error) => {
                tracing::debug!(%error, "the callee's connection broke");
                return Err(Broken::Lost);
            }
        }
        Ok(())
    }

    fn forget(&mut self) {
        self.buffer.advance(self.ready);
        self.ready = 0;
    }

    async fn flush(&mut self) -> Result<(), Broken> {
        if self.ready > 0 {
            self.begun = true;
            let written = self.caller.write_all(&self.buffer[..self.ready]).await;
            written.map_err(|_| Broken::Left)?;
            self.forget();
        }
        Ok(())
    }
}
