//! What earlier runs have left: containers, networks, volumes, processes, data folders, images, old run folders.
//!
//! A reaper removes what its run leaves, but a machine that went down, or a daemon that was away for long, can outlast
//! it. Only what bears our label and belongs to no living run is found here; nothing else is looked at.

mod folders;
mod owner;

pub use owner::age;
pub(super) use owner::host;

use super::docker::left;
use super::reaper;
use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where leftovers are looked for.
#[derive(Clone, Debug)]
pub struct Search {
    /// The folder in which invocations leave their folders.
    pub runs: PathBuf,
    /// How many of the newest run folders stay; all when `None`. What only a run itself needs goes in any case.
    pub keep: Option<usize>,
    /// Only what these runs have left; what any has left when empty.
    pub only: Vec<String>,
    /// Also what runs of other machines have left on a daemon that is shared. Whether those runs live cannot be seen
    /// from here.
    pub all_hosts: bool,
}

/// A kind of leftover.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A local process of a service.
    Process,
    /// A container.
    Container,
    /// A network of Docker's.
    Network,
    /// A volume of Docker's.
    Volume,
    /// The data of local processes, in the folder of their run.
    Data,
    /// A folder with the results of an invocation.
    Results,
    /// An image of an older executable.
    Image,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Kind::Process => "process",
            Kind::Container => "container",
            Kind::Network => "network",
            Kind::Volume => "volume",
            Kind::Data => "data folder",
            Kind::Results => "run folder",
            Kind::Image => "image",
        })
    }
}

/// Something that an earlier run has left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leftover {
    /// What it is.
    pub kind: Kind,
    /// What it is called: a number and a name, a name, a path.
    pub name: String,
    /// The run that left it.
    pub run: Option<String>,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// In the order in which it is to be removed.
    pub leftovers: Vec<Leftover>,
    /// Where nobody could look, and what was left alone, in words.
    pub notes: Vec<String>,
}

/// Finds what no living run owns. `docker`: on the daemon too.
pub async fn find(search: &Search, docker: bool) -> Found {
    // Before anything is listed: a run that begins later has a reaper before it has anything else.
    let (mut listed, mut found) = (processes(), Found::default());
    listed.extend(folders::data(&search.runs));
    if docker {
        match left::list(search.all_hosts, &mut found.notes).await {
            Ok(all) => listed.extend(all),
            Err(why) => found.notes.push(format!(
                "no Docker daemon answers, so containers, networks, volumes and images were not looked at: {why}"
            )),
        }
    }
    // A label that is no id of ours is somebody else's.
    listed.retain(|one| one.run.as_deref().is_none_or(|run| age(run).is_some()));
    let living = owner::living();
    listed.retain(|one| one.run.as_ref().is_none_or(|run| !living.contains(run)));
    if !living.is_empty() {
        // One of them may be about to start a container from it.
        listed.retain(|one| one.kind != Kind::Image);
    }
    if let Some(keep) = search.keep {
        let results = folders::results(&search.runs, keep);
        // Their data goes with them.
        listed.retain(|one| !within(one, &results));
        listed.extend(results);
    }
    if !search.only.is_empty() {
        listed.retain(|one| {
            one.run
                .as_ref()
                .is_some_and(|run| search.only.contains(run))
        });
    }
    listed.sort();
    found.leftovers = listed;
    found
}

/// Whether a folder lies in one of the others.
fn within(one: &Leftover, results: &[Leftover]) -> bool {
    let mut folders = results.iter().map(|other| Path::new(&other.name));
    one.kind == Kind::Data && folders.any(|folder| Path::new(&one.name).starts_with(folder))
}

/// The processes with our label, each with its run.
fn processes() -> Vec<Leftover> {
    let labelled = reaper::all_labelled().into_iter();
    let leftover = |(pid, run): (i32, String)| {
        let name = std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
        Leftover {
            kind: Kind::Process,
            name: format!("{pid} {}", name.trim()),
            run: Some(run),
        }
    };
    labelled.map(leftover).collect()
}

/// Removes what was found. Gives each with what came of it.
pub async fn remove(leftovers: &[Leftover]) -> Vec<(Leftover, Result<(), String>)> {
    let processes = leftovers.iter().filter(|one| one.kind == Kind::Process);
    let runs: BTreeSet<&str> = processes.filter_map(|one| one.run.as_deref()).collect();
    for run in runs {
        reaper::kill_run(run).await;
    }
    let left: BTreeSet<i32> = match leftovers.iter().any(|one| one.kind == Kind::Process) {
        true => reaper::all_labelled()
            .into_iter()
            .map(|one| one.0)
            .collect(),
        false => BTreeSet::new(),
    };
    let mut removed = Vec::new();
    for one in leftovers {
        let result = match one.kind {
            Kind::Process => match pid(one).is_some_and(|pid| left.contains(&pid)) {
                true => {
                    Err("it cannot be killed, maybe because it belongs to another user".to_owned())
                }
                false => Ok(()),
            },
            Kind::Data => folders::remove(Path::new(&one.name)),
            Kind::Results => folders::remove_results(Path::new(&one.name)),
            _ => left::remove(one).await,
        };
        removed.push((one.clone(), result));
    }
    removed
}

fn pid(one: &Leftover) -> Option<i32> {
    one.name.split_whitespace().next()?.parse().ok()
}
