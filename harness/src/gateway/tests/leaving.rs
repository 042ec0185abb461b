//! Callers that give up waiting: what they asked for is done all the same, and that is told.

use super::stage::*;
use crate::gateway::{Action, Moment, Report};

const POST: &str = "POST /jobs/7 HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello";
const MADE: &str = "HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\nmade";
const ASKED: &str = "1 asked worker POST /jobs/7";

#[tokio::test]
async fn what_is_answered_to_a_caller_that_has_left_is_told() {
    let mut stage = Stage::new(Some(true)).await;
    let (caller, mut callee) = stage.pair(POST).await;
    drop(caller);
    // The callee can see that, as it could without a gateway.
    callee.hears_end().await;
    stage.expect(&[ASKED]).await;
    callee.says(MADE).await;
    stage.expect(&["1 answered 201", "1 left"]).await;
    stage.end().await;
}

#[tokio::test]
async fn whoever_leaves_in_the_middle_of_its_request_asked_for_nothing_whole() {
    let mut stage = Stage::new(Some(true)).await;
    let half = &POST[..POST.len() - 2];
    let (caller, mut callee) = stage.pair(half).await;
    drop(caller);
    callee.loses().await;
    stage.expect(&[ASKED, "1 unanswered", "1 left"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_callee_that_dies_after_its_caller_has_left_leaves_it_open_what_it_did() {
    let mut stage = Stage::new(Some(true)).await;
    let (caller, mut callee) = stage.pair(POST).await;
    drop(caller);
    callee.hears_end().await;
    drop(callee);
    stage.expect(&[ASKED, "1 unanswered", "1 left"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_request_that_is_late_arrives_though_its_caller_has_left() {
    let mut stage = Stage::new(Some(true)).await;
    stage.watch(&[Moment::Request]).await;
    let mut caller = stage.caller().await;
    caller.says(POST).await;
    stage.expect(&[ASKED]).await;
    let ask = stage.ask().await;
    stage.act(ask, late(1, Action::Pass));
    let mut callee = stage.callee().await;
    drop(caller);
    callee.hears(POST).await;
    callee.hears_end().await;
    callee.says(MADE).await;
    stage.expect(&["1 answered 201", "1 left"]).await;
    stage.end().await;
}

#[tokio::test]
async fn an_answer_that_something_waits_for_is_told_though_its_caller_has_left() {
    let mut stage = Stage::new(Some(true)).await;
    stage.watch(&[Moment::Answer]).await;
    let (caller, mut callee) = stage.pair(POST).await;
    drop(caller);
    callee.hears_end().await;
    callee.says(MADE).await;
    stage.expect(&[ASKED, "1 answered 201"]).await;
    let Report::Ask { ask, left, .. } = stage.report().await else {
        panic!("nobody is asked");
    };
    assert!(left);
    // There is nobody any more whom it could strike.
    stage.act(ask, Action::Reset);
    stage.expect(&["1 left"]).await;
    stage.end().await;
}
