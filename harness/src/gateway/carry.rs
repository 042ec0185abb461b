//! The answer to a request that its callee has.

use super::alter::{self, Altered};
use super::ask::Ask;
use super::body::{Body, Framing};
use super::downlink::{Broken, Downlink, Pieces};
use super::head::{Headers, Request};
use super::raw::AsOf;
use super::reply;
use super::state::{State, Ticket};
use super::stream::stream;
use super::untold::Out;
use super::uplink::Uplink;
use super::{Action, Alteration};
use crate::history::{self, ExchangeId, Message, Seen};
use futures::FutureExt;
use std::pin::pin;
use std::time::Duration;
use tokio::time::Instant;

/// Answers up to this length reach the caller in one piece, so that it cannot act on a status before the history
/// has the whole answer.
pub(super) const SMALL_BYTES: u64 = 64 * 1024;
/// The most of an answer that is kept while the harness decides about it.
pub(super) const KEPT_BYTES: usize = 8 * 1024 * 1024;

/// How long an answer is kept back that does not come to its end, and how long one is read to its end that is altered.
const HELD_AT_MOST: Duration = Duration::from_secs(5);

/// What an answer has become.
pub(super) struct Carried {
    pub(super) seen: Seen,
    pub(super) persists: bool,
    pub(super) switches: bool,
}

/// Brings request and answer to their ends, with the stops at the answer.
pub(super) async fn carry(
    state: &State,
    uplink: &mut Uplink<'_>,
    downlink: &mut Downlink<'_>,
    request: &mut Request,
    ticket: &mut Ticket,
) -> Result<Carried, Broken> {
    let mut answer = uplink.despite(downlink.head(&request.method)).await??;
    if history::streams(&answer.headers) {
        let ways = (uplink, downlink);
        return stream(state, ways, (request, answer), ticket).await;
    }
    let small = matches!(answer.framing, Framing::None)
        || matches!(answer.framing, Framing::Length(length) if length <= SMALL_BYTES);
    let held = state.holds(ticket);
    let mut pieces = match small || held {
        true => Pieces::Keep(KEPT_BYTES),
        false => Pieces::Pass,
    };
    let (mut wanted, mut endless) = (None, false);
    let mut until = held.then(|| Instant::now() + HELD_AT_MOST);
    while !uplink.despite(downlink.whole(pieces, until)).await?? {
        if pieces == Pieces::Drop {
            endless = true;
            break;
        }
        wanted = alteration(uplink, state.answering(ticket))
            .await?
            .filter(alter::needs_only_the_beginning);
        pieces = match wanted {
            Some(_) => Pieces::Drop,
            None => Pieces::Pass,
        };
        until = wanted.as_ref().map(|_| Instant::now() + HELD_AT_MOST);
    }
    let unseen = pieces != Pieces::Drop && !downlink.begun();
    // Nothing else needs the headers, and copies of them would cost as much as reading them did.
    let asked = message(std::mem::take(&mut request.headers), uplink.body());
    let came = message(std::mem::take(&mut answer.headers), downlink.body());
    let mut told = ticket.copied.then(|| Box::new(came.clone()));
    let answered = ticket.answered(asked, answer.status, came);
    ticket.left = uplink.left();
    let ask = state.answered(ticket, answered, unseen);
    let as_of = match ticket.as_of {
        AsOf::LastLook if ask.is_none() => AsOf::LastLook,
        _ => AsOf::Now,
    };
    wanted = wanted.or(decided(uplink, ticket, ask).await?);
    let altered = wanted
        .filter(|_| reply::bodied(&request.method, answer.status))
        .and_then(|how| alter::alter(&how, downlink.body()));
    if let Some(altered) = &altered {
        told = downlink.replace(&request.method, answer.status, altered);
    }
    if uplink.gone(as_of) {
        return Err(Broken::Left);
    }
    let writing = at_one_go(state, downlink.deliver());
    let (written, before) = uplink.during(writing).await?;
    written?;
    (ticket.written, ticket.out) = before.unzip();
    let whole = !altered.as_ref().is_some_and(Altered::cut);
    Ok(Carried {
        seen: seen(
            (answer.status, downlink.body()),
            ticket,
            altered.as_ref(),
            told,
        ),
        persists: whole && !endless && answer.persists && (altered.is_some() || !downlink.closed()),
        switches: answer.switches,
    })
}

/// Writes something. Gives the first exchange that was not asked before, if that was done at one go; no request is told
/// then until this is.
pub(super) async fn at_one_go<T>(
    state: &State,
    writing: impl Future<Output = T>,
) -> (T, Option<(ExchangeId, Out)>) {
    let next = state.next();
    let out = state.untold.out();
    let mut writing = pin!(writing);
    match writing.as_mut().now_or_never() {
        Some(written) => (written, Some((next, out))),
        None => {
            drop(out);
            (writing.await, None)
        }
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

/// What is decided about an answer that was reported. Where its caller has left, nobody sees what is decided, but something else
/// may be done at this moment.
pub(super) async fn decided(
    uplink: &mut Uplink<'_>,
    ticket: &Ticket,
    ask: Option<Ask>,
) -> Result<Option<Alteration>, Broken> {
    match ask {
        Some(mut ask) if ticket.left => {
            uplink.despite(ask.told()).await?;
            Err(Broken::Left)
        }
        ask => alteration(uplink, ask).await,
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
        Action::Answer { .. } | Action::Delay { .. } | Action::Twice | Action::Fail { .. } => {
            tracing::warn!(
                action = ?told.action,
                "the callee has answered already; its answer passes"
            );
            Ok(None)
        }
    }
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
