//! The services of a running stack: in order up, watched, started again, struck on purpose.

use super::record::Record;
use crate::history::{ServiceState, What};
use crate::plan::ServiceFault;
use crate::runtime::{Exit, Failure, RunFolder, Runtime, ready};
use crate::stack::{Condition, Service, Stack};
use futures::future::try_join_all;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A service that ends by itself more often than this in one run is left alone: something is wrong with it.
const MAX_RESTARTS: u32 = 20;

/// What the history says of the instance that joins a service.
const SECOND: &str = "a second one";

/// How far a service has come.
#[derive(Clone, Debug, PartialEq)]
enum Stage {
    Absent,
    /// The runtime is about to start it: it may run already, and nothing can be done to it yet.
    Starting,
    Started,
    Ready,
    Completed,
    /// It was ended on purpose, and comes back when the faults are healed.
    Ended(ServiceFault),
    /// It ended by itself; why.
    Gone(String),
    /// It was started again and did not become ready.
    Lost(Failure),
}

/// The services of one run.
pub struct Services {
    stack: Arc<Stack>,
    runtime: Arc<dyn Runtime>,
    record: Arc<Record>,
    folder: RunFolder,
    stages: HashMap<String, watch::Sender<Stage>>,
    /// When each service was ended on purpose last. Held while something is done to it.
    ends: HashMap<String, tokio::sync::Mutex<Option<Instant>>>,
    /// The services that stand still.
    paused: Mutex<BTreeSet<String>>,
    /// The services of which one more instance runs.
    joined: Mutex<BTreeSet<String>>,
    restarts: Mutex<HashMap<String, u32>>,
    restarting: Mutex<JoinSet<()>>,
}

impl Services {
    /// None of them runs yet.
    pub fn new(
        stack: Arc<Stack>,
        runtime: Arc<dyn Runtime>,
        record: Arc<Record>,
        folder: RunFolder,
    ) -> Services {
        let stages = stack
            .services
            .keys()
            .map(|name| (name.clone(), watch::Sender::new(Stage::Absent)))
            .collect();
        let ends = stack
            .services
            .keys()
            .map(|name| (name.clone(), Default::default()))
            .collect();
        let (restarts, restarting) = Default::default();
        Services {
            stack,
            runtime,
            record,
            folder,
            stages,
            ends,
            paused: Mutex::default(),
            joined: Mutex::default(),
            restarts,
            restarting,
        }
    }

    /// Starts all services, each as soon as those that it depends on have come far enough, and waits until all
    /// are ready.
    ///
    /// # Errors
    /// The first service that could not be started or did not become ready in its time.
    pub async fn up(&self) -> Result<(), Failure> {
        try_join_all(self.stack.services.values().map(async |service| {
            for (other, condition) in &service.depends_on {
                self.reached(other, *condition).await?;
            }
            self.start(service).await
        }))
        .await?;
        Ok(())
    }

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

