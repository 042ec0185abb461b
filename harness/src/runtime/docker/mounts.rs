//! What services find in their containers: volumes of the run's own, files of the host, configs and secrets.

use super::super::Failure;
use crate::address::chain;
use crate::stack::{Mount, Service, Source, Stack};
use bollard::Docker;
use bollard::models::VolumeCreateRequest;
use std::collections::{BTreeSet, HashMap};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Makes the named volumes of a stack. They bear its labels, and go with everything else that does.
///
/// # Errors
/// The first one that Docker refuses.
pub(super) async fn volumes(
    docker: &Docker,
    stack: &Stack,
    prefix: &str,
    labels: &HashMap<String, String>,
) -> Result<(), Failure> {
    let mounts = stack.services.values().flat_map(|service| &service.mounts);
    let names: BTreeSet<&str> = mounts
        .filter_map(|mount| match &mount.source {
            Source::Volume(name) => Some(name.as_str()),
            _ => None,
        })
        .collect();
    for name in names {
        let request = VolumeCreateRequest {
            name: Some(volume(prefix, name)),
            labels: Some(labels.clone()),
            ..VolumeCreateRequest::default()
        };
        docker.create_volume(request).await.map_err(|error| {
            Failure::new(format!(
                "cannot make the volume `{name}`: {}",
                chain(&error)
            ))
        })?;
    }
    Ok(())
}

/// Makes the disks of a stack: volumes in memory that hold so much and no more.
///
/// # Errors
/// The first one that Docker refuses.
pub(super) async fn disks(
    docker: &Docker,
    stack: &Stack,
    prefix: &str,
    labels: &HashMap<String, String>,
) -> Result<(), Failure> {
    for (service, disk) in stack.disks() {
        let options = [
            ("type", "tmpfs".to_owned()),
            ("device", "tmpfs".to_owned()),
            ("o", format!("size={}", disk.size_bytes)),
        ];
        let options = options.map(|(name, value)| (name.to_owned(), value));
        let request = VolumeCreateRequest {
            name: Some(self::disk(prefix, service)),
            driver: Some("local".to_owned()),
            driver_opts: Some(HashMap::from(options)),
            labels: Some(labels.clone()),
            ..VolumeCreateRequest::default()
        };
        docker
            .create_volume(request)
            .await
            .map_err(|error| Failure {
                service: Some(service.to_owned()),
                ..Failure::new(format!(
                    "cannot make the disk of `{service}`: {}",
                    chain(&error)
                ))
            })?;
    }
    Ok(())
}

/// The name that a disk has in Docker; no volume of the file can have it.
fn disk(prefix: &str, service: &str) -> String {
    format!("{prefix}.disk.{service}")
}

/// Where the gateway finds the disk of a service.
pub(super) fn disk_at_gateway(service: &str) -> String {
    format!("/disks/{service}")
}

/// The mounts of the gateway: all disks. As long as it runs they are mounted, so what is on them outlives the services.
pub(super) fn gateway_binds(stack: &Stack, prefix: &str) -> Vec<String> {
    let bind = |service| format!("{}:{}", disk(prefix, service), disk_at_gateway(service));
    stack.disks().map(|(service, _)| bind(service)).collect()
}

/// The name that a volume has in Docker.
fn volume(prefix: &str, name: &str) -> String {
    format!("{prefix}-{name}")
}

/// The mounts of a service in Docker's form, but for volumes without names. What has its content in the compose file
/// becomes a file below `data` first.
///
/// # Errors
/// Such a file cannot be written.
pub(super) fn binds(service: &Service, prefix: &str, data: &Path) -> Result<Vec<String>, Failure> {
    let mut binds = Vec::new();
    if let Some(own) = &service.disk {
        binds.push(format!("{}:{}", disk(prefix, &service.name), own.path));
    }
    for (i, mount) in service.mounts.iter().enumerate() {
        if on_disk(service, &mount.target) {
            continue;
        }
        let source = match &mount.source {
            Source::Anonymous => continue,
            Source::Volume(name) => volume(prefix, name),
            Source::Path(path) => path.to_string_lossy().into_owned(),
            Source::Content(text) => {
                let file = data.join(format!("{}.mount-{i}", service.name));
                write(&file, text).map_err(|error| Failure {
                    service: Some(service.name.clone()),
                    ..Failure::new(format!("cannot write {}: {error}", file.display()))
                })?;
                file.to_string_lossy().into_owned()
            }
        };
        let access = if mount.read_only { "ro" } else { "rw" };
        binds.push(format!("{source}:{}:{access}", mount.target));
    }
    Ok(binds)
}

/// Everybody in the container may read it, whoever runs there.
fn write(file: &Path, text: &str) -> std::io::Result<()> {
    std::fs::write(file, text)?;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o444))
}

/// Where a service has volumes without names.
pub(super) fn anonymous(service: &Service) -> Vec<String> {
    let anonymous =
        |mount: &&Mount| mount.source == Source::Anonymous && !on_disk(service, &mount.target);
    let mounts = service.mounts.iter().filter(anonymous);
    mounts.map(|mount| mount.target.clone()).collect()
}

/// Whether the disk of a service is at a path, where it takes the place of whatever else the file has there.
pub(super) fn on_disk(service: &Service, target: &str) -> bool {
    let disk = service.disk.as_ref();
    disk.is_some_and(|disk| disk.path == target.trim_end_matches('/'))
}
