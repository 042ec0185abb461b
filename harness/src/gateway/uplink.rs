//! The request's way from caller to callee.
//!
//! Who gives up waiting does not undo what it asked for: the callee may well do it. So a caller that leaves once all of
//! its request is there is gone for the callee as it would be without a gateway, and the callee's answer is waited for.

use super::body::{Body, Framing};
use super::head::HEAD_BYTES;
use super::raw::{AsOf, HEAD_READ_BYTES, READ_BYTES};
use super::wire::WireRead;
use bytes::{Buf, BufMut, BytesMut};
use std::future::Future;
use std::pin::pin;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::WriteHalf;
use tokio::time::{Duration, Instant};

/// The caller has closed or reset its connection.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Left;

/// How long a callee may take for an answer to a caller that has left.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Carries one request and afterwards watches whether the caller stays.
pub(super) struct Uplink<'a> {
    caller: WireRead<'a>,
    callee: Callee<'a>,
    buffer: &'a mut BytesMut,
    /// Bytes at the beginning of the buffer that belong to this request and are not written yet.
    ready: usize,
    body: Body,
    /// Since the caller has left: when the callee's answer is waited for no longer.
    left: Option<Instant>,
}

/// Where the request goes.
enum Callee<'a> {
    /// To somebody who is not reached yet.
    Awaited,
    Reached(WriteHalf<'a>),
    /// To nobody: it is read and dropped.
    Nobody,
}

impl<'a> Uplink<'a> {
    /// A request whose head is the first `head` bytes of the buffer.
    pub(super) fn new(
        caller: WireRead<'a>,
        buffer: &'a mut BytesMut,
        head: usize,
        framing: Framing,
    ) -> Uplink<'a> {
        let mut body = Body::new(framing);
        let ready = head + body.feed(&buffer[head..]);
        Uplink {
            caller,
            callee: Callee::Awaited,
            buffer,
            ready,
            body,
            left: None,
        }
    }

    /// From now on the request goes there.
    pub(super) fn lead(&mut self, callee: WriteHalf<'a>) {
        self.callee = Callee::Reached(callee);
    }

    /// The callee is not asked: the request is read and dropped.
    pub(super) fn dropped(mut self) -> Uplink<'a> {
        self.callee = Callee::Nobody;
        self
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
        matches!(self.callee, Callee::Nobody)
    }

    /// Whether the caller has left and the callee's answer is waited for all the same.
    pub(super) fn left(&self) -> bool {
        self.left.is_some()
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

    /// Does `work` while the request goes on its way, also once the caller has left a request that is whole.
    ///
    /// # Errors
    /// The caller left in the middle of its request, or nothing came of the work in time.
    pub(super) async fn despite<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Left> {
        let mut work = pin!(work);
        while self.left.is_none() {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                step = self.step() => if step.is_err() { self.leave()? },
            }
        }
        tokio::select! {
            biased;
            done = &mut work => Ok(done),
            () = self.outwait() => Err(Left),
        }
    }

    /// The caller has left. What it has sent can be all that the callee needs.
    fn leave(&mut self) -> Result<(), Left> {
        self.ready += self.body.feed(&self.buffer[self.ready..]);
        if !self.body.done() || self.refused() {
            return Err(Left);
        }
        self.left = Some(Instant::now() + ANSWER_WITHIN);
        Ok(())
    }

    /// Brings the callee what is left of the request and then the end, as the caller did; ends when the time is over.
    async fn outwait(&mut self) {
        let until = self.left.unwrap_or_else(Instant::now);
        if let Callee::Reached(_) = self.callee {
            while self.ready > 0 && self.write().await {}
            if let Callee::Reached(callee) = &mut self.callee {
                // A callee that takes no end takes no request either, and its answer will show that.
                let _ = callee.shutdown().await;
            }
        }
        tokio::time::sleep_until(until).await;
    }

    /// One read or one write. May be dropped and called again at any point.
    pub(super) async fn step(&mut self) -> Result<(), Left> {
        if self.left() {
            return Err(Left);
        }
        if self.ready == 0 {
            self.ready = self.body.feed(self.buffer);
        }
        if self.ready == 0 || matches!(self.callee, Callee::Awaited) {
            let room = if self.body.done() {
                HEAD_READ_BYTES
            } else {
                READ_BYTES
            };
            return watch(&mut self.caller, self.buffer, room).await;
        }
        self.write().await;
        Ok(())
    }

    /// One write, or what stands for it where nobody takes the request. False: nobody does any more.
    async fn write(&mut self) -> bool {
        let written = match &mut self.callee {
            Callee::Reached(callee) => match callee.write(&self.buffer[..self.ready]).await {
                Ok(written) => written,
                Err(error) => {
                    tracing::debug!(%error, "the callee takes no more of the request");
                    // Read on all the same, to notice when the caller leaves.
                    self.callee = Callee::Nobody;
                    0
                }
            },
            Callee::Awaited | Callee::Nobody => self.ready,
        };
        self.buffer.advance(written);
        self.ready -= written;
        !self.refused()
    }

    /// Whether the caller has left.
    pub(super) fn gone(&mut self, as_of: AsOf) -> bool {
        self.left.is_some() || self.caller.gone(self.buffer, HEAD_BYTES, as_of)
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
