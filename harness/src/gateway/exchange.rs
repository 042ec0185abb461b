//! One request and its answer.

use super::Action;
use super::ask::Ask;
use super::callee;
use super::carry::{Carried, at_one_go, carry};
use super::downlink::{Broken, Downlink};
use super::head::{HEAD_BYTES, Request};
use super::raw::AsOf;
use super::reply;
use super::session::{After, Before, Session};
use super::state::Ticket;
use super::uplink::{self, Left, Uplink};
use super::wire::WireWrite;
use crate::history::Seen;
use tokio::io::AsyncWriteExt;

/// The most of a request's body that is read to answer in the callee's place without closing the connection.
pub(super) const DROPPED_BYTES: u64 = 1024 * 1024;

impl Session {
    /// Carries one exchange, whose request's head is the first `head` bytes of the caller's buffer.
    pub(super) async fn exchange(&mut self, request: Request, head: usize) -> After {
        let (mut ticket, ask) = self.state.asked(&self.link, &request);
        let stopped = match ask {
            Some(ask) => {
                ticket.as_of = AsOf::Now;
                self.stopped(ask, &request, head, &mut ticket).await
            }
            None => None,
        };
        match stopped {
            Some((seen, after)) => {
                self.settle(ticket, seen);
                after
            }
            None => self.forward(request, head, ticket).await,
        }
    }

    /// Waits for the harness's decision about a request and carries it out; `None`: the callee is asked.
    async fn stopped(
        &mut self,
        mut ask: Ask,
        request: &Request,
        head: usize,
        ticket: &mut Ticket,
    ) -> Option<(Seen, After)> {
        const LEFT: Option<(Seen, After)> = Some((Seen::Left, After::Gone));
        let (mut caller, _) = self.caller.split();
        let buffer = &mut self.from_caller;
        let Ok(told) = uplink::staying(&mut caller, buffer, ask.told()).await else {
            return LEFT;
        };
        // The decision and the end of a caller that it killed may be there at once: nobody asks any more.
        if caller.gone(buffer, HEAD_BYTES, AsOf::Now) {
            return LEFT;
        }
        let (delay, action) = told.action.delayed();
        if let Some(delay) = delay {
            let wait = async {
                tokio::select! {
                    () = tokio::time::sleep(delay) => {}
                    () = ask.released(&told) => {}
                }
            };
            let mut uplink = Uplink::new(caller, buffer, head, request.framing);
            let waited = uplink.despite(wait).await;
            match (waited, uplink.left()) {
                (Ok(()), false) => {}
                // Whoever leaves meanwhile has sent its request all the same.
                (Ok(()), true) if matches!(action, Action::Pass | Action::Twice) => return None,
                _ => return LEFT,
            }
        }
        if *action == Action::Twice {
            let copied = self.copy(request, head, ticket).await;
            ticket.copied = copied == Ok(true);
            return copied.is_err().then_some((Seen::Left, After::Gone));
        }
        let (caller, mut write) = self.caller.split();
        let buffer = &mut self.from_caller;
        let request_body = || Uplink::new(caller, buffer, head, request.framing).dropped();
        match action {
            Action::Pass | Action::Delay { .. } | Action::Twice => None,
            Action::Reset => Some((Seen::Reset, After::Reset)),
            Action::Hang => match request_body().during(ask.released(&told)).await {
                Ok(()) => Some((Seen::Reset, After::Reset)),
                Err(Left) => LEFT,
            },
            Action::Answer {
                status,
                content_type,
                body,
            } => {
                let mut uplink = request_body();
                let Ok(read) = drop_body(&mut uplink, &mut write, request).await else {
                    return LEFT;
                };
                let persists = read && request.persists;
                let content_type = content_type.as_deref();
                let (bytes, body_bytes) =
                    reply::given(request, persists, *status, content_type, body);
                if uplink.gone(AsOf::Now) {
                    return LEFT;
                }
                let (written, before) = at_one_go(&self.state, write.write_all(&bytes)).await;
                (ticket.written, ticket.out) = before.unzip();
                if written.is_err() {
                    return LEFT;
                }
                let seen = Seen::Answer {
                    status: *status,
                    body_bytes,
                    altered: false,
                    told: reply::told(&bytes, &request.method),
                };
                Some((seen, if persists { After::Next } else { After::Close }))
            }
            Action::Alter { .. } | Action::Fail { .. } => {
                tracing::warn!(?action, "there is no answer yet; the request passes");
                None
            }
        }
    }

