//! The request's way from caller to callee.

use super::body::{Body, Framing};
use super::head::HEAD_BYTES;
use super::raw::{AsOf, HEAD_READ_BYTES, READ_BYTES};
use super::wire::WireRead;
use bytes::{Buf, BufMut, BytesMut};
use std::future::Future;
use std::pin::pin;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::WriteHalf;

/// The caller has closed or reset its connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Left;

/// Carries one request and afterwards watches whether the caller stays.
pub(super) struct Uplink<'a> {
    caller: WireRead<'a>,
    /// `None`: the callee is not asked, or takes no more; the request is read and dropped.
    callee: Option<WriteHalf<'a>>,
    buffer: &'a mut BytesMut,
    /// Bytes at the beginning of the buffer that belong to this request and are not written yet.
    ready: usize,
    body: Body,
}

impl<'a> Uplink<'a> {
    /// A request whose head is the first `head` bytes of the buffer.
    pub(super) fn new(
        caller: WireRead<'a>,
        callee: Option<WriteHalf<'a>>,
        buffer: &'a mut BytesMut,
        head: usize,
        framing: Framing,
    ) -> Uplink<'a> {
        let mut body = Body::new(framing);
        let ready = head + body.feed(&buffer[head..]);
        Uplink {
            caller,
            callee,
            buffer,
            ready,
            body,
        }
    }

    /// The request's body so far.
    pub(super) fn body(&self) -> &Body {
        &self.body
    }

    /// Whether the whole request has been passed on or dropped.
    pub(super) fn done(&self) -> bool {
        self.body.done() && self.ready == 0
    }

    /// Whether nobody takes the request.
    pub(super) fn refused(&self) -> bool {
        self.callee.is_none()
    }

    /// Does `work` while the request goes on its way.
    ///
    /// # Errors
    /// The caller left first.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Left> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                step = self.step() => step?,
            }
        }
    }

    /// One read or one write. May be dropped and called again at any point.
    pub(super) async fn step(&mut self) -> Result<(), Left> {
        if self.ready == 0 {
            self.ready = self.body.feed(self.buffer);
        }
        if self.ready == 0 {
            let room = if self.body.done() {
                HEAD_READ_BYTES
            } else {
                READ_BYTES
            };
            return watch(&mut self.caller, self.buffer, room).await;
        }
        let written = match &mut self.callee {
            // Read on all the same, to notice when the caller leaves.
            None => self.ready,
            Some(callee) => match callee.write(&self.buffer[..self.ready]).await {
                Ok(written) => written,
                Err(error) => {
                    tracing::debug!(%error, "the callee takes no more of the request");
                    self.callee = None;
                    0
                }
            },
        };
        self.buffer.advance(written);
        self.ready -= written;
        Ok(())
    }

    /// Whether the caller has left.
    pub(super) fn gone(&mut self, as_of: AsOf) -> bool {
        self.caller.gone(self.buffer, HEAD_BYTES, as_of)
    }
}

/// Reads once from a caller. Does nothing for ever once as much has piled up as one head may hold.
async fn watch(caller: &mut WireRead<'_>, buffer: &mut BytesMut, room: usize) -> Result<(), Left> {
    if buffer.len() >= HEAD_BYTES {
        return std::future::pending().await;
    }
    buffer.reserve(room);
    match caller.read_buf(&mut buffer.limit(room)).await {
        Ok(0) | Err(_) => Err(Left),
        Ok(_) => Ok(()),
    }
}

/// Does `work` while nothing is taken from the caller but what it sends meanwhile.
///
/// # Errors
/// The caller left first.
pub(super) async fn staying<T>(
    caller: &mut WireRead<'_>,
    buffer: &mut BytesMut,
    work: impl Future<Output = T>,
) -> Result<T, Left> {
    let mut work = pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            seen = watch(caller, buffer, HEAD_READ_BYTES) => seen?,
        }
    }
}
