//! The services of a running stack: in order up, watched, started again, struck on purpose.

mod away;
mod backoff;
mod second;
mod strike;

use super::record::Record;
use crate::duration;
use crate::history::{ServiceState, What};
use crate::plan::ServiceFault;
use crate::runtime::{Exit, Failure, Notice, RunFolder, Runtime, ready};
use crate::stack::{Condition, Evidence, Service, Stack};
use away::Away;
pub(crate) use away::stayed_away;
use backoff::Backoff;
use futures::future::try_join_all;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

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
    /// It ended by itself, and nobody starts it again; why.
    Gone(String),
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
    /// Where there are instances to which a connection has led, and those (`true`) from which one has come.
    met: Mutex<HashSet<(IpAddr, bool)>>,
    /// The services to which something was done on purpose.
    struck_once: Mutex<BTreeSet<String>>,
    /// All services have been up once.
    up: AtomicBool,
    away: Mutex<Away>,
    backoff: Mutex<Backoff>,
    /// One more service is to be started again.
    more_due: Notify,
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
        let (up, away, backoff, more_due, restarting) = Default::default();
        Services {
            stack,
            runtime,
            record,
            folder,
            stages,
            ends,
            paused: Mutex::default(),
            joined: Mutex::default(),
            met: Mutex::default(),
            struck_once: Mutex::default(),
            up,
            away,
            backoff,
            more_due,
            restarting,
        }
    }

    /// Starts all services, each as soon as those that it depends on have come far enough, and waits until all
    /// are ready.
    ///
    /// # Errors
    /// The first service that could not be started or did not become ready in its time.
    pub async fn up(self: &Arc<Self>) -> Result<(), Failure> {
        try_join_all(self.stack.services.values().map(async |service| {
            for (other, condition) in &service.depends_on {
                self.reached(other, *condition, &service.name).await?;
            }
            self.start(service, || false).await
        }))
        .await?;
        self.up.store(true, Ordering::Relaxed);
        // All that they may have wanted is there.
        self.forgive();
        self.hurry_all().await;
        Ok(())
    }

    /// The same as [`Services::returned`], also for those that were to be started later: they are at once.
    pub async fn come_back(self: &Arc<Self>) -> bool {
        let hurried = self.hurry_all().await;
        self.returned().await || hurried
    }

    /// Waits until every service that is being started again is ready, has ended once more, or has not become ready in its
    /// time. False: none was.
    pub async fn returned(&self) -> bool {
        let mut restarting =
            std::mem::take(&mut *self.restarting.lock().expect("no panic while it is held"));
        while restarting.try_join_next().is_some() {}
        let any = !restarting.is_empty();
        restarting.join_all().await;
        any
    }

    /// Starts every service again that was ended on purpose, lets those go on that stand still, and waits until all
    /// are ready. One that ended by itself stays as its `restart` policy leaves it: to help it up would hide what the fault did to it.
    ///
    /// # Errors
    /// The first service that did not come back.
    pub async fn heal(self: &Arc<Self>) -> Result<(), Failure> {
        self.returned().await;
        self.none_lost()?;
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
                .map(|service| self.start_again(service, || false)),
        )
        .await?;
        self.forgive();
        self.come_back().await;
        self.none_lost()
    }

    fn none_lost(&self) -> Result<(), Failure> {
        self.away().lost().map_or(Ok(()), Err)
    }

    fn away(&self) -> MutexGuard<'_, Away> {
        self.away.lock().expect("no panic while it is held")
    }

    fn struck_once(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.struck_once.lock().expect("no panic while it is held")
    }

    fn joined(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.joined.lock().expect("no panic while it is held")
    }

    fn paused(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.paused.lock().expect("no panic while it is held")
    }

    /// What the runtime says of a service without being asked.
    pub fn noticed(self: &Arc<Self>, notice: Notice) {
        match notice {
            Notice::Exited(exit) => self.exited(exit),
            Notice::Unheard { service, why } => self.unheard(&service, &why),
        }
    }

    /// What a service wrote is not all in its log: what rules would have learnt from that is not known.
    fn unheard(&self, name: &str, why: &str) {
        self.record
            .note(&format!("the log of `{name}` is not whole: {why}"));
        let rules = self
            .stack
            .entities
            .values()
            .flat_map(|entity| &entity.learn);
        for rule in rules {
            if matches!(&rule.evidence, Evidence::Log { service, .. } if service == name) {
                self.record.append(What::Misread {
                    rule: rule.place.to_string(),
                    reason: format!("the log of `{name}` is not whole: {why}"),
                });
            }
        }
    }

    /// A service ended without being asked to.
    fn exited(self: &Arc<Self>, exit: Exit) {
        let name = exit.service.clone();
        self.say(&name, ServiceState::Exited, Some(&exit.detail));
        self.runtime.gone(&name);
        let again = self.is_started_again(&name, exit.code);
        let done = exit.code == Some(0) && !self.stays(&name);
        let completes = done && self.stack.is_to_complete(&name);
        if !completes && (!done || self.up.load(Ordering::Relaxed)) {
            let log = self.folder.log(&name);
            let last = self.folder.last_word(&name);
            self.record.crashed(&name, &exit.detail, &log, last);
        }
        match (again, done) {
            (true, _) => self.later(&name, &exit.detail),
            // A service has completed when all its instances have.
            (false, true) if exit.left == 0 => self.stage(&name, Stage::Completed),
            (false, true) => {}
            (false, false) => {
                self.away().missed(&name, &exit.detail);
                self.stage(&name, Stage::Gone(exit.detail));
            }
        }
    }

    /// Whether its `restart` policy has a service started again that ended by itself so; and not too often already.
    fn is_started_again(&self, name: &str, code: Option<i32>) -> bool {
        let ends = self.backoff().ended(name);
        let policy = self.stack.services[name].restarts;
        policy.after(code) && policy.most().is_none_or(|most| ends <= most)
    }

    /// Whether a service is there for as long as the stack runs, as far as can be told: then one that ends has not done its
    /// work, whatever its exit code says. One to which something was done on purpose is there to come back.
    fn stays(&self, name: &str) -> bool {
        let struck = self.struck_once().contains(name) && !self.stack.is_to_complete(name);
        struck || self.stack.serves(name)
    }

    fn restart(self: &Arc<Self>, name: &str) {
        // From now on, so that nobody else starts it too.
        self.stage(name, Stage::Starting);
        let begun = self.away().begin(name);
        let (this, name) = (self.clone(), name.to_owned());
        let restart = async move {
            let ended = || !this.away().is_last(&name, begun);
            let back = this.start_again(&this.stack.services[&name], ended);
            let back = back.await;
            let waiting = matches!(
                *this.stages[&name].borrow(),
                Stage::Starting | Stage::Started
            );
            // One that has ended meanwhile is another matter, and one that is being started once more may come back yet.
            if let (Err(failure), true) = (back, waiting) {
                this.away().not_back(begun, failure);
            }
        };
        self.restarting
            .lock()
            .expect("no panic while it is held")
            .spawn(restart);
    }

    async fn start_again(
        &self,
        service: &Service,
        ended: impl Fn() -> bool,
    ) -> Result<(), Failure> {
        let started = self.start(service, ended).await;
        started.map_err(|failure| Failure {
            what: format!("{} when it was started again", failure.what),
            ..failure
        })
    }

    /// Starts a service and waits until it is ready, or has `ended` and is another start's concern.
    async fn start(&self, service: &Service, ended: impl Fn() -> bool) -> Result<(), Failure> {
        let name = service.name.as_str();
        self.say(name, ServiceState::Starting, None);
        self.stage(name, Stage::Starting);
        self.runtime.start(name, 0..self.instances(service)).await?;
        self.advance(name, |stage| *stage == Stage::Starting, Stage::Started);
        self.backoff().started(name);
        let once_more = || ended().then(|| Err("it is being started once more".to_owned()));
        let (gone, logs) = (|| self.gone(name).or_else(once_more), || self.logs(name));
        let ready = ready::wait(&*self.runtime, service, gone, logs).await;
        ready.map_err(|failure| self.again_and_again(name, failure))?;
        // One that was struck again meanwhile is not back, whatever it answered before.
        if self.advance(name, |stage| *stage == Stage::Started, Stage::Ready) {
            self.say(name, ServiceState::Ready, None);
            self.record.recovered(name);
        }
        Ok(())
    }

    /// What is said where a service was not ready in its time because it ended whenever it was started.
    fn again_and_again(&self, name: &str, failure: Failure) -> Failure {
        let Some(ends) = self.backoff().waits(name) else {
            return failure;
        };
        let service = &self.stack.services[name];
        let remedy = self.runtime.remedy(service, &self.folder.tail(name));
        Failure {
            what: format!("{}: it ended by itself {ends}", failure.what),
            help: remedy.or_else(|| Some("look at the end of its log".to_owned())),
            ..failure
        }
    }

    /// How many instances of a service there are to be.
    fn instances(&self, service: &Service) -> usize {
        service.replicas + usize::from(self.joined().contains(&service.name))
    }

    /// Writes down what became of a service.
    fn say(&self, name: &str, state: ServiceState, detail: Option<&str>) {
        self.record.append(What::Service {
            service: name.to_owned(),
            state,
            detail: detail.map(str::to_owned),
        });
    }

    /// What became of a service that has ended: it has done its work, or why it will not become ready any more.
    fn gone(&self, name: &str) -> Option<Result<(), String>> {
        match &*self.stages[name].borrow() {
            Stage::Completed => Some(Ok(())),
            Stage::Gone(why) => Some(Err(why.clone())),
            Stage::Ended(what) => Some(Err(format!("it was {} on purpose", what.word()))),
            _ => None,
        }
    }

    /// Where a service's log is, and how it ends.
    fn logs(&self, name: &str) -> String {
        let log = self.folder.log(name);
        match self.folder.tail(name) {
            nothing if nothing.is_empty() => format!("log {}: it wrote nothing", log.display()),
            tail => format!("log {}:\n{tail}", log.display()),
        }
    }

    /// Waits until a service has come as far as a condition of another one demands.
    async fn reached(&self, name: &str, condition: Condition, by: &str) -> Result<(), Failure> {
        let (Some(stage), Some(service)) = (self.stages.get(name), self.stack.services.get(name))
        else {
            return Err(Failure::new(format!(
                "service `{name}` is not part of the stack"
            )));
        };
        let mut stage = stage.subscribe();
        let failed = |what: String, help: &str| Failure {
            service: Some(name.to_owned()),
            last: Some(self.logs(name)),
            help: Some(help.to_owned()),
            ..Failure::new(format!("service `{name}` {what}, for which `{by}` waits"))
        };
        let alive = "the sender lives as long as `self`";
        drop(
            stage
                .wait_for(|stage| *stage != Stage::Absent)
                .await
                .expect(alive),
        );
        let far_enough = |stage: &Stage| match condition {
            Condition::Started => *stage != Stage::Starting,
            Condition::Healthy => !matches!(stage, Stage::Starting | Stage::Started),
            Condition::Completed => {
                !matches!(stage, Stage::Starting | Stage::Started | Stage::Ready)
            }
        };
        let reached = stage.wait_for(far_enough);
        let reached = match condition {
            // That it becomes ready in its time is seen to where it is started.
            Condition::Started | Condition::Healthy => reached.await,
            Condition::Completed => {
                let within = service.ready.within;
                let help = "raise `x-shakedown: {ready: {within: ..}}` of it if it needs longer";
                let late = |_| {
                    failed(
                        format!("has not ended after {}", duration::print(within)),
                        help,
                    )
                };
                tokio::time::timeout(within, reached).await.map_err(late)?
            }
        };
        let reached = reached.expect(alive).clone();
        let help = "look at the end of its log";
        match (condition, reached) {
            (Condition::Completed | Condition::Healthy, Stage::Gone(why)) => {
                Err(failed(format!("ended by itself ({why})"), help))
            }
            (Condition::Healthy, Stage::Completed) => {
                Err(failed("ended by itself (exit code 0)".to_owned(), help))
            }
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
