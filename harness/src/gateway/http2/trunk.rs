//! A caller's connection and its streams.

use super::caller::Caller;
use super::exchange::Exchange;
use super::socket::Socket;
use super::upstream::{Ended, Upstream};
use super::{CONNECTION_WINDOW_BYTES, Left, RESET_STREAMS, STREAM_WINDOW_BYTES};
use crate::gateway::session::Session;
use crate::gateway::state::{Link, State, Ticket};
use crate::history::Seen;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use h2::{Reason, server};
use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use tokio::sync::{mpsc, oneshot};

/// What the streams of one connection share.
pub(super) struct Trunk<'a> {
    pub(super) state: &'a State,
    pub(super) link: &'a Link,
    pub(super) socket: &'a Socket,
    pub(super) upstream: Upstream<'a>,
    /// Who waits until all that was sent is written; `None` once nothing will be written any more.
    unwritten: Mutex<Option<Vec<oneshot::Sender<()>>>>,
    /// How often what was sent could not be written at once.
    stalls: AtomicU64,
}

/// A stream whose callee is gone.
pub(super) struct Lost {
    /// Whom it leaves waiting.
    pub(super) caller: Caller,
    /// How its stream is reset when its connection goes on.
    pub(super) reason: Reason,
}

/// How a caller's connection ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The caller closed it, or it broke, or there is nothing more to do on it.
    Over,
    /// The callee is gone, so it is to be reset.
    Reset,
}

/// Serves a connection to its end. `prefaced`: the callee at hand was seen to speak HTTP/2 and has had the preface.
pub(super) async fn serve(session: Session, prefaced: bool) {
    let Session {
        state,
        link,
        caller,
        callee,
        from_caller,
        from_callee,
    } = session;
    let socket = Socket::new(caller, from_caller);
    let (ended, mut ends) = mpsc::unbounded_channel();
    let trunk = Trunk {
        state: &state,
        link: &link,
        socket: &socket,
        upstream: Upstream::new(&state, &link, ended),
        unwritten: Mutex::new(Some(Vec::new())),
        stalls: AtomicU64::new(0),
    };
    if let Some(callee) = callee.filter(|_| prefaced)
        && let Err(reason) = trunk.upstream.adopt(callee, from_callee).await
    {
        tracing::debug!(reason, "the callee has left already");
    }
    let end = trunk.run(&mut ends).await;
    drop(trunk);
    if end == End::Reset {
        socket.reset();
    }
}

impl Trunk<'_> {
    /// Waits until all that was sent before is written out to the caller. Whether that was done at one go.
    ///
    /// # Errors
    /// The connection ended before.
    pub(super) async fn written(&self) -> Result<bool, Left> {
        let stalls = self.stalls.load(Ordering::Relaxed);
        let (tell, told) = oneshot::channel();
        if let Some(unwritten) = &mut *self.unwritten() {
            unwritten.push(tell);
        }
        told.await.map_err(|_| Left)?;
        Ok(self.stalls.load(Ordering::Relaxed) == stalls)
    }

    /// Reports what the caller saw of an exchange. One that seems to have left may have been reset by its link.
    pub(super) fn settle(&self, ticket: Ticket, seen: Seen) {
        let seen = match seen {
            Seen::Left if self.socket.broken() => Seen::Reset,
            seen => seen,
        };
        self.state.delivered(ticket, seen);
    }

    async fn run(&self, ends: &mut mpsc::UnboundedReceiver<Ended>) -> End {
        let handshake = server::Builder::new()
            .initial_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_pending_accept_reset_streams(RESET_STREAMS)
            .max_local_error_reset_streams(None)
            .handshake(self.socket.io());
        let mut server = match handshake.await {
            Ok(server) => server,
            Err(error) => {
                tracing::debug!(%error, "the caller left with its first words");
                return End::Over;
            }
        };
        let mut streams = FuturesUnordered::new();
        let mut lost = Vec::new();
        let end = poll_fn(|cx| {
            loop {
                // The connection goes first, so that no stream acts before all that the caller has said is known.
                match server.poll_accept(cx) {
                    Poll::Ready(Some(Ok((request, respond)))) => {
                        streams.push(Exchange::new(self, request, respond).run());
                        continue;
                    }
                    Poll::Ready(Some(Err(error))) => {
                        tracing::debug!(%error, "the caller's connection broke");
                        return Poll::Ready(End::Over);
                    }
                    Poll::Ready(None) => {
                        // Closed by either side; by this one, only after all was written.
                        if !self.socket.ended() {
                            self.tell_written();
                        }
                        return Poll::Ready(End::Over);
                    }
                    Poll::Pending => self.tell_written(),
                }
                if advance(&mut streams, &mut lost, cx) || self.waits_for_writing() {
                    continue;
                }
                let ended = ends.poll_recv(cx);
                let idle = streams.is_empty();
                let gone = !lost.is_empty() || ended == Poll::Ready(Some(Ended::Broken));
                if gone && idle {
                    return Poll::Ready(End::Reset);
                }
                // Others do not need the callee, or not any more.
                for Lost { caller, reason } in lost.drain(..) {
                    caller.reset(reason);
                }
                if !gone && ended.is_pending() {
                    return Poll::Pending;
                }
                server.graceful_shutdown();
            }
        })
        .await;
        // With its connection, every caller has left.
        drop(server);
        *self.unwritten() = None;
        while streams.next().await.is_some() {}
        end
    }

    /// The connection has been taken as far as it goes.
    fn tell_written(&self) {
        if self.socket.blocked() {
            self.stalls.fetch_add(1, Ordering::Relaxed);
            return;
        }
        for tell in self.unwritten().iter_mut().flat_map(|all| all.drain(..)) {
            // A stream that was reset meanwhile does not wait any more.
            let _ = tell.send(());
        }
    }

    fn waits_for_writing(&self) -> bool {
        let waits = self.unwritten().as_ref().is_some_and(|all| !all.is_empty());
        waits && !self.socket.blocked()
    }

    fn unwritten(&self) -> MutexGuard<'_, Option<Vec<oneshot::Sender<()>>>> {
        self.unwritten
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the streams as far as they go. Whether one has ended, so that the connection may go on.
fn advance<F: Future<Output = Option<Lost>>>(
    streams: &mut FuturesUnordered<F>,
    lost: &mut Vec<Lost>,
    cx: &mut Context<'_>,
) -> bool {
    match streams.poll_next_unpin(cx) {
        Poll::Ready(Some(ended)) => {
            lost.extend(ended);
            true
        }
        Poll::Ready(None) | Poll::Pending => false,
    }
}
