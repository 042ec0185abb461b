//! Where the real services are, and who connects from where.

use super::OBSERVER;
use super::state::Link;
use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use xxhash_rust::xxh3::xxh3_64;

/// The name of a client whose address no service has.
pub(super) const UNKNOWN: &str = "unknown";
/// How long a connection waits for its client to be placed: a service may connect before its runtime has learnt
/// its address.
const PLACED_WITHIN: Duration = Duration::from_secs(10);

/// Services and addresses.
pub(super) struct Places {
    known: watch::Sender<Known>,
    /// How many connections there were. Each link goes round by itself, so that none is led past an instance by what
    /// others do.
    turns: Mutex<HashMap<Link, usize>>,
    /// The instances to which a connection has led, and those (`true`) from which one has come.
    met: Mutex<HashSet<(IpAddr, bool)>>,
}

#[derive(Default)]
struct Known {
    /// The addresses of the instances that run; never an empty list.
    services: HashMap<String, Vec<IpAddr>>,
    /// The services whose instances are only about to run.
    starting: HashSet<String>,
    /// Outlives a service that is down, because its last connections may still be waiting to be looked at.
    clients: HashMap<IpAddr, String>,
}

impl Places {
    /// Nobody is anywhere yet.
    pub(super) fn new() -> Places {
        Places {
            known: watch::Sender::new(Known::default()),
            turns: Mutex::default(),
            met: Mutex::default(),
        }
    }

    /// The instances of a service are at these addresses now, or soon when it is `starting`; with none, it is down.
    pub(super) fn place(&self, service: String, addresses: Vec<IpAddr>, starting: bool) {
        self.known.send_modify(|known| {
            match starting {
                true => known.starting.insert(service.clone()),
                false => known.starting.remove(&service),
            };
            // Where one is that was not there before, nobody has met it.
            let before = known.services.get(&service);
            let new = |at: &IpAddr| before.is_none_or(|before| !before.contains(at));
            let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
            met.retain(|(at, _)| !(addresses.contains(at) && new(at)));
            drop(met);
            for address in &addresses {
                known.clients.insert(*address, service.clone());
            }
            if addresses.is_empty() {
                known.services.remove(&service);
            } else {
                known.services.insert(service, addresses);
            }
        });
    }

    /// Where the next connection of a link leads: to one instance after the other. `None`: the service is down.
    ///
    /// Observers that look in step would each see the same instance for ever: their rounds do not begin where the one before
    /// did.
    pub(super) fn next(&self, link: &Link) -> Option<IpAddr> {
        let known = self.known.borrow();
        match &known.services.get(&link.service)?[..] {
            [only] => Some(*only),
            several => {
                let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
                let turn = turns.entry(link.clone()).or_default();
                let (round, place) = (*turn / several.len(), *turn % several.len());
                *turn = turn.wrapping_add(1);
                let shift = match link.client == OBSERVER {
                    true => xxh3_64(&round.to_le_bytes()) as usize % several.len(),
                    false => 0,
                };
                Some(several[(place + shift) % several.len()])
            }
        }
    }

    /// Whether a service is only about to run.
    pub(super) fn is_starting(&self, service: &str) -> bool {
        self.known.borrow().starting.contains(service)
    }

    /// Whether several instances of a service run.
    pub(super) fn has_several(&self, service: &str) -> bool {
        let known = self.known.borrow();
        let addresses = known.services.get(service);
        addresses.is_some_and(|addresses| addresses.len() > 1)
    }

    /// Whether this is the first connection that leads to an instance, or comes from it.
    pub(super) fn meets(&self, address: IpAddr, connects: bool) -> bool {
        let mut met = self.met.lock().unwrap_or_else(PoisonError::into_inner);
        met.insert((address, connects))
    }

    /// Whether an instance of a service is at an address.
    pub(super) fn is_at(&self, service: &str, address: IpAddr) -> bool {
        let known = self.known.borrow();
        let addresses = known.services.get(service);
        addresses.is_some_and(|addresses| addresses.contains(&address))
    }

    /// Who connects from this address. Waits until somebody is placed there, but not for ever.
    pub(super) async fn client(&self, address: IpAddr) -> String {
        self.client_within(address, PLACED_WITHIN).await
    }

    async fn client_within(&self, address: IpAddr, within: Duration) -> String {
        let mut known = self.known.subscribe();
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

    fn link(client: &str) -> Link {
        Link {
            client: client.to_owned(),
            service: "worker".to_owned(),
            port: 80,
        }
    }

    #[tokio::test]
    async fn a_service_that_is_down_is_nowhere_but_its_connections_are_still_its_own() {
        let places = Places::new();
        places.place("worker".into(), vec![ADDRESS], false);
        assert_eq!(places.next(&link("site")), Some(ADDRESS));
        places.place("worker".into(), vec![], false);
        assert_eq!(places.next(&link("site")), None);
        assert!(!places.is_at("worker", ADDRESS));
        assert_eq!(places.client(ADDRESS).await, "worker");
        places.place("site".into(), vec![ADDRESS], false);
        assert_eq!(places.client(ADDRESS).await, "site");
    }

    #[tokio::test]
    async fn every_client_goes_round_the_instances_of_a_service() {
        let at = |n| IpAddr::from([10, 0, 0, n]);
        let places = Places::new();
        places.place("worker".into(), vec![at(1), at(2), at(3)], false);
        let next = |client: &str| places.next(&link(client)).unwrap();
        let seen = ["site", "site", "db", "site", "site", "db"].map(next);
        assert_eq!(seen, [at(1), at(2), at(1), at(3), at(1), at(2)]);
        for n in 1..=3 {
            assert_eq!(places.client(at(n)).await, "worker");
        }
        assert!(places.has_several("worker") && !places.has_several("site"));
        let first = |connects| places.meets(at(2), connects);
        assert_eq!(
            [false, false, true, true].map(first),
            [true, false, true, false]
        );
        // One that is gone is passed by.
        places.place("worker".into(), vec![at(1), at(3)], false);
        assert!(!places.is_at("worker", at(2)));
        let both = [next("site"), next("site")];
        assert!(both.contains(&at(1)) && both.contains(&at(3)), "{both:?}");
        // Nobody has met the one that comes in its place.
        places.place("worker".into(), vec![at(1), at(2), at(3)], false);
        assert!(places.meets(at(2), false));
    }

    #[test]
    fn observers_that_look_in_step_see_every_instance() {
        let at = |n| IpAddr::from([10, 0, 0, n]);
        let places = Places::new();
        places.place("worker".into(), vec![at(1), at(2)], false);
        let seen: Vec<IpAddr> = (0..32)
            .map(|_| places.next(&link(OBSERVER)).unwrap())
            .collect();
        let rounds = seen.chunks(2);
        assert!(rounds.clone().all(|round| round[0] != round[1]), "{seen:?}");
        assert!(rounds.clone().any(|round| round[0] == at(1)), "{seen:?}");
        assert!(rounds.clone().any(|round| round[0] == at(2)), "{seen:?}");
    }
}
