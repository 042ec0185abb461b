//! The docker runtime: services in containers, and one more for the gateway.
//!
//! Names of services lead to the gateway's addresses, so nothing in a service changes. The harness reaches services
//! through the gateway too, by local ports that lead into it; so it needs no route into the network and no rights on
//! the host. Container and address of a service stay the same when it is killed and started again.

mod container;
mod daemon;
mod image;
mod network;
mod own;

pub use daemon::sweep;
pub use image::Say;

use super::{Exit, Failure, RunFolder, Runtime, STOP_WITHIN, listen};
use crate::address::chain;
use crate::gateway::{self, Command, Handle, OBSERVER, Tunnel, WORKLOAD};
use crate::stack::Stack;
use async_trait::async_trait;
use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, ContainerInspectResponse, HealthStatusEnum};
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, CreateContainerOptionsBuilder, KillContainerOptionsBuilder,
    StopContainerOptionsBuilder, WaitContainerOptions,
};
use futures::future::{join_all, try_join_all};
use futures::{Stream, StreamExt};
use image::Images;
use network::Network;
use std::collections::HashMap;
use std::io::Write;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
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
    running: Mutex<HashMap<String, Running>>,
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
            running: Mutex::default(),
            gateway: Mutex::default(),
        })
    }

    fn container(&self, service: &str) -> String {
        format!("{}-{service}", self.name)
    }

    async fn inspect(&self, service: &str) -> Result<ContainerInspectResponse, Failure> {
        let container = self.container(service);
        let inspected = self.docker.inspect_container(&container, None).await;
        inspected.map_err(self.failed("look at", service))
    }

    /// Makes the container of a service. It is not started.
    async fn create(&self, name: &str, body: ContainerCreateBody) -> Result<(), Failure> {
        let options = CreateContainerOptionsBuilder::new().name(&self.container(name));
        let created = self
            .docker
            .create_container(Some(options.build()), body)
            .await;
        created.map(drop).map_err(self.failed("make", name))
    }

    async fn create_services(&self, network: &Network) -> Result<(), Failure> {
        let services = self.stack.services.values();
        try_join_all(services.map(async |service| {
            let (image, name) = (&service.image, &service.name);
            let image = self.images.make(image, name, &self.stack, &|_| ()).await?;
            let body = container::service(service, &self.stack, &image, network, &self.labels);
            self.create(name, body).await
        }))
        .await
        .map(drop)
    }

    /// Starts the gateway. Gives its handle, the address of its control port, and the token.
    async fn start_gateway(
        &self,
        network: &Network,
    ) -> Result<(Handle, SocketAddr, String), Failure> {
        let (reached, published) = daemon::published_at()?;
        let token = format!("{:032x}", rand::random::<u128>());
        let image = self.images.own(&|_| ()).await?;
        let body = container::gateway(&image, &token, network, published, &self.labels);
        self.create(GATEWAY, body).await?;
        self.run(GATEWAY).await?;
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
            .inspect(GATEWAY)
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
                for client in [WORKLOAD, OBSERVER] {
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
    async fn run(&self, name: &str) -> Result<Running, Failure> {
        let container = self.container(name);
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
        tokio::spawn(async move {
            let code = exit_code(&docker, &container).await;
            let _ = tokio::time::timeout(LOG_WITHIN, logged).await;
            let _ = ended.send(true);
            if !*asked.borrow() && service != GATEWAY {
                let detail = code.map_or_else(
                    || "its container is gone".to_owned(),
                    |code| format!("exit code {code}"),
                );
                let _ = exits.send(Exit {
                    service,
                    code,
                    detail,
                });
            }
        });
        Ok(running)
    }

    /// Ends a service's container. False: it was not running.
    async fn end(
        &self,
        name: &str,
        deed: &str,
        ending: impl Future<Output = Result<(), Error>>,
    ) -> Result<bool, Failure> {
        let running = self
            .running
            .lock()
            .expect("no panic while it is held")
            .remove(name);
        let Some(mut running) = running.filter(|running| !*running.ended.borrow()) else {
            return Ok(false);
        };
        running.asked.send_replace(true);
        match ending.await {
            Err(error) if !daemon::gone(&error) => return Err(self.failed(deed, name)(error)),
            _ => {}
        }
        let _ = running.ended.wait_for(|ended| *ended).await;
        self.place(name, None);
        Ok(true)
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

    fn place(&self, service: &str, address: Option<Ipv4Addr>) {
        if let Some(gateway) = &*self.gateway.lock().expect("no panic while it is held") {
            // A gateway that is gone is noticed by whoever reads its reports.
            let _ = gateway.send(Command::Place {
                service: service.to_owned(),
                addresses: address.map(IpAddr::V4).into_iter().collect(),
            });
        }
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
        let network = Network::create(&self.docker, &self.name, &self.labels, services).await?;
        let ((mut handle, control, token), ()) =
            tokio::try_join!(self.start_gateway(&network), self.create_services(&network))?;
        let front = |service: &str| network.front(service).map(IpAddr::V4);
        let fronts = |service: &str| front(service).map(|at| (at, None)).into_iter().collect();
        listen::begin(&mut handle, listen::commands(&self.stack, fronts)).await?;
        let tunnels = self.open_tunnels(control, &token).await?;
        *self.gateway.lock().expect("no panic while it is held") = Some(handle.commands.clone());
        let _ = self.prepared.set(Prepared { network, tunnels });
        Ok(handle)
    }

    async fn start(&self, name: &str) -> Result<(), Failure> {
        let running = self.run(name).await?;
        self.running
            .lock()
            .expect("no panic while it is held")
            .insert(name.to_owned(), running);
        let network = self.prepared.get().map(|prepared| &prepared.network);
        self.place(name, network.and_then(|network| network.real(name)));
        Ok(())
    }

    async fn kill(&self, name: &str) -> Result<bool, Failure> {
        let options = KillContainerOptionsBuilder::new().signal("SIGKILL").build();
        let container = self.container(name);
        self.end(
            name,
            "kill",
            self.docker.kill_container(&container, Some(options)),
        )
        .await
    }

    async fn stop(&self, name: &str) -> Result<bool, Failure> {
        let within = STOP_WITHIN.as_secs() as i32;
        let options = StopContainerOptionsBuilder::new().t(within).build();
        let container = self.container(name);
        self.end(
            name,
            "stop",
            self.docker.stop_container(&container, Some(options)),
        )
        .await
    }

    async fn pause(&self, name: &str) -> Result<bool, Failure> {
        let runs = {
            let running = self.running.lock().expect("no panic while it is held");
            running.get(name).is_some_and(|one| !*one.ended.borrow())
        };
        if !runs {
            return Ok(false);
        }
        let paused = self.docker.pause_container(&self.container(name)).await;
        paused.map_err(self.failed("pause", name))?;
        Ok(true)
    }

    async fn resume(&self, name: &str) -> Result<(), Failure> {
        let resumed = self.docker.unpause_container(&self.container(name)).await;
        resumed.map_err(self.failed("resume", name))
    }

    async fn healthy(&self, name: &str) -> Result<Option<bool>, Failure> {
        let health = self
            .inspect(name)
            .await?
            .state
            .and_then(|state| state.health);
        Ok(match health.and_then(|health| health.status) {
            None | Some(HealthStatusEnum::EMPTY | HealthStatusEnum::NONE) => None,
            Some(status) => Some(status == HealthStatusEnum::HEALTHY),
        })
    }

    fn address(&self, client: &str, service: &str, port: u16) -> Option<SocketAddr> {
        let key = (client.to_owned(), service.to_owned(), port);
        let tunnel = self.prepared.get()?.tunnels.get(&key)?;
        Some(tunnel.address())
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
