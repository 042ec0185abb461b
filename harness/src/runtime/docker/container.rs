//! What Docker is told about a container: a service of the stack, or the gateway.

use super::network::Network;
use crate::stack::{Service, Stack};
use bollard::models::{
    ContainerCreateBody, EndpointIpamConfig, EndpointSettings, HealthConfig, HostConfig,
    HostConfigLogConfig, NetworkingConfig, PortBinding,
};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

/// The port at which the gateway is controlled. It listens on an address of its own, so no service's port is in its
/// way.
pub(super) const CONTROL_PORT: u16 = 61_000;

/// The container of a service. It finds itself under its own name, and the gateway under everybody else's.
pub(super) fn service(
    service: &Service,
    stack: &Stack,
    image: &str,
    network: &Network,
    labels: &HashMap<String, String>,
) -> ContainerCreateBody {
    let others = stack.services.keys().filter(|name| **name != service.name);
    let extra_hosts = others
        .filter_map(|name| Some(format!("{name}:{}", network.front(name)?)))
        .collect();
    let environment = service.environment.iter();
    let healthcheck = service.healthcheck.as_ref().map(|check| HealthConfig {
        test: Some(check.test.clone()),
        interval: Some(check.interval.as_nanos() as i64),
        ..HealthConfig::default()
    });
    ContainerCreateBody {
        hostname: Some(service.name.clone()),
        env: Some(
            environment
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
        ),
        entrypoint: service.entrypoint.clone(),
        cmd: service.command.clone(),
        healthcheck,
        host_config: Some(HostConfig {
            extra_hosts: Some(extra_hosts),
            tmpfs: Some(tmpfs(service)),
            ..host_config(network)
        }),
        ..body(image, network, network.real(&service.name), labels)
    }
}

/// The container of the gateway; its control port is published at `published`.
pub(super) fn gateway(
    image: &str,
    token: &str,
    network: &Network,
    published: IpAddr,
    labels: &HashMap<String, String>,
) -> ContainerCreateBody {
    let listen = format!("{}:{CONTROL_PORT}", network.gateway());
    let words = ["gateway", "--listen", &listen, "--token", token];
    let port = format!("{CONTROL_PORT}/tcp");
    let binding = PortBinding {
        host_ip: Some(published.to_string()),
        host_port: None,
    };
    let log = std::env::var("SHAKEDOWN_LOG").ok();
    ContainerCreateBody {
        cmd: Some(words.map(str::to_owned).to_vec()),
        env: log.map(|level| vec![format!("SHAKEDOWN_LOG={level}")]),
        exposed_ports: Some(vec![port.clone()]),
        host_config: Some(HostConfig {
            // For the addresses at which services seem to be, in its own network namespace only.
            cap_add: Some(vec!["NET_ADMIN".to_owned()]),
            port_bindings: Some(HashMap::from([(port, Some(vec![binding]))])),
            ..host_config(network)
        }),
        ..body(image, network, Some(network.gateway()), labels)
    }
}

/// What all containers have in common: output that we can read, an address, labels.
fn body(
    image: &str,
    network: &Network,
    address: Option<Ipv4Addr>,
    labels: &HashMap<String, String>,
) -> ContainerCreateBody {
    let endpoint = EndpointSettings {
        ipam_config: Some(EndpointIpamConfig {
            ipv4_address: address.map(|address| address.to_string()),
            ..EndpointIpamConfig::default()
        }),
        ..EndpointSettings::default()
    };
    ContainerCreateBody {
        image: Some(image.to_owned()),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        labels: Some(labels.clone()),
        networking_config: Some(NetworkingConfig {
            endpoints_config: Some(HashMap::from([(network.id.clone(), endpoint)])),
        }),
        ..ContainerCreateBody::default()
    }
}

fn host_config(network: &Network) -> HostConfig {
    HostConfig {
        network_mode: Some(network.id.clone()),
        // The run's folder has the logs; a second copy in Docker's own files would be of no use to anybody.
        log_config: Some(HostConfigLogConfig {
            typ: Some("none".to_owned()),
            config: None,
        }),
        ..HostConfig::default()
    }
}

/// `/run` or `/run:size=64m`.
fn tmpfs(service: &Service) -> HashMap<String, String> {
    let split = |text: &String| match text.split_once(':') {
        Some((path, options)) => (path.to_owned(), options.to_owned()),
        None => (text.clone(), String::new()),
    };
    service.tmpfs.iter().map(split).collect()
}
