//! This machine: room on its disks, loopback addresses, open files.

use super::{Finding, Level};
use crate::count;
use crate::runtime::process;
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::statvfs::statvfs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Below this, a run ends as one whose disk is full, or is about to.
const NO_ROOM: u64 = 100 << 20;
/// Below this, images and histories may fill the disk before long.
const LITTLE_ROOM: u64 = 2 << 30;
/// Each connection through the gateway takes two files, each service of a stack some more.
const FEW_FILES: u64 = 1024;

pub(super) fn look(runs: &Path) -> Vec<Finding> {
    let mut findings: Vec<Finding> = folders(runs)
        .iter()
        .filter_map(|folder| room(folder))
        .collect();
    findings.push(loopback(
        process::try_block().map_err(|failure| failure.what),
    ));
    findings.extend(files());
    findings
}

/// The folders that a run writes to, each on a disk of its own.
fn folders(runs: &Path) -> Vec<PathBuf> {
    // It may not be there yet.
    let existing = runs.ancestors().find(|folder| folder.is_dir());
    let here = match existing {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let mut folders = vec![here, std::env::temp_dir(), PathBuf::from("/var/lib/docker")];
    folders.retain(|folder| folder.is_dir());
    let mut seen = Vec::new();
    folders.retain(|folder| {
        let device = folder.metadata().ok().map(|folder| folder.dev());
        let new = !seen.contains(&device);
        seen.push(device);
        new
    });
    folders
}

fn room(folder: &Path) -> Option<Finding> {
    let disk = statvfs(folder).ok()?;
    // Some file systems do not count.
    let counts = disk.blocks() > 0;
    let left = disk.blocks_available() * disk.fragment_size();
    let shown = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    counts.then(|| judged(left, &shown))
}

fn judged(left: u64, folder: &Path) -> Finding {
    let gib = left as f64 / f64::from(1 << 30);
    let what = format!("{gib:.1} GiB free on the disk of {}", folder.display());
    let level = match left {
        ..NO_ROOM => Level::Failed,
        NO_ROOM..LITTLE_ROOM => Level::Warning,
        _ => return Finding::fine("disk", what),
    };
    let help = "`shakedown clean --runs 5` removes what old runs left, `docker system prune` what Docker does not use";
    Finding::bad(level, "disk", what, help)
}

fn loopback(tried: Result<(), String>) -> Finding {
    match tried {
        Ok(()) => Finding::fine(
            "loopback",
            "a block of 127.0.0.0/8 is free for local processes",
        ),
        Err(why) => Finding::bad(
            Level::Failed,
            "loopback",
            why,
            "bring the loopback interface up (`ip link set lo up`); each run needs 127.x.0.0/16 of its own and port 61000 there",
        ),
    }
}

fn files() -> Option<Finding> {
    let (limit, _) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let what = format!("{} may be open at once", count::of(limit, "file"));
    Some(match limit < FEW_FILES {
        true => Finding::bad(
            Level::Warning,
            "files",
            what,
            "raise it with `ulimit -n 65536`",
        ),
        false => Finding::fine("files", what),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_little_room_is_told() {
        let level = |left| judged(left, Path::new("/")).level;
        assert_eq!(level(NO_ROOM - 1), Level::Failed);
        assert_eq!(level(NO_ROOM), Level::Warning);
        assert_eq!(level(LITTLE_ROOM), Level::Fine);
    }

    #[test]
    fn each_disk_is_looked_at_once_also_where_no_run_was_yet() {
        let runs = std::env::temp_dir().join("not/there/yet");
        let folders = folders(&runs);
        assert!(folders.contains(&std::env::temp_dir()), "{folders:?}");
        assert!(!look(&runs).is_empty());
    }
}
