//! Answers that go on for as long as somebody listens: nobody waits for their end to know that there is an answer.
//!
//! Such an answer counts as given when its head has come, and what strikes an answer strikes it there. What its body was
//! is told when it ends, if it does.

use super::Alteration;
use super::alter;
use super::carry::{Carried, decided, message, seen};
use super::downlink::{Broken, Downlink, Pieces};
use super::head::{Answer, Request};
use super::reply;
use super::state::{State, Ticket};
use super::uplink::Uplink;

/// Brings the caller a stream.
pub(super) async fn stream(
    state: &State,
    (uplink, downlink): (&mut Uplink<'_>, &mut Downlink<'_>),
    (request, mut answer): (&mut Request, Answer),
    ticket: &mut Ticket,
) -> Result<Carried, Broken> {
    let asked = message(std::mem::take(&mut request.headers), uplink.body());
    let headers = std::mem::take(&mut answer.headers);
    let came = message(headers.clone(), downlink.body());
    let answered = ticket.answered(asked, answer.status, came);
    ticket.left = uplink.left();
    let ask = state.answered(ticket, answered, true);
    let wanted = decided(uplink, ticket, ask).await?;
    let wanted = wanted.filter(alter::needs_only_the_beginning);
    let wanted = wanted.filter(|_| reply::bodied(&request.method, answer.status));
    let pieces = match &wanted {
        Some(how) => Pieces::First(needed(how)),
        None => Pieces::Pass,
    };
    uplink.during(downlink.whole(pieces, None)).await??;
    let altered = wanted.and_then(|how| alter::alter(&how, downlink.body()));
    let told = match &altered {
        Some(altered) => downlink.replace(&request.method, answer.status, altered),
        None => Some(Box::new(message(headers, downlink.body()))),
    };
    uplink.during(downlink.deliver()).await??;
    let came = (answer.status, downlink.body());
    Ok(Carried {
        seen: seen(came, ticket, altered.as_ref(), told),
        persists: altered.is_none() && answer.persists && !downlink.closed(),
        switches: false,
    })
}

/// So many bytes of a body are needed to alter it.
fn needed(how: &Alteration) -> u64 {
    match how {
        Alteration::Cut { after_bytes } => after_bytes + 1,
        Alteration::Empty | Alteration::Malformed | Alteration::Set { .. } => 1,
    }
}