    /// Asks the callee and brings the caller its answer.
    async fn forward(&mut self, mut request: Request, head: usize, mut ticket: Ticket) -> After {
        let Session {
            state,
            link,
            caller,
            callee,
            from_caller,
            from_callee,
        } = self;
        let (caller_read, caller_write) = caller.split();
        let mut uplink = Uplink::new(caller_read, from_caller, head, request.framing);
        let reach = callee::reach(state, link, callee, from_callee, ticket.as_of);
        let (seen, after) = match uplink.despite(reach).await {
            Ok(Ok(callee)) => {
                let (callee_read, callee_write) = callee.split();
                ticket.unanswered = true;
                uplink.lead(callee_write);
                let mut downlink = Downlink::new(callee_read, caller_write, from_callee);
                match carry(state, &mut uplink, &mut downlink, &mut request, &mut ticket).await {
                    Ok(answer) => {
                        let Carried {
                            seen,
                            persists,
                            switches,
                        } = answer;
                        let switch = Before::Switch(ticket.exchange);
                        state.delivered(ticket, seen);
                        return match (switches, persists && request.persists) {
                            (true, _) => After::Raw(switch),
                            (_, false) => After::Close,
                            (_, true) => finish(&mut uplink, &mut downlink).await,
                        };
                    }
                    Err(Broken::Odd) => {
                        ticket.unanswered = false;
                        return After::Raw(Before::Unsettled(ticket));
                    }
                    Err(Broken::Left) => (Seen::Left, After::Gone),
                    Err(Broken::Lost) if uplink.left() => (Seen::Left, After::Gone),
                    Err(Broken::Lost | Broken::Reset) => (Seen::Reset, After::Reset),
                }
            }
            Ok(Err(_)) if uplink.left() => (Seen::Left, After::Gone),
            Ok(Err(reason)) => (Seen::Unreachable { reason }, After::Reset),
            Err(Left) => (Seen::Left, After::Gone),
        };
        self.settle(ticket, seen);
        after
    }

    /// Reports what the caller saw of an exchange. One that seems to have left may have been reset by its link.
    fn settle(&self, ticket: Ticket, seen: Seen) {
        let seen = match seen {
            Seen::Left if self.caller.broken() => Seen::Reset,
            seen => seen,
        };
        self.state.delivered(ticket, seen);
    }
}

/// The answer is out, but the callee does not have the whole request yet.
async fn finish(uplink: &mut Uplink<'_>, downlink: &mut Downlink<'_>) -> After {
    while !uplink.done() {
        if uplink.refused() {
            return After::Close;
        }
        tokio::select! {
            step = uplink.step() => if step.is_err() { return After::Gone },
            // Nothing more is due from the callee, so this is its end.
            _ = downlink.read() => return After::Close,
        }
    }
    After::Next
}

/// Reads and forgets the request's body. Whether that came to an end within its bound.
async fn drop_body(
    uplink: &mut Uplink<'_>,
    caller: &mut WireWrite<'_>,
    request: &Request,
) -> Result<bool, Left> {
    if request.expects_continue && !uplink.body().done() {
        caller.write_all(reply::CONTINUE).await.map_err(|_| Left)?;
    }
    while !uplink.done() && uplink.body().length() <= DROPPED_BYTES {
        uplink.step().await?;
    }
    Ok(uplink.done())
}
