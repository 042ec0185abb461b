//! The docker runtime: services in containers, and one more for the gateway.
//!
//! Names of services lead to the gateway's addresses, so nothing in a service changes. The harness reaches services
//! through the gateway too, by local ports that lead into it; so it needs no route into the network and no rights on
//! the host. Container and address of a service stay the same when it is killed and started again.

mod container;
mod daemon;
mod image;
mod mounts;
mod network;
mod own;

pub use daemon::sweep;
pub use image::Say;

use super::{Exit, Failure, RunFolder, Runtime, STOP_WITHIN, listen};
use crate::address::chain;
use crate::gateway::{self, Command, Handle, OBSERVER, PROBER, Tunnel, WORKLOAD};
use crate::stack::{Service, Stack};
use async_trait::async_trait;
use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, ContainerInspectResponse, HealthStatusEnum};
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, KillContainerOptionsBuilder,
    RemoveContainerOptionsBuilder, StopContainerOptionsBuilder, WaitContainerOptions,
};
use futures::future::{join_all, try_join_all};
use futures::{Stream, StreamExt};
use image::Images;
use network::Network;
use std::collections::HashMap;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeFrom;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// How long the gateway may take from the start of its container to its first answer.
const GATEWAY_WITHIN: Duration = Duration::from_secs(20);
/// The gateway's name among containers and logs.
const GATEWAY: &str = "shakedown-gateway";
/// How long the end of a dead service's output may take to arrive.
const LOG_WITHIN: Duration = Duration::from_secs(2);

/// Whether a Docker daemon answers.
///
/// # Errors
/// Why it does not, in words.
pub async fn answers() -> Result<(), String> {
    daemon::connect().await.map(drop)
}

/// Makes every image that is missing for these stacks. What fails is no error here: it comes back, without another
/// try, when a stack needs it. `out` is the invocation's folder, `say` hears what takes long.
pub async fn make_images(stacks: &[Arc<Stack>], out: &Path, run: &str, say: Say<'_>) {
    let Ok(docker) = daemon::connect().await else {
        return;
    };
    let images = Images::new(docker, out, run);
    for stack in stacks {
        let _ = images.make_all(stack, say).await;
    }
}

/// A stack of containers.
pub struct DockerRuntime {
    docker: Docker,
    stack: Arc<Stack>,
    images: Images,
    folder: RunFolder,
    /// The beginning of the containers' names, and the value of the label of this stack.
    name: String,
    labels: HashMap<String, String>,
    exits: mpsc::UnboundedSender<Exit>,
    prepared: OnceLock<Prepared>,
    /// By service and number of the instance, from 0.
    running: Arc<Mutex<HashMap<(String, usize), Running>>>,
    gateway: Mutex<Option<mpsc::UnboundedSender<Command>>>,
}

/// What is there before the first service is started.
struct Prepared {
    network: Network,
    /// By client, service and port: the harness's ways in.
    tunnels: HashMap<(String, String, u16), Tunnel>,
}

/// A container that was started.
#[derive(Clone)]
struct Running {
    /// Set before it is killed on purpose, so that its end is no surprise.
    asked: watch::Sender<bool>,
    ended: watch::Receiver<bool>,
}

impl DockerRuntime {
    /// A runtime for a stack; nothing is started yet.
    ///
    /// # Errors
    /// When no daemon answers, or the run's folder cannot be made.
    pub async fn new(
        stack: Arc<Stack>,
        folder: RunFolder,
        out: &Path,
        run: &str,
        exits: mpsc::UnboundedSender<Exit>,
    ) -> Result<DockerRuntime, Failure> {
        folder
            .make()
            .map_err(|e| Failure::new(format!("cannot make {}: {e}", folder.root().display())))?;
        let docker = daemon::connect().await.map_err(|why| Failure {
            help: Some("start Docker, set DOCKER_HOST, or use `--runtime process`".to_owned()),
            ..Failure::new(format!("no Docker daemon answers: {why}"))
        })?;
        let name = format!("shakedown-{}", super::new_run_id());
        let labels = HashMap::from([
            (daemon::RUN.to_owned(), run.to_owned()),
            (daemon::STACK.to_owned(), name.clone()),
        ]);
        Ok(DockerRuntime {
            images: Images::new(docker.clone(), out, run),
            docker,
            stack,
            folder,
            name,
            labels,
            exits,
            prepared: OnceLock::new(),
            running: Arc::default(),
            gateway: Mutex::default(),
        })
    }

