//! Stopped exchanges: what the caller saw, what the callee saw, and every event.

use super::stage::*;
use crate::gateway::{Action, Alteration, Command, Moment, Report};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const POST: &str = "POST /jobs/7 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
const MADE: &str = "HTTP/1.1 201 Created\r\nX-A: b\r\nContent-Length: 4\r\n\r\nmade";
const ASKED: &str = "1 asked worker POST /jobs/7";

fn refusal() -> Action {
    Action::Answer {
        status: 503,
        content_type: Some("text/plain".into()),
        body: "not now".into(),
    }
}

const REFUSED: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 7\r\n\r\nnot now";

/// A caller whose request is stopped; nobody has called the callee.
async fn stopped_request(request: &str) -> (Stage, Peer, u64) {
    let mut stage = Stage::new(Some(true)).await;
    stage.watch(&[Moment::Request]).await;
    let mut caller = stage.caller().await;
    caller.says(request).await;
    stage.expect(&[ASKED]).await;
    let ask = stage.ask().await;
    (stage, caller, ask)
}

/// A caller whose answer is held back.
async fn stopped_answer(answer: &str) -> (Stage, Peer, Peer, u64) {
    let mut stage = Stage::new(Some(true)).await;
    stage.watch(&[Moment::Answer]).await;
    let (caller, mut callee) = stage.pair(POST).await;
    callee.says(answer).await;
    stage.expect(&[ASKED, "1 answered 201"]).await;
    let ask = stage.ask().await;
    (stage, caller, callee, ask)
}

/// The first connection that the callee sees is that of this second request.
async fn only_the_next_is_asked(stage: &mut Stage, caller: &mut Peer) {
    stage.watch(&[]).await;
    caller.says(POST).await;
    let mut callee = stage.callee().await;
    callee.hears(POST).await;
    callee.says(MADE).await;
    caller.hears(MADE).await;
    stage
        .expect(&[
            "2 asked worker POST /jobs/7",
            "2 answered 201",
            "2 saw 201, 4",
        ])
        .await;
}

#[tokio::test]
async fn a_stopped_request_may_pass() {
    let (mut stage, mut caller, ask) = stopped_request(POST).await;
    stage.act(ask, Action::Pass);
    let mut callee = stage.callee().await;
    callee.hears(POST).await;
    callee.says(MADE).await;
    caller.hears(MADE).await;
    stage.expect(&["1 answered 201", "1 saw 201, 4"]).await;
    stage.end().await;
}

#[tokio::test]
async fn an_answer_is_given_in_the_callee_s_place_and_the_connection_lives_on() {
    let (mut stage, mut caller, ask) = stopped_request(POST).await;
    stage.act(ask, refusal());
    caller.hears(REFUSED).await;
    stage.expect(&["1 saw 503, 7: not now"]).await;
    only_the_next_is_asked(&mut stage, &mut caller).await;
    stage.end().await;
}

#[tokio::test]
async fn an_answer_is_given_to_a_caller_that_waits_with_its_body() {
    let head = "POST /jobs/7 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n";
    let (mut stage, mut caller, ask) = stopped_request(head).await;
    stage.act(ask, refusal());
    caller.hears("HTTP/1.1 100 Continue\r\n\r\n").await;
    caller.says("hello").await;
    caller.hears(REFUSED).await;
    stage.expect(&["1 saw 503, 7: not now"]).await;
    only_the_next_is_asked(&mut stage, &mut caller).await;
    stage.end().await;
}

