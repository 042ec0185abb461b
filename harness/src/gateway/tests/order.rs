//! What was asked only after an answer had been written, whichever is reported first.

use crate::gateway::head::{self, Parsed};
use crate::gateway::pattern::Pattern;
use crate::gateway::state::{Link, State, Ticket};
use crate::gateway::{CallPattern, Report};
use crate::history::{Seen, What};
use tokio::sync::mpsc;

/// Asks `path`; only `/jobs/...` has a name.
fn asked(state: &State, path: &str) -> Ticket {
    let request = format!("GET {path} HTTP/1.1\r\n\r\n");
    let Parsed::Whole(request, _) = head::request(request.as_bytes()) else {
        panic!("{request}")
    };
    let link = Link {
        client: "worker".to_owned(),
        service: "site".to_owned(),
        port: 80,
    };
    state.asked(&link, &request).0
}

/// What is reported of an answer to `path` that was written before (`true`) or after another request was asked.
fn before(path: &str, other_is_later: bool) -> Option<u64> {
    let (reports, mut reported) = mpsc::unbounded_channel();
    let state = State::new(reports);
    let pattern = CallPattern {
        name: "look".to_owned(),
        client: "worker".to_owned(),
        service: "site".to_owned(),
        method: "GET".to_owned(),
        path: "/jobs/{job}".to_owned(),
    };
    state.name(vec![Pattern::new(pattern)]);
    let mut ticket = asked(&state, path);
    if other_is_later {
        ticket.written = Some(state.next());
        asked(&state, "/jobs/8");
    } else {
        asked(&state, "/jobs/8");
        ticket.written = Some(state.next());
    }
    state.delivered(ticket, Seen::Left);
    loop {
        if let Report::Event {
            what: What::Delivered { before, .. },
        } = reported.try_recv().unwrap()
        {
            return before;
        }
    }
}

#[test]
fn what_was_asked_once_an_answer_was_written_is_told_from_what_was_not() {
    assert_eq!(before("/jobs/7", true), Some(2));
    assert_eq!(before("/jobs/7", false), None);
    // Of what has no name, nobody learns anything.
    assert_eq!(before("/", true), None);
}
