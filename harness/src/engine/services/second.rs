//! A second instance beside those that a service has.

use super::Services;
use crate::history::ServiceState;
use crate::runtime::{Failure, ready};
use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::{Arc, MutexGuard};

/// What the history says of it.
const SECOND: &str = "a second one";

impl Services {
    /// Starts one more instance. It counts as done once all of them are ready.
    pub(super) async fn join(self: &Arc<Self>, fault: usize, name: &str) -> Result<(), Failure> {
        let turn = self.ends[name].lock().await;
        if self.runtime.absent(name) || !self.joined().insert(name.to_owned()) {
            let why = "it does not run here, or it has a second one already";
            let what = format!("service `{name}` could not be joined by a second one: {why}");
            self.record.note(&what);
            return Ok(());
        }
        let mut service = self.stack.services[name].clone();
        let first = service.replicas;
        service.replicas += 1;
        self.say(name, ServiceState::Starting, Some(SECOND));
        if let Some(at) = self.runtime.real(name, first) {
            self.all_met().retain(|(address, _)| *address != at);
        }
        // The others stay as they are: one may have been ended on purpose.
        self.runtime.start(name, first..service.replicas).await?;
        drop(turn);
        let this = self.clone();
        // What set this off goes on meanwhile: the new one may need it to become ready.
        let ready = async move {
            let gone = || this.gone(&service.name);
            let logs = || this.logs(&service.name);
            match ready::wait(&*this.runtime, &service, gone, logs).await {
                Ok(()) => {
                    this.say(&service.name, ServiceState::Ready, Some(SECOND));
                    this.record.done(fault);
                }
                Err(failure) => this.record.note(&failure.what),
            }
        };
        self.restarting
            .lock()
            .expect("no panic while it is held")
            .spawn(ready);
        Ok(())
    }

    /// Ends the second instance of a service, if it has one.
    pub(super) async fn part(&self, name: &str) -> Result<(), Failure> {
        if self.joined().remove(name) {
            if let Some(note) = self.unseen(name) {
                self.record.note(&note);
            }
            self.runtime.retire(name).await?;
            self.say(name, ServiceState::Stopped, Some(SECOND));
            self.record.recovered(name);
        }
        Ok(())
    }

    /// A connection leads to one of several instances of a service, or comes from it.
    pub fn met(&self, address: IpAddr, connects: bool) {
        self.all_met().insert((address, connects));
    }

    /// What is to be said of a second instance of which nothing was seen but that it ran.
    fn unseen(&self, name: &str) -> Option<String> {
        let at = self
            .runtime
            .real(name, self.stack.services[name].replicas)?;
        let met = |connects| self.all_met().contains(&(at, connects));
        let to = format!("no connection led to the second `{name}` while it ran");
        let why = "one that was open before stays where it leads";
        let mut calls = self.stack.calls.values();
        match (met(false), met(true)) {
            (true, _) => None,
            (false, false) if self.runtime.tells_apart(name) => {
                Some(format!("{to}, and none came from it: {why}"))
            }
            (false, _) => {
                let called = calls.any(|call| call.service == name);
                called.then(|| format!("{to}: {why}"))
            }
        }
    }

    fn all_met(&self) -> MutexGuard<'_, HashSet<(IpAddr, bool)>> {
        self.met.lock().expect("no panic while it is held")
    }
}