    /// The name of the gateway's container.
    fn gateway_container(&self) -> String {
        format!("{}-{GATEWAY}", self.name)
    }

    /// The name of the container of an instance, which are counted from 0 here and from 1 there, as Compose does.
    fn container(&self, service: &str, number: usize) -> String {
        format!("{}-{service}-{}", self.name, number + 1)
    }

    async fn inspect(
        &self,
        container: &str,
        name: &str,
    ) -> Result<ContainerInspectResponse, Failure> {
        let inspected = self.docker.inspect_container(container, None).await;
        inspected.map_err(self.failed("look at", name))
    }

    /// Makes a container for `name`. It is not started.
    async fn create(
        &self,
        container: &str,
        name: &str,
        body: ContainerCreateBody,
    ) -> Result<(), Failure> {
        let options = CreateContainerOptionsBuilder::new().name(container);
        let created = self
            .docker
            .create_container(Some(options.build()), body)
            .await;
        created.map(drop).map_err(self.failed("make", name))
    }

    async fn create_services(&self, network: &Network) -> Result<(), Failure> {
        mounts::volumes(&self.docker, &self.stack, &self.name, &self.labels).await?;
        let services = self.stack.services.values();
        try_join_all(services.map(async |service| {
            for number in 0..service.replicas {
                self.create_instance(service, number, network).await?;
            }
            Ok(())
        }))
        .await
        .map(drop)
    }

    /// Makes the container of one instance.
    async fn create_instance(
        &self,
        service: &Service,
        number: usize,
        network: &Network,
    ) -> Result<(), Failure> {
        let (image, name) = (&service.image, &service.name);
        let image = self.images.make(image, name, &self.stack, &|_| ()).await?;
        let binds = mounts::binds(service, &self.name, &self.folder.data())?;
        let (stack, labels) = (&self.stack, &self.labels);
        let body = container::service((service, number), stack, &image, network, labels, &binds);
        self.create(&self.container(name, number), name, body).await
    }

    /// The instances of a service that run, with their numbers.
    fn instances(&self, name: &str) -> Vec<(usize, Running)> {
        let running = self.running.lock().expect("no panic while it is held");
        let own = running.iter().filter(|((service, _), _)| service == name);
        own.filter(|(_, one)| !*one.ended.borrow())
            .map(|((_, number), one)| (*number, one.clone()))
            .collect()
    }

    /// Starts the gateway. Gives its handle, the address of its control port, and the token.
    async fn start_gateway(
        &self,
        network: &Network,
    ) -> Result<(Handle, SocketAddr, String), Failure> {
        let (reached, published) = daemon::published_at()?;
        let token = format!("{:032x}", rand::random::<u128>());
        let image = self.images.own(&|_| ()).await?;
        let disks = mounts::gateway_binds(&self.stack, &self.name);
        let labels = &self.labels;
        let body = container::gateway(&image, &token, network, published, labels, disks);
        let container = self.gateway_container();
        self.create(&container, GATEWAY, body).await?;
        self.run(container, GATEWAY).await?;
        let control = SocketAddr::new(reached, self.control_port().await?);
        let connected = gateway::connect(control, &token, GATEWAY_WITHIN).await;
        let handle = connected.map_err(|e| Failure {
            last: Some(self.folder.tail(GATEWAY)).filter(|tail| !tail.is_empty()),
            ..Failure::new(format!("the gateway did not answer at {control}: {e}"))
        })?;
        Ok((handle, control, token))
    }

    /// The host's port that leads to the gateway's control port.
    async fn control_port(&self) -> Result<u16, Failure> {
        let ports = self
            .inspect(&self.gateway_container(), GATEWAY)
            .await?
            .network_settings
            .and_then(|settings| settings.ports);
        let key = format!("{}/tcp", container::CONTROL_PORT);
        let bindings = ports.and_then(|mut ports| ports.remove(&key)).flatten();
        let port = bindings
            .iter()
            .flatten()
            .find_map(|binding| binding.host_port.as_ref()?.parse().ok());
        port.ok_or_else(|| Failure {
            last: Some(self.folder.tail(GATEWAY)).filter(|tail| !tail.is_empty()),
            ..Failure::new("the gateway ended at once, or Docker published none of its ports")
        })
    }

