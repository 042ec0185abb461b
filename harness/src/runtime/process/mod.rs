//! The process runtime: services as local processes, gateways as tasks of the harness.
//!
//! Every service has loopback addresses of its own, and whatever names other services in its environment and
//! arguments is rewritten to the addresses at which it is to see them.

mod disks;
mod loopback;
mod program;

use super::listen::Front;
use super::{Exit, Failure, Notice, RunFolder, Runtime, STOP_WITHIN, family, listen, reaper};
use crate::gateway::{self, CHECKER, Command, Handle, OBSERVER, PROBER, WORKLOAD};
use crate::host::Bare;
use crate::stack::{Service, Stack};
use async_trait::async_trait;
use disks::{Disks, Wanted};
use futures::future::join_all;
use loopback::Block;
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, SocketAddr};
use std::ops::{Range, RangeFrom};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

/// The environment variable that labels every process of a run.
pub const LABEL: &str = "SHAKEDOWN_RUN";
/// The environment variable by which all processes of one start of a service are known, even those that have left its
/// group.
const INSTANCE: &str = "SHAKEDOWN_INSTANCE";

/// How long a line may take from a service to its log: the harness hands it on, which takes it far less.
const LOG_LAG: Duration = Duration::from_millis(100);
/// How long the end of what dead services wrote may take to arrive.
const LOG_WITHIN: Duration = Duration::from_secs(2);

/// A stack of local processes.
pub struct ProcessRuntime {
    stack: Arc<Stack>,
    folder: RunFolder,
    run: String,
    /// The gateway has it too: its addresses are free only when nobody listens there any more.
    block: Arc<Block>,
    /// The services of which a second instance is to start.
    joined: BTreeSet<String>,
    /// By client: the services that it is told of.
    named: HashMap<String, BTreeSet<String>>,
    notices: mpsc::UnboundedSender<Notice>,
    /// Why there are none, where this machine does not allow them. Nobody notices as long as none is to be full.
    disks: Result<Arc<Disks>, String>,
    /// By service and number of the instance, from 0.
    running: Arc<Mutex<HashMap<(String, usize), Running>>>,
    gateway: Mutex<Option<mpsc::UnboundedSender<Command>>>,
    /// Those who copy what services write.
    logging: Mutex<JoinSet<()>>,
}

/// A process group that was started.
#[derive(Clone)]
struct Running {
    group: Pid,
    /// What its processes have in their environment.
    label: String,
    /// Set before it is killed on purpose, so that its end is no surprise.
    asked: watch::Sender<bool>,
    ended: watch::Receiver<bool>,
}

/// Whether a block of loopback addresses is to be had.
///
/// # Errors
/// Why there is none.
pub fn try_block() -> Result<(), Failure> {
    Block::claim([]).map(drop)
}

/// Whether local processes can have disks of their own.
///
/// # Errors
/// Why they cannot, in words.
pub fn try_disk() -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let wanted = Wanted {
        service: "doctor".to_owned(),
        folder: folder.path().join("disk"),
        size_bytes: 1 << 20,
    };
    let made = Disks::make(&[wanted]);
    made.map(drop).map_err(|error| error.to_string())
}

impl ProcessRuntime {
    /// A runtime for a stack; nothing is started yet. `joined`: the services of which a second instance is to start.
    ///
    /// # Errors
    /// When no loopback addresses are free, or the run's folder cannot be made.
    pub fn new(
        stack: Arc<Stack>,
        folder: RunFolder,
        run: &str,
        joined: BTreeSet<String>,
        notices: mpsc::UnboundedSender<Notice>,
    ) -> Result<ProcessRuntime, Failure> {
        folder
            .make()
            .map_err(|e| Failure::new(format!("cannot make {}: {e}", folder.root().display())))?;
        let block = Arc::new(Block::claim(stack.services.keys().cloned())?);
        let disks = match &wanted(&stack, &folder)[..] {
            [] => Err("the stack declares none".to_owned()),
            wanted => Disks::make(wanted).map_err(|error| error.to_string()),
        };
        let services = stack.services.values();
        let named = services.map(|one| (one.name.clone(), program::named(&stack, one)));
        let named = named.collect();
        let (running, gateway, logging) = Default::default();
        Ok(ProcessRuntime {
            stack,
            folder,
            run: run.to_owned(),
            block,
            joined,
            named,
            notices,
            disks: disks.map(Arc::new),
            running,
            gateway,
            logging,
        })
    }

