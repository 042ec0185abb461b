//! A block of loopback addresses for each stack, so that stacks side by side never meet.
//!
//! A stack has 127.A.0.0/16. Service `i` really is at 127.A.0.(i+2), its further instances from 127.A.253.1 on; the
//! client `c` sees the service `t` at 127.A.(c+1).(t+1), an address that belongs to that client and that service alone. The
//! second instance of a client among `n` services sees it at 127.A.(n+c+1).(t+1), if that many have room.

use super::Failure;
use crate::gateway::{CHECKER, OBSERVER, PROBER, WORKLOAD};
use crate::runtime::further::Further;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::time::{SystemTime, UNIX_EPOCH};

/// Holding this port of a block's first address is holding the block.
const CLAIM_PORT: u16 = 61_000;

/// As many services as a block has addresses for.
const MAX_SERVICES: usize = 248;

/// Further instances have the addresses whose third number is this or the one after it.
const FURTHER: u8 = 253;

/// A block of loopback addresses, ours for as long as this lives, and no longer than this process.
#[derive(Debug)]
pub struct Block {
    a: u8,
    services: Vec<String>,
    further: Further,
    _claim: TcpListener,
}

impl Block {
    /// Claims a block for a stack with these services.
    ///
    /// # Errors
    /// When there are too many services, or no block is free.
    pub fn claim(services: impl IntoIterator<Item = String>) -> Result<Block, Failure> {
        let services: Vec<String> = services.into_iter().collect();
        if services.len() > MAX_SERVICES {
            let what = format!(
                "{} services are more than a stack can have ({MAX_SERVICES})",
                services.len()
            );
            return Err(Failure::new(what));
        }
        // Neighbours begin their search at different spots. This is no part of what a seed repeats.
        let nanos = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .subsec_nanos();
        let start = (nanos >> 8).wrapping_add(std::process::id()) % 254;
        for i in 0..254 {
            let a = ((start + i) % 254 + 1) as u8;
            if let Ok(claim) = TcpListener::bind((Ipv4Addr::new(127, a, 0, 1), CLAIM_PORT)) {
                return Ok(Block {
                    a,
                    services,
                    further: Further::default(),
                    _claim: claim,
                });
            }
        }
        Err(Failure {
            help: Some("wait until other runs on this machine have ended".to_owned()),
            ..Failure::new(
                "no block of loopback addresses (127.1.0.0/16 to 127.254.0.0/16) is free",
            )
        })
    }

    /// Where an instance of a service really is; the first one is number 0.
    pub fn real(&self, service: &str, number: usize) -> Option<IpAddr> {
        let i = self.index(service)?;
        if number == 0 {
            return Some(Ipv4Addr::new(127, self.a, 0, i + 1).into());
        }
        let place = self.further.place(service, number);
        let c = FURTHER + u8::try_from(place / MAX_SERVICES).ok()?;
        let d = (place % MAX_SERVICES) as u8 + 1;
        (c < u8::MAX).then(|| Ipv4Addr::new(127, self.a, c, d).into())
    }

    /// Where a client sees a service. Clients are services, [`WORKLOAD`], [`OBSERVER`], [`CHECKER`] and [`PROBER`].
    pub fn front(&self, client: &str, service: &str) -> Option<IpAddr> {
        let client = match client {
            PROBER => 250,
            WORKLOAD => 251,
            OBSERVER => 252,
            CHECKER => 249,
            client => self.index(client)?,
        };
        Some(Ipv4Addr::new(127, self.a, client, self.index(service)?).into())
    }

    /// Where the second instance of a client, which is a service, sees another service. `None`: where the others do, for
    /// there are too many services.
    pub fn second_front(&self, client: &str, service: &str) -> Option<IpAddr> {
        let client = self.services.len() + usize::from(self.index(client)?);
        let client = u8::try_from(client).ok()?;
        let room = usize::from(client) <= MAX_SERVICES;
        room.then(|| Some(Ipv4Addr::new(127, self.a, client, self.index(service)?).into()))?
    }

    /// The service that an address of this block belongs to: its first instance's own one, or one at which clients see it.
    pub fn behind(&self, address: IpAddr) -> Option<&str> {
        let IpAddr::V4(address) = address else {
            return None;
        };
        let [127, a, client, last] = address.octets() else {
            return None;
        };
        let index = match client {
            0 => last.checked_sub(2)?,
            FURTHER.. => return None,
            _ => last.checked_sub(1)?,
        };
        let service = self.services.get(usize::from(index))?;
        (a == self.a).then_some(service.as_str())
    }

    /// From 1.
    fn index(&self, service: &str) -> Option<u8> {
        self.services
            .iter()
            .position(|name| name == service)
            .map(|i| i as u8 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn block() -> Block {
        Block::claim(["site", "db", "worker"].map(str::to_owned)).unwrap()
    }

    #[test]
    fn every_view_of_every_service_is_an_address_of_its_own() {
        let block = block();
        let services = ["site", "db", "worker"];
        let clients = [WORKLOAD, OBSERVER, CHECKER, PROBER, "site", "db", "worker"];
        let fronts = clients
            .iter()
            .flat_map(|c| services.iter().map(|s| block.front(c, s).unwrap()));
        let seconds = ["site", "worker"]
            .iter()
            .flat_map(|c| services.iter().map(|s| block.second_front(c, s).unwrap()));
        let all: BTreeSet<IpAddr> = fronts
            .chain(seconds)
            .chain((1..4).map(|n| block.real("db", n).unwrap()))
            .chain(std::iter::once(block.real("site", 1).unwrap()))
            .chain(std::iter::once(block.real("db", 1).unwrap()))
            .chain(services.iter().map(|s| block.real(s, 0).unwrap()))
            .collect();
        assert_eq!(all.len(), 34);
        assert!(all.iter().all(IpAddr::is_loopback));
        assert_eq!(block.front("nobody", "db"), None);
    }

    #[test]
    fn an_address_leads_back_to_its_service() {
        let block = block();
        for (n, service) in ["site", "db", "worker"].iter().enumerate() {
            for client in [WORKLOAD, OBSERVER, "site", "worker"] {
                let front = block.front(client, service).unwrap();
                assert_eq!(block.behind(front), Some(*service), "{client} {n}");
            }
            let second = block.second_front("site", service).unwrap();
            assert_eq!(block.behind(second), Some(*service));
            let real = block.real(service, 0).unwrap();
            assert_eq!(block.behind(real), Some(*service));
        }
        let no_ones = Ipv4Addr::new(127, block.a, 1, 9).into();
        assert_eq!(block.behind(no_ones), None);
        assert_eq!(block.behind(Ipv4Addr::new(10, block.a, 1, 1).into()), None);
    }

    #[test]
    fn two_blocks_never_meet_and_a_block_is_free_again_when_dropped() {
        let (one, two) = (block(), block());
        assert_ne!(one.a, two.a);
        let a = one.a;
        drop(one);
        assert!(TcpListener::bind((Ipv4Addr::new(127, a, 0, 1), CLAIM_PORT)).is_ok());
    }

    #[test]
    fn too_many_services_are_refused() {
        assert!(Block::claim((0..251).map(|n| format!("s{n}"))).is_err());
    }
}
