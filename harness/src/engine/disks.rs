//! The disks of a running stack: filled on purpose, and with room again.

use super::record::Record;
use crate::gateway::Command;
use crate::runtime::{Failure, Runtime};
use crate::size;
use crate::stack::Stack;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{mpsc, oneshot};

/// The disks of one run.
pub(super) struct Disks {
    pub stack: Arc<Stack>,
    pub runtime: Arc<dyn Runtime>,
    pub commands: mpsc::UnboundedSender<Command>,
    pub record: Arc<Record>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The faults that hold disks full, each with the service; once for each time.
    full: Vec<(usize, String)>,
    last: u64,
    waiting: HashMap<u64, oneshot::Sender<Answer>>,
}

/// What the gateway came back with.
pub(super) struct Answer {
    pub taken_again_bytes: u64,
    pub error: Option<String>,
}

impl Disks {
    /// There is room on all of them.
    pub fn new(
        stack: Arc<Stack>,
        runtime: Arc<dyn Runtime>,
        commands: mpsc::UnboundedSender<Command>,
        record: Arc<Record>,
    ) -> Disks {
        let state = Mutex::default();
        Disks {
            stack,
            runtime,
            commands,
            record,
            state,
        }
    }

    /// Fills the disk of a service. A write was refused for want of room when this returns, and so will every other be
    /// until it is emptied.
    ///
    /// # Errors
    /// When there is no such disk here, or it cannot be filled.
    pub async fn fill(&self, fault: usize, service: &str) -> Result<(), Failure> {
        if self.runtime.absent(service) {
            let what = format!("the disk of `{service}` could not be filled: it does not run here");
            self.record.note(&what);
            return Ok(());
        }
        let answered = {
            let mut state = self.state();
            state.full.push((fault, service.to_owned()));
            self.order(&mut state, service, true)?
        };
        if let Some(why) = answer(answered).await.error {
            return Err(failed(
                service,
                &format!("could not be filled: {why}"),
                None,
            ));
        }
        self.record.filled(service);
        self.record.done(fault);
        self.record.felt(fault);
        Ok(())
    }

    /// One fault does not hold its disk full any more. A disk that another one holds full stays so.
    ///
    /// # Errors
    /// When a disk did not stay full until now, or there is no room on it afterwards.
    pub async fn empty(&self, fault: usize) -> Result<(), Failure> {
        self.let_go(|held| held == fault).await
    }

    /// No disk is held full any more.
    ///
    /// # Errors
    /// When a disk did not stay full until now, or there is no room on it afterwards.
    pub async fn empty_all(&self) -> Result<(), Failure> {
        self.let_go(|_| true).await
    }

    async fn let_go(&self, ends: impl Fn(usize) -> bool) -> Result<(), Failure> {
        let (over, answers) = {
            let mut state = self.state();
            let over: Vec<_> = state.full.extract_if(.., |held| ends(held.0)).collect();
            let services: BTreeSet<String> = over.iter().map(|held| held.1.clone()).collect();
            let mut answers = Vec::new();
            for service in services {
                if !state.full.iter().any(|held| held.1 == service) {
                    answers.push((service.clone(), self.order(&mut state, &service, false)?));
                }
            }
            (over, answers)
        };
        for (service, answered) in answers {
            self.record.emptied(&service);
            let answer = answer(answered).await;
            if answer.taken_again_bytes > 0 {
                let freed = size::print(answer.taken_again_bytes);
                let what = format!("on the full disk of `{service}`, {freed} were given free");
                self.record.note(&format!(
                    "{what}; they were taken again within milliseconds"
                ));
            }
            if let Some(why) = answer.error {
                let help = "what the service writes must fit: raise `size` of its `disk`";
                let what = format!("could not be given its room back: {why}");
                return Err(failed(&service, &what, Some(help)));
            }
        }
        for (fault, _) in over {
            self.record.straightened(fault);
        }
        Ok(())
    }

    /// The gateway has carried out an order.
    pub fn answered(&self, number: u64, answer: Answer) {
        if let Some(waits) = self.state().waiting.remove(&number) {
            // Whoever waited may have been stopped meanwhile.
            let _ = waits.send(answer);
        }
    }

    /// The disks that are full, in words.
    pub fn struck(&self) -> Vec<String> {
        let state = self.state();
        let services: BTreeSet<&String> = state.full.iter().map(|held| &held.1).collect();
        let words = |service| format!("the disk of `{service}` stays full");
        services.into_iter().map(words).collect()
    }

    /// Tells the gateway what is to become of a disk. Given while the state is held, so that no later order overtakes it.
    fn order(
        &self,
        state: &mut State,
        service: &str,
        full: bool,
    ) -> Result<oneshot::Receiver<Answer>, Failure> {
        let disk = self.stack.services[service].disk.as_ref();
        let size_bytes = disk.map_or(0, |disk| disk.size_bytes);
        let folder = self.runtime.disk(service)?;
        let (waits, answered) = oneshot::channel();
        state.last += 1;
        let number = state.last;
        state.waiting.insert(number, waits);
        let _ = self.commands.send(Command::Disk {
            number,
            folder,
            size_bytes,
            full,
        });
        Ok(answered)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic while it is held")
    }
}

/// Never comes, if the gateway is gone: the run ends for that.
async fn answer(answered: oneshot::Receiver<Answer>) -> Answer {
    match answered.await {
        Ok(answer) => answer,
        Err(_) => std::future::pending().await,
    }
}

fn failed(service: &str, what: &str, help: Option<&str>) -> Failure {
    Failure {
        service: Some(service.to_owned()),
        help: help.map(str::to_owned),
        ..Failure::new(format!("the disk of `{service}` {what}"))
    }
}