    /// The addresses at which a service seems to be, one for the harness in each of its roles and one for each service
    /// that is told of it. Whoever is not told knows no address, so nobody listens there: one for every pair would be
    /// more than a process may open where stacks are large.
    fn fronts(&self, service: &str) -> Vec<Front> {
        if self.absent(service) {
            return Vec::new();
        }
        let services = self.stack.services.keys().map(String::as_str);
        let told =
            services.filter(|client| *client != service && self.named[*client].contains(service));
        let all = [WORKLOAD, OBSERVER, CHECKER, PROBER]
            .into_iter()
            .chain(told.clone());
        let front = |client: &str| {
            Some(Front {
                address: self.block.front(client, service)?,
                client: Some(client.to_owned()),
                instance: None,
            })
        };
        // What the second instance of a client is told is for that one alone.
        let second = |client: &str| {
            Some(Front {
                address: self.second_front(client, service)?,
                client: Some(client.to_owned()),
                instance: self
                    .block
                    .real(client, self.stack.services[client].replicas),
            })
        };
        all.filter_map(front)
            .chain(told.filter_map(second))
            .collect()
    }

    /// Where an instance of a client sees a service.
    fn sees(&self, client: &str, number: usize, service: &str) -> Option<IpAddr> {
        let own = self.stack.services.get(client);
        let second = own.filter(|own| number >= own.replicas);
        let second = second.and_then(|_| self.second_front(client, service));
        second.or_else(|| self.block.front(client, service))
    }

    /// Where the second instance of a client sees a service, if that is not where the others do.
    fn second_front(&self, client: &str, service: &str) -> Option<IpAddr> {
        let joined = self.joined.contains(client);
        joined.then(|| self.block.second_front(client, service))?
    }

    /// The instances of a service that run, with their numbers.
    fn instances(&self, name: &str) -> Vec<(usize, Running)> {
        let running = self.running.lock().expect("no panic while it is held");
        let own = running.iter().filter(|((service, _), _)| service == name);
        own.filter(|(_, one)| !*one.ended.borrow())
            .map(|((_, number), one)| (*number, one.clone()))
            .collect()
    }

    /// Starts one instance of a service.
    fn start_instance(&self, name: &str, number: usize) -> Result<(), Failure> {
        let instance = crate::runtime::new_run_id();
        let (mut child, output) = self.spawn(&self.stack.services[name], number, &instance)?;
        let group = Pid::from_raw(child.id().unwrap_or_default() as i32);
        let (ended, has_ended) = watch::channel(false);
        let asked = watch::Sender::new(false);
        let running = Running {
            group,
            label: format!("{INSTANCE}={instance}"),
            asked: asked.clone(),
            ended: has_ended,
        };
        self.running
            .lock()
            .expect("no panic while it is held")
            .insert((name.to_owned(), number), running);
        let (told, all_told) = oneshot::channel();
        let (notices, service) = (self.notices.clone(), name.to_owned());
        let unheard = move |why| {
            let service = service.clone();
            let _ = notices.send(Notice::Unheard { service, why });
        };
        self.logging
            .lock()
            .expect("no panic while it is held")
            .spawn(output.copy(ended.subscribe(), told, unheard));
        let (notices, service, all) = (self.notices.clone(), name.to_owned(), self.running.clone());
        tokio::spawn(async move {
            let status = child.wait().await;
            // No orphan of it goes on working.
            let _ = killpg(group, Signal::SIGKILL);
            let _ = ended.send(true);
            if !*asked.borrow() {
                // Whoever hears of its end may look for its last words.
                let _ = all_told.await;
                let code = status.as_ref().ok().and_then(|status| status.code());
                let detail = status.map_or_else(|e| e.to_string(), |status| status.to_string());
                let left = {
                    let all = all.lock().expect("no panic while it is held");
                    let own = all.iter().filter(|((name, _), _)| *name == service);
                    own.filter(|(_, one)| !*one.ended.borrow()).count()
                };
                let _ = notices.send(Notice::Exited(Exit {
                    service,
                    code,
                    detail,
                    left,
                }));
            }
        });
        Ok(())
    }

