//! A moment that can be waited for more exactly than the runtime's own timers, whose ticks are whole milliseconds.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

/// Waits for one moment at a time.
#[derive(Default)]
pub(super) struct Timer {
    set: Option<(Instant, async_io::Timer)>,
}

impl Timer {
    /// Ready once the moment has come. A later call may name another moment.
    pub(super) fn poll_at(&mut self, cx: &mut Context<'_>, at: Instant) -> Poll<()> {
        if at <= Instant::now() {
            return Poll::Ready(());
        }
        let new = || (at, async_io::Timer::at(at));
        let (set_to, timer) = self.set.get_or_insert_with(new);
        if *set_to != at {
            timer.set_at(at);
            *set_to = at;
        }
        Pin::new(timer).poll(cx).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;
    use std::time::Duration;

    #[tokio::test]
    async fn a_moment_comes_when_it_has_come_and_another_may_be_named_meanwhile() {
        let mut timer = Timer::default();
        let begun = Instant::now();
        let late = begun + Duration::from_secs(3600);
        assert!(
            poll_fn(|cx| Poll::Ready(timer.poll_at(cx, late)))
                .await
                .is_pending()
        );
        for ms in [5, 10] {
            let at = begun + Duration::from_millis(ms);
            poll_fn(|cx| timer.poll_at(cx, at)).await;
            assert!(Instant::now() >= at);
        }
    }
}
