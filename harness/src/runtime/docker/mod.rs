//! The docker runtime: services in containers, and one more for the gateway.
//!
//! Names of services lead to the gateway's addresses, so nothing in a service changes. The harness reaches services
//! through the gateway too, by local ports that lead into it; so it needs no route into the network and no rights on
//! the host. Container and address of a service stay the same when it is killed and started again.

mod about;
mod container;
mod daemon;
mod gateway;
mod image;
pub(in crate::runtime) mod left;
mod mounts;
mod network;
mod own;
mod pause;
mod running;

pub use about::{Daemon, about, has_image, in_registry, try_network};
pub use daemon::{sweep, works};
pub use image::Say;
pub use own::STATIC;

use super::listen::Front;
use super::{Failure, Notice, RunFolder, Runtime, STOP_WITHIN, listen};
use crate::address::chain;
use crate::gateway::{Command, Handle, OBSERVER, Tunnel};
use crate::stack::{Image, Service, Stack};
use async_trait::async_trait;
use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{ContainerCreateBody, ContainerInspectResponse, HealthStatusEnum};
use bollard::query_parameters::{CreateContainerOptionsBuilder, RemoveContainerOptionsBuilder};
use futures::future::{join_all, try_join_all};
use image::Images;
use network::Network;
use running::Running;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;
use tokio::sync::mpsc;

/// Longer than that no daemon was seen to work on anything but an image.
const PATIENCE: Duration = Duration::from_secs(60);

/// The gateway's name among containers and logs.
const GATEWAY: &str = "shakedown-gateway";

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

/// Forgets what was made for these stacks and what could not be, so that [`make_images`] looks at their files once more.
pub async fn make_images_again() {
    image::forget().await;
}

/// The digests of the images that a stack is started from, this executable's aside. `None`: one of them is not here.
pub async fn image_ids(stack: &Stack) -> Option<Vec<String>> {
    let docker = daemon::connect().await.ok()?;
    let names = stack
        .services
        .values()
        .filter_map(|service| match &service.image {
            Image::Named { name, .. } => Some(name),
            Image::Own => None,
        });
    let ids = names.map(async |name| docker.inspect_image(name).await.ok()?.id);
    join_all(ids).await.into_iter().collect()
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
    notices: mpsc::UnboundedSender<Notice>,
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
        notices: mpsc::UnboundedSender<Notice>,
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
            (daemon::HOST.to_owned(), daemon::host()),
        ]);
        Ok(DockerRuntime {
            images: Images::new(docker.clone(), out, run),
            docker: docker.with_timeout(PATIENCE),
            stack,
            folder,
            name,
            labels,
            notices,
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

    /// Whether an instance runs, or did.
    fn has_run(&self, name: &str, number: usize) -> bool {
        let running = self.running.lock().expect("no panic while it is held");
        running.contains_key(&(name.to_owned(), number))
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
        let running = self.instances(service).iter().map(|one| one.0).collect();
        self.place_at(service, running, false);
    }

    fn place_at(&self, service: &str, mut numbers: Vec<usize>, starting: bool) {
        let gateway = self.gateway.lock().expect("no panic while it is held");
        let (Some(gateway), Some(prepared)) = (&*gateway, self.prepared.get()) else {
            return;
        };
        numbers.sort_unstable();
        let at = |number| prepared.network.real(service, number).map(IpAddr::V4);
        // A gateway that is gone is noticed by whoever reads its reports.
        let _ = gateway.send(Command::Place {
            service: service.to_owned(),
            addresses: numbers.into_iter().filter_map(at).collect(),
            starting,
        });
    }
}

#[async_trait]
impl Runtime for DockerRuntime {
    /// The daemon hands lines on: far longer than that was ever seen to take.
    fn log_lag(&self) -> Duration {
        Duration::from_secs(1)
    }

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
        let front = |address| Front {
            address: IpAddr::V4(address),
            client: None,
            instance: None,
        };
        let fronts = |service: &str| network.front(service).map(front).into_iter().collect();
        listen::begin(&mut handle, listen::commands(&self.stack, fronts)).await?;
        let tunnels = self.open_tunnels(control, &token).await?;
        *self.gateway.lock().expect("no panic while it is held") = Some(handle.commands.clone());
        let _ = self.prepared.set(Prepared { network, tunnels });
        Ok(handle)
    }

    async fn start(&self, name: &str, instances: Range<usize>) -> Result<(), Failure> {
        let running: Vec<usize> = self.instances(name).iter().map(|one| one.0).collect();
        let service = &self.stack.services[name];
        let missing: Vec<usize> = instances
            .filter(|number| !running.contains(number))
            .collect();
        if running.is_empty() {
            // A container works, and has others call it, before the daemon has said that it runs.
            self.place_at(name, missing.clone(), true);
        }
        try_join_all(missing.into_iter().map(async |number| {
            let made = number < service.replicas || self.has_run(name, number);
            if let (false, Some(prepared)) = (made, self.prepared.get()) {
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
            let paused = pause::pause(&self.docker, &container).await;
            paused.map_err(self.failed("pause", name))?;
        }
        Ok(!instances.is_empty())
    }

    async fn resume(&self, name: &str) -> Result<(), Failure> {
        for (number, _) in self.instances(name) {
            let container = self.container(name, number);
            let resumed = pause::resume(&self.docker, &container).await;
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

    async fn healthy(&self, name: &str, instances: usize) -> Result<Option<bool>, Failure> {
        let mut all = Some(true);
        let running = self.instances(name);
        if running.len() < instances {
            let run = running.len();
            return Err(Failure::new(format!("{run} of {instances} instances run")));
        }
        for (number, _) in running {
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

    fn real(&self, service: &str, number: usize) -> Option<IpAddr> {
        let network = &self.prepared.get()?.network;
        network.real(service, number).map(IpAddr::V4)
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

    async fn down(&self) -> Result<Vec<String>, Failure> {
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
        let cannot = |why: String| Failure {
            help: Some(format!(
                "`docker ps --all --filter label={}={}`",
                daemon::STACK,
                self.name
            )),
            ..Failure::new(format!("cannot remove what the stack has left: {why}"))
        };
        // A daemon that stands still is told of within seconds.
        daemon::connect().await.map_err(cannot)?;
        let removed = daemon::remove(&self.docker, daemon::STACK, &self.name).await;
        let removed = removed.map_err(|error| cannot(chain(&error)))?;
        if let (true, Some(prepared)) = (removed.forgotten.is_empty(), self.prepared.get()) {
            prepared.network.removed();
        }
        // Their logs are whole only now.
        join_all(running.into_iter().map(async |mut one| {
            let _ = one.ended.wait_for(|ended| *ended).await;
        }))
        .await;
        let _ = std::fs::remove_dir_all(self.folder.data());
        let left = removed.forgotten.into_iter().map(|network| {
            format!(
                "the network `{network}` is left: the Docker daemon says that it is used, though no container is \
                 connected to it; a restart of the daemon lets it go"
            )
        });
        Ok(left.collect())
    }
}
