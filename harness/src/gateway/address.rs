//! Further addresses for a container's interface.

use futures::TryStreamExt;
use rtnetlink::packet_route::address::{AddressAttribute, AddressMessage};
use std::io;
use std::net::IpAddr;

/// An address of an interface, with the length of its network's prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Holder {
    interface: u32,
    address: IpAddr,
    prefix: u8,
}

/// Adds an address to the interface whose network it belongs to. One that is there already is fine, and so is
/// loopback, which has all its addresses anyway.
///
/// # Errors
/// No interface is in that network, or this process may not change interfaces.
pub(super) async fn add(address: IpAddr) -> io::Result<()> {
    if address.is_loopback() {
        return Ok(());
    }
    let (connection, handle, _) = rtnetlink::new_connection()?;
    let connection = tokio::spawn(connection);
    let added = add_through(&handle, address).await;
    connection.abort();
    added
}

async fn add_through(handle: &rtnetlink::Handle, address: IpAddr) -> io::Result<()> {
    let present: Vec<AddressMessage> = handle
        .address()
        .get()
        .execute()
        .try_collect()
        .await
        .map_err(failed)?;
    let holders: Vec<Holder> = present.iter().filter_map(holder).collect();
    if holders.iter().any(|holder| holder.address == address) {
        return Ok(());
    }
    let Some(holder) = neighbour(address, &holders) else {
        let what = format!("no interface is in the network of {address}");
        return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, what));
    };
    let adding = handle
        .address()
        .add(holder.interface, address, holder.prefix);
    match adding.execute().await {
        Err(rtnetlink::Error::NetlinkError(error)) if error.raw_code() == -nix::libc::EEXIST => {
            Ok(())
        }
        added => added.map_err(failed),
    }
}

/// The address in whose network this one lies; the narrowest network where there are several.
fn neighbour(address: IpAddr, holders: &[Holder]) -> Option<Holder> {
    let near = holders
        .iter()
        .filter(|holder| same_network(address, **holder));
    near.max_by_key(|holder| holder.prefix).copied()
}

fn same_network(address: IpAddr, holder: Holder) -> bool {
    let prefix = u32::from(holder.prefix);
    match (address, holder.address) {
        (IpAddr::V4(a), IpAddr::V4(b)) => {
            let differing = u32::from(a) ^ u32::from(b);
            differing.leading_zeros() >= prefix
        }
        (IpAddr::V6(a), IpAddr::V6(b)) => {
            let differing = u128::from(a) ^ u128::from(b);
            differing.leading_zeros() >= prefix
        }
        _ => false,
    }
}

/// The interface's own address: the local one where a point-to-point link has two.
fn holder(message: &AddressMessage) -> Option<Holder> {
    let local = message
        .attributes
        .iter()
        .find_map(|attribute| match attribute {
            AddressAttribute::Local(address) => Some(*address),
            _ => None,
        });
    let address = local.or_else(|| {
        message
            .attributes
            .iter()
            .find_map(|attribute| match attribute {
                AddressAttribute::Address(address) => Some(*address),
                _ => None,
            })
    })?;
    Some(Holder {
        interface: message.header.index,
        address,
        prefix: message.header.prefix_len,
    })
}

fn failed(error: rtnetlink::Error) -> io::Error {
    match error {
        rtnetlink::Error::NetlinkError(error) => error.to_io(),
        other => io::Error::other(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(address: &str, interface: Option<u32>) {
        let holder = |interface, address: &str, prefix| Holder {
            interface,
            address: address.parse().unwrap(),
            prefix,
        };
        let holders = [
            holder(1, "127.0.0.1", 8),
            holder(2, "172.18.0.3", 16),
            holder(3, "172.18.5.3", 24),
            holder(2, "fd00::3", 64),
        ];
        let found = neighbour(address.parse().unwrap(), &holders);
        assert_eq!(found.map(|holder| holder.interface), interface, "{address}");
    }

    #[test]
    fn an_address_belongs_to_the_narrowest_network_that_contains_it() {
        check("172.18.255.250", Some(2));
        check("172.18.5.9", Some(3));
        check("172.19.0.3", None);
        check("10.0.0.1", None);
        check("fd00::9", Some(2));
        check("fd01::9", None);
    }

    #[tokio::test]
    async fn loopback_is_always_there() {
        add("127.9.9.9".parse().unwrap()).await.unwrap();
    }
}
