//! What is wrong with a whole link.

use super::stage::*;
use crate::gateway::raw::{self, AsOf};
use crate::gateway::{Command, Report, Shape};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;

impl Stage {
    /// Lays a shape on the link, or takes it away, and waits until that is in force.
    async fn shape(&mut self, number: u64, shape: Option<Shape>) {
        self.send(Command::Shape {
            number,
            client: "worker".into(),
            service: "site".into(),
            shape,
            seed: 7,
        });
        self.send(Command::Sync { number });
        assert_eq!(self.report().await, Report::Synced { number });
    }

    async fn felt(&mut self, shape: u64) {
        assert_eq!(self.report().await, Report::Felt { shape });
    }
}

const GET: &str = "GET / HTTP/1.1\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[tokio::test]
async fn a_cut_holds_both_ways_and_new_connections_until_it_is_healed() {
    let mut stage = Stage::new(Some(false)).await;
    let (mut caller, mut callee) = stage.pair("hello").await;
    stage.shape(1, Some(Shape::Cut)).await;
    caller.says("up").await;
    stage.felt(1).await;
    callee.says("down").await;
    let mut late = stage.caller().await;
    late.says("late").await;
    assert!(
        [&caller.0, &callee.0]
            .iter()
            .all(|end| raw::quiet(end, AsOf::Now))
    );
    stage.shape(1, None).await;
    callee.hears("up").await;
    caller.hears("down").await;
    stage.callee().await.hears("late").await;
    drop((caller, callee, late));
    stage
        .expect(&["stream worker 4 0", "stream worker 7 4"])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn the_mere_end_of_a_connection_is_not_felt() {
    let slow = Shape::Slow {
        by_ms: 20,
        jitter_ms: 0,
    };
    let narrow = Shape::Carries { bytes_per_s: 100 };
    let resets = Shape::ResetAfter { bytes: 1 };
    for http in [false, true] {
        for shape in [Shape::Cut, slow, narrow, resets] {
            let mut stage = Stage::new(Some(http)).await;
            let (mut caller, mut callee) = stage.pair(GET).await;
            callee.says(OK).await;
            caller.hears(OK).await;
            if http {
                stage
                    .expect(&["1 asked worker GET /", "1 answered 200", "1 saw 200, 2"])
                    .await;
            }
            stage.shape(1, Some(shape)).await;
            drop(caller);
            if shape == Shape::Cut {
                tokio::time::sleep(Duration::from_millis(20)).await;
                assert!(raw::quiet(&callee.0, AsOf::Now));
                stage.shape(1, None).await;
            }
            callee.hears_end().await;
            drop(callee);
            if !http {
                let passed = format!("stream worker {} {}", GET.len(), OK.len());
                stage.expect(&[&passed]).await;
            }
            stage.end().await;
        }
    }
}

#[tokio::test]
async fn a_cut_hides_a_request_until_it_is_healed_though_the_caller_has_left() {
    let mut stage = Stage::new(Some(true)).await;
    stage.shape(1, Some(Shape::Cut)).await;
    let mut caller = stage.caller().await;
    caller.says(GET).await;
    stage.felt(1).await;
    drop(caller);
    stage.shape(1, None).await;
    let mut callee = stage.callee().await;
    callee.hears(GET).await;
    callee.hears_end().await;
    drop(callee);
    stage
        .expect(&["1 asked worker GET /", "1 unanswered", "1 left"])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_slow_link_adds_its_delay_to_a_request_once() {
    let mut stage = Stage::new(Some(true)).await;
    let by = Duration::from_millis(50);
    let (by_ms, jitter_ms) = (50, 0);
    stage.shape(1, Some(Shape::Slow { by_ms, jitter_ms })).await;
    let begun = Instant::now();
    let (mut caller, mut callee) = stage.pair(GET).await;
    assert!(begun.elapsed() >= by);
    stage.felt(1).await;
    let answered = Instant::now();
    callee.says(OK).await;
    caller.hears(OK).await;
    // The way back is not slow. A machine that stands still for so long would fail here, so the bound is wide.
    assert!(answered.elapsed() < 100 * by);
    stage
        .expect(&["1 asked worker GET /", "1 answered 200", "1 saw 200, 2"])
        .await;
    // What is held when the link is healed passes at once, and in its order.
    stage.shape(1, None).await;
    let by_ms = 3_600_000;
    stage.shape(2, Some(Shape::Slow { by_ms, jitter_ms })).await;
    caller.says(GET).await;
    stage.shape(2, None).await;
    callee.hears(GET).await;
    drop(caller);
    callee.hears_end().await;
    drop(callee);
    stage
        .expect(&["2 asked worker GET /", "2 unanswered", "2 left"])
        .await;
    stage.end().await;
}

#[tokio::test]
async fn a_narrow_link_takes_its_time_both_ways() {
    let mut stage = Stage::new(Some(false)).await;
    let (mut caller, mut callee) = stage.pair("hello").await;
    let bytes_per_s = 100_000;
    stage.shape(1, Some(Shape::Carries { bytes_per_s })).await;
    let text = "x".repeat(10_000);
    let begun = Instant::now();
    caller.says(&text).await;
    callee.hears(&text).await;
    assert!(begun.elapsed() >= Duration::from_millis(99));
    let begun = Instant::now();
    callee.says(&text).await;
    caller.hears(&text).await;
    assert!(begun.elapsed() >= Duration::from_millis(99));
    stage.felt(1).await;
    drop((caller, callee));
    stage.expect(&["stream worker 10005 10000"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_link_that_is_wide_enough_is_not_felt() {
    let mut stage = Stage::new(Some(false)).await;
    let (mut caller, mut callee) = stage.pair("hello").await;
    let bytes_per_s = u64::MAX;
    stage.shape(1, Some(Shape::Carries { bytes_per_s })).await;
    caller.says("hello").await;
    callee.hears("hello").await;
    callee.says("hello").await;
    caller.hears("hello").await;
    drop((caller, callee));
    stage.expect(&["stream worker 10 5"]).await;
    stage.end().await;
}

#[tokio::test]
async fn a_link_that_resets_lets_so_many_bytes_pass() {
    let mut stage = Stage::new(Some(true)).await;
    let bytes = GET.len() as u64 + 20;
    stage.shape(1, Some(Shape::ResetAfter { bytes })).await;
    for number in 1..=2 {
        let (mut caller, mut callee) = stage.pair(GET).await;
        callee.says(OK).await;
        caller.hears(&OK[..20]).await;
        caller.hears_reset().await;
        callee.loses().await;
        let (asked, answered) = (
            format!("{number} asked worker GET /"),
            format!("{number} answered 200"),
        );
        stage.expect(&[&asked, &answered]).await;
        if number == 1 {
            stage.felt(1).await;
        }
        stage.expect(&[&format!("{number} saw reset")]).await;
    }
    stage.end().await;
}

#[tokio::test]
async fn a_request_that_a_link_resets_was_reset_and_has_not_left() {
    let mut stage = Stage::new(Some(true)).await;
    let head = "POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n";
    let bytes = head.len() as u64;
    stage.shape(1, Some(Shape::ResetAfter { bytes })).await;
    let (mut caller, mut callee) = stage.pair(head).await;
    caller.says("123456789").await;
    caller.hears_reset().await;
    let mut rest = Vec::new();
    assert!(matches!(
        soon(callee.0.read_to_end(&mut rest)).await,
        Ok(0) | Err(_)
    ));
    stage.expect(&["1 asked worker POST /"]).await;
    stage.felt(1).await;
    stage.expect(&["1 unanswered", "1 saw reset"]).await;
    stage.end().await;
}