    /// Ends instances of a service by a signal, and by SIGKILL when that does not suffice. False: none was running.
    async fn end(
        &self,
        name: &str,
        which: RangeFrom<usize>,
        signal: Signal,
        within: Duration,
    ) -> bool {
        let mut instances = self.instances(name);
        instances.retain(|(number, _)| which.contains(number));
        for (_, one) in &instances {
            one.asked.send_replace(true);
        }
        join_all(instances.iter().map(async |(_, one)| {
            let mut one = one.clone();
            // Nobody can tell whose it was once this one has ended.
            let mut family = family::of(one.group);
            let _ = killpg(one.group, signal);
            // It ends by the signal; the task that waits for it then says so.
            let ended = one.ended.wait_for(|ended| *ended);
            if tokio::time::timeout(within, ended).await.is_err() {
                family.extend(family::of(one.group));
                let _ = killpg(one.group, Signal::SIGKILL);
                let _ = one.ended.wait_for(|ended| *ended).await;
            }
            tokio::join!(reaper::kill_labelled(&one.label), family::end(family));
        }))
        .await;
        if !instances.is_empty() {
            self.place(name);
        }
        !instances.is_empty()
    }

    /// Tells the gateway where the instances of a service are.
    fn place(&self, service: &str) {
        let running = self.instances(service).iter().map(|one| one.0).collect();
        self.place_at(service, running, false);
    }

    fn place_at(&self, service: &str, mut numbers: Vec<usize>, starting: bool) {
        let gateway = self.gateway.lock().expect("no panic while it is held");
        let Some(gateway) = &*gateway else {
            return;
        };
        numbers.sort_unstable();
        let at = |number| self.block.real(service, number);
        // A gateway that is gone is noticed by whoever reads its reports.
        let _ = gateway.send(Command::Place {
            service: service.to_owned(),
            addresses: numbers.into_iter().filter_map(at).collect(),
            starting,
        });
    }
}

/// The disks that services are to have.
fn wanted(stack: &Stack, folder: &RunFolder) -> Vec<Wanted> {
    let wanted = stack.disks().map(|(service, disk)| Wanted {
        service: service.to_owned(),
        folder: folder.disk(service),
        size_bytes: disk.size_bytes,
    });
    wanted.collect()
}

/// A signal by its name, with or without `SIG`, or by its number.
fn signal(text: &str) -> Option<Signal> {
    let name = format!("SIG{}", text.to_uppercase().trim_start_matches("SIG"));
    let number = text
        .parse()
        .ok()
        .and_then(|n: i32| Signal::try_from(n).ok());
    number.or_else(|| name.parse().ok())
}

#[async_trait]
impl Runtime for ProcessRuntime {
    async fn prepare(&self) -> Result<Handle, Failure> {
        let mut handle = gateway::local_with(self.block.clone());
        let listens = listen::commands(&self.stack, |service| self.fronts(service));
        listen::begin(&mut handle, listens).await?;
        *self.gateway.lock().expect("no panic while it is held") = Some(handle.commands.clone());
        Ok(handle)
    }

    async fn start(&self, name: &str, instances: Range<usize>) -> Result<(), Failure> {
        if self.absent(name) {
            return Ok(());
        }
        let running: Vec<usize> = self.instances(name).iter().map(|one| one.0).collect();
        let missing: Vec<usize> = instances
            .filter(|number| !running.contains(number))
            .collect();
        if running.is_empty() {
            // A process may be at work before the gateway hears of it.
            self.place_at(name, missing.clone(), true);
        }
        for number in missing {
            self.start_instance(name, number)?;
        }
        self.place(name);
        Ok(())
    }

    async fn retire(&self, name: &str) -> Result<(), Failure> {
        let more = self.stack.services[name].replicas..;
        self.end(name, more, Signal::SIGKILL, STOP_WITHIN).await;
        Ok(())
    }

    async fn kill(&self, name: &str) -> Result<bool, Failure> {
        Ok(self.end(name, 0.., Signal::SIGKILL, STOP_WITHIN).await)
    }

