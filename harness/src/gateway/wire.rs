//! A caller's connection, with whatever is wrong with its link.
//!
//! While nothing is wrong with the link, bytes pass straight through. Delays hold back what the client sends; a cut and a
//! bandwidth hold back both ways; a reset ends the connection after so many bytes of both ways together.
//!
//! What a link does is felt in bytes alone. The end of a connection is held back like them, but nobody shows that he waits
//! for it: a client that closes an idle connection of its pool, and one that has said all and wants an answer, send the
//! same.

use super::Shape;
use super::pipe::{Bend, PIECE, Pipe, Way};
use super::raw::{self, AsOf, READ_BYTES};
use super::timer::Timer;
use bytes::{Buf, Bytes, BytesMut};
use std::collections::VecDeque;
use std::io;
use std::os::fd::AsRawFd;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

/// The most bytes that a slow link holds for one connection.
const HELD_BYTES: usize = 4 * 1024 * 1024;

/// The numbers of connections.
static NUMBERS: AtomicU64 = AtomicU64::new(0);

/// A caller's connection.
pub(super) struct Wire {
    stream: TcpStream,
    /// By this number and the next the link knows its two ways.
    number: u64,
    pipe: Arc<Pipe>,
    up: Up,
    down: Down,
    counter: Arc<Counter>,
}

/// Its reading half.
pub(super) struct WireRead<'a> {
    half: ReadHalf<'a>,
    number: u64,
    pipe: &'a Pipe,
    up: &'a mut Up,
    counter: &'a Counter,
}

/// Its writing half.
pub(super) struct WireWrite<'a> {
    half: WriteHalf<'a>,
    number: u64,
    pipe: &'a Pipe,
    down: &'a mut Down,
    counter: &'a Counter,
}

/// What the client has sent and the service has not got yet, each piece with the moment from which on it may pass. An
/// empty piece is the end.
#[derive(Default)]
struct Up {
    held: VecDeque<(Instant, Bytes)>,
    held_bytes: usize,
    timer: Timer,
}

/// When the piece that is to be written next will have passed, and how long it may be.
#[derive(Default)]
struct Down {
    turn: Option<(Instant, usize)>,
    timer: Timer,
}

/// The bytes that have passed both ways since a shape that resets lies on the link, and whether the link has reset the
/// connection.
#[derive(Default)]
pub(super) struct Counter {
    shape: AtomicU64,
    bytes: AtomicU64,
    broken: AtomicBool,
}

impl Wire {
    /// A connection on a link.
    pub(super) fn new(stream: TcpStream, pipe: Arc<Pipe>) -> Wire {
        let number = NUMBERS.fetch_add(2, Ordering::Relaxed);
        let counter = Arc::<Counter>::default();
        pipe.open(number, stream.as_raw_fd(), counter.clone());
        Wire {
            stream,
            number,
            pipe,
            up: Up::default(),
            down: Down::default(),
            counter,
        }
    }

    /// Waits until the link is not cut. A connection that is made meanwhile reaches nobody.
    pub(super) async fn passable(&self) {
        std::future::poll_fn(|cx| {
            if !self.pipe.bent() || !self.pipe.bend(self.number, cx).cut {
                return Poll::Ready(());
            }
            self.pipe.felt(|_, shape| *shape == Shape::Cut);
            Poll::Pending
        })
        .await
    }

    /// Both halves.
    pub(super) fn split(&mut self) -> (WireRead<'_>, WireWrite<'_>) {
        let (read, write) = self.stream.split();
        let (pipe, counter) = (&*self.pipe, &*self.counter);
        let read = WireRead {
            half: read,
            number: self.number,
            pipe,
            up: &mut self.up,
            counter,
        };
        let write = WireWrite {
            half: write,
            number: self.number + 1,
            pipe,
            down: &mut self.down,
            counter,
        };
        (read, write)
    }

    /// Whether the link has reset the connection.
    pub(super) fn broken(&self) -> bool {
        self.counter.broken.load(Ordering::Relaxed)
    }

    /// Whether nothing of the caller's waits to be read, asked of the kernel. A link with something wrong hides it.
    pub(super) fn quiet(&self) -> bool {
        self.pipe.bent() || raw::quiet(&self.stream, AsOf::Now)
    }

