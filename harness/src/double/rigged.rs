//! A connection on which a fault can take the place of an answer.
//!
//! The server above it writes an answer that nobody reads; what goes out in its place is written here.

use super::answer::Fault;
use socket2::SockRef;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// A status and the beginning of a body that never becomes one.
const MALFORMED: &[u8] =
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz no chunk begins like this ]['./";
/// Bytes that are no HTTP.
const GARBAGE: &[u8] = b"\x01\x9e no line of HTTP begins like this ][}{'./\x00\xff";

/// The fault that the next answer is to be.
#[derive(Clone, Debug, Default)]
pub(super) struct Slot(Arc<Mutex<Option<Fault>>>);

impl Slot {
    pub fn put(&self, fault: Fault) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault);
    }

    fn get(&self) -> Option<Fault> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connection.
pub(super) struct Rigged {
    stream: TcpStream,
    slot: Slot,
    written: usize,
}

impl Rigged {
    pub fn new(stream: TcpStream, slot: Slot) -> Rigged {
        Rigged {
            stream,
            slot,
            written: 0,
        }
    }

    /// Writes what the fault has in the place of an answer, and then gives the error that ends the connection.
    fn strike(&mut self, fault: Fault, context: &mut Context<'_>) -> Poll<io::Error> {
        let bytes: &[u8] = match fault {
            Fault::Empty | Fault::Reset => b"",
            Fault::Malformed => MALFORMED,
            Fault::Garbage => GARBAGE,
        };
        while self.written < bytes.len() {
            let wrote = Pin::new(&mut self.stream).poll_write(context, &bytes[self.written..]);
            match ready!(wrote) {
                Ok(0) | Err(_) => break,
                Ok(count) => self.written += count,
            }
        }
        if fault == Fault::Reset {
            // A connection that is closed with nothing to wait for is reset.
            let _ = SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        }
        Poll::Ready(io::Error::new(io::ErrorKind::ConnectionAborted, "a fault"))
    }
}

impl AsyncRead for Rigged {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Rigged {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.slot.get() {
            Some(fault) => self.strike(fault, context).map(Err),
            None => Pin::new(&mut self.stream).poll_write(context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.slot.get() {
            // An orderly end would come before the reset.
            Some(Fault::Reset) => Poll::Ready(Ok(())),
            _ => Pin::new(&mut self.stream).poll_shutdown(context),
        }
    }
}
