//! One stream: a request and its answer.

use super::caller::Caller;
use super::downlink::Downlink;
use super::message;
use super::trunk::{Lost, Trunk};
use super::uplink::Uplink;
use super::{Broken, Left};
use crate::gateway::alter::{self, Altered};
use crate::gateway::ask::Ask;
use crate::gateway::body::Body;
use crate::gateway::carry::{KEPT_BYTES, SMALL_BYTES, seen};
use crate::gateway::downlink::Pieces;
use crate::gateway::exchange::DROPPED_BYTES;
use crate::gateway::state::Ticket;
use crate::gateway::{Action, Alteration, head, reply};
use crate::history::Seen;
use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};
use http::{Request, request};

/// How often what the caller has said is waited for before an answer that was held is delivered. Each time, the runtime
/// looks at the connection once.
const LOOKS: usize = 8;

/// A request that has come, and who waits for its answer.
pub(super) struct Exchange<'a> {
    pub(super) trunk: &'a Trunk<'a>,
    pub(super) parts: request::Parts,
    pub(super) asked: head::Request,
    caller: Caller,
    body: RecvStream,
    ticket: Ticket,
    ask: Option<Ask>,
}

/// What an exchange works with.
pub(super) struct Work<'a> {
    pub(super) trunk: &'a Trunk<'a>,
    pub(super) parts: &'a request::Parts,
    pub(super) asked: &'a head::Request,
    pub(super) caller: &'a Caller,
}

impl<'a> Exchange<'a> {
    /// Reports a request.
    pub(super) fn new(
        trunk: &'a Trunk<'a>,
        request: Request<RecvStream>,
        respond: SendResponse<Bytes>,
    ) -> Exchange<'a> {
        let (parts, body) = request.into_parts();
        let asked = message::asked(&parts);
        let (ticket, ask) = trunk.state.asked(trunk.link, &asked);
        Exchange {
            trunk,
            parts,
            asked,
            caller: Caller::new(respond),
            body,
            ticket,
            ask,
        }
    }

    /// Brings it to its end. A stream whose callee is gone is handed back: its connection may have to end.
    pub(super) async fn run(self) -> Option<Lost> {
        let Exchange {
            trunk,
            parts,
            asked,
            caller,
            body,
            mut ticket,
            ask,
        } = self;
        let mut uplink = Uplink::new(&caller, body);
        let work = Work {
            trunk,
            parts: &parts,
            asked: &asked,
            caller: &caller,
        };
        let reason = match work.ended(&mut uplink, ask, &mut ticket).await {
            Ok(seen) => {
                trunk.settle(ticket, seen);
                finish(&mut uplink).await;
                return None;
            }
            Err(Broken::Left) => {
                trunk.settle(ticket, Seen::Left);
                return None;
            }
            Err(Broken::Reset(reason)) => {
                trunk.settle(ticket, Seen::Reset);
                caller.reset(reason);
                return None;
            }
            Err(Broken::Lost) => {
                trunk.settle(ticket, Seen::Reset);
                Reason::INTERNAL_ERROR
            }
            Err(Broken::Unreachable(reason)) => {
                trunk.settle(ticket, Seen::Unreachable { reason });
                Reason::REFUSED_STREAM
            }
        };
        drop(uplink);
        Some(Lost { caller, reason })
    }
}