    async fn stop(&self, name: &str) -> Result<bool, Failure> {
        let settings = &self.stack.services[name].settings;
        let within = settings.stop_within.unwrap_or(STOP_WITHIN);
        let signal = settings.stop_signal.as_deref().and_then(signal);
        let signal = signal.unwrap_or(Signal::SIGTERM);
        Ok(self.end(name, 0.., signal, within).await)
    }

    async fn pause(&self, name: &str) -> Result<bool, Failure> {
        let mut stand = false;
        for (_, one) in self.instances(name) {
            let group = one.group;
            if killpg(group, Signal::SIGSTOP).is_err() {
                continue;
            }
            // Its end stays to be seen by the task that waits for it.
            let flags = WaitPidFlag::WSTOPPED | WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
            let stands = tokio::task::spawn_blocking(move || waitid(Id::Pid(group), flags)).await;
            stand |= matches!(stands, Ok(Ok(WaitStatus::Stopped(..))));
            // What left the group is a part of it all the same.
            reaper::stop_labelled(&one.label).await;
        }
        Ok(stand)
    }

    async fn resume(&self, name: &str) -> Result<(), Failure> {
        for (_, one) in self.instances(name) {
            let _ = killpg(one.group, Signal::SIGCONT);
            reaper::resume_labelled(&one.label);
        }
        Ok(())
    }

    fn gone(&self, name: &str) {
        self.place(name);
    }

    async fn healthy(&self, _: &str, _: usize) -> Result<Option<bool>, Failure> {
        Ok(None)
    }

    fn log_lag(&self) -> Duration {
        LOG_LAG
    }

    fn remedy(&self, service: &Service, log: &str) -> Option<String> {
        program::listens_everywhere(service, log)
    }

    fn absent(&self, name: &str) -> bool {
        let Some(service) = self.stack.services.get(name) else {
            return false;
        };
        let embedded = |process: &crate::stack::Process| process.command.is_empty();
        service.replicas == 0 || service.process.as_ref().is_some_and(embedded)
    }

    fn address(&self, client: &str, service: &str, port: u16) -> Option<SocketAddr> {
        let known =
            self.stack.services.get(service)?.ports.contains_key(&port) && !self.absent(service);
        known.then(|| Some(SocketAddr::new(self.block.front(client, service)?, port)))?
    }

    fn real(&self, service: &str, number: usize) -> Option<IpAddr> {
        self.block.real(service, number)
    }

    fn tells_apart(&self, service: &str) -> bool {
        self.second_front(service, service).is_some()
    }

    fn behind(&self, address: IpAddr) -> Option<String> {
        self.block.behind(address).map(str::to_owned)
    }

    fn disk(&self, name: &str) -> Result<PathBuf, Failure> {
        let failed = |why: &str| Failure {
            service: Some(name.to_owned()),
            help: Some(
                "run as root, allow user namespaces to this user, or use `--runtime docker`"
                    .to_owned(),
            ),
            ..Failure::new(format!("there is no disk for `{name}`: {why}"))
        };
        let disks = self.disks.as_ref();
        let disks = disks.map_err(|why| failed(&format!("none can be mounted here: {why}")))?;
        let folder = disks.folder(name);
        folder.ok_or_else(|| failed("the stack declares none"))
    }

    fn sql_url(&self, service: &str) -> Option<String> {
        let service = self.stack.services.get(service)?;
        let url = service
            .process
            .as_ref()
            .and_then(|process| process.sql.as_ref())
            .or(service.sql.as_ref())?;
        Some(self.rewrite(OBSERVER, 0, url, Bare::Word))
    }

    async fn down(&self) -> Result<Vec<String>, Failure> {
        for name in self.stack.services.keys() {
            self.kill(name).await?;
        }
        self.gateway
            .lock()
            .expect("no panic while it is held")
            .take();
        let mut logging =
            std::mem::take(&mut *self.logging.lock().expect("no panic while it is held"));
        // An orphan may have the pipe for ever.
        let all = async { while logging.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LOG_WITHIN, all).await;
        match std::fs::remove_dir_all(self.folder.data()) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Failure::new(format!(
                "cannot remove {}: {e}",
                self.folder.data().display()
            ))),
            _ => Ok(Vec::new()),
        }
    }
}
