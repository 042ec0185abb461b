//! The request's way from caller to callee, on one stream.

use super::Left;
use super::caller::{Caller, poll_room};
use crate::gateway::body::{Body, Framing};
use bytes::Bytes;
use h2::{RecvStream, SendStream};
use http::HeaderMap;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::{Context, Poll, ready};

/// Carries one request and watches whether the caller stays.
pub(super) struct Uplink<'a> {
    caller: &'a Caller,
    from: RecvStream,
    way: Way,
    /// What was read and is not passed on yet.
    ready: VecDeque<Bytes>,
    body: Body,
    trailers: Option<HeaderMap>,
    /// Whether all of the request was read.
    read: bool,
    /// Whether all of it was passed on or dropped.
    done: bool,
}

/// Where the request's body goes.
enum Way {
    /// Nowhere yet; it stays with the caller.
    Held,
    /// Nowhere at all.
    Dropped,
    /// To the callee.
    To(SendStream<Bytes>),
}

impl<'a> Uplink<'a> {
    /// A request whose head has come.
    pub(super) fn new(caller: &'a Caller, from: RecvStream) -> Uplink<'a> {
        let bare = from.is_end_stream();
        Uplink {
            caller,
            from,
            way: Way::Held,
            ready: VecDeque::new(),
            body: Body::new(Framing::UntilClose),
            trailers: None,
            read: bare,
            done: bare,
        }
    }

    /// The request's body so far.
    pub(super) fn body(&self) -> &Body {
        &self.body
    }

    /// What came after its body.
    pub(super) fn trailers(&self) -> Option<&HeaderMap> {
        self.trailers.as_ref()
    }

    /// The pieces that were read and are not passed on yet.
    pub(super) fn ready(&self) -> &VecDeque<Bytes> {
        &self.ready
    }

    /// Whether all of the request has been passed on or dropped.
    pub(super) fn done(&self) -> bool {
        self.done
    }

    /// Whether nobody takes the request.
    pub(super) fn refused(&self) -> bool {
        !matches!(self.way, Way::To(_))
    }

    /// From here on the body goes to the callee.
    pub(super) fn lead(&mut self, to: SendStream<Bytes>) {
        self.way = Way::To(to);
    }

    /// From here on the body is read and forgotten.
    pub(super) fn drop_body(&mut self) {
        self.way = Way::Dropped;
    }

    /// Does `work` while the request goes on its way.
    ///
    /// # Errors
    /// The caller left first.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Left> {
        let mut work = pin!(work);
        poll_fn(|cx| {
            if self.caller.poll_left(cx).is_ready() {
                return Poll::Ready(Err(Left));
            }
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(Ok(done));
            }
            while let Poll::Ready(step) = self.poll_step(cx) {
                step?;
                // What has arrived at the callee may be what the work waits for.
                if let Poll::Ready(done) = work.as_mut().poll(cx) {
                    return Poll::Ready(Ok(done));
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Takes the request one step further.
    ///
    /// # Errors
    /// The caller left.
    pub(super) async fn step(&mut self) -> Result<(), Left> {
        poll_fn(|cx| match self.caller.poll_left(cx) {
            Poll::Ready(left) => Poll::Ready(Err(left)),
            Poll::Pending => self.poll_step(cx),
        })
        .await
    }

    /// Reads the whole request without passing it on. Whether it is no longer than `limit`.
    ///
    /// # Errors
    /// The caller left.
    pub(super) async fn whole(&mut self, limit: usize) -> Result<bool, Left> {
        while !self.read && self.body.length() <= limit as u64 {
            poll_fn(|cx| self.poll_read(cx)).await?;
        }
        Ok(self.read)
    }

    fn poll_step(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Left>> {
        let to = match &mut self.way {
            _ if self.done => return Poll::Pending,
            Way::Held => return Poll::Pending,
            Way::Dropped => {
                self.ready.clear();
                self.done = self.read;
                return if self.read {
                    Poll::Ready(Ok(()))
                } else {
                    self.poll_read(cx)
                };
            }
            Way::To(to) => to,
        };
        if to.poll_reset(cx).is_ready() {
            // It may have answered without the rest.
            self.way = Way::Dropped;
            return Poll::Ready(Ok(()));
        }
        let sent = match self.ready.front_mut() {
            None if !self.read => return self.poll_read(cx),
            None => {
                self.done = true;
                match self.trailers.clone() {
                    Some(trailers) => to.send_trailers(trailers),
                    None => to.send_data(Bytes::new(), true),
                }
            }
            Some(piece) => match ready!(poll_room(to, cx, piece.len())) {
                Ok(room) => {
                    let now = piece.split_to(room);
                    if piece.is_empty() {
                        self.ready.pop_front();
                    }
                    self.done = self.read && self.ready.is_empty() && self.trailers.is_none();
                    to.send_data(now, self.done)
                }
                Err(Left) => {
                    tracing::debug!("the callee takes no more of the request");
                    self.way = Way::Dropped;
                    return Poll::Ready(Ok(()));
                }
            },
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "the callee takes no more of the request");
            self.way = Way::Dropped;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads one piece. What is read makes room for more at once, but no more is read before it is passed on.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Left>> {
        match ready!(self.from.poll_data(cx)) {
            Some(Ok(piece)) => {
                // Fails only on a stream that has failed already, which the next read will tell.
                let _ = self.from.flow_control().release_capacity(piece.len());
                self.body.feed(&piece);
                if !piece.is_empty() {
                    self.ready.push_back(piece);
                }
                self.read = self.from.is_end_stream();
            }
            Some(Err(_)) => return Poll::Ready(Err(Left)),
            None => {
                self.trailers = ready!(self.from.poll_trailers(cx)).map_err(|_| Left)?;
                self.read = true;
            }
        }
        Poll::Ready(Ok(()))
    }
}