impl Work<'_> {
    async fn ended(
        &self,
        uplink: &mut Uplink<'_>,
        ask: Option<Ask>,
        ticket: &mut Ticket,
    ) -> Result<Seen, Broken> {
        if let Some(ask) = ask
            && let Some(seen) = self.stopped(uplink, ask, ticket).await?
        {
            return Ok(seen);
        }
        let reached = uplink.during(self.trunk.upstream.reach()).await?;
        let mut send = reached.map_err(Broken::Unreachable)?;
        let sent = send.send_request(message::forwarded(self.parts), uplink.done());
        let (answer, to) = sent.map_err(|error| Broken::by_callee(&error))?;
        ticket.unanswered = true;
        if !uplink.done() {
            uplink.lead(to);
        }
        let begun = uplink.during(Downlink::begin(self.caller, answer)).await?;
        self.carry(uplink, &mut begun?, ticket).await
    }

    /// Waits for the harness's decision about a request and carries it out; `None`: the callee is asked.
    async fn stopped(
        &self,
        uplink: &mut Uplink<'_>,
        mut ask: Ask,
        ticket: &mut Ticket,
    ) -> Result<Option<Seen>, Broken> {
        let told = uplink.during(ask.told()).await?;
        // The decision and the end of a caller that it killed may be there at once: nobody asks any more.
        self.heard(uplink).await?;
        let (delay, action) = told.action.delayed();
        if let Some(delay) = delay {
            let wait = async {
                tokio::select! {
                    () = tokio::time::sleep(delay) => {}
                    () = ask.released(&told) => {}
                }
            };
            uplink.during(wait).await?;
        }
        match action {
            Action::Pass | Action::Delay { .. } => Ok(None),
            Action::Twice => {
                ticket.copied = self.copy(uplink, ticket).await?;
                Ok(None)
            }
            Action::Reset => Err(Broken::Reset(Reason::REFUSED_STREAM)),
            Action::Hang => {
                uplink.drop_body();
                uplink.during(ask.released(&told)).await?;
                Err(Broken::Reset(Reason::INTERNAL_ERROR))
            }
            Action::Answer {
                status,
                content_type,
                body,
            } => {
                let content_type = content_type.as_deref();
                self.answer(uplink, (*status, content_type, body), ticket)
                    .await
            }
            Action::Alter { .. } | Action::Fail { .. } => {
                tracing::warn!(?action, "there is no answer yet; the request passes");
                Ok(None)
            }
        }
    }

    /// Answers in the callee's place, once the caller has said what it had to say.
    async fn answer(
        &self,
        uplink: &mut Uplink<'_>,
        (status, content_type, body): (u16, Option<&str>, &str),
        ticket: &mut Ticket,
    ) -> Result<Option<Seen>, Broken> {
        let bodied = reply::bodied(&self.asked.method, status);
        let length = (!reply::bare(status)).then_some(body.len());
        let Some(head) = message::given(status, content_type, length) else {
            tracing::warn!(status, "that is no status; the request passes");
            return Ok(None);
        };
        self.go_on(uplink)?;
        uplink.drop_body();
        while !uplink.done() && uplink.body().length() <= DROPPED_BYTES {
            uplink.step().await?;
        }
        let body = if bodied { body } else { "" };
        let told = message::answer(head.headers(), &Body::whole(body.as_bytes()), None);
        self.caller.begin(head, body.is_empty())?;
        let piece = Bytes::copy_from_slice(body.as_bytes());
        uplink.during(self.caller.send(piece, true)).await??;
        self.write(uplink, ticket).await?;
        Ok(Some(Seen::Answer {
            status,
            body_bytes: body.len() as u64,
            altered: false,
            told: Some(Box::new(told)),
        }))
    }

    /// Tells a caller that waits for it to go on with its body.
    pub(super) fn go_on(&self, uplink: &Uplink<'_>) -> Result<(), Left> {
        match self.asked.expects_continue && !uplink.done() {
            true => self.caller.interim(message::go_on()),
            false => Ok(()),
        }
    }

    /// Brings request and answer to their ends, with the stops at the answer.
    async fn carry(
        &self,
        uplink: &mut Uplink<'_>,
        downlink: &mut Downlink<'_>,
        ticket: &mut Ticket,
    ) -> Result<Seen, Broken> {
        let state = self.trunk.state;
        let small = downlink
            .length()
            .is_some_and(|length| length <= SMALL_BYTES);
        let mut pieces = match small || state.holds(ticket) {
            true => Pieces::Keep(KEPT_BYTES),
            false => Pieces::Pass,
        };
        let mut wanted = None;
        while !uplink.during(downlink.whole(pieces)).await?? {
            wanted = self
                .alteration(uplink, state.answering(ticket))
                .await?
                .filter(alter::needs_only_the_beginning);
            pieces = match wanted {
                Some(_) => Pieces::Drop,
                None => Pieces::Pass,
            };
        }
        let unseen = pieces != Pieces::Drop && !downlink.begun();
        let status = downlink.status().as_u16();
        let came = downlink.message();
        let mut told = ticket.copied.then(|| Box::new(came.clone()));
        let asked = message::request(self.asked, uplink);
        let ask = state.answered(ticket, ticket.answered(asked, status, came), unseen);
        wanted = wanted.or(self.alteration(uplink, ask).await?);
        let altered = wanted
            .filter(|_| reply::bodied(&self.asked.method, status))
            .and_then(|how| alter::alter(&how, downlink.body()));
        if let Some(altered) = &altered {
            told = Some(Box::new(downlink.replace(altered)));
        }
        uplink.during(downlink.deliver()).await??;
        self.write(uplink, ticket).await?;
        if altered.as_ref().is_some_and(Altered::cut) {
            self.caller.reset(Reason::INTERNAL_ERROR);
        }
        let answer = (status, downlink.body());
        Ok(seen(answer, ticket, altered.as_ref(), told))
    }

    /// Writes all that was sent.
    async fn write(&self, uplink: &mut Uplink<'_>, ticket: &mut Ticket) -> Result<(), Left> {
        let next = self.trunk.state.next();
        let at_once = uplink.during(self.trunk.written()).await??;
        ticket.written = at_once.then_some(next);
        Ok(())
    }

    /// Waits for the harness's decision about an answer. What is to become of its body.
    async fn alteration(
        &self,
        uplink: &mut Uplink<'_>,
        ask: Option<Ask>,
    ) -> Result<Option<Alteration>, Broken> {
        let Some(mut ask) = ask else {
            return Ok(None);
        };
        let told = uplink.during(ask.told()).await?;
        self.heard(uplink).await?;
        match &told.action {
            Action::Pass => Ok(None),
            Action::Alter { body } => Ok(Some(body.clone())),
            Action::Reset => Err(Broken::Reset(Reason::INTERNAL_ERROR)),
            Action::Hang => {
                uplink.during(ask.released(&told)).await?;
                Err(Broken::Reset(Reason::INTERNAL_ERROR))
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

    /// Waits until what the caller has said by now was read, as far as the runtime takes it: it may have left.
    async fn heard(&self, uplink: &mut Uplink<'_>) -> Result<(), Left> {
        for _ in 0..LOOKS {
            if self.trunk.socket.quiet() {
                break;
            }
            uplink.during(tokio::task::yield_now()).await?;
        }
        uplink.during(std::future::ready(())).await
    }
}

/// The answer is out, but the callee may not have the whole request yet.
async fn finish(uplink: &mut Uplink<'_>) {
    while !uplink.done() && !uplink.refused() && uplink.step().await.is_ok() {}
}
