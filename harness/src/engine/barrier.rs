//! Keeps one order between what the gateway reports and what observers see.
//!
//! An observer is quick and the gateway's reports come through a channel, so that it may see the effect of a call before
//! the call itself is in the history. A barrier waits until everything is there that the gateway knew before.

use crate::gateway::Command;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard};
use tokio::sync::{mpsc, oneshot};

/// Waits for the gateway's reports to catch up.
pub(super) struct Barrier {
    commands: mpsc::UnboundedSender<Command>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    last: u64,
    open: HashMap<u64, oneshot::Sender<()>>,
}

impl Barrier {
    /// A barrier for the gateway that takes these commands.
    pub fn new(commands: mpsc::UnboundedSender<Command>) -> Barrier {
        Barrier {
            commands,
            waiting: Mutex::default(),
        }
    }

    /// Returns once all that the gateway reported before has been taken in. Never, if the gateway is gone: the run
    /// ends for that.
    pub async fn pass(&self) {
        let (open, opened) = oneshot::channel();
        let number = {
            let mut waiting = self.waiting();
            waiting.last += 1;
            let number = waiting.last;
            waiting.open.insert(number, open);
            number
        };
        let _ = self.commands.send(Command::Sync { number });
        if opened.await.is_err() {
            std::future::pending().await
        }
    }

    /// The gateway's answer came through the same channel as its reports.
    pub fn open(&self, number: u64) {
        if let Some(open) = self.waiting().open.remove(&number) {
            // Whoever waited may have been stopped meanwhile.
            let _ = open.send(());
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("no panic while it is held")
    }
}
