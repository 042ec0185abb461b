//! What the daemon says of itself, and what can be had from it.

use super::{daemon, image};
use crate::address::chain;
use bollard::models::{NetworkCreateRequest, SystemInfo, SystemVersion};
use std::collections::HashMap;
use std::time::Duration;

/// How long a registry may take to say whether it has an image.
const REGISTRY_WITHIN: Duration = Duration::from_secs(10);

/// The Docker daemon.
#[derive(Clone, Debug)]
pub struct Daemon {
    /// Its version.
    pub version: String,
    /// The newest version of its API.
    pub api: String,
    /// What its containers run on: `linux`, `windows`.
    pub os: String,
    /// Its cores.
    pub cpus: i64,
    /// Its memory.
    pub memory_bytes: u64,
    /// How it stores images and containers.
    pub driver: String,
    /// It can limit the memory of containers.
    pub limits_memory: bool,
}

/// Asks the daemon about itself.
///
/// # Errors
/// Why it does not say, in words.
pub async fn about() -> Result<Daemon, String> {
    let docker = daemon::connect().await?;
    let version: SystemVersion = docker.version().await.map_err(|error| chain(&error))?;
    let info: SystemInfo = docker.info().await.map_err(|error| chain(&error))?;
    Ok(Daemon {
        version: version.version.unwrap_or_default(),
        api: version.api_version.unwrap_or_default(),
        os: info.os_type.unwrap_or_else(|| "linux".to_owned()),
        cpus: info.ncpu.unwrap_or_default(),
        memory_bytes: info
            .mem_total
            .and_then(|bytes| bytes.try_into().ok())
            .unwrap_or(u64::MAX),
        driver: info.driver.unwrap_or_default(),
        limits_memory: info.memory_limit.unwrap_or(true),
    })
}

/// Makes a network and removes it again.
///
/// # Errors
/// Why none can be had, in words.
pub async fn try_network() -> Result<(), String> {
    let docker = daemon::connect().await?;
    let run = crate::runtime::new_run_id();
    let labels = HashMap::from([
        (daemon::RUN.to_owned(), run.clone()),
        (daemon::HOST.to_owned(), daemon::host()),
    ]);
    let request = NetworkCreateRequest {
        name: format!("shakedown-{run}"),
        labels: Some(labels),
        ..NetworkCreateRequest::default()
    };
    let made = docker.create_network(request).await;
    let made = made.map_err(|error| format!("no network can be made: {}", chain(&error)))?;
    let removed = docker.remove_network(&made.id).await;
    removed.map_err(|error| format!("a network cannot be removed: {}", chain(&error)))
}

/// Whether the daemon has an image.
///
/// # Errors
/// Why it does not say, in words.
pub async fn has_image(name: &str) -> Result<bool, String> {
    let docker = daemon::connect().await?;
    image::present(&docker, name)
        .await
        .map_err(|failure| failure.what)
}

/// Asks an image's registry, by way of the daemon, whether it has it. No credentials are sent, so a private image may be
/// refused here that Docker's own client could pull.
///
/// # Errors
/// What the registry, or the daemon, said.
pub async fn in_registry(name: &str) -> Result<(), String> {
    let docker = daemon::connect().await?;
    match tokio::time::timeout(REGISTRY_WITHIN, docker.inspect_registry_image(name, None)).await {
        Ok(found) => found.map(drop).map_err(|error| chain(&error)),
        Err(_) => Err(format!("no answer within {} s", REGISTRY_WITHIN.as_secs())),
    }
}
