//! A request that the callee gets once more than the caller sent it.

use super::caller::poll_room;
use super::exchange::Work;
use super::uplink::Uplink;
use super::{Left, message};
use crate::gateway::body::{Body, Framing};
use crate::gateway::copy::{ANSWER_WITHIN, COPIED_BYTES};
use crate::gateway::state::Ticket;
use crate::history::{Answered, Seen};
use bytes::Bytes;
use h2::SendStream;
use std::future::poll_fn;

impl Work<'_> {
    /// Reads the whole request, and sends it on a stream of its own. The request itself can be sent afterwards. Whether
    /// the callee has answered the copy.
    pub(super) async fn copy(
        &self,
        uplink: &mut Uplink<'_>,
        ticket: &Ticket,
    ) -> Result<bool, Left> {
        self.go_on(uplink)?;
        if !uplink.whole(COPIED_BYTES).await? {
            tracing::warn!("the request is too long to be sent twice; it passes once");
            return Ok(false);
        }
        let state = self.trunk.state;
        let mut copy = state.asked_again(self.trunk.link, self.asked, ticket);
        let timed = tokio::time::timeout(ANSWER_WITHIN, self.ask_again(uplink, &mut copy)).await;
        match timed.unwrap_or_else(|_| Err("no answer in time".to_owned())) {
            Ok(answered) => {
                state.answered(&mut copy, answered, false);
                state.delivered(copy, Seen::Copy);
                Ok(true)
            }
            Err(reason) => {
                state.delivered(copy, Seen::Unreachable { reason });
                Ok(false)
            }
        }
    }

    /// Asks with what was read of the request, and reads the whole answer.
    async fn ask_again(&self, uplink: &Uplink<'_>, copy: &mut Ticket) -> Result<Answered, String> {
        let said = |error: h2::Error| error.to_string();
        let mut send = self.trunk.upstream.reach().await?;
        let (answer, mut to) = send
            .send_request(message::forwarded(self.parts), uplink.done())
            .map_err(said)?;
        copy.unanswered = true;
        if !uplink.done() {
            for piece in uplink.ready() {
                // The callee may answer without it.
                if send_piece(&mut to, piece.clone()).await.is_err() {
                    break;
                }
            }
            let ended = match uplink.trailers() {
                Some(trailers) => to.send_trailers(trailers.clone()),
                None => to.send_data(Bytes::new(), true),
            };
            if let Err(error) = ended {
                tracing::debug!(%error, "the callee takes no more of the copy");
            }
        }
        let (head, mut from) = answer.await.map_err(said)?.into_parts();
        let mut body = Body::new(Framing::UntilClose);
        while let Some(piece) = from.data().await {
            let piece = piece.map_err(said)?;
            // Fails only on a stream that has failed already, which the next read will tell.
            let _ = from.flow_control().release_capacity(piece.len());
            body.feed(&piece);
        }
        let trailers = from.trailers().await.map_err(said)?;
        Ok(copy.answered(
            message::request(self.asked, uplink),
            head.status.as_u16(),
            message::answer(&head.headers, &body, trailers.as_ref()),
        ))
    }
}

async fn send_piece(to: &mut SendStream<Bytes>, mut piece: Bytes) -> Result<(), Left> {
    while !piece.is_empty() {
        let room = poll_fn(|cx| poll_room(to, cx, piece.len())).await?;
        to.send_data(piece.split_to(room), false)
            .map_err(|_| Left)?;
    }
    Ok(())
}