    /// The harness's ways to every port of every service.
    async fn open_tunnels(
        &self,
        control: SocketAddr,
        token: &str,
    ) -> Result<HashMap<(String, String, u16), Tunnel>, Failure> {
        let local = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let mut tunnels = HashMap::new();
        for service in self.stack.services.values() {
            for port in service.ports.keys() {
                for client in [WORKLOAD, OBSERVER, PROBER] {
                    let opened = Tunnel::open(local, control, token, client, &service.name, *port);
                    let tunnel = opened.await.map_err(|e| {
                        Failure::new(format!("no local port leads to `{}`: {e}", service.name))
                    })?;
                    tunnels.insert((client.to_owned(), service.name.clone(), *port), tunnel);
                }
            }
        }
        Ok(tunnels)
    }

    /// Starts a container and follows its output and its end. `Running` says when it has ended.
    async fn run(&self, container: String, name: &str) -> Result<Running, Failure> {
        // Attached before it starts, so that no line is missed.
        let options = AttachContainerOptionsBuilder::new()
            .stream(true)
            .stdout(true)
            .stderr(true);
        let attached = self
            .docker
            .attach_container(&container, Some(options.build()));
        let output = attached
            .await
            .map_err(self.failed("attach to", name))?
            .output;
        let log = self.folder.log(name);
        let logged = tokio::spawn(async move {
            if let Err(error) = copy(output, &log).await {
                tracing::warn!(%error, log = %log.display(), "the log of a service broke off");
            }
        });
        let started = self.docker.start_container(&container, None);
        started.await.map_err(self.failed("start", name))?;
        let (ended, has_ended) = watch::channel(false);
        let asked = watch::Sender::new(false);
        let running = Running {
            asked: asked.clone(),
            ended: has_ended,
        };
        let (docker, exits, service) = (self.docker.clone(), self.exits.clone(), name.to_owned());
        let all = self.running.clone();
        tokio::spawn(async move {
            let code = exit_code(&docker, &container).await;
            let _ = tokio::time::timeout(LOG_WITHIN, logged).await;
            let _ = ended.send(true);
            if !*asked.borrow() && service != GATEWAY {
                let detail = code.map_or_else(
                    || "its container is gone".to_owned(),
                    |code| format!("exit code {code}"),
                );
                let left = {
                    let all = all.lock().expect("no panic while it is held");
                    let own = all.iter().filter(|((name, _), _)| *name == service);
                    own.filter(|(_, one)| !*one.ended.borrow()).count()
                };
                let _ = exits.send(Exit {
                    service,
                    code,
                    detail,
                    left,
                });
            }
        });
        Ok(running)
    }

    /// Ends containers of a service: kills them, or first asks them to end and gives them a time for it. False:
    /// none was running.
    async fn end(
        &self,
        name: &str,
        which: RangeFrom<usize>,
        within: Option<Duration>,
    ) -> Result<bool, Failure> {
        let deed = if within.is_some() { "stop" } else { "kill" };
        let mut instances = self.instances(name);
        instances.retain(|(number, _)| which.contains(number));
        for (_, one) in &instances {
            one.asked.send_replace(true);
        }
        try_join_all(instances.iter().map(async |(number, one)| {
            let container = self.container(name, *number);
            let ended = match within {
                None => {
                    let options = KillContainerOptionsBuilder::new().signal("SIGKILL");
                    let options = Some(options.build());
                    self.docker.kill_container(&container, options).await
                }
                Some(within) => {
                    let options = StopContainerOptionsBuilder::new().t(within.as_secs() as i32);
                    let options = Some(options.build());
                    self.docker.stop_container(&container, options).await
                }
            };
            match ended {
                Err(error) if !daemon::gone(&error) => return Err(self.failed(deed, name)(error)),
                _ => {}
            }
            let _ = one.ended.clone().wait_for(|ended| *ended).await;
            Ok(())
        }))
        .await?;
        if !instances.is_empty() {
            self.place(name);
        }
        Ok(!instances.is_empty())
    }

