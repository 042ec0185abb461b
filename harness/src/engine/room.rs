//! Room for what a run leaves.

use crate::runtime::Failure;
use nix::sys::statvfs::statvfs;
use nix::unistd::geteuid;
use std::path::Path;

/// The disk of a run's folder is full: what services wrote in vain to their logs is missing from the evidence, and may
/// have ended them.
pub fn none_left(folder: &Path) -> Option<Failure> {
    let disk = statvfs(folder).ok()?;
    let left = match geteuid().is_root() {
        true => disk.blocks_free(),
        false => disk.blocks_available(),
    };
    // Some file systems do not count.
    let full = disk.blocks() > 0 && left == 0;
    full.then(|| Failure {
        help: Some("make room, or choose another folder with `--out DIR`".to_owned()),
        ..Failure::new(format!(
            "no space left on device: the disk of {} is full, so that logs are not whole",
            folder.display()
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_count_its_room_is_not_full() {
        assert!(none_left(Path::new("/proc")).is_none());
        assert!(none_left(&std::env::temp_dir()).is_none());
    }
}
