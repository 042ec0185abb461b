//! The caller's side of one stream.

use super::Left;
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, SendStream};
use http::{HeaderMap, Response};
use std::future::poll_fn;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

/// What the caller gets, and whether it still wants it. Both ways of an exchange use it at once.
pub(super) struct Caller(Mutex<Respond>);

enum Respond {
    Due(SendResponse<Bytes>),
    Begun(SendStream<Bytes>),
}

impl Caller {
    /// A caller that has had no answer yet.
    pub(super) fn new(respond: SendResponse<Bytes>) -> Caller {
        Caller(Mutex::new(Respond::Due(respond)))
    }

    /// Waits until the caller has reset the stream or lost its connection.
    pub(super) fn poll_left(&self, cx: &mut Context<'_>) -> Poll<Left> {
        let reset = match &mut *self.lock() {
            Respond::Due(respond) => respond.poll_reset(cx),
            Respond::Begun(stream) => stream.poll_reset(cx),
        };
        reset.map(|_| Left)
    }

    /// Passes an interim answer.
    pub(super) fn interim(&self, answer: Response<()>) -> Result<(), Left> {
        match &mut *self.lock() {
            Respond::Due(respond) => respond.send_informational(answer).map_err(|_| Left),
            Respond::Begun(_) => Ok(()),
        }
    }

    /// Sends an answer's head, which may be all of it.
    pub(super) fn begin(&self, answer: Response<()>, whole: bool) -> Result<(), Left> {
        let mut respond = self.lock();
        if let Respond::Due(due) = &mut *respond {
            let stream = due.send_response(answer, whole).map_err(|_| Left)?;
            *respond = Respond::Begun(stream);
        }
        Ok(())
    }

    /// Sends a piece of an answer's body, as fast as the caller takes it; `last` ends the answer.
    pub(super) async fn send(&self, mut piece: Bytes, last: bool) -> Result<(), Left> {
        while !piece.is_empty() {
            let room = poll_fn(|cx| match &mut *self.lock() {
                Respond::Begun(stream) => poll_room(stream, cx, piece.len()),
                Respond::Due(_) => Poll::Ready(Err(Left)),
            });
            let now = piece.split_to(room.await?);
            self.begun(|stream| stream.send_data(now, last && piece.is_empty()))?;
        }
        Ok(())
    }

    /// Ends an answer whose body is sent.
    pub(super) fn end(&self, trailers: Option<HeaderMap>) -> Result<(), Left> {
        self.begun(|stream| match trailers {
            Some(trailers) => stream.send_trailers(trailers),
            None => stream.send_data(Bytes::new(), true),
        })
    }

    /// Resets the stream. What is not written yet is lost.
    pub(super) fn reset(&self, reason: Reason) {
        match &mut *self.lock() {
            Respond::Due(respond) => respond.send_reset(reason),
            Respond::Begun(stream) => stream.send_reset(reason),
        }
    }

    fn begun(
        &self,
        send: impl FnOnce(&mut SendStream<Bytes>) -> Result<(), h2::Error>,
    ) -> Result<(), Left> {
        match &mut *self.lock() {
            Respond::Begun(stream) => send(stream).map_err(|_| Left),
            Respond::Due(_) => Err(Left),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Respond> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for room for at most `wanted` bytes, and for one at least.
///
/// # Errors
/// The stream is over.
pub(super) fn poll_room(
    stream: &mut SendStream<Bytes>,
    cx: &mut Context<'_>,
    wanted: usize,
) -> Poll<Result<usize, Left>> {
    stream.reserve_capacity(wanted);
    let room = match stream.capacity() {
        0 => match ready!(stream.poll_capacity(cx)) {
            Some(Ok(room)) => room,
            Some(Err(_)) | None => return Poll::Ready(Err(Left)),
        },
        room => room,
    };
    Poll::Ready(Ok(room.min(wanted)))
}