    fn failed(&self, deed: &str, name: &str) -> impl Fn(Error) -> Failure + use<> {
        let (deed, name) = (deed.to_owned(), name.to_owned());
        move |error| Failure {
            service: Some(name.clone()),
            ..Failure::new(format!(
                "cannot {deed} the container of `{name}`: {}",
                chain(&error)
            ))
        }
    }

    /// Tells the gateway where the instances of a service are.
    fn place(&self, service: &str) {
        let gateway = self.gateway.lock().expect("no panic while it is held");
        let (Some(gateway), Some(prepared)) = (&*gateway, self.prepared.get()) else {
            return;
        };
        let mut numbers: Vec<usize> = self.instances(service).iter().map(|one| one.0).collect();
        numbers.sort_unstable();
        let at = |number| prepared.network.real(service, number).map(IpAddr::V4);
        // A gateway that is gone is noticed by whoever reads its reports.
        let _ = gateway.send(Command::Place {
            service: service.to_owned(),
            addresses: numbers.into_iter().filter_map(at).collect(),
        });
    }
}

/// Waits until a container has ended; `None`: it was removed.
async fn exit_code(docker: &Docker, container: &str) -> Option<i32> {
    let mut ended = std::pin::pin!(docker.wait_container(container, None::<WaitContainerOptions>));
    match ended.next().await? {
        Ok(response) => Some(response.status_code as i32),
        Err(Error::DockerContainerWaitError { code, .. }) => Some(code as i32),
        Err(_) => None,
    }
}

/// Appends a container's output to a file.
async fn copy(
    mut output: impl Stream<Item = Result<LogOutput, Error>> + Unpin,
    log: &Path,
) -> std::io::Result<()> {
    let mut file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)?;
    // An error here is the end of the container.
    while let Some(Ok(chunk)) = output.next().await {
        file.write_all(chunk.as_ref())?;
    }
    Ok(())
}

#[async_trait]
impl Runtime for DockerRuntime {
    async fn prepare(&self) -> Result<Handle, Failure> {
        let services = self.stack.services.keys().cloned();
        let counts = self.stack.services.values();
        // Beside those that the files name, one more of each may be started.
        let further = counts.map(|service| service.replicas).sum();
        let network =
            Network::create(&self.docker, &self.name, &self.labels, services, further).await?;
        mounts::disks(&self.docker, &self.stack, &self.name, &self.labels).await?;
        let gateway = self.start_gateway(&network);
        let services = self.create_services(&network);
        let ((mut handle, control, token), ()) = match self.stack.disks().next() {
            // What an image has at the place of a disk is put there when its container is made, and stays only where the
            // disk is mounted by then.
            Some(_) => (gateway.await?, services.await?),
            None => tokio::try_join!(gateway, services)?,
        };
        let front = |service: &str| network.front(service).map(IpAddr::V4);
        let fronts = |service: &str| front(service).map(|at| (at, None)).into_iter().collect();
        listen::begin(&mut handle, listen::commands(&self.stack, fronts)).await?;
        let tunnels = self.open_tunnels(control, &token).await?;
        *self.gateway.lock().expect("no panic while it is held") = Some(handle.commands.clone());
        let _ = self.prepared.set(Prepared { network, tunnels });
        Ok(handle)
    }

    async fn start(&self, name: &str, instances: usize) -> Result<(), Failure> {
        let running: Vec<usize> = self.instances(name).iter().map(|one| one.0).collect();
        let service = &self.stack.services[name];
        let missing = (0..instances).filter(|number| !running.contains(number));
        try_join_all(missing.map(async |number| {
            if let (true, Some(prepared)) = (number >= service.replicas, self.prepared.get()) {
                self.create_instance(service, number, &prepared.network)
                    .await?;
            }
            let running = self.run(self.container(name, number), name).await?;
            self.running
                .lock()
                .expect("no panic while it is held")
                .insert((name.to_owned(), number), running);
            Ok(())
        }))
        .await?;
        self.place(name);
        Ok(())
    }

    async fn retire(&self, name: &str) -> Result<(), Failure> {
        let more = self.stack.services[name].replicas..;
        self.end(name, more.clone(), None).await?;
        let running = || self.running.lock().expect("no panic while it is held");
        let mut ended: Vec<usize> = (running().keys())
            .filter(|(service, number)| service == name && more.contains(number))
            .map(|(_, number)| *number)
            .collect();
        while let Some(number) = ended.pop() {
            let options = RemoveContainerOptionsBuilder::new().force(true).v(true);
            let container = self.container(name, number);
            let removed = self
                .docker
                .remove_container(&container, Some(options.build()));
            removed.await.map_err(self.failed("remove", name))?;
            running().remove(&(name.to_owned(), number));
        }
        Ok(())
    }

