//! One request and its answer.

use super::alter::{self, Altered};
use super::ask::Ask;
use super::body::{Body, Framing};
use super::callee;
use super::downlink::{Broken, Downlink, Pieces};
use super::head::{HEAD_BYTES, Headers, Request};
use super::raw::AsOf;
use super::reply;
use super::session::{After, Before, Session};
use super::state::{State, Ticket};
use super::uplink::{self, Left, Uplink};
use super::wire::WireWrite;
use super::{Action, Alteration};
use crate::history::{ExchangeId, Message, Seen};
use futures::FutureExt;
use std::pin::pin;
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// Answers up to this length reach the caller in one piece, so that it cannot act on a status before the history
/// has the whole answer.
pub(super) const SMALL_BYTES: u64 = 64 * 1024;
/// The most of an answer that is kept while the harness decides about it.
pub(super) const KEPT_BYTES: usize = 8 * 1024 * 1024;
/// The most of a request's body that is read to answer in the callee's place without closing the connection.
pub(super) const DROPPED_BYTES: u64 = 1024 * 1024;

/// What an answer has become.
struct Carried {
    seen: Seen,
    persists: bool,
    switches: bool,
}

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
        let (mut caller, mut write) = self.caller.split();
        let buffer = &mut self.from_caller;
        let Ok(told) = uplink::staying(&mut caller, buffer, ask.told()).await else {
            return LEFT;
        };
        // The decision and the end of a caller that it killed may be there at once: nobody asks any more.
        if caller.gone(buffer, HEAD_BYTES, AsOf::Now) {
            return LEFT;
        }
        if let Action::Delay { ms } = told.action {
            let wait = async {
                let late = tokio::time::sleep(Duration::from_millis(ms));
                tokio::select! {
                    () = late => {}
                    () = ask.released(&told) => {}
                }
            };
            // Whoever leaves meanwhile has sent its request all the same.
            let mut uplink = Uplink::new(caller, buffer, head, request.framing);
            let waited = uplink.despite(wait).await;
            return waited.is_err().then_some((Seen::Left, After::Gone));
        }
        if told.action == Action::Twice {
            let copied = self.copy(request, head, ticket).await;
            ticket.copied = copied == Ok(true);
            return copied.is_err().then_some((Seen::Left, After::Gone));
        }
        let request_body = || Uplink::new(caller, buffer, head, request.framing).dropped();
        match &told.action {
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
                let next = self.state.next();
                let mut writing = pin!(write.write_all(&bytes));
                let at_once = writing.as_mut().now_or_never();
                ticket.written = at_once.is_some().then_some(next);
                let written = match at_once {
                    Some(written) => written,
                    None => writing.await,
                };
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
            Action::Alter { .. } => {
                tracing::warn!(action = ?told.action, "there is no answer yet; the request passes");
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

/// Brings request and answer to their ends, with the stops at the answer.
async fn carry(
    state: &State,
    uplink: &mut Uplink<'_>,
    downlink: &mut Downlink<'_>,
    request: &mut Request,
    ticket: &mut Ticket,
) -> Result<Carried, Broken> {
    let mut answer = uplink.despite(downlink.head(&request.method)).await??;
    let small = matches!(answer.framing, Framing::None)
        || matches!(answer.framing, Framing::Length(length) if length <= SMALL_BYTES);
    let mut pieces = match small || state.holds(ticket) {
        true => Pieces::Keep(KEPT_BYTES),
        false => Pieces::Pass,
    };
    let mut wanted = None;
    while !uplink.despite(downlink.whole(pieces)).await?? {
        wanted = alteration(uplink, state.answering(ticket))
            .await?
            .filter(alter::needs_only_the_beginning);
        pieces = match wanted {
            Some(_) => Pieces::Drop,
            None => Pieces::Pass,
        };
    }
    let unseen = pieces != Pieces::Drop && !downlink.begun() && !uplink.left();
    // Nothing else needs the headers, and copies of them would cost as much as reading them did.
    let asked = message(std::mem::take(&mut request.headers), uplink.body());
    let came = message(std::mem::take(&mut answer.headers), downlink.body());
    let mut told = ticket.copied.then(|| Box::new(came.clone()));
    let answered = ticket.answered(asked, answer.status, came);
    let ask = state.answered(ticket, answered, unseen);
    let as_of = match ticket.as_of {
        AsOf::LastLook if ask.is_none() => AsOf::LastLook,
        _ => AsOf::Now,
    };
    wanted = wanted.or(alteration(uplink, ask).await?);
    let altered = wanted
        .filter(|_| reply::bodied(&request.method, answer.status))
        .and_then(|how| alter::alter(&how, downlink.body()));
    if let Some(altered) = &altered {
        told = downlink.replace(&request.method, answer.status, altered);
    }
    if uplink.gone(as_of) {
        return Err(Broken::Left);
    }
    ticket.written = deliver(state, uplink, downlink).await?;
    let whole = !altered.as_ref().is_some_and(Altered::cut);
    Ok(Carried {
        seen: seen(
            (answer.status, downlink.body()),
            ticket,
            altered.as_ref(),
            told,
        ),
        persists: whole && answer.persists && (altered.is_some() || !downlink.closed()),
        switches: answer.switches,
    })
}

/// Writes what is left of an answer. The first exchange that was not asked before, if that was done at one go.
async fn deliver(
    state: &State,
    uplink: &mut Uplink<'_>,
    downlink: &mut Downlink<'_>,
) -> Result<Option<ExchangeId>, Broken> {
    let next = state.next();
    let mut writing = pin!(downlink.deliver());
    match writing.as_mut().now_or_never() {
        Some(written) => written.map(|()| Some(next)),
        None => uplink.during(writing).await?.map(|()| None),
    }
}

/// What the caller saw of an answer that was delivered.
pub(super) fn seen(
    (status, body): (u16, &Body),
    ticket: &Ticket,
    altered: Option<&Altered>,
    told: Option<Box<Message>>,
) -> Seen {
    let body_bytes = altered.map_or(body.length(), |altered| altered.bytes.len() as u64);
    match altered {
        Some(altered) if altered.cut() => Seen::Cut {
            status,
            body_bytes,
            told,
        },
        _ => Seen::Answer {
            status,
            body_bytes,
            altered: altered.is_some() || ticket.copied,
            told,
        },
    }
}

/// Waits for the harness's decision about an answer. What is to become of its body.
async fn alteration(
    uplink: &mut Uplink<'_>,
    ask: Option<Ask>,
) -> Result<Option<Alteration>, Broken> {
    let Some(mut ask) = ask else {
        return Ok(None);
    };
    let told = uplink.during(ask.told()).await?;
    match &told.action {
        Action::Pass => Ok(None),
        Action::Alter { body } => Ok(Some(body.clone())),
        Action::Reset => Err(Broken::Reset),
        Action::Hang => {
            uplink.during(ask.released(&told)).await?;
            Err(Broken::Reset)
        }
        Action::Answer { .. } | Action::Delay { .. } | Action::Twice => {
            tracing::warn!(
                action = ?told.action,
                "the callee has answered already; its answer passes"
            );
            Ok(None)
        }
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

/// One of its two messages.
pub(super) fn message(headers: Headers, body: &Body) -> Message {
    Message {
        headers,
        body: body.text(),
        body_bytes: body.length(),
        digest: body.digest(),
    }
}
