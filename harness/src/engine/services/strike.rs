//! What is done to services on purpose, and undone.

use super::{Services, Stage};
use crate::history::ServiceState;
use crate::plan::ServiceFault;
use crate::runtime::Failure;
use std::sync::Arc;
use std::time::Instant;

impl Services {
    /// Does something to a service. It is done when this returns. A service that was killed is started again at once
    /// if its `restart` policy says so, else when the faults are healed.
    ///
    /// `asked` is when the exchange was asked that set this off: an instance that asked before the last end is gone
    /// already, and the one that came after it is spared.
    ///
    /// # Errors
    /// When the runtime could not do it.
    pub async fn strike(
        self: &Arc<Self>,
        fault: usize,
        name: &str,
        how: ServiceFault,
        asked: Option<Instant>,
    ) -> Result<(), Failure> {
        if how == ServiceFault::Joined {
            return self.join(fault, name).await;
        }
        let mut last_end = self.ends[name].lock().await;
        let gone_already = matches!((asked, *last_end), (Some(asked), Some(end)) if asked < end);
        if self.is_already(name, how) {
            self.record
                .note(&format!("service `{name}` was {} already", how.word()));
        } else if !gone_already {
            if !self.carry_out(name, how).await? {
                let what = how.word();
                self.record.note(&format!(
                    "service `{name}` could not be {what}: it was not running"
                ));
                return Ok(());
            }
            if how != ServiceFault::Paused {
                *last_end = Some(Instant::now());
            }
        }
        self.record.done(fault);
        let well = *self.stages[name].borrow() == Stage::Ready && !self.paused().contains(name);
        if gone_already && well {
            // It came back from that end before this was said.
            self.record.recovered(name);
        }
        Ok(())
    }

    /// Whether what is to be done to a service is in force, until somebody heals it.
    fn is_already(&self, name: &str, how: ServiceFault) -> bool {
        match (how, &*self.stages[name].borrow()) {
            (ServiceFault::Paused, _) => self.paused().contains(name),
            (ServiceFault::Stopped | ServiceFault::Killed, Stage::Ended(ServiceFault::Stopped)) => {
                true
            }
            (ServiceFault::Stopped | ServiceFault::Killed, Stage::Ended(ServiceFault::Killed)) => {
                !self.stack.services[name].restarts.after(None)
            }
            _ => false,
        }
    }

    /// False: there was nothing to do it to.
    async fn carry_out(self: &Arc<Self>, name: &str, how: ServiceFault) -> Result<bool, Failure> {
        self.hurry(name);
        // A container works before the daemon has said that it runs.
        let mut stage = self.stages[name].subscribe();
        let begun = stage.wait_for(|stage| *stage != Stage::Starting).await;
        drop(begun.expect("the sender lives as long as `self`"));
        let (struck, state) = match how {
            ServiceFault::Killed => (self.runtime.kill(name).await?, ServiceState::Killed),
            ServiceFault::Stopped | ServiceFault::Restarted => {
                (self.runtime.stop(name).await?, ServiceState::Stopped)
            }
            ServiceFault::Paused => (self.runtime.pause(name).await?, ServiceState::Paused),
            ServiceFault::Joined | ServiceFault::DiskFull => {
                unreachable!("services are joined, and disks filled, elsewhere")
            }
        };
        if !struck {
            return Ok(false);
        }
        self.struck_once().insert(name.to_owned());
        self.say(name, state, None);
        if how == ServiceFault::Paused {
            self.paused().insert(name.to_owned());
            return Ok(true);
        }
        self.paused().remove(name);
        self.stage(name, Stage::Ended(how));
        let policy = how == ServiceFault::Killed && self.stack.services[name].restarts.after(None);
        if policy || how == ServiceFault::Restarted {
            self.restart(name);
        }
        Ok(true)
    }

    /// Lets a service go on that stands still, or begins to start one that was ended on purpose.
    ///
    /// # Errors
    /// When the runtime could not do it.
    pub async fn recover(self: &Arc<Self>, name: &str) -> Result<(), Failure> {
        // What is being done to it at this moment is done first, or it would outlast its own end.
        let _turn = self.ends[name].lock().await;
        self.part(name).await?;
        let paused = self.paused().remove(name);
        if paused {
            self.resume(name).await?;
        } else if matches!(*self.stages[name].borrow(), Stage::Ended(_)) {
            self.restart(name);
        }
        Ok(())
    }

    pub(super) async fn resume(&self, name: &str) -> Result<(), Failure> {
        // Said first, so that nothing that it does comes before it in the history.
        self.say(name, ServiceState::Resumed, None);
        self.runtime.resume(name).await?;
        self.record.recovered(name);
        Ok(())
    }

    /// The services that were struck on purpose and are not well again, in words.
    pub fn struck(&self) -> Vec<String> {
        let paused = self.paused();
        let words = |name: &String| match &*self.stages[name].borrow() {
            Stage::Ended(ServiceFault::Killed) => Some(format!(
                "`{name}` stays killed, for it has no `restart` policy"
            )),
            Stage::Ended(what) => Some(format!("`{name}` stays {}", what.word())),
            _ if paused.contains(name) => Some(format!("`{name}` stays paused")),
            _ => None,
        };
        self.stack.services.keys().filter_map(words).collect()
    }
}
