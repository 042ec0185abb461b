//! Where the real services are, and who connects from where.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;
use tokio::sync::watch;

/// The name of a client whose address no service has.
pub(super) const UNKNOWN: &str = "unknown";
/// How long a connection waits for its client to be placed: a service may connect before its runtime has learnt
/// its address.
const PLACED_WITHIN: Duration = Duration::from_secs(10);

/// Services and addresses.
pub(super) struct Places(watch::Sender<Known>);

#[derive(Default)]
struct Known {
    services: HashMap<String, IpAddr>,
    /// Outlives a service that is down, because its last connections may still be waiting to be looked at.
    clients: HashMap<IpAddr, String>,
}

impl Places {
    /// Nobody is anywhere yet.
    pub(super) fn new() -> Places {
        Places(watch::Sender::new(Known::default()))
    }

    /// A service is at this address now, or down.
    pub(super) fn place(&self, service: String, address: Option<IpAddr>) {
        self.0.send_modify(|known| match address {
            Some(address) => {
                known.clients.insert(address, service.clone());
                known.services.insert(service, address);
            }
            None => {
                known.services.remove(&service);
            }
        });
    }

    /// Where a service is; `None`: it is down.
    pub(super) fn of(&self, service: &str) -> Option<IpAddr> {
        self.0.borrow().services.get(service).copied()
    }

    /// Who connects from this address. Waits until somebody is placed there, but not for ever.
    pub(super) async fn client(&self, address: IpAddr) -> String {
        self.client_within(address, PLACED_WITHIN).await
    }

    async fn client_within(&self, address: IpAddr, within: Duration) -> String {
        let mut known = self.0.subscribe();
        let placed = known.wait_for(|known| known.clients.contains_key(&address));
        match tokio::time::timeout(within, placed).await {
            Ok(Ok(known)) => known.clients[&address].clone(),
            _ => UNKNOWN.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 7));

    #[tokio::test]
    async fn a_client_without_a_place_is_unknown_in_the_end() {
        let places = Places::new();
        let client = places.client_within(ADDRESS, Duration::ZERO).await;
        assert_eq!(client, UNKNOWN);
    }

    #[tokio::test]
    async fn a_service_that_is_down_is_nowhere_but_its_connections_are_still_its_own() {
        let places = Places::new();
        places.place("worker".into(), Some(ADDRESS));
        places.place("worker".into(), None);
        assert_eq!(places.of("worker"), None);
        assert_eq!(places.client(ADDRESS).await, "worker");
        places.place("site".into(), Some(ADDRESS));
        assert_eq!(places.client(ADDRESS).await, "site");
    }
}
