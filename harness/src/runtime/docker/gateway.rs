//! The gateway's container, and the ways into it.

use super::network::Network;
use super::{DockerRuntime, GATEWAY, container, daemon, mounts};
use crate::gateway::{self, CHECKER, Handle, OBSERVER, PROBER, Tunnel, WORKLOAD};
use crate::runtime::Failure;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// How long the gateway may take from the start of its container to its first answer.
const GATEWAY_WITHIN: Duration = Duration::from_secs(20);

impl DockerRuntime {
    /// Starts the gateway. Gives its handle, the address of its control port, and the token.
    pub(super) async fn start_gateway(
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
    pub(super) async fn open_tunnels(
        &self,
        control: SocketAddr,
        token: &str,
    ) -> Result<HashMap<(String, String, u16), Tunnel>, Failure> {
        let local = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let mut tunnels = HashMap::new();
        for service in self.stack.services.values() {
            for port in service.ports.keys() {
                for client in [WORKLOAD, OBSERVER, CHECKER, PROBER] {
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
}
