//! The connection to the callee, as all streams of one caller's connection share it.

use super::preface::PREFACE;
use super::rewound::Rewound;
use super::{CONNECTION_WINDOW_BYTES, RESET_STREAMS, STREAM_WINDOW_BYTES};
use crate::gateway::callee::{self, Callee};
use crate::gateway::state::{Link, State};
use bytes::{Bytes, BytesMut};
use h2::client::{self, SendRequest};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// The way to the callee.
pub(super) struct Upstream<'a> {
    state: &'a State,
    link: &'a Link,
    live: tokio::sync::Mutex<Option<Live>>,
    /// What keeps connections going, former ones too while they still have streams.
    tasks: Mutex<JoinSet<()>>,
    ended: mpsc::UnboundedSender<Ended>,
}

/// How a connection to the callee ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// As it should.
    Closed,
    /// With an error.
    Broken,
}

/// A connection that takes requests.
struct Live {
    send: SendRequest<Bytes>,
    address: SocketAddr,
    over: Arc<AtomicBool>,
}

impl<'a> Upstream<'a> {
    /// Nobody is connected to yet. Says on `ended` when a connection has come to its end.
    pub(super) fn new(
        state: &'a State,
        link: &'a Link,
        ended: mpsc::UnboundedSender<Ended>,
    ) -> Upstream<'a> {
        Upstream {
            state,
            link,
            live: tokio::sync::Mutex::default(),
            tasks: Mutex::default(),
            ended,
        }
    }

    /// Takes a connection which has had the preface, and from which `early` was read.
    pub(super) async fn adopt(&self, callee: Callee, early: BytesMut) -> Result<(), String> {
        let live = self.shake_hands(callee, early, PREFACE.len()).await?;
        *self.live.lock().await = Some(live);
        Ok(())
    }

    /// The connection at hand if it still leads to the service and takes requests; otherwise a fresh one. Waits until the
    /// callee allows one more stream.
    ///
    /// # Errors
    /// Says in words why the service cannot be reached.
    pub(super) async fn reach(&self) -> Result<SendRequest<Bytes>, String> {
        if let Some(send) = self.at_hand().await {
            match send.ready().await {
                Ok(send) => return Ok(send),
                Err(error) => tracing::debug!(%error, "the connection takes no more requests"),
            }
        }
        let send = {
            let mut live = self.live.lock().await;
            match live.as_ref().filter(|live| self.leads(live)) {
                // Another stream was faster.
                Some(live) => live.send.clone(),
                None => {
                    let callee = callee::connect(self.state, self.link).await?;
                    let fresh = self.shake_hands(callee, BytesMut::new(), 0).await?;
                    live.insert(fresh).send.clone()
                }
            }
        };
        send.ready().await.map_err(|error| error.to_string())
    }

    async fn at_hand(&self) -> Option<SendRequest<Bytes>> {
        let live = self.live.lock().await;
        let live = live.as_ref().filter(|live| self.leads(live))?;
        Some(live.send.clone())
    }

    fn leads(&self, live: &Live) -> bool {
        let address = live.address.ip();
        !live.over.load(Ordering::Relaxed) && self.state.places.is_at(&self.link.service, address)
    }

    async fn shake_hands(
        &self,
        callee: Callee,
        early: BytesMut,
        written: usize,
    ) -> Result<Live, String> {
        let stream = Rewound::new(callee.stream, early, written);
        let (send, connection) = client::Builder::new()
            .initial_window_size(STREAM_WINDOW_BYTES)
            .initial_connection_window_size(CONNECTION_WINDOW_BYTES)
            .max_pending_accept_reset_streams(RESET_STREAMS)
            .max_local_error_reset_streams(None)
            .enable_push(false)
            .handshake(stream)
            .await
            .map_err(|error| error.to_string())?;
        let over = Arc::new(AtomicBool::new(false));
        let (ended, seen) = (self.ended.clone(), over.clone());
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.spawn(async move {
            let end = connection.await;
            seen.store(true, Ordering::Relaxed);
            let end = match end {
                Ok(()) => Ended::Closed,
                Err(error) => {
                    tracing::debug!(%error, "the connection to the callee broke");
                    Ended::Broken
                }
            };
            // Without a caller nobody wants to know.
            let _ = ended.send(end);
        });
        Ok(Live {
            send,
            address: callee.address,
            over,
        })
    }
}
