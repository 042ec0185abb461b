//! Carries out what the harness commands.

use super::address;
use super::disk;
use super::listener::{self, Front};
use super::pattern::Pattern;
use super::state::State;
use super::{Command, Report};
use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Whether this host has the addresses on which it is to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Addresses {
    /// It has: every address of 127/8 is there.
    Present,
    /// They must be added to an interface first.
    Missing,
}

/// Where commands go and reports come from.
pub(super) type Ends = (
    mpsc::UnboundedSender<Command>,
    mpsc::UnboundedReceiver<Report>,
);

/// Starts a gateway that ends when its commands do. `kept` is dropped after its listeners.
pub(super) fn start(addresses: Addresses, kept: impl Send + 'static) -> (Ends, Arc<State>) {
    let (commands, received) = mpsc::unbounded_channel();
    let (report, reports) = mpsc::unbounded_channel();
    let state = State::new(report);
    let obeying = obey(state.clone(), received, addresses);
    tokio::spawn(async move {
        obeying.await;
        drop(kept);
    });
    ((commands, reports), state)
}

/// Carries out commands in order until there are no more; then everything ends with the listeners' tasks, which have
/// ended when this returns.
async fn obey(
    state: Arc<State>,
    mut commands: mpsc::UnboundedReceiver<Command>,
    addresses: Addresses,
) {
    let mut listeners = JoinSet::new();
    let mut disks = HashMap::new();
    while let Some(command) = commands.recv().await {
        match command {
            Command::Listen {
                address,
                port,
                service,
                client,
                instance,
                speaks,
            } => {
                if let Some(speaks) = speaks {
                    state.spoke(&service, port, speaks);
                }
                let error = match bind(address, port, addresses).await {
                    Ok(listener) => {
                        let front = Front {
                            client,
                            instance,
                            service: service.clone(),
                            port,
                        };
                        listeners.spawn(listener::accept(state.clone(), listener, front));
                        None
                    }
                    Err(error) => Some(format!("{address}:{port}: {error}")),
                };
                state.report(Report::Listening {
                    service,
                    port,
                    error,
                });
            }
            Command::Place {
                service,
                addresses,
                starting,
            } => state.places.place(service, addresses, starting),
            Command::Calls { calls } => state.name(calls.into_iter().map(Pattern::new).collect()),
            Command::Watch { stops } => state.watch(stops),
            Command::Act { ask, action } => state.asks.act(ask, action),
            Command::Shape {
                number,
                client,
                service,
                shape,
                seed,
            } => state
                .pipes
                .between(&client, &service)
                .shape(number, shape, seed),
            Command::Drop { number, service } => state.pipes.drop_all(number, &service),
            Command::Streams => state.still_passing(),
            Command::Sync { number } => state.report(Report::Synced { number }),
            Command::Release { exchanges } => state.asks.release(exchanges),
            Command::Disk {
                number,
                folder,
                size_bytes,
                full,
            } => {
                let keeper = disks.entry(folder.clone());
                let keeper = keeper.or_insert_with(|| disk::keep(folder, &state));
                let order = disk::Order {
                    number,
                    size_bytes,
                    full,
                };
                if keeper.send(order).is_err() {
                    state.report(Report::Disk {
                        number,
                        taken_again_bytes: 0,
                        error: Some("nobody can look after it".to_owned()),
                    });
                }
            }
        }
    }
    listeners.shutdown().await;
}

async fn bind(address: IpAddr, port: u16, addresses: Addresses) -> io::Result<TcpListener> {
    if addresses == Addresses::Missing {
        address::add(address).await?;
    }
    TcpListener::bind(SocketAddr::new(address, port)).await
}