    /// Starts one more instance. It counts as done once all of them are ready.
    async fn join(self: &Arc<Self>, fault: usize, name: &str) -> Result<(), Failure> {
        if self.runtime.absent(name) || !self.joined().insert(name.to_owned()) {
            let why = "it does not run here, or it has a second one already";
            let what = format!("service `{name}` could not be joined by a second one: {why}");
            self.record.note(&what);
            return Ok(());
        }
        let mut service = self.stack.services[name].clone();
        service.replicas += 1;
        self.say(name, ServiceState::Starting, Some(SECOND));
        self.runtime.start(name, service.replicas).await?;
        let this = self.clone();
        // What set this off goes on meanwhile: the new one may need it to become ready.
        let ready = async move {
            let gone = || this.why_gone(&service.name);
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
    async fn part(&self, name: &str) -> Result<(), Failure> {
        if self.joined().remove(name) {
            self.runtime.retire(name).await?;
            self.say(name, ServiceState::Stopped, Some(SECOND));
            self.record.recovered(name);
        }
        Ok(())
    }

    /// False: there was nothing to do it to.
    async fn carry_out(self: &Arc<Self>, name: &str, how: ServiceFault) -> Result<bool, Failure> {
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

    async fn resume(&self, name: &str) -> Result<(), Failure> {
        // Said first, so that nothing that it does comes before it in the history.
        self.say(name, ServiceState::Resumed, None);
        self.runtime.resume(name).await?;
        self.record.recovered(name);
        Ok(())
    }

    /// Starts every service again that was ended on purpose, lets those go on that stand still, and waits until all
    /// are ready. One that ended by itself stays as its `restart` policy leaves it: to help it up would hide what the fault did to it.
    ///
    /// # Errors
    /// The first service that did not come back.
    pub async fn heal(&self) -> Result<(), Failure> {
        let restarting =
            std::mem::take(&mut *self.restarting.lock().expect("no panic while it is held"));
        restarting.join_all().await;
        if let Some(failure) = self.lost().next() {
            return Err(failure);
        }
        let joined = self.joined().clone();
        for name in joined {
            self.part(&name).await?;
        }
        let paused = std::mem::take(&mut *self.paused());
        for name in paused {
            self.resume(&name).await?;
        }
        let ended =
            |service: &&Service| matches!(*self.stages[&service.name].borrow(), Stage::Ended(_));
        try_join_all(
            self.stack
                .services
                .values()
                .filter(ended)
                .map(|service| self.start_again(service)),
        )
        .await?;
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

    /// Why services did not come back that were started again.
    fn lost(&self) -> impl Iterator<Item = Failure> {
        let stages = self.stages.values();
        stages.filter_map(|stage| match &*stage.borrow() {
            Stage::Lost(failure) => Some(failure.clone()),
            _ => None,
        })
    }

    /// The services that ended by themselves and stayed away, or did not come back well, in words: what they would have
    /// done, nobody knows.
    pub fn missed(&self) -> Vec<String> {
        let lost = self.lost().map(|failure| failure.what);
        let words = |name: &String| {
            let Stage::Gone(why) = self.stages[name].borrow().clone() else {
                return None;
            };
            let tail = self.folder.tail(name);
            let last = tail.lines().rfind(|line| !line.trim().is_empty());
            let last = last.map_or_else(String::new, |line| {
                format!(", its last word was `{}`", line.trim())
            });
            Some(format!(
                "service `{name}` ended by itself ({why}) and stayed away, so nobody knows what it would have done{last}; \
                 its log: {}",
                self.folder.log(name).display()
            ))
        };
        let gone = self.stack.services.keys().filter_map(words);
        gone.chain(lost).collect()
    }

    fn joined(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.joined.lock().expect("no panic while it is held")
    }

    fn paused(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.paused.lock().expect("no panic while it is held")
    }

    /// A service ended without being asked to.
    pub fn exited(self: &Arc<Self>, exit: Exit) {
        let name = exit.service.clone();
        self.say(&name, ServiceState::Exited, Some(&exit.detail));
        self.runtime.gone(&name);
        if exit.code == Some(0) {
            // A service has completed when all its instances have.
            if exit.left == 0 {
                self.stage(&name, Stage::Completed);
            }
        } else {
            let log = self.folder.log(&name);
            self.record.crashed(&name, &exit.detail, &log);
            self.stage(&name, Stage::Gone(exit.detail.clone()));
        }
        let mut restarts = self.restarts.lock().expect("no panic while it is held");
        let count = restarts.entry(name.clone()).or_default();
        *count += 1;
        let policy = self.stack.services[&name].restarts;
        let most = policy
            .most()
            .map_or(MAX_RESTARTS, |most| most.min(MAX_RESTARTS));
        if policy.after(exit.code) && *count <= most {
            self.restart(&name);
        }
    }

    fn restart(self: &Arc<Self>, name: &str) {
        // From now on, so that nobody else starts it too.
        self.stage(name, Stage::Starting);
        let (this, name) = (self.clone(), name.to_owned());
        let restart = async move {
            if let Err(failure) = this.start_again(&this.stack.services[&name]).await {
                let lost = Stage::Lost(failure);
                // One that has ended meanwhile is another matter.
                let begun = |stage: &Stage| matches!(stage, Stage::Starting | Stage::Started);
                this.advance(&name, begun, lost);
            }
        };
        self.restarting
            .lock()
            .expect("no panic while it is held")
            .spawn(restart);
    }

    async fn start_again(&self, service: &Service) -> Result<(), Failure> {
        self.start(service).await.map_err(|failure| Failure {
            what: format!("{} when it was started again", failure.what),
            ..failure
        })
    }

    async fn start(&self, service: &Service) -> Result<(), Failure> {
        let name = service.name.as_str();
        self.say(name, ServiceState::Starting, None);
        self.stage(name, Stage::Starting);
        self.runtime.start(name, service.replicas).await?;
        self.advance(name, |stage| *stage == Stage::Starting, Stage::Started);
        let (gone, logs) = (|| self.why_gone(name), || self.logs(name));
        ready::wait(&*self.runtime, service, gone, logs).await?;
        // One that was struck again meanwhile is not back, whatever it answered before.
        let begun = |stage: &Stage| matches!(stage, Stage::Started | Stage::Lost(_));
        if self.advance(name, begun, Stage::Ready) {
            self.say(name, ServiceState::Ready, None);
            self.record.recovered(name);
        }
        Ok(())
    }

    /// Writes down what became of a service.
    fn say(&self, name: &str, state: ServiceState, detail: Option<&str>) {
        self.record.append(What::Service {
            service: name.to_owned(),
            state,
            detail: detail.map(str::to_owned),
        });
    }

    /// Why a service will not become ready any more, once it has ended.
    fn why_gone(&self, name: &str) -> Option<String> {
        match &*self.stages[name].borrow() {
            Stage::Gone(why) => Some(why.clone()),
            Stage::Ended(what) => Some(format!("it was {} on purpose", what.word())),
            _ => None,
        }
    }

    /// Where a service's log is, and how it ends.
    fn logs(&self, name: &str) -> String {
        let log = self.folder.log(name);
        format!("log {}:\n{}", log.display(), self.folder.tail(name))
    }

    /// Waits until a service has come as far as a condition demands.
    async fn reached(&self, name: &str, condition: Condition) -> Result<(), Failure> {
        let Some(stage) = self.stages.get(name) else {
            return Err(Failure::new(format!(
                "service `{name}` is not part of the stack"
            )));
        };
        let mut stage = stage.subscribe();
        let far_enough = |stage: &Stage| match (condition, stage) {
            (Condition::Started, Stage::Absent | Stage::Starting) => false,
            (Condition::Started, _) => true,
            (Condition::Healthy, stage) => *stage == Stage::Ready,
            (Condition::Completed, stage) => {
                matches!(stage, Stage::Completed | Stage::Ended(_) | Stage::Gone(_))
            }
        };
        let reached = stage
            .wait_for(far_enough)
            .await
            .expect("the sender lives as long as `self`")
            .clone();
        match (condition, reached) {
            (Condition::Completed, Stage::Gone(why)) => Err(Failure {
                service: Some(name.to_owned()),
                ..Failure::new(format!("service `{name}` should have completed: {why}"))
            }),
            _ => Ok(()),
        }
    }

    fn stage(&self, name: &str, stage: Stage) {
        self.stages[name].send_replace(stage);
    }

    /// Takes a service that has come `so_far` to another stage. False: it has not.
    fn advance(&self, name: &str, so_far: impl Fn(&Stage) -> bool, to: Stage) -> bool {
        self.stages[name].send_if_modified(|stage| {
            let there = so_far(stage);
            if there {
                *stage = to;
            }
            there
        })
    }
}
