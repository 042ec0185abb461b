//! The services of a running stack: in order up, watched, started again, killed on purpose.

use super::record::Record;
use crate::history::{ServiceState, What};
use crate::runtime::{Exit, Failure, RunFolder, Runtime, ready};
use crate::stack::{Condition, Service, Stack};
use futures::future::try_join_all;
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A service that ends by itself more often than this in one run is left alone: something is wrong with it.
const MAX_RESTARTS: u32 = 20;

/// How far a service has come.
#[derive(Clone, Debug, PartialEq)]
enum Stage {
    Absent,
    Started,
    Ready,
    Completed,
    /// It was killed on purpose, and comes back when the faults are healed.
    Killed,
    /// It ended by itself; why.
    Gone(String),
}

/// The services of one run.
pub struct Services {
    stack: Arc<Stack>,
    runtime: Arc<dyn Runtime>,
    record: Arc<Record>,
    folder: RunFolder,
    stages: HashMap<String, watch::Sender<Stage>>,
    /// When each service was killed last.
    kills: HashMap<String, tokio::sync::Mutex<Option<Instant>>>,
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
        let kills = stack
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
            kills,
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

    /// Kills a service. It is dead when this returns. It is started again at once if its `restart` policy says
    /// so, else when the faults are healed.
    ///
    /// `asked` is when the exchange was asked that set this off: an instance that asked before the last kill is
    /// dead already, and the one that came after it is spared.
    ///
    /// # Errors
    /// When the runtime could not kill it.
    pub async fn kill(
        self: &Arc<Self>,
        name: &str,
        fault: usize,
        asked: Option<Instant>,
    ) -> Result<(), Failure> {
        let mut last_kill = self.kills[name].lock().await;
        let dead_already =
            matches!((asked, *last_kill), (Some(asked), Some(killed)) if asked < killed);
        if !dead_already {
            self.runtime.kill(name).await?;
            *last_kill = Some(Instant::now());
            self.stage(name, Stage::Killed);
            let state = ServiceState::Killed;
            self.record.append(What::Service {
                service: name.to_owned(),
                state,
                detail: None,
            });
            if self.stack.services[name].restarts {
                self.restart(name);
            }
        }
        self.record.killed(fault);
        Ok(())
    }

    /// Starts every service again that was killed on purpose, and waits until all are ready. One that ended by
    /// itself stays as its `restart` policy leaves it: to help it up would hide what the fault did to it.
    ///
    /// # Errors
    /// The first service that did not come back.
    pub async fn heal(&self) -> Result<(), Failure> {
        let restarting =
            std::mem::take(&mut *self.restarting.lock().expect("no panic while it is held"));
        restarting.join_all().await;
        let killed = |service: &&Service| *self.stages[&service.name].borrow() == Stage::Killed;
        try_join_all(
            self.stack
                .services
                .values()
                .filter(killed)
                .map(|service| self.start(service)),
        )
        .await?;
        Ok(())
    }

    /// The services that were killed on purpose and have not been started again.
    pub fn killed(&self) -> Vec<&str> {
        let killed = |name: &&String| *self.stages[*name].borrow() == Stage::Killed;
        let names = self.stack.services.keys().filter(killed);
        names.map(String::as_str).collect()
    }

    /// A service ended without being asked to.
    pub fn exited(self: &Arc<Self>, exit: Exit) {
        let name = exit.service.clone();
        let (state, detail) = (ServiceState::Exited, Some(exit.detail.clone()));
        self.record.append(What::Service {
            service: name.clone(),
            state,
            detail,
        });
        if exit.code == Some(0) {
            self.stage(&name, Stage::Completed);
        } else {
            let note = format!("service `{name}` ended by itself: {}", exit.detail);
            self.record.note(&note);
            self.stage(&name, Stage::Gone(exit.detail));
        }
        let mut restarts = self.restarts.lock().expect("no panic while it is held");
        let count = restarts.entry(name.clone()).or_default();
        *count += 1;
        if self.stack.services[&name].restarts && *count <= MAX_RESTARTS {
            self.restart(&name);
        }
    }

    fn restart(self: &Arc<Self>, name: &str) {
        let (this, name) = (self.clone(), name.to_owned());
        let restart = async move {
            // A service that does not come back is found when the faults are healed.
            let _ = this.start(&this.stack.services[&name]).await;
        };
        self.restarting
            .lock()
            .expect("no panic while it is held")
            .spawn(restart);
    }

    async fn start(&self, service: &Service) -> Result<(), Failure> {
        let name = service.name.clone();
        let state = |state, detail| What::Service {
            service: name.clone(),
            state,
            detail,
        };
        self.record.append(state(ServiceState::Starting, None));
        self.stage(&name, Stage::Started);
        self.runtime.start(&name).await?;
        let gone = || match &*self.stages[&service.name].borrow() {
            Stage::Gone(why) => Some(why.clone()),
            Stage::Killed => Some("it was killed on purpose".to_owned()),
            _ => None,
        };
        let log = self.folder.log(&service.name);
        let logs = || {
            format!(
                "log {}:\n{}",
                log.display(),
                self.folder.tail(&service.name)
            )
        };
        ready::wait(&*self.runtime, service, gone, logs).await?;
        self.stages[&name].send_if_modified(|stage| {
            let now = *stage == Stage::Started;
            if now {
                *stage = Stage::Ready;
            }
            now
        });
        self.record.append(state(ServiceState::Ready, None));
        self.record.recovered(&name);
        Ok(())
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
            (Condition::Started, Stage::Absent) => false,
            (Condition::Started, _) => true,
            (Condition::Healthy, stage) => *stage == Stage::Ready,
            (Condition::Completed, stage) => {
                matches!(stage, Stage::Completed | Stage::Killed | Stage::Gone(_))
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
}