#[tokio::test]
async fn a_body_too_long_to_drop_is_answered_with_a_close() {
    let head = "POST /jobs/7 HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n";
    let (mut stage, mut caller, ask) = stopped_request(head).await;
    stage.act(ask, refusal());
    soon(caller.0.write_all(&vec![b'x'; 2_000_000]))
        .await
        .unwrap();
    let mut heard = String::new();
    soon(caller.0.read_to_string(&mut heard)).await.unwrap();
    assert!(
        heard.contains("503") && heard.contains("Connection: close"),
        "{heard}"
    );
    stage.expect(&["1 saw 503, 7: not now"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_request_is_refused_with_a_reset() {
    let (mut stage, mut caller, ask) = stopped_request(POST).await;
    stage.act(ask, Action::Reset);
    caller.hears_reset().await;
    stage.expect(&["1 saw reset"]).await;
    let mut caller = stage.caller().await;
    only_the_next_is_asked(&mut stage, &mut caller).await;
    stage.end().await;
}

#[tokio::test]
async fn a_hang_ends_when_it_is_released() {
    let (mut stage, mut caller, ask) = stopped_request(POST).await;
    // A release that comes before has nothing to end.
    stage.send(Command::Release { exchanges: None });
    stage.act(ask, Action::Hang);
    stage.watch(&[]).await;
    let mut other = stage.caller().await;
    only_the_next_is_asked(&mut stage, &mut other).await;
    stage.send(Command::Release { exchanges: None });
    caller.hears_reset().await;
    stage.expect(&["1 saw reset"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_hang_ends_when_the_caller_leaves() {
    let long = format!(
        "POST /jobs/7 HTTP/1.1\r\nContent-Length: 300000\r\n\r\n{}",
        "x".repeat(300_000)
    );
    for request in [POST, &long] {
        let (mut stage, caller, ask) = stopped_request(request).await;
        stage.act(ask, Action::Hang);
        drop(caller);
        stage.expect(&["1 left"]).await;
        stage.end().await;
    }
}

#[tokio::test]
async fn a_caller_may_leave_before_the_harness_has_decided() {
    let (mut stage, caller, ask) = stopped_request(POST).await;
    drop(caller);
    stage.expect(&["1 left"]).await;
    stage.act(ask, Action::Pass);
    let mut caller = stage.caller().await;
    only_the_next_is_asked(&mut stage, &mut caller).await;
    stage.end().await;
}

#[tokio::test]
async fn a_held_answer_passes_unchanged_and_only_then() {
    let (mut stage, mut caller, _callee, ask) = stopped_answer(MADE).await;
    let early = caller.0.try_read(&mut [0; 1]).map_err(|e| e.kind());
    assert_eq!(early, Err(std::io::ErrorKind::WouldBlock));
    stage.act(ask, Action::Pass);
    caller.hears(MADE).await;
    stage.expect(&["1 saw 201, 4"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_held_answer_is_lost_with_a_reset() {
    let (mut stage, mut caller, mut callee, ask) = stopped_answer(MADE).await;
    stage.act(ask, Action::Reset);
    caller.hears_reset().await;
    callee.loses().await;
    stage.expect(&["1 saw reset"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_held_answer_is_emptied_whatever_its_framing() {
    let emptied = "HTTP/1.1 201 Created\r\nX-A: b\r\nContent-Length: 0\r\n\r\n";
    let chunked = "HTTP/1.1 201 Created\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nmade\r\n0\r\n\r\n";
    for answer in [MADE, chunked] {
        let (mut stage, mut caller, mut callee, ask) = stopped_answer(answer).await;
        stage.act(
            ask,
            Action::Alter {
                body: Alteration::Empty,
            },
        );
        caller.hears(emptied).await;
        stage.expect(&["1 saw 201, 0, altered: "]).await;
        // The connection is in order afterwards.
        stage.watch(&[]).await;
        caller.says(POST).await;
        callee.hears(POST).await;
        callee.says(MADE).await;
        caller.hears(MADE).await;
        stage
            .expect(&[
                "2 asked worker POST /jobs/7",
                "2 answered 201",
                "2 saw 201, 4",
            ])
            .await;
        stage.end().await;
    }
}

#[tokio::test]
async fn a_held_answer_gets_another_body() {
    let set = |path: &str| Alteration::Set {
        values: vec![(path.to_owned(), 8.into())],
    };
    let json = "HTTP/1.1 201 Created\r\nContent-Length: 8\r\nX-A: b\r\n\r\n{\"id\":7}";
    let chunked = "HTTP/1.1 201 Created\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n8\r\n{\"id\":7}\r\n0\r\n\r\n";
    let head = "HTTP/1.1 201 Created\r\nX-A: b\r\nContent-Length: ";
    let cases = [
        (
            set("id"),
            json,
            "8\r\n\r\n{\"id\":8}",
            "1 saw 201, 8, altered: {\"id\":8}",
        ),
        (
            set("id"),
            chunked,
            "8\r\n\r\n{\"id\":8}",
            "1 saw 201, 8, altered: {\"id\":8}",
        ),
        (
            Alteration::Malformed,
            chunked,
            "7\r\n\r\n{\"id\n{\"",
            "1 saw 201, 7, altered: {\"id\n{\"",
        ),
    ];
    for (body, answer, expected, seen) in cases {
        let (mut stage, mut caller, _callee, ask) = stopped_answer(answer).await;
        stage.act(ask, Action::Alter { body });
        caller.hears(&format!("{head}{expected}")).await;
        stage.expect(&[seen]).await;
        stage.end().await;
    }
    // What cannot be done is not done, and the history says that nothing was altered.
    for body in [set("a.b"), Alteration::Cut { after_bytes: 8 }] {
        let (mut stage, mut caller, _callee, ask) = stopped_answer(json).await;
        stage.act(ask, Action::Alter { body });
        caller.hears(json).await;
        stage.expect(&["1 saw 201, 8"]).await;
        stage.end().await;
    }
}

#[tokio::test]
async fn a_held_answer_is_cut_and_the_connection_ends() {
    let (mut stage, mut caller, _callee, ask) = stopped_answer(MADE).await;
    let body = Alteration::Cut { after_bytes: 3 };
    stage.act(ask, Action::Alter { body });
    caller
        .hears("HTTP/1.1 201 Created\r\nX-A: b\r\nContent-Length: 4\r\n\r\nmad")
        .await;
    caller.hears_end().await;
    stage.expect(&["1 cut 201, 3: mad"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_held_answer_never_arrives() {
    let (mut stage, caller, _callee, ask) = stopped_answer(MADE).await;
    stage.act(ask, Action::Hang);
    drop(caller);
    stage.expect(&["1 left"]).await;
    let (mut stage, mut caller, _callee, ask) = stopped_answer(MADE).await;
    stage.act(ask, Action::Hang);
    stage.watch(&[]).await;
    let early = caller.0.try_read(&mut [0; 1]).map_err(|e| e.kind());
    assert_eq!(early, Err(std::io::ErrorKind::WouldBlock));
    stage.send(Command::Release { exchanges: None });
    caller.hears_reset().await;
    stage.expect(&["1 saw reset"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_request_is_delayed() {
    let (mut stage, mut caller, ask) = stopped_request(POST).await;
    let begun = std::time::Instant::now();
    stage.act(ask, late(100, Action::Pass));
    let mut callee = stage.callee().await;
    assert!(begun.elapsed() >= std::time::Duration::from_millis(100));
    callee.hears(POST).await;
    callee.says(MADE).await;
    caller.hears(MADE).await;
    stage.expect(&["1 answered 201", "1 saw 201, 4"]).await;
    // One that waits for an hour goes on when it is released, and is noticed when it leaves.
    let hour = late(3_600_000, Action::Pass);
    let (mut stage, mut caller, ask) = stopped_request(POST).await;
    stage.act(ask, hour.clone());
    stage.watch(&[]).await;
    stage.send(Command::Release { exchanges: None });
    let mut callee = stage.callee().await;
    callee.hears(POST).await;
    callee.says(MADE).await;
    caller.hears(MADE).await;
    stage.expect(&["1 answered 201", "1 saw 201, 4"]).await;
    let (mut stage, caller, ask) = stopped_request(POST).await;
    stage.act(ask, hour);
    drop(caller);
    stage.expect(&["1 left"]).await;
    // What is done with it then comes as late.
    let (mut stage, mut caller, ask) = stopped_request(POST).await;
    let begun = std::time::Instant::now();
    stage.act(ask, late(100, refusal()));
    caller.hears(REFUSED).await;
    assert!(begun.elapsed() >= std::time::Duration::from_millis(100));
    stage.expect(&["1 saw 503, 7: not now"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_request_is_delivered_twice() {
    let parts = POST.split_at(POST.len() - 2);
    let (mut stage, mut caller, ask) = stopped_request(parts.0).await;
    stage.act(ask, Action::Twice);
    caller.says(parts.1).await;
    stage.expect(&["2 asked worker POST /jobs/7"]).await;
    let mut copy = stage.callee().await;
    copy.hears(POST).await;
    copy.says("HTTP/1.1 100 Continue\r\n\r\n").await;
    copy.says("HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\nno")
        .await;
    stage.expect(&["2 answered 409", "2 was a copy"]).await;
    let mut callee = stage.callee().await;
    callee.hears(POST).await;
    callee.says(MADE).await;
    caller.hears(MADE).await;
    stage
        .expect(&["1 answered 201", "1 saw 201, 4, altered: made"])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_copy_that_the_callee_does_not_answer_is_no_second_delivery() {
    let (mut stage, mut caller, ask) = stopped_request(POST).await;
    stage.act(ask, Action::Twice);
    stage.expect(&["2 asked worker POST /jobs/7"]).await;
    let mut copy = stage.callee().await;
    copy.hears(POST).await;
    drop(copy);
    stage.expect(&["2 unanswered", "2 saw unreachable"]).await;
    let mut callee = stage.callee().await;
    callee.hears(POST).await;
    callee.says(MADE).await;
    caller.hears(MADE).await;
    stage.expect(&["1 answered 201", "1 saw 201, 4"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_caller_that_dies_while_its_answer_is_held_has_left() {
    let (mut stage, caller, _callee, _ask) = stopped_answer(MADE).await;
    drop(caller);
    stage.expect(&["1 left"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_caller_is_known_to_be_dead_even_when_the_decision_follows_at_once() {
    for _ in 0..50 {
        let (mut stage, caller, _callee, ask) = stopped_answer(MADE).await;
        // No await between the two: the gateway's task may hear of the decision first.
        drop(caller);
        stage.act(ask, Action::Pass);
        stage.expect(&["1 left"]).await;
        stage.end().await;
    }
}

#[tokio::test]
async fn an_action_that_does_not_fit_lets_the_exchange_pass() {
    let (mut stage, mut caller, ask) = stopped_request(POST).await;
    stage.watch(&[Moment::Answer]).await;
    stage.act(
        ask,
        Action::Alter {
            body: Alteration::Empty,
        },
    );
    let mut callee = stage.callee().await;
    callee.hears(POST).await;
    callee.says(MADE).await;
    stage.expect(&["1 answered 201"]).await;
    let ask = stage.ask().await;
    stage.act(ask, refusal());
    caller.hears(MADE).await;
    stage.expect(&["1 saw 201, 4"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_watch_holds_for_exchanges_that_are_under_way() {
    let mut stage = Stage::new(Some(true)).await;
    let (mut caller, mut callee) = stage.pair(POST).await;
    stage.expect(&[ASKED]).await;
    stage.watch(&[Moment::Answer]).await;
    callee.says(MADE).await;
    stage.expect(&["1 answered 201"]).await;
    let ask = stage.ask().await;
    stage.act(ask, Action::Pass);
    caller.hears(MADE).await;
    stage.expect(&["1 saw 201, 4"]).await;
    stage.end().await;
}

#[tokio::test]
async fn other_requests_are_not_stopped() {
    let mut stage = Stage::new(Some(true)).await;
    stage.watch(&[Moment::Request, Moment::Answer]).await;
    let other = "POST /jobs/7/logs HTTP/1.1\r\nContent-Length: 0\r\n\r\n";
    let (mut caller, mut callee) = stage.pair(other).await;
    callee.says(MADE).await;
    caller.hears(MADE).await;
    stage
        .expect(&[
            "1 asked worker POST /jobs/7/logs",
            "1 answered 201",
            "1 saw 201, 4",
        ])
        .await;
    stage.end().await;
}

/// An answer that is too long to be held whole: asked about before its end, and then `action`.
async fn long_answer(action: Action, expected: &[&str]) -> Vec<u8> {
    const LENGTH: usize = 9 * 1024 * 1024;
    let mut stage = Stage::new(Some(true)).await;
    stage.watch(&[Moment::Answer]).await;
    let (mut caller, mut callee) = stage.pair(POST).await;
    let head = format!("HTTP/1.1 201 Created\r\nContent-Length: {LENGTH}\r\n\r\n");
    let answer = tokio::spawn(async move {
        callee.says(&head).await;
        // After a reset there is nobody to write to.
        let _ = callee.0.write_all(&vec![b'x'; LENGTH]).await;
        callee
    });
    stage.expect(&[ASKED]).await;
    let ask = stage.ask().await;
    stage.act(ask, action);
    let hear = tokio::spawn(async move {
        let mut heard = Vec::new();
        let mut piece = vec![0; 64 * 1024];
        while let Ok(n @ 1..) = caller.0.read(&mut piece).await {
            heard.extend_from_slice(&piece[..n]);
        }
        heard
    });
    stage.expect(expected).await;
    stage.end().await;
    drop(soon(answer).await);
    soon(hear).await.unwrap()
}

#[tokio::test]
async fn an_answer_too_long_to_hold_is_decided_on_early() {
    let heard = long_answer(Action::Pass, &["1 answered 201", "1 saw 201, 9437184"]).await;
    assert!(
        heard.len() > 9437184 && heard.ends_with(b"xxxx"),
        "{}",
        heard.len()
    );
    let heard = long_answer(Action::Reset, &["1 unanswered", "1 saw reset"]).await;
    assert_eq!(heard.len(), 0);
    let heard = long_answer(
        Action::Alter {
            body: Alteration::Empty,
        },
        &["1 answered 201", "1 saw 201, 0, altered: "],
    )
    .await;
    assert_eq!(
        String::from_utf8_lossy(&heard),
        "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
    );
}

#[tokio::test]
async fn a_sync_comes_after_everything_that_was_reported_before() {
    let mut stage = Stage::new(Some(true)).await;
    let (mut caller, mut callee) = stage.pair(POST).await;
    callee.says(MADE).await;
    caller.hears(MADE).await;
    stage.send(Command::Sync { number: 7 });
    stage.expect(&[ASKED, "1 answered 201"]).await;
    let mut rest = vec![stage.report().await, stage.report().await];
    // The caller may act on its answer before the gateway says that it has it.
    rest.retain(|report| !matches!(report, Report::Event { .. }));
    assert_eq!(rest, [Report::Synced { number: 7 }]);
}

#[tokio::test]
async fn a_question_says_what_the_path_caught() {
    let mut stage = Stage::new(Some(true)).await;
    stage.watch(&[Moment::Request]).await;
    let mut caller = stage.caller().await;
    caller.says("POST /jobs/a%20b?x HTTP/1.1\r\n\r\n").await;
    stage.expect(&["1 asked worker POST /jobs/a%20b?x"]).await;
    match stage.report().await {
        Report::Ask {
            left: false,
            exchange: 1,
            stop,
            captures,
            ..
        } => {
            assert_eq!((stop.call.as_str(), stop.moment), (CALL, Moment::Request));
            assert_eq!(captures["job"], "a b");
        }
        other => panic!("{other:?}"),
    }
    stage.end().await;
}
