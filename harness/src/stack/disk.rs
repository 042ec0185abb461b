//! `x-shakedown.disk`: a disk that is small enough to be filled.

use super::node::Node;
use super::{Disk, Service, Source, Stack};
use crate::problem::{Problem, Problems};
use crate::size;

/// The smallest disk: less would not hold a page of anything.
const MIN_BYTES: u64 = 64 * 1024;
/// The largest one: it lies in memory, all of which is used while it is full.
const MAX_BYTES: u64 = 1 << 30;
/// Keys of `disk`.
pub(super) const KEYS: [&str; 2] = ["path", "size"];
/// What a local process is told its disk by.
const WHERE: &str = "SHAKEDOWN_DISK";

/// `{path: /var/lib/x, size: 64 MB}`.
pub(super) fn read(node: &Node, problems: &mut Problems) -> Option<Disk> {
    let fields = node.fields(&KEYS, problems);
    let path = fields.need("path", problems);
    let size = fields.need("size", problems);
    let path = path.and_then(|node| {
        let text = node.text(problems)?;
        let path = text.trim_end_matches('/');
        match path.starts_with('/') && !path.contains(':') {
            true => Some(path.to_owned()),
            false => node.not("a folder in the container such as `/data`", problems),
        }
    });
    let size_bytes = size.and_then(|node| {
        let text = node.text(problems)?;
        let what = match size::parse(&text) {
            Ok(bytes) if (MIN_BYTES..=MAX_BYTES).contains(&bytes) => return Some(bytes),
            Ok(_) => format!(
                "a disk lies in memory and has {} to {}, not {text}",
                size::print(MIN_BYTES),
                size::print(MAX_BYTES)
            ),
            Err(what) => what,
        };
        problems.push(Problem::at(&node.place, what));
        None
    });
    Some(Disk {
        path: path?,
        size_bytes: size_bytes?,
        place: node.place.clone(),
    })
}

/// Disks can be where they are said to be, and local processes know where that is.
pub(super) fn check(stack: &Stack, problems: &mut Problems) {
    for service in stack.services.values() {
        if let Some(disk) = &service.disk {
            place(stack, service, disk, problems);
            told(service, disk, problems);
        }
    }
}

/// A disk takes the place of a volume there, which must be the service's alone.
fn place(stack: &Stack, service: &Service, disk: &Disk, problems: &mut Problems) {
    let own = service.mounts.iter();
    for mount in own.filter(|mount| mount.target.trim_end_matches('/') == disk.path) {
        let (what, help) = match &mount.source {
            Source::Anonymous => continue,
            Source::Volume(name) => {
                let Some(other) = stack.services.values().find(|other| {
                    let has = |mount: &super::Mount| mount.source == mount_of(name);
                    other.name != service.name && other.mounts.iter().any(has)
                }) else {
                    continue;
                };
                let what = format!(
                    "the disk of `{}` would take the place of the volume `{name}`, which `{}` has too",
                    service.name, other.name
                );
                (what, "put the disk where the service writes alone")
            }
            Source::Path(_) | Source::Content(_) => {
                let what = format!(
                    "the disk of `{}` is at `{}`, where it has a file or folder of the host",
                    service.name, disk.path
                );
                (what, "give one of them another path")
            }
        };
        problems.push(Problem::at(&disk.place, what).help(help));
    }
}

fn mount_of(volume: &str) -> Source {
    Source::Volume(volume.to_owned())
}

/// A local process has no container in which a path could be another one, so somebody must tell it.
fn told(service: &Service, disk: &Disk, problems: &mut Problems) {
    let Some(process) = service.process.as_ref().filter(|p| !p.command.is_empty()) else {
        return;
    };
    let kept = |name: &&String| !process.environment.contains_key(*name);
    let own = service.environment.iter().filter(|(name, _)| kept(name));
    let own = own.map(|(_, value)| value);
    let mut words = own
        .chain(process.environment.values())
        .chain(&process.command);
    if !words.any(|text| text.contains(WHERE)) {
        let what = format!(
            "as a local process, `{}` does not hear where its disk is",
            service.name
        );
        let help = format!(
            "say `${{{WHERE}}}` where it reads `{}`: `process: {{command: [..], environment: {{NAME: \"${{{WHERE}}}\"}}}}`",
            disk.path
        );
        problems.push(Problem::at(&disk.place, what).help(help));
    }
    if process.sql.as_ref().is_some_and(|sql| sql.contains(WHERE)) {
        let what = format!(
            "nobody but `{}` itself can open a database on its disk",
            service.name
        );
        let help = "put the file below `${SHAKEDOWN_DATA}`, or leave `sql` to `--runtime docker`";
        problems.push(Problem::at(&disk.place, what).help(help));
    }
}
