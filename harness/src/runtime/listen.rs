//! Bringing a gateway to the point where it listens for every service.

use super::Failure;
use crate::gateway::{Command, Handle, Report, Speaks};
use crate::stack::{Protocol, Stack};
use std::net::IpAddr;

/// An address at which a service seems to be.
pub(super) struct Front {
    pub(super) address: IpAddr,
    /// The only client that uses it, where there is only one.
    pub(super) client: Option<String>,
    /// Where the only instance of that client is that uses it, where there is only one.
    pub(super) instance: Option<IpAddr>,
}

/// What a gateway is told so that it listens on every port of every service. `fronts` gives the addresses at which
/// a service seems to be.
pub(super) fn commands(stack: &Stack, fronts: impl Fn(&str) -> Vec<Front>) -> Vec<Command> {
    let mut commands = Vec::new();
    for service in stack.services.values() {
        for front in fronts(&service.name) {
            for (port, protocol) in &service.ports {
                commands.push(Command::Listen {
                    address: front.address,
                    port: *port,
                    service: service.name.clone(),
                    client: front.client.clone(),
                    instance: front.instance,
                    speaks: match protocol {
                        Protocol::Sniffed => None,
                        Protocol::Http => Some(Speaks::Http),
                        Protocol::Postgres => Some(Speaks::Postgres),
                        Protocol::Tcp => Some(Speaks::Other),
                    },
                });
            }
        }
    }
    commands
}

/// Sends these commands and waits until each was carried out.
///
/// # Errors
/// The first address on which the gateway cannot listen.
pub(super) async fn begin(handle: &mut Handle, commands: Vec<Command>) -> Result<(), Failure> {
    let awaited = commands.len();
    for command in commands {
        // A gateway that is gone sends no reports either, which is noticed below.
        let _ = handle.commands.send(command);
    }
    for _ in 0..awaited {
        match handle.reports.recv().await {
            Some(Report::Listening { error: None, .. }) => {}
            Some(Report::Listening {
                service,
                port,
                error: Some(error),
            }) => {
                let what = format!("no gateway can listen for `{service}:{port}`: {error}");
                return Err(Failure {
                    service: Some(service),
                    help: advice(port, &error),
                    ..Failure::new(what)
                });
            }
            other => {
                return Err(Failure::new(format!(
                    "the gateway did not begin to listen: {other:?}"
                )));
            }
        }
    }
    Ok(())
}

/// What helps against an error of the system.
fn advice(port: u16, error: &str) -> Option<String> {
    let help = match port {
        _ if error.contains("Too many open files") => {
            "raise the number of files that a process may open: `ulimit -n 4096`".to_owned()
        }
        _ if error.contains("Address already in use") => format!(
            "something on this machine listens at port {port} of all its addresses: `ss -ltnp 'sport = :{port}'` says what; end it \
             while shakedown runs, or have it listen on 127.0.0.1 alone"
        ),
        0..1024 if error.contains("Permission denied") => {
            "ports below 1024 need root or CAP_NET_BIND_SERVICE".to_owned()
        }
        _ => return None,
    };
    Some(help)
}
