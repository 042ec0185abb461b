//! Waits until files change, or until somebody asks for more.

use crate::command::FeatureArgs;
use crate::command::load::Loaded;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use shakedown_harness::problem::{Problem, Problems};
use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::mpsc;

/// An editor writes a file in several steps, and a checkout many files: what comes within this time is one change.
const QUIET: Duration = Duration::from_millis(100);

/// What somebody waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Files changed.
    Files,
    /// Enter was pressed.
    Asked,
}

/// The folders of features and stacks, and the keyboard.
pub struct Changes {
    watcher: RecommendedWatcher,
    watched: BTreeMap<PathBuf, RecursiveMode>,
    changes: mpsc::UnboundedReceiver<Change>,
}

impl Changes {
    /// Watches nothing yet but the keyboard. What is written to `results` is no change.
    ///
    /// # Errors
    /// The system cannot tell of changes.
    pub fn new(results: Vec<PathBuf>) -> Result<Changes, Problem> {
        let (sender, changes) = mpsc::unbounded_channel();
        listen(sender.clone());
        let results: Vec<PathBuf> = results.iter().map(|path| full(path)).collect();
        let told = move |event: notify::Result<notify::Event>| {
            if event.map_or(true, |event| counts(&event, &results)) {
                let _ = sender.send(Change::Files);
            }
        };
        Ok(Changes {
            watcher: notify::recommended_watcher(told).map_err(|error| unwatched(&error))?,
            watched: BTreeMap::new(),
            changes,
        })
    }

    /// Watches all that these features and stacks are read from.
    ///
    /// # Errors
    /// A folder that the system cannot watch.
    pub fn watch(&mut self, features: &FeatureArgs, loaded: &Loaded) -> Result<(), Problems> {
        let mut problems = Problems::default();
        for (folder, mode) in folders(features, loaded) {
            if self.watched.get(&folder) == Some(&mode) {
                continue;
            }
            match self.watcher.watch(&folder, mode) {
                Ok(()) => drop(self.watched.insert(folder, mode)),
                Err(error) => problems.push(Problem {
                    what: format!("cannot watch {}: {error}", folder.display()),
                    ..unwatched(&error)
                }),
            }
        }
        problems.or(())
    }

    /// How many folders are watched.
    pub fn folders(&self) -> usize {
        self.watched.len()
    }

    /// Waits until something changes and then nothing any more for a moment. Whether Enter was pressed counts more.
    pub async fn next(&mut self) -> Change {
        // The watcher has the other end.
        let mut change = self.changes.recv().await.unwrap_or(Change::Asked);
        while let Ok(Some(more)) = tokio::time::timeout(QUIET, self.changes.recv()).await {
            if more == Change::Asked {
                change = more;
            }
        }
        change
    }
}

/// Whether an event tells of a change. What a watcher cannot tell may be one.
fn counts(event: &notify::Event, results: &[PathBuf]) -> bool {
    let hidden = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // What editors and this program have beside a file that they write.
        name.starts_with('.') && name != ".env"
    };
    let own = |path: &PathBuf| results.iter().any(|result| full(path).starts_with(result));
    // Files that are only read have not changed.
    !event.kind.is_access()
        && (event.paths.is_empty() || !event.paths.iter().all(|path| hidden(path) || own(path)))
}

fn full(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn unwatched(error: &notify::Error) -> Problem {
    Problem {
        what: format!("the system cannot tell of files that change: {error}"),
        place: None,
        help: Some(
            "raise fs.inotify.max_user_watches and max_user_instances, or name fewer folders"
                .to_owned(),
        ),
    }
}

/// A file is watched by its folder: many editors put a new one in its place.
fn folders(features: &FeatureArgs, loaded: &Loaded) -> BTreeMap<PathBuf, RecursiveMode> {
    let mut folders = BTreeMap::new();
    let stacks = || loaded.stacks.values();
    let files = stacks().flat_map(|stack| [stack.file.clone(), stack.folder.join("compose.yaml")]);
    let mounted = stacks().flat_map(|stack| stack.read_only_paths().cloned());
    for path in files.chain(mounted).chain(features.paths.iter().cloned()) {
        let (folder, mode) = match path.is_dir() {
            true => (path, RecursiveMode::Recursive),
            false => (parent(&path), RecursiveMode::NonRecursive),
        };
        let known = folders.entry(folder).or_insert(mode);
        if mode == RecursiveMode::Recursive {
            *known = mode;
        }
    }
    folders
}

fn parent(file: &Path) -> PathBuf {
    let parent = file
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_owned()
}

/// Each line that is typed asks for more, until there are no more lines.
fn listen(to: mpsc::UnboundedSender<Change>) {
    // Not one of the runtime's threads, whose end would wait for a line.
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if line.is_err() || to.send(Change::Asked).is_err() {
                break;
            }
        }
    });
}
