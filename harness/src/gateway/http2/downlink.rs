//! The answer's way from callee to caller, on one stream.

use super::caller::Caller;
use super::{Broken, message};
use crate::gateway::alter::Altered;
use crate::gateway::body::{Body, Framing};
use crate::gateway::downlink::Pieces;
use crate::history::Message;
use bytes::Bytes;
use h2::RecvStream;
use h2::client::ResponseFuture;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// Carries one answer. Its end is written by [`Downlink::deliver`] alone.
pub(super) struct Downlink<'a> {
    caller: &'a Caller,
    head: http::response::Parts,
    from: RecvStream,
    /// What was read and is not written yet.
    kept: VecDeque<Bytes>,
    body: Body,
    trailers: Option<HeaderMap>,
    /// Whether all of the answer was read.
    read: bool,
    begun: bool,
    cut: bool,
}

impl<'a> Downlink<'a> {
    /// Waits for an answer's head. Interim answers are passed on at once.
    pub(super) async fn begin(
        caller: &'a Caller,
        mut response: ResponseFuture,
    ) -> Result<Downlink<'a>, Broken> {
        let answer = poll_fn(|cx| {
            while let Poll::Ready(Some(interim)) = response.poll_informational(cx) {
                caller.interim(interim.map_err(|error| Broken::by_callee(&error))?)?;
            }
            let answer = Pin::new(&mut response).poll(cx);
            answer.map_err(|error| Broken::by_callee(&error))
        });
        let (head, from) = answer.await?.into_parts();
        let read = from.is_end_stream();
        Ok(Downlink {
            caller,
            head,
            from,
            kept: VecDeque::new(),
            body: Body::new(Framing::UntilClose),
            trailers: None,
            read,
            begun: false,
            cut: false,
        })
    }

    /// The answer's status.
    pub(super) fn status(&self) -> StatusCode {
        self.head.status
    }

    /// The answer as far as it has come, for the history.
    pub(super) fn message(&self) -> Message {
        message::answer(&self.head.headers, &self.body, self.trailers.as_ref())
    }

    /// The answer's body so far.
    pub(super) fn body(&self) -> &Body {
        &self.body
    }

    /// Whether the caller has seen some of it.
    pub(super) fn begun(&self) -> bool {
        self.begun
    }

    /// The length of its body, where the head tells.
    pub(super) fn length(&self) -> Option<u64> {
        if self.read && self.body.length() == 0 {
            return Some(0);
        }
        let length = self.head.headers.get(CONTENT_LENGTH)?;
        length.to_str().ok()?.parse().ok()
    }

    /// Waits until the answer is whole (`true`), or longer than what may be kept (`false`).
    pub(super) async fn whole(&mut self, pieces: Pieces) -> Result<bool, Broken> {
        while !self.read {
            match pieces {
                Pieces::Keep(limit) if self.body.length() > limit as u64 => return Ok(false),
                Pieces::Keep(_) | Pieces::First(_) => {}
                Pieces::Pass => self.flush(false).await?,
                Pieces::Drop => self.kept.clear(),
            }
            self.read().await?;
        }
        Ok(true)
    }

    /// Puts the same head with another body in the place of what is not written yet. What follows the body stays. What
    /// the caller is told by it.
    pub(super) fn replace(&mut self, altered: &Altered) -> Message {
        let headers = &mut self.head.headers;
        if headers.contains_key(CONTENT_LENGTH) {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(altered.declared));
        }
        self.kept = [Bytes::copy_from_slice(&altered.bytes)].into();
        self.cut = altered.cut();
        let trailers = self.trailers.as_ref().filter(|_| !self.cut);
        message::answer(&self.head.headers, &Body::whole(&altered.bytes), trailers)
    }

    /// Writes what is left, and the end if there is to be one.
    pub(super) async fn deliver(&mut self) -> Result<(), Broken> {
        self.flush(!self.cut).await
    }

    /// Reads one piece. What is read makes room for more at once, but no more is read before it is passed on or kept.
    async fn read(&mut self) -> Result<(), Broken> {
        match self.from.data().await {
            Some(Ok(piece)) => {
                // Fails only on a stream that has failed already, which the next read will tell.
                let _ = self.from.flow_control().release_capacity(piece.len());
                self.body.feed(&piece);
                self.kept.push_back(piece);
                self.read = self.from.is_end_stream();
            }
            Some(Err(error)) => return Err(Broken::by_callee(&error)),
            None => {
                let trailers = self.from.trailers().await;
                self.trailers = trailers.map_err(|error| Broken::by_callee(&error))?;
                self.read = true;
            }
        }
        Ok(())
    }

    async fn flush(&mut self, end: bool) -> Result<(), Broken> {
        self.kept.retain(|piece| !piece.is_empty());
        let bare = end && self.trailers.is_none();
        if !self.begun {
            self.begun = true;
            let mut head = Response::new(());
            *head.status_mut() = self.head.status;
            *head.headers_mut() = self.head.headers.clone();
            self.caller.begin(head, bare && self.kept.is_empty())?;
            if bare && self.kept.is_empty() {
                return Ok(());
            }
        }
        let mut ended = false;
        while let Some(piece) = self.kept.pop_front() {
            ended = bare && self.kept.is_empty();
            self.caller.send(piece, ended).await?;
        }
        if end && !ended {
            self.caller.end(self.trailers.clone())?;
        }
        Ok(())
    }
}
