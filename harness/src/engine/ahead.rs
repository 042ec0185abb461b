//! A stack that is brought up before anybody knows which run it is for.

use super::record::Record;
use super::{Outcome, Setup, run_when};
use crate::history::Heard;
use crate::plan::{Judged, Plan};
use crate::runtime::Failure;
use std::time::Instant;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// What a run is for.
pub struct Part {
    /// As [`Setup::plan`].
    pub plan: Plan,
    /// As [`Setup::shared`].
    pub shared: Option<Judged>,
    /// As [`Setup::heard`].
    pub heard: Option<Heard>,
}

/// A stack that is up, or on its way, and has not been given anything to do.
pub struct Ahead {
    give: oneshot::Sender<Part>,
    taken: oneshot::Receiver<()>,
    running: JoinHandle<Outcome>,
}

/// The stack's ends of both.
pub(super) struct Awaited {
    part: oneshot::Receiver<Part>,
    taken: oneshot::Sender<()>,
}

impl Ahead {
    /// Brings a stack up. Of `setup`, all but what [`Part`] has is final.
    pub fn up(setup: Setup) -> Ahead {
        let (give, part) = oneshot::channel();
        let (took, taken) = oneshot::channel();
        let awaited = Awaited { part, taken: took };
        let running = tokio::spawn(run_when(setup, Some(awaited)));
        Ahead {
            give,
            taken,
            running,
        }
    }

    /// Plays on it, and takes it down. `None`: it had broken down before it was given anything to do, and is gone.
    pub async fn play(self, part: Part) -> Option<Outcome> {
        let begun = Instant::now();
        let _ = self.give.send(part);
        let taken = self.taken.await.is_ok();
        let outcome = self.running.await.ok()?;
        taken.then(|| Outcome {
            duration: begun.elapsed(),
            ..outcome
        })
    }

    /// Takes it down unused.
    pub async fn discard(self) {
        drop(self.give);
        let _ = self.running.await;
    }
}

impl Awaited {
    /// Waits for what the run is for; from then on `setup` and the history say so.
    ///
    /// # Errors
    /// It will never be said.
    pub(super) async fn part(self, setup: &mut Setup, record: &Record) -> Result<(), Failure> {
        let Ok(part) = self.part.await else {
            return Err(Failure::new("this stack was brought up for nothing"));
        };
        let Part {
            plan,
            shared,
            heard,
        } = part;
        setup.plan = plan;
        setup.shared = shared;
        setup.heard = heard;
        record.meant_for(setup.started(), setup.judge());
        let _ = self.taken.send(());
        Ok(())
    }
}
