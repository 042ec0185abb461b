//! What Docker is told about a container: a service of the stack, or the gateway.

use super::mounts;
use super::network::Network;
use crate::stack::{Healthcheck, Service, Settings, Stack};
use bollard::models::{
    ContainerCreateBody, DeviceMapping, EndpointIpamConfig, EndpointSettings, HealthConfig,
    HostConfig, HostConfigLogConfig, NetworkingConfig, PortBinding, ResourcesUlimits,
};
use std::collections::{BTreeSet, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// The port at which the gateway is controlled. It listens on an address of its own, so no service's port is in its
/// way.
pub(super) const CONTROL_PORT: u16 = 61_000;

/// The container of an instance of a service. It finds itself under its own names, and the gateway under everybody
/// else's.
pub(super) fn service(
    (service, number): (&Service, usize),
    stack: &Stack,
    image: &str,
    network: &Network,
    labels: &HashMap<String, String>,
    binds: &[String],
) -> ContainerCreateBody {
    let settings = &service.settings;
    let own = settings.hostname.as_ref().unwrap_or(&service.name);
    let hostname = match number {
        0 => own.clone(),
        // Workers that call themselves after their hosts must not all have the same name.
        _ => format!("{own}-{}", number + 1),
    };
    // What is the harness's own wins over the file's.
    let mut all_labels: HashMap<String, String> = settings.labels.clone().into_iter().collect();
    all_labels.extend(labels.clone());
    let environment = service.environment.iter();
    let some = |list: Vec<String>| Some(list).filter(|list| !list.is_empty());
    ContainerCreateBody {
        hostname: Some(hostname),
        env: Some(
            environment
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
        ),
        entrypoint: service.entrypoint.clone(),
        cmd: service.command.clone(),
        healthcheck: service.healthcheck.as_ref().map(health),
        working_dir: settings.working_dir.clone(),
        user: settings.user.clone(),
        stop_signal: settings.stop_signal.clone(),
        tty: Some(settings.tty),
        open_stdin: Some(settings.stdin_open),
        volumes: some(mounts::anonymous(service)),
        host_config: Some(HostConfig {
            extra_hosts: Some(hosts(service, stack, network)),
            tmpfs: Some(tmpfs(service)),
            binds: some(binds.to_vec()),
            ..limited(settings, host_config(network))
        }),
        ..body(
            image,
            network,
            network.real(&service.name, number),
            &all_labels,
        )
    }
}

/// The names that a service finds, each with its address: other services, their aliases, its links, and hosts outside.
fn hosts(service: &Service, stack: &Stack, network: &Network) -> Vec<String> {
    let others = stack.services.values();
    let aliases = others.flat_map(|one| std::iter::once(&one.name).chain(&one.aliases));
    let names: BTreeSet<&String> = aliases.chain(service.links.keys()).collect();
    let found = names.into_iter().filter_map(|name| {
        let other = stack.host(&service.name, name)?;
        let at = network.front(other).filter(|_| other != service.name)?;
        Some(format!("{name}:{at}"))
    });
    let outside = service.settings.extra_hosts.iter();
    found
        .chain(outside.map(|(name, at)| format!("{name}:{at}")))
        .collect()
}

fn health(check: &Healthcheck) -> HealthConfig {
    let nanos = |time: Duration| i64::try_from(time.as_nanos()).unwrap_or(i64::MAX);
    HealthConfig {
        test: Some(check.test.clone()),
        interval: Some(nanos(check.interval)),
        timeout: check.timeout.map(nanos),
        retries: check.retries,
        start_period: check.start_period.map(nanos),
        start_interval: check.start_interval.map(nanos),
    }
}

/// Rights and limits.
fn limited(settings: &Settings, host: HostConfig) -> HostConfig {
    let some = |list: &Vec<String>| Some(list.clone()).filter(|list| !list.is_empty());
    let ulimits = settings.ulimits.iter().map(|limit| ResourcesUlimits {
        name: Some(limit.name.clone()),
        soft: Some(limit.soft),
        hard: Some(limit.hard),
    });
    let devices = settings.devices.iter().map(|text| {
        let mut parts = text.split(':').map(str::to_owned);
        let on_host = parts.next();
        DeviceMapping {
            path_in_container: parts.next().or_else(|| on_host.clone()),
            path_on_host: on_host,
            cgroup_permissions: parts.next().or_else(|| Some("rwm".to_owned())),
        }
    });
    HostConfig {
        init: settings.init.then_some(true),
        privileged: Some(settings.privileged),
        readonly_rootfs: Some(settings.read_only),
        cap_add: some(&settings.cap_add),
        cap_drop: some(&settings.cap_drop),
        group_add: some(&settings.group_add),
        security_opt: some(&settings.security_opt),
        dns: some(&settings.dns),
        dns_search: some(&settings.dns_search),
        sysctls: Some(settings.sysctls.clone().into_iter().collect()),
        ulimits: Some(ulimits.collect()),
        devices: Some(devices.collect()),
        shm_size: settings.shm_bytes,
        memory: settings.memory_bytes,
        nano_cpus: settings.cpus.map(|cpus| (cpus * 1e9) as i64),
        pids_limit: settings.pids,
        ..host
    }
}

/// The container of the gateway; its control port is published at `published`. It has the disks of `binds`.
pub(super) fn gateway(
    image: &str,
    token: &str,
    network: &Network,
    published: IpAddr,
    labels: &HashMap<String, String>,
    binds: Vec<String>,
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
            // For the addresses at which services seem to be, in its own network namespace only; and to go before others.
            cap_add: Some(vec!["NET_ADMIN".to_owned(), "SYS_NICE".to_owned()]),
            port_bindings: Some(HashMap::from([(port, Some(vec![binding]))])),
            binds: Some(binds),
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
    let all = service.tmpfs.iter().map(split);
    all.filter(|(path, _)| !mounts::on_disk(service, path))
        .collect()
}
