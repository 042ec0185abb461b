//! The folders of earlier invocations: what only their runs needed, and those that nobody wants any more.

use super::owner::age;
use super::{Kind, Leftover};
use crate::problem::shown;
use crate::runtime::reaper;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// What an invocation holds for as long as it lives.
const LOCK: &str = ".lock";

/// The data folders in the folders of invocations that are over.
pub(super) fn data(runs: &Path) -> Vec<Leftover> {
    let over = invocations(runs)
        .into_iter()
        .filter(|folder| free(folder).is_some());
    let data = over.flat_map(|folder| {
        let run = name(&folder);
        let all = reaper::data_folders(&folder)
            .into_iter()
            .filter(|data| data.is_dir());
        all.map(move |data| leftover(Kind::Data, &data, &run))
            .collect::<Vec<_>>()
    });
    data.collect()
}

/// The folders of invocations that are over, but for the newest ones.
pub(super) fn results(runs: &Path, keep: usize) -> Vec<Leftover> {
    let all = invocations(runs).into_iter().rev().skip(keep);
    let over = all.filter(|folder| free(folder).is_some());
    over.map(|folder| leftover(Kind::Results, &folder, &name(&folder)))
        .collect()
}

/// Removes a folder.
pub(super) fn remove(folder: &Path) -> Result<(), String> {
    std::fs::remove_dir_all(folder).map_err(|error| error.to_string())
}

/// Removes the folder of an invocation, if nobody has begun to write into it again.
pub(super) fn remove_results(folder: &Path) -> Result<(), String> {
    let _lock = free(folder).ok_or("another shakedown is writing into it")?;
    remove(folder)
}

/// The folders of invocations, the oldest first. Theirs are those that have the name of a run and its lock.
fn invocations(runs: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(runs).into_iter().flatten().flatten();
    // What a link leads to is somebody else's.
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let folders = folders.map(|entry| entry.path());
    let mut ours: Vec<PathBuf> = folders
        .filter(|folder| age(&name(folder)).is_some() && folder.join(LOCK).is_file())
        .collect();
    // The names sort by time.
    ours.sort();
    ours
}

/// The lock of an invocation's folder, when nobody holds it.
fn free(folder: &Path) -> Option<File> {
    let lock = File::open(folder.join(LOCK)).ok()?;
    match lock.try_lock() {
        Ok(()) => Some(lock),
        Err(TryLockError::WouldBlock | TryLockError::Error(_)) => None,
    }
}

fn name(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn leftover(kind: Kind, folder: &Path, run: &str) -> Leftover {
    Leftover {
        kind,
        name: shown(folder).display().to_string(),
        run: Some(run.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::new_run_id;

    #[test]
    fn only_folders_of_invocations_that_are_over_are_found() {
        let runs = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let folder = runs.path().join(name);
            std::fs::create_dir_all(folder.join("01-a/data")).unwrap();
            std::fs::create_dir_all(folder.join("01-a/logs")).unwrap();
            folder
        };
        let id = |n: u64| ulid::Ulid::from_parts(n, 1).to_string().to_lowercase();
        let [old, newer, held] = [1, 2, 3].map(|n| make(&id(n)));
        for folder in [&old, &newer, &held] {
            std::fs::write(folder.join(LOCK), "").unwrap();
        }
        let lock = File::open(held.join(LOCK)).unwrap();
        lock.lock().unwrap();
        // It has no lock, so whose it is nobody knows; and one that is not called so.
        let (unlocked, mine) = (make(&new_run_id()), make("mine"));
        std::fs::write(mine.join(LOCK), "").unwrap();
        let names = |all: Vec<Leftover>| {
            all.into_iter()
                .map(|one| PathBuf::from(one.name))
                .collect::<Vec<_>>()
        };
        let found = names(data(runs.path()));
        assert_eq!(found, [old.join("01-a/data"), newer.join("01-a/data")]);
        assert_eq!(names(results(runs.path(), 1)), [newer.clone(), old.clone()]);
        assert_eq!(names(results(runs.path(), 2)), std::slice::from_ref(&old));
        assert!(names(results(runs.path(), 3)).is_empty());
        assert!(remove_results(&held).is_err());
        remove_results(&old).unwrap();
        assert!(!old.exists() && newer.exists() && held.exists() && unlocked.exists());
    }
}