    /// Makes the end of the connection one that the caller sees as a reset.
    pub(super) fn reset(self) {
        raw::reset(&self.stream);
    }
}

/// What holds something back where so much passes: the narrowest bandwidth, and none beside it.
fn narrow(rate: u64) -> impl Fn(u64, &Shape) -> bool {
    move |_, shape| matches!(shape, Shape::Carries { bytes_per_s } if *bytes_per_s <= rate)
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.pipe.close(self.number);
        if self.broken() {
            raw::reset(&self.stream);
        }
        self.pipe.forget(self.number);
        self.pipe.forget(self.number + 1);
    }
}

impl Counter {
    /// How many bytes may still pass; an error once there are none.
    fn left(&self, stream: &TcpStream, pipe: &Pipe, bend: &Bend) -> io::Result<usize> {
        let Some((shape, limit)) = bend.reset else {
            return Ok(usize::MAX);
        };
        // Numbers begin with 1, so that the first shape is told from none.
        if self.shape.swap(shape, Ordering::Relaxed) != shape {
            self.bytes.store(0, Ordering::Relaxed);
        }
        let left = limit.saturating_sub(self.bytes.load(Ordering::Relaxed));
        if left > 0 {
            return Ok(usize::try_from(left).unwrap_or(usize::MAX));
        }
        self.broken.store(true, Ordering::Relaxed);
        raw::reset(stream);
        pipe.felt(|number, _| number == shape);
        Err(io::ErrorKind::ConnectionReset.into())
    }

    fn passed(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// The link resets the connection.
    pub(super) fn break_off(&self) {
        self.broken.store(true, Ordering::Relaxed);
    }

    fn check(&self) -> io::Result<()> {
        match self.broken.load(Ordering::Relaxed) {
            true => Err(io::ErrorKind::ConnectionReset.into()),
            false => Ok(()),
        }
    }
}

impl WireRead<'_> {
    /// Whether the caller has closed or reset the connection. What came before is added to `buffer`. A link with
    /// something wrong hides it.
    pub(super) fn gone(&mut self, buffer: &mut BytesMut, limit: usize, as_of: AsOf) -> bool {
        let plain = !self.pipe.bent() && self.up.held.is_empty();
        plain && raw::gone(self.half.as_ref(), buffer, limit, as_of)
    }

    /// Takes from the caller what the link has room for.
    fn take_in(&mut self, cx: &mut Context<'_>, bend: &Bend) -> io::Result<()> {
        let piece = bend.bytes_per_s.map_or(READ_BYTES, piece);
        let room = match bend.bytes_per_s {
            Some(rate) => 2 * piece + (rate as f64 * bend.longest.as_secs_f64()) as usize,
            None => HELD_BYTES,
        };
        let ended = |held: &VecDeque<(Instant, Bytes)>| {
            held.back().is_some_and(|(_, bytes)| bytes.is_empty())
        };
        while self.up.held_bytes < room && !ended(&self.up.held) {
            let mut bytes = vec![0; piece];
            let mut buf = ReadBuf::new(&mut bytes);
            match Pin::new(&mut self.half).poll_read(cx, &mut buf) {
                Poll::Pending => return Ok(()),
                Poll::Ready(read) => read?,
            }
            let length = buf.filled().len();
            bytes.truncate(length);
            let passed = match bend.bytes_per_s {
                Some(rate) => self.pipe.reserve(Way::Up, length, rate),
                None => Instant::now(),
            };
            // A link that is wide enough for all that comes holds nothing back.
            if let Some(rate) = bend.bytes_per_s
                && length > 0
                && passed > Instant::now()
            {
                self.pipe.felt(narrow(rate));
            }
            let before = self.up.held.back().map(|(due, _)| *due);
            // What was sent later never overtakes.
            let due = before.map_or(passed + bend.delay, |due| due.max(passed + bend.delay));
            self.up.held_bytes += length;
            self.up.held.push_back((due, bytes.into()));
        }
        Ok(())
    }

