//! Containers that stand still, and go on.
//!
//! A daemon under load fails at this now and then, and succeeds when it is asked again: what else it answers is an error.

use bollard::Docker;
use bollard::errors::Error;
use std::time::{Duration, Instant};

/// What it answers then:
/// - with version 1 of cgroups, `runc` gives up where processes of the container begin or end while it freezes them
///   (<https://github.com/moby/moby/issues/48205>);
/// - Docker takes news from containerd of what it did itself, and late news for new: of a container that was resumed and
///   paused again, it believes for a moment that it is not paused, and the other way round.
const PASSING: [&str; 3] = ["unable to freeze", "is already paused", "is not paused"];

/// For so long it is asked again: late news are seconds late at most.
const PASSES_WITHIN: Duration = Duration::from_secs(10);
/// The time between two tries; nothing tells when the daemon knows better.
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// Pauses a container that runs.
///
/// # Errors
/// What the daemon answered last.
pub(super) async fn pause(docker: &Docker, container: &str) -> Result<(), Error> {
    again(|| docker.pause_container(container)).await
}

/// Lets a container go on that is paused.
///
/// # Errors
/// What the daemon answered last.
pub(super) async fn resume(docker: &Docker, container: &str) -> Result<(), Error> {
    again(|| docker.unpause_container(container)).await
}

async fn again<F: Future<Output = Result<(), Error>>>(
    attempt: impl Fn() -> F,
) -> Result<(), Error> {
    let deadline = Instant::now() + PASSES_WITHIN;
    loop {
        let answer = attempt().await;
        if passed(&answer, deadline).await {
            return answer;
        }
    }
}

/// Whether this answer is the last. If not, it is time to ask again when this returns.
async fn passed(answer: &Result<(), Error>, deadline: Instant) -> bool {
    let last = !answer.as_ref().is_err_and(passing) || Instant::now() >= deadline;
    if !last {
        tokio::time::sleep(TRY_AGAIN).await;
    }
    last
}

fn passing(error: &Error) -> bool {
    let Error::DockerResponseServerError { message, .. } = error else {
        return false;
    };
    PASSING.iter().any(|passing| message.contains(passing))
}

#[cfg(test)]
mod tests {
    use super::super::daemon::tests::serve;
    use super::*;
    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::post;
    use serde_json::json;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A daemon that gives this answer to the first `times` requests for a container, and how many there were.
    async fn daemon(why: &'static str, times: usize) -> (Docker, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let answer = post(
            async move || match count.fetch_add(1, Ordering::Relaxed) < times {
                true => {
                    let message = json!({"message": why}).to_string();
                    (StatusCode::INTERNAL_SERVER_ERROR, message)
                }
                false => (StatusCode::NO_CONTENT, String::new()),
            },
        );
        let router = Router::new().route("/containers/c/{what}", answer);
        (serve(router).await, asked)
    }

    #[tokio::test]
    async fn what_passes_is_tried_again() {
        let freeze =
            "Cannot pause container c: OCI runtime pause failed: unable to freeze: unknown";
        let (docker, asked) = daemon(freeze, 2).await;
        pause(&docker, "c").await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 3);
        let (docker, asked) = daemon("Container c is already paused", 1).await;
        pause(&docker, "c").await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        let (docker, asked) = daemon("Container c is not paused", 1).await;
        resume(&docker, "c").await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn what_does_not_pass_is_an_error() {
        let (docker, asked) = daemon("Container c is not running", usize::MAX).await;
        pause(&docker, "c").await.unwrap_err();
        resume(&docker, "c").await.unwrap_err();
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        let (docker, _) = daemon("Container c is not paused", usize::MAX).await;
        let answer = docker.unpause_container("c").await;
        assert!(passed(&answer, Instant::now()).await);
        assert!(!passed(&answer, Instant::now() + PASSES_WITHIN).await);
    }
}
