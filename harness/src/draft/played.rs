//! What happens again when the feature plays: what the workload asks, and what comes of that. What only other requests of
//! the user brought about does not happen then, so nothing may be demanded of it.

use super::calls::Call;
use super::entity::born;
use super::exchange::Exchange;
use crate::gateway::WORKLOAD;
use std::collections::HashSet;

/// The call that the workload makes: the one that creates something, else one that was accepted, best one that sends
/// something.
pub(super) fn workload(calls: &[Call]) -> Option<&Call> {
    let outside = || calls.iter().filter(|call| call.client == WORKLOAD);
    let accepted = |call: &&Call| call.seen.iter().any(|one| (200..300).contains(&one.status));
    let sends = |call: &&Call| ["POST", "PUT", "PATCH"].contains(&call.method.as_str());
    born(calls)
        .map(|(call, ..)| call)
        .or_else(|| outside().filter(accepted).find(sends))
        .or_else(|| outside().find(accepted))
        .or_else(|| outside().next())
}

/// Settles, for each call, which of its exchanges happen again when this call is played.
pub(super) fn settle(calls: &mut [Call], played: Option<&str>) {
    let own = |call: &Call| call.client == WORKLOAD && Some(call.name.as_str()) != played;
    let mut gone = HashSet::new();
    for call in calls.iter().filter(|call| own(call)) {
        for asked in &call.seen {
            gone.extend(brought_about(asked, calls));
        }
    }
    for call in calls {
        let stays = |one: &&Exchange| !gone.contains(&one.asked);
        call.again = match own(call) {
            true => Vec::new(),
            false => call.seen.iter().filter(stays).cloned().collect(),
        };
    }
}

/// What services asked each other while a request from outside was under way, and because of it as far as can be told:
/// its callee asked, or somebody who was asked in turn. By the numbers of their events.
fn brought_about(by: &Exchange, calls: &[Call]) -> Vec<u64> {
    let inner = calls.iter().filter(|call| call.client != WORKLOAD);
    let during = |one: &&Exchange| by.asked < one.asked && one.answered < by.answered;
    let mut during: Vec<&Exchange> = inner.flat_map(|call| &call.seen).filter(during).collect();
    during.sort_by_key(|one| one.asked);
    let mut reached = vec![by.service.as_str()];
    let mut found = Vec::new();
    for one in during {
        if reached.contains(&one.client.as_str()) {
            reached.push(&one.service);
            found.push(one.asked);
        }
    }
    found
}
