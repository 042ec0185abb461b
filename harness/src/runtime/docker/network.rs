//! The network of one stack: who has which address in it.
//!
//! Docker chooses a subnet that nothing else uses. From then on every address in it is ours: services really are at
//! its near end, the gateway and the addresses at which services seem to be at its far end. Once its stack is down, the
//! next stack gets the same subnet, so that Docker need not be asked for one again.

use super::super::Failure;
use super::super::further::Further;
use crate::address::chain;
use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{Ipam, IpamConfig, NetworkCreateRequest};
use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Mutex;

/// Subnets that Docker chose for stacks that are down.
static FREE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Another stack may take the subnet in the moment between asking for one and having it; so it is asked for again,
/// at most so often.
const MAX_TRIES: u32 = 20;
/// Docker has this address of every subnet itself: the first.
const BRIDGES: u32 = 1;

/// A network of a stack's own.
#[derive(Debug)]
pub(super) struct Network {
    pub id: String,
    subnet: String,
    plan: Plan,
}

/// The addresses of a subnet.
#[derive(Debug)]
struct Plan {
    first: Ipv4Addr,
    last: Ipv4Addr,
    services: Vec<String>,
    further: Further,
}

impl Network {
    /// Makes a network for these services, and so many further instances of them.
    ///
    /// # Errors
    /// When Docker has no subnet left, or its subnets are too small.
    pub async fn create(
        docker: &Docker,
        name: &str,
        labels: &HashMap<String, String>,
        services: impl Iterator<Item = String>,
        further: usize,
    ) -> Result<Network, Failure> {
        let services: Vec<String> = services.collect();
        let failed = |error: Error| Failure {
            help: Some("`docker network prune` removes networks that nothing uses".to_owned()),
            ..Failure::new(format!("cannot make a network: {}", chain(&error)))
        };
        for _ in 0..MAX_TRIES {
            let free = FREE.lock().expect("no panic while it is held").pop();
            let subnet = match free {
                Some(subnet) => Some(subnet),
                None => offered(docker, name, labels).await.map_err(failed)?,
            };
            let subnet = subnet.ok_or_else(|| {
                Failure::new("cannot make a network: Docker gave it no IPv4 subnet")
            })?;
            let plan = Plan::new(&subnet, &services, further)?;
            match make(docker, name, labels, Some(&subnet)).await {
                Ok(id) => return Ok(Network { id, subnet, plan }),
                Err(Error::DockerResponseServerError { message, .. })
                    if message.contains("overlaps") => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Err(Failure::new(
            "cannot make a network: each subnet that Docker offered was taken by somebody else",
        ))
    }

    /// It is removed: the next stack may have its subnet.
    pub fn removed(&self) {
        let mut free = FREE.lock().expect("no panic while it is held");
        free.push(self.subnet.clone());
    }

    /// Where an instance of a service really is; the first one is number 0.
    pub fn real(&self, service: &str, number: usize) -> Option<Ipv4Addr> {
        self.plan.real(service, number)
    }

    /// Where a service seems to be.
    pub fn front(&self, service: &str) -> Option<Ipv4Addr> {
        self.plan.front(service)
    }

    /// The gateway's own address.
    pub fn gateway(&self) -> Ipv4Addr {
        self.plan.far(0)
    }
}

async fn make(
    docker: &Docker,
    name: &str,
    labels: &HashMap<String, String>,
    subnet: Option<&str>,
) -> Result<String, Error> {
    let config = subnet.map(|subnet| IpamConfig {
        subnet: Some(subnet.to_owned()),
        ..IpamConfig::default()
    });
    let request = NetworkCreateRequest {
        name: name.to_owned(),
        driver: Some("bridge".to_owned()),
        labels: Some(labels.clone()),
        ipam: config.map(|config| Ipam {
            config: Some(vec![config]),
            ..Ipam::default()
        }),
        ..NetworkCreateRequest::default()
    };
    Ok(docker.create_network(request).await?.id)
}

/// The IPv4 subnet that Docker chooses for a network. It lets us choose addresses only in a subnet that we have named, so
/// this network goes again.
async fn offered(
    docker: &Docker,
    name: &str,
    labels: &HashMap<String, String>,
) -> Result<Option<String>, Error> {
    let probe = make(docker, name, labels, None).await?;
    let subnet = subnet(docker, &probe).await;
    docker.remove_network(&probe).await?;
    subnet
}

/// The IPv4 subnet of a network.
async fn subnet(docker: &Docker, id: &str) -> Result<Option<String>, Error> {
    let network = docker.inspect_network(id, None).await?;
    let configs = network
        .ipam
        .and_then(|ipam| ipam.config)
        .unwrap_or_default();
    let subnets = configs.into_iter().filter_map(|config| config.subnet);
    Ok(subnets.into_iter().find(|subnet| subnet.contains('.')))
}

impl Plan {
    /// # Errors
    /// The subnet is too small for two addresses of each service, one of the gateway and one of Docker.
    fn new(subnet: &str, services: &[String], further: usize) -> Result<Plan, Failure> {
        let odd = || Failure::new(format!("Docker made a network with the subnet `{subnet}`"));
        let (address, prefix) = subnet.split_once('/').ok_or_else(odd)?;
        let address: Ipv4Addr = address.parse().map_err(|_| odd())?;
        let prefix: u32 = prefix.parse().ok().filter(|n| *n <= 30).ok_or_else(odd)?;
        let size = 1 << (32 - prefix);
        // The first and the last address of a subnet are nobody's.
        let free = size - 2 - u64::from(BRIDGES);
        let needed = (2 * services.len() + further) as u64 + 1;
        if needed > free {
            let what =
                format!("the subnet `{subnet}` has {free} addresses, but {needed} are needed");
            return Err(Failure {
                help: Some("Docker's `default-address-pools` say how large they are".to_owned()),
                ..Failure::new(what)
            });
        }
        let first = u32::from(address) & !((size - 1) as u32);
        Ok(Plan {
            first: first.into(),
            last: (first + (size - 1) as u32).into(),
            services: services.to_vec(),
            further: Further::default(),
        })
    }

    fn real(&self, service: &str, number: usize) -> Option<Ipv4Addr> {
        let index = self.index(service)?;
        let place = match number {
            0 => index,
            _ => (self.services.len() + self.further.place(service, number)) as u32,
        };
        let address = u32::from(self.first) + BRIDGES + 1 + place;
        let ours = address < u32::from(self.far(self.services.len() as u32));
        ours.then(|| address.into())
    }

    fn front(&self, service: &str) -> Option<Ipv4Addr> {
        Some(self.far(1 + self.index(service)?))
    }

    fn far(&self, n: u32) -> Ipv4Addr {
        (u32::from(self.last) - 1 - n).into()
    }

    fn index(&self, service: &str) -> Option<u32> {
        let at = self.services.iter().position(|name| name == service);
        at.map(|i| i as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::super::daemon::tests::serve;
    use super::*;
    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::{get, post};
    use serde_json::json;
    use std::collections::BTreeSet;
    use std::sync::Arc;

    fn plan(subnet: &str, n: usize) -> Result<Plan, Failure> {
        let services: Vec<String> = (0..n).map(|i| format!("s{i}")).collect();
        Plan::new(subnet, &services, 0)
    }

    #[test]
    fn services_are_at_the_near_end_and_seem_to_be_at_the_far_end() {
        let plan = plan("172.18.0.0/16", 3).unwrap();
        let text = |address: Option<Ipv4Addr>| address.unwrap().to_string();
        assert_eq!(text(plan.real("s0", 0)), "172.18.0.2");
        assert_eq!(text(plan.real("s2", 0)), "172.18.0.4");
        assert_eq!(plan.far(0).to_string(), "172.18.255.254");
        assert_eq!(text(plan.real("s0", 1)), "172.18.0.5");
        assert_eq!(text(plan.real("s2", 1)), "172.18.0.6");
        assert_eq!(text(plan.real("s0", 1)), "172.18.0.5");
        assert_eq!(text(plan.front("s0")), "172.18.255.253");
        assert_eq!(plan.front("nobody"), None);
    }

    /// A daemon that offers the first subnet that is not taken, and notes which ones it was asked for.
    async fn daemon(asked: Arc<Mutex<Vec<Option<String>>>>, taken: &'static str) -> Docker {
        let made = async move |body: String| {
            let body: NetworkCreateRequest = serde_json::from_str(&body).unwrap();
            let subnet = body.ipam.and_then(|ipam| ipam.config?.pop()?.subnet);
            let refused = subnet.as_deref() == Some(taken);
            asked.lock().unwrap().push(subnet);
            match refused {
                true => (
                    StatusCode::FORBIDDEN,
                    json!({"message": "Pool overlaps with other one on this address space"}),
                ),
                false => (StatusCode::CREATED, json!({"Id": "n", "Warning": ""})),
            }
        };
        let made = async move |body| {
            let (status, said) = made(body).await;
            (status, said.to_string())
        };
        let shown = json!({"IPAM": {"Config": [{"Subnet": "10.1.0.0/24"}]}}).to_string();
        let removed = async || StatusCode::NO_CONTENT;
        let router = Router::new()
            .route("/networks/create", post(made))
            .route("/networks/n", get(async || shown).delete(removed));
        serve(router).await
    }

    #[tokio::test]
    async fn a_stack_gets_the_subnet_of_one_that_is_down_unless_somebody_else_has_it_by_then() {
        let asked = Arc::<Mutex<Vec<Option<String>>>>::default();
        let create = async |taken| {
            let docker = daemon(asked.clone(), taken).await;
            let services = ["a".to_owned()].into_iter();
            let made = Network::create(&docker, "n", &HashMap::new(), services, 0).await;
            let asked = std::mem::take(&mut *asked.lock().unwrap());
            (made.unwrap(), asked)
        };
        let subnet = Some("10.1.0.0/24".to_owned());
        let (first, requests) = create("").await;
        assert_eq!(requests, [None, subnet.clone()]);
        first.removed();
        let (second, requests) = create("").await;
        assert_eq!(requests, std::slice::from_ref(&subnet));
        assert_eq!(second.front("a"), first.front("a"));
        FREE.lock().unwrap().push("10.2.0.0/24".to_owned());
        let (_, requests) = create("10.2.0.0/24").await;
        assert_eq!(requests, [Some("10.2.0.0/24".to_owned()), None, subnet]);
    }

    #[test]
    fn the_smallest_subnet_that_suffices_gives_everyone_an_address_of_its_own() {
        let plan = plan("10.0.0.16/28", 6).unwrap();
        let services = (0..6).map(|i| format!("s{i}"));
        let mut all: BTreeSet<Ipv4Addr> = services
            .flat_map(|s| [plan.real(&s, 0).unwrap(), plan.front(&s).unwrap()])
            .collect();
        all.insert(plan.far(0));
        assert_eq!(all.len(), 13);
        assert_eq!(all.first().unwrap().to_string(), "10.0.0.18");
        assert_eq!(all.last().unwrap().to_string(), "10.0.0.30");
        let error = self::plan("10.0.0.16/28", 7).unwrap_err();
        assert!(error.what.contains("13 addresses, but 15"), "{error}");
        assert!(self::plan("10.0.0.0/31", 0).is_err());
    }
}
