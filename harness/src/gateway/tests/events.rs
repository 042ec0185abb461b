//! Answers that go on for as long as somebody listens, and answers that do not come to their end.

use super::stage::*;
use crate::gateway::{Action, Alteration, Moment};

const LISTEN: &str = "POST /jobs/7 HTTP/1.1\r\nContent-Length: 0\r\n\r\n";
const HEAD: &str =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
const TICK: &str = "6\r\ntick\n\n\r\n";
const ASKED: &str = "1 asked worker POST /jobs/7";

#[tokio::test]
async fn a_stream_is_answered_with_its_head_and_told_at_its_end() {
    let mut stage = Stage::new(Some(true)).await;
    let (mut caller, mut callee) = stage.pair(LISTEN).await;
    callee.says(HEAD).await;
    caller.hears(HEAD).await;
    stage.expect(&[ASKED, "1 answered 200"]).await;
    callee.says(TICK).await;
    caller.hears(TICK).await;
    callee.says("0\r\n\r\n").await;
    caller.hears("0\r\n\r\n").await;
    stage.expect(&["1 saw 200, 6: tick\n\n"]).await;
    stage.end().await;
}

/// A stream about which the harness decides.
async fn stopped() -> (Stage, Peer, Peer, u64) {
    let mut stage = Stage::new(Some(true)).await;
    stage.watch(&[Moment::Answer]).await;
    let (caller, mut callee) = stage.pair(LISTEN).await;
    callee.says(&[HEAD, TICK].concat()).await;
    stage.expect(&[ASKED, "1 answered 200"]).await;
    let ask = stage.ask().await;
    (stage, caller, callee, ask)
}

#[tokio::test]
async fn a_stream_goes_on_after_the_moment_of_its_answer() {
    let (mut stage, mut caller, mut callee, ask) = stopped().await;
    stage.act(ask, Action::Pass);
    caller.hears(&[HEAD, TICK].concat()).await;
    callee.says(TICK).await;
    caller.hears(TICK).await;
    drop(caller);
    callee.loses().await;
    stage.expect(&["1 left"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_stream_is_cut_emptied_or_lost_at_its_beginning() {
    let alter = |body| Action::Alter { body };
    let (mut stage, mut caller, mut callee, ask) = stopped().await;
    stage.act(ask, alter(Alteration::Cut { after_bytes: 8 }));
    // So much has not come yet.
    callee.says(TICK).await;
    caller.hears("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 12\r\n\r\ntick\n\nti").await;
    caller.hears_end().await;
    stage.expect(&["1 cut 200, 8: tick\n\nti"]).await;
    stage.end().await;

    let (mut stage, mut caller, _callee, ask) = stopped().await;
    stage.act(ask, alter(Alteration::Empty));
    caller
        .hears("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n")
        .await;
    stage.expect(&["1 saw 200, 0, altered: "]).await;
    stage.end().await;

    let (mut stage, mut caller, _callee, ask) = stopped().await;
    stage.act(ask, Action::Reset);
    caller.hears_reset().await;
    stage.expect(&["1 saw reset"]).await;
    stage.end().await;
}

#[tokio::test]
async fn an_answer_that_does_not_end_is_decided_about_all_the_same() {
    const SLOW: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ntick\n\n\r\n";
    let mut stage = Stage::new(Some(true)).await;
    stage.watch(&[Moment::Answer]).await;
    let (mut caller, mut callee) = stage.pair(LISTEN).await;
    callee.says(SLOW).await;
    stage.expect(&[ASKED]).await;
    let ask = stage.ask().await;
    let body = Alteration::Cut { after_bytes: 3 };
    stage.act(ask, Action::Alter { body });
    stage.expect(&["1 answered 200"]).await;
    caller
        .hears("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ntic")
        .await;
    caller.hears_end().await;
    stage.expect(&["1 cut 200, 3: tic"]).await;
    callee.loses().await;
    stage.end().await;
}
