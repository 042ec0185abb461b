//! Bytes both ways, and what can be learnt about a connection without reading from it.

use super::passing::Passed;
use super::wire::Wire;
use bytes::BytesMut;
use nix::errno::Errno;
use nix::libc;
use std::future::Future;
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::pin::pin;
use std::sync::atomic::AtomicU64;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, Interest};
use tokio::net::TcpStream;

/// Room made for one read.
pub(super) const READ_BYTES: usize = 32 * 1024;
/// Room made for one read where a head is due, which is seldom longer.
pub(super) const HEAD_READ_BYTES: usize = 4 * 1024;
/// The most that is taken from a peer only to learn whether it has left.
const PEEKED_BYTES: usize = 4 * 1024;

/// Passes bytes both ways until both sides have closed: first what the buffers hold, then what comes. A side that
/// closes its half closes that half of the other; when one connection breaks, the other is reset.
pub(super) async fn pump(
    mut caller: Wire,
    mut callee: TcpStream,
    mut from_caller: BytesMut,
    mut from_callee: BytesMut,
    passed: &Passed,
) {
    let (mut caller_read, mut caller_write) = caller.split();
    let (mut callee_read, mut callee_write) = callee.split();
    let ended = tokio::try_join!(
        copy(
            &mut caller_read,
            &mut callee_write,
            &mut from_caller,
            &passed.sent
        ),
        copy(
            &mut callee_read,
            &mut caller_write,
            &mut from_callee,
            &passed.received
        ),
    );
    if ended.is_err() {
        caller.reset();
        reset(&callee);
    }
}

async fn copy(
    from: &mut (impl AsyncRead + Unpin),
    to: &mut (impl AsyncWrite + Unpin),
    buffer: &mut BytesMut,
    count: &AtomicU64,
) -> io::Result<()> {
    loop {
        while !buffer.is_empty() {
            Passed::add(count, to.write_buf(buffer).await?);
        }
        if read(from, buffer, READ_BYTES).await? == 0 {
            return to.shutdown().await;
        }
    }
}

/// Reads once, with room for so many bytes at least. While there is nothing to read, a buffer that holds nothing is
/// given back, so that an open connection takes little memory.
pub(super) async fn read(
    from: &mut (impl AsyncRead + Unpin),
    buffer: &mut BytesMut,
    room: usize,
) -> io::Result<usize> {
    std::future::poll_fn(|cx| {
        buffer.reserve(room);
        let read = pin!(from.read_buf(buffer)).poll(cx);
        if read.is_pending() && buffer.is_empty() {
            *buffer = BytesMut::new();
        }
        read
    })
    .await
}

/// Makes the end of a connection one that its peer sees as a reset.
pub(super) fn reset(stream: &TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        tracing::debug!(%error, "the connection was gone before it could be reset");
    }
}

/// Resets a connection whose socket is open and in use elsewhere: whoever uses it closes it only when the work is done that
/// was asked for over it.
pub(super) fn reset_now(socket: RawFd) -> nix::Result<()> {
    // Linux resets a connection that is connected to nowhere.
    let nowhere = libc::sockaddr {
        sa_family: libc::AF_UNSPEC as libc::sa_family_t,
        sa_data: [0; 14],
    };
    let length = size_of::<libc::sockaddr>() as libc::socklen_t;
    // SAFETY: the address is as long as is said, and is only read during the call.
    let done = unsafe { libc::connect(socket, &nowhere, length) };
    Errno::result(done).map(drop)
}

/// As of when something about a socket has to be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AsOf {
    /// Now: the kernel is asked. For who has just learnt something that came by no socket, such as a decision.
    Now,
    /// The last time that the runtime looked at all its sockets, which costs nothing. For who acts on what a socket
    /// brought: what came on others before that was seen by the same look.
    LastLook,
}

/// Whether nothing waits to be read: no bytes, no end, no error.
pub(super) fn quiet(stream: &TcpStream, as_of: AsOf) -> bool {
    let mut byte = [0];
    receive(stream, &mut byte, true, as_of).is_err_and(|error| waits(&error))
}

/// Whether the peer has closed or reset the connection. Bytes that came before are added to `buffer`.
pub(super) fn gone(stream: &TcpStream, buffer: &mut BytesMut, limit: usize, as_of: AsOf) -> bool {
    let mut bytes = [0; PEEKED_BYTES];
    while buffer.len() < limit {
        match receive(stream, &mut bytes, false, as_of) {
            Ok(0) => return true,
            Ok(n) => buffer.extend_from_slice(&bytes[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return !waits(&error),
        }
    }
    false
}

fn receive(stream: &TcpStream, bytes: &mut [u8], peek: bool, as_of: AsOf) -> io::Result<usize> {
    use nix::sys::socket::{MsgFlags, recv};
    let mut flags = MsgFlags::MSG_DONTWAIT;
    flags.set(MsgFlags::MSG_PEEK, peek);
    let mut receive = || Ok(recv(stream.as_raw_fd(), bytes, flags)?);
    match as_of {
        AsOf::Now => receive(),
        AsOf::LastLook => stream.try_io(Interest::READABLE, receive),
    }
}

fn waits(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}