    /// Passes on the first piece that is held.
    fn let_out(&mut self, buf: &mut ReadBuf<'_>, at_most: usize) {
        let Some((_, bytes)) = self.up.held.front_mut() else {
            return;
        };
        let length = bytes.len().min(buf.remaining()).min(at_most);
        buf.put_slice(&bytes[..length]);
        bytes.advance(length);
        self.up.held_bytes -= length;
        if bytes.is_empty() && length > 0 {
            self.up.held.pop_front();
        }
    }

    fn poll_bent(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let bend = self.pipe.bend(self.number, cx);
        if bend.cut {
            let mut byte = [0];
            let mut byte = ReadBuf::new(&mut byte);
            let peeked = self.half.poll_peek(cx, &mut byte);
            if self.up.held_bytes > 0 || matches!(peeked, Poll::Ready(Ok(1..))) {
                self.pipe.felt(|_, shape| *shape == Shape::Cut);
            }
            return Poll::Pending;
        }
        self.take_in(cx, &bend)?;
        let Some((due, bytes)) = self.up.held.front() else {
            // The socket wakes the reader, or the link does.
            return Poll::Pending;
        };
        let ends = bytes.is_empty();
        let slow = !bend.longest.is_zero();
        if bend.bytes_per_s.is_some() || slow {
            ready!(self.up.timer.poll_at(cx, *due));
        }
        if ends {
            return Poll::Ready(Ok(()));
        }
        if slow {
            self.pipe
                .felt(|_, shape| matches!(shape, Shape::Slow { .. }));
        }
        let left = self.counter.left(self.half.as_ref(), self.pipe, &bend)?;
        let before = buf.filled().len();
        self.let_out(buf, left);
        self.counter.passed(buf.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for WireRead<'_> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.pipe.bent() {
            this.counter.check()?;
            return this.poll_bent(cx, buf);
        }
        if !this.up.held.is_empty() {
            this.let_out(buf, usize::MAX);
            return Poll::Ready(Ok(()));
        }
        this.counter.check()?;
        Pin::new(&mut this.half).poll_read(cx, buf)
    }
}

impl WireWrite<'_> {
    fn poll_bent(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let bend = self.pipe.bend(self.number, cx);
        if bend.cut {
            self.pipe.felt(|_, shape| *shape == Shape::Cut);
            return Poll::Pending;
        }
        let left = self.counter.left(self.half.as_ref(), self.pipe, &bend)?;
        let mut length = bytes.len().min(left);
        if let Some(rate) = bend.bytes_per_s {
            length = length.min(piece(rate));
            let (at, turn) = *self.down.turn.get_or_insert_with(|| {
                let at = self.pipe.reserve(Way::Down, length, rate);
                (at, length)
            });
            if self.down.timer.poll_at(cx, at).is_pending() {
                self.pipe.felt(narrow(rate));
                return Poll::Pending;
            }
            length = length.min(turn);
        }
        let written = ready!(Pin::new(&mut self.half).poll_write(cx, &bytes[..length]))?;
        self.down.turn = None;
        self.counter.passed(written);
        Poll::Ready(Ok(written))
    }
}

impl AsyncWrite for WireWrite<'_> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.counter.check()?;
        if this.pipe.bent() {
            return this.poll_bent(cx, bytes);
        }
        this.down.turn = None;
        Pin::new(&mut this.half).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().half).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.pipe.bent() && this.pipe.bend(this.number, cx).cut {
            return Poll::Pending;
        }
        Pin::new(&mut this.half).poll_shutdown(cx)
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().split().0).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().split().1).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().split().1).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().split().1).poll_shutdown(cx)
    }
}

/// The bytes that a narrow link passes at once.
fn piece(bytes_per_s: u64) -> usize {
    let bytes = bytes_per_s as f64 * PIECE.as_secs_f64();
    (bytes as usize).clamp(1, READ_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_narrowest_holds_something_back() {
        let carries = |bytes_per_s| Shape::Carries { bytes_per_s };
        assert!(narrow(5)(1, &carries(5)));
        assert!(!narrow(5)(1, &carries(9)));
        assert!(!narrow(5)(1, &Shape::Cut));
    }
}
