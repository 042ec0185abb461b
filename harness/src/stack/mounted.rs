//! The files of the host that a stack's services find in their containers.

use super::{Source, Stack};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use walkdir::WalkDir;

/// Of more files than that nobody can say quickly whether they are the same.
const MOST_FILES: usize = 10_000;

/// What is mounted and cannot be written to, as it is on the disk. Two that are equal hold the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounted(Vec<File>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct File {
    path: PathBuf,
    bytes: u64,
    changed: Option<SystemTime>,
}

impl Mounted {
    /// A file that is not the same in another look, or in only one of them.
    pub fn differs<'a>(&'a self, other: &'a Mounted) -> Option<&'a Path> {
        let missing = |one: &'a Mounted, other: &Mounted| {
            let known: HashSet<&File> = other.0.iter().collect();
            one.0.iter().find(|file| !known.contains(file))
        };
        let file = missing(self, other).or_else(|| missing(other, self))?;
        Some(&file.path)
    }
}

impl Stack {
    /// The files and folders of the host that services can only read, the folders of doubles among them.
    pub fn read_only_paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.host_paths(true)
    }

    /// Whether a service can write to files of the host, which its next start will find changed.
    pub fn writes_to_host(&self) -> bool {
        self.host_paths(false).next().is_some()
    }

    /// What services can only read, but for what lies in the folder of `results`. `None`: it is too much to look at.
    pub fn mounted(&self, results: &Path) -> Option<Mounted> {
        let full = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let results = full(results);
        let roots = self.read_only_paths();
        let all = roots.flat_map(|root| {
            let walk = WalkDir::new(root).follow_links(true).sort_by_file_name();
            let walk = walk.into_iter();
            walk.filter_entry(|entry| full(entry.path()) != results)
        });
        // What cannot be looked at is not there.
        let files = all.flatten().filter(|entry| !entry.file_type().is_dir());
        let files: Vec<File> = files
            .take(MOST_FILES + 1)
            .map(|entry| {
                let about = entry.metadata().ok();
                File {
                    bytes: about.as_ref().map_or(0, std::fs::Metadata::len),
                    changed: about.and_then(|about| about.modified().ok()),
                    path: entry.into_path(),
                }
            })
            .collect();
        (files.len() <= MOST_FILES).then_some(Mounted(files))
    }

    fn host_paths(&self, read_only: bool) -> impl Iterator<Item = &PathBuf> {
        let mounts = self.services.values().flat_map(|service| &service.mounts);
        mounts.filter_map(move |mount| match &mount.source {
            Source::Path(path) if mount.read_only == read_only => Some(path),
            _ => None,
        })
    }
}
