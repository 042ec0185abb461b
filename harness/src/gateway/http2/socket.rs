//! The caller's connection, as all its streams share it.

use crate::gateway::wire::Wire;
use bytes::BytesMut;
use std::io;
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A caller's connection and what was read from it already.
pub(super) struct Socket(Mutex<Inner>);

struct Inner {
    early: BytesMut,
    wire: Wire,
    /// Whether bytes wait for room to be written.
    blocked: bool,
    /// Whether the caller has closed it.
    ended: bool,
}

/// Its reading and writing end.
pub(super) struct Io<'a>(&'a Socket);

impl Socket {
    /// A connection of which `early` was read.
    pub(super) fn new(wire: Wire, early: BytesMut) -> Socket {
        Socket(Mutex::new(Inner {
            early,
            wire,
            blocked: false,
            ended: false,
        }))
    }

    /// The end to read from and write to.
    pub(super) fn io(&self) -> Io<'_> {
        Io(self)
    }

    /// Whether something that was to be written is not written yet.
    pub(super) fn blocked(&self) -> bool {
        self.lock().blocked
    }

    /// Whether the caller has closed the connection.
    pub(super) fn ended(&self) -> bool {
        self.lock().ended
    }

    /// Whether the link has reset the connection.
    pub(super) fn broken(&self) -> bool {
        self.lock().wire.broken()
    }

    /// Whether all that the caller has said by now was read, asked of the kernel.
    pub(super) fn quiet(&self) -> bool {
        self.lock().wire.quiet()
    }

    /// Ends the connection in a way that the caller sees as a reset.
    pub(super) fn reset(self) {
        let inner = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        inner.wire.reset();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AsyncRead for Io<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut inner = self.0.lock();
        if !inner.early.is_empty() {
            let length = inner.early.len().min(buf.remaining());
            buf.put_slice(&inner.early.split_to(length));
            return Poll::Ready(Ok(()));
        }
        let before = buf.filled().len();
        let read = Pin::new(&mut inner.wire).poll_read(cx, buf);
        inner.ended = matches!(read, Poll::Ready(Ok(()))) && buf.filled().len() == before;
        read
    }
}

impl AsyncWrite for Io<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut inner = self.0.lock();
        let written = Pin::new(&mut inner.wire).poll_write(cx, bytes);
        inner.blocked = written.is_pending();
        written
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.lock().wire).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.lock().wire).poll_shutdown(cx)
    }
}