    async fn kill(&self, name: &str) -> Result<bool, Failure> {
        self.end(name, 0.., None).await
    }

    async fn stop(&self, name: &str) -> Result<bool, Failure> {
        let settings = &self.stack.services[name].settings;
        let within = settings.stop_within.unwrap_or(STOP_WITHIN);
        self.end(name, 0.., Some(within)).await
    }

    async fn pause(&self, name: &str) -> Result<bool, Failure> {
        let instances = self.instances(name);
        for (number, _) in &instances {
            let container = self.container(name, *number);
            let paused = self.docker.pause_container(&container).await;
            paused.map_err(self.failed("pause", name))?;
        }
        Ok(!instances.is_empty())
    }

    async fn resume(&self, name: &str) -> Result<(), Failure> {
        for (number, _) in self.instances(name) {
            let container = self.container(name, number);
            let resumed = self.docker.unpause_container(&container).await;
            resumed.map_err(self.failed("resume", name))?;
        }
        Ok(())
    }

    fn gone(&self, name: &str) {
        self.place(name);
    }

    fn absent(&self, name: &str) -> bool {
        let service = self.stack.services.get(name);
        service.is_some_and(|service| service.replicas == 0)
    }

    async fn healthy(&self, name: &str) -> Result<Option<bool>, Failure> {
        let mut all = Some(true);
        for (number, _) in self.instances(name) {
            let inspected = self.inspect(&self.container(name, number), name).await?;
            let health = inspected.state.and_then(|state| state.health);
            match health.and_then(|health| health.status) {
                None | Some(HealthStatusEnum::EMPTY | HealthStatusEnum::NONE) => return Ok(None),
                Some(status) if status != HealthStatusEnum::HEALTHY => all = Some(false),
                Some(_) => {}
            }
        }
        Ok(all)
    }

    fn address(&self, client: &str, service: &str, port: u16) -> Option<SocketAddr> {
        let key = (client.to_owned(), service.to_owned(), port);
        let tunnel = self.prepared.get()?.tunnels.get(&key)?;
        Some(tunnel.address())
    }

    fn disk(&self, name: &str) -> Result<PathBuf, Failure> {
        let disk = self.stack.disks().any(|(service, _)| service == name);
        match disk {
            true => Ok(mounts::disk_at_gateway(name).into()),
            false => Err(Failure::new(format!(
                "there is no disk for `{name}`: the stack declares none"
            ))),
        }
    }

    fn sql_url(&self, name: &str) -> Option<String> {
        let service = self.stack.services.get(name)?;
        let mut url = url::Url::parse(service.sql.as_ref()?).ok()?;
        let port = url
            .port()
            .or_else(|| service.ports.keys().next().copied())?;
        // A database outside the stack is reached as the URL says.
        if let Some(address) = self.address(OBSERVER, url.host_str()?, port) {
            url.set_host(Some(&address.ip().to_string())).ok()?;
            url.set_port(Some(address.port())).ok()?;
        }
        Some(url.to_string())
    }

    async fn down(&self) -> Result<(), Failure> {
        let running: Vec<Running> = {
            let mut running = self.running.lock().expect("no panic while it is held");
            running.drain().map(|(_, one)| one).collect()
        };
        for one in &running {
            one.asked.send_replace(true);
        }
        self.gateway
            .lock()
            .expect("no panic while it is held")
            .take();
        let removed = daemon::remove(&self.docker, daemon::STACK, &self.name).await;
        removed.map_err(|e| Failure {
            help: Some(format!(
                "`docker ps --all --filter label={}={}`",
                daemon::STACK,
                self.name
            )),
            ..Failure::new(format!(
                "cannot remove what the stack has left: {}",
                chain(&e)
            ))
        })?;
        // Their logs are whole only now.
        join_all(running.into_iter().map(async |mut one| {
            let _ = one.ended.wait_for(|ended| *ended).await;
        }))
        .await;
        let _ = std::fs::remove_dir_all(self.folder.data());
        Ok(())
    }
}
