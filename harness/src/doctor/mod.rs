//! Whether a run would find here what it needs: each finding with what to do about it.
//!
//! It looks, and changes nothing, but for a network that it makes and removes again to see whether there is one to be
//! had.

mod daemon;
mod images;
mod leftovers;
mod machine;
mod programs;

use crate::engine::Place;
use crate::runtime::docker;
use crate::stack::{self, Stack};
use std::fmt;
use std::path::{Path, PathBuf};

/// How bad a finding is; later ones are worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it should be.
    Fine,
    /// A run may go without it, or be slower.
    Warning,
    /// A run would fail for it.
    Failed,
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Level::Fine => "ok",
            Level::Warning => "warning",
            Level::Failed => "failed",
        })
    }
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at, in one word.
    pub about: &'static str,
    /// What was found.
    pub what: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl Finding {
    /// All is well.
    pub(crate) fn fine(about: &'static str, what: impl Into<String>) -> Finding {
        Finding {
            level: Level::Fine,
            about,
            what: what.into(),
            help: None,
        }
    }

    /// All is not well.
    pub(crate) fn bad(
        level: Level,
        about: &'static str,
        what: impl Into<String>,
        help: impl Into<String>,
    ) -> Finding {
        Finding {
            level,
            about,
            what: what.into(),
            help: Some(help.into()),
        }
    }
}

/// What is to be looked at.
pub struct Patient {
    /// Where services would run; where it is not said, in containers if Docker answers and the stacks can run in them.
    pub place: Option<Place>,
    /// Stack files are looked for below this folder.
    pub below: PathBuf,
    /// Where invocations leave their folders.
    pub runs: PathBuf,
}

/// Looks at everything that a run of these stacks would need.
pub async fn examine(patient: &Patient) -> Vec<Finding> {
    let answers = docker::answers().await;
    let (stacks, read) = stacks(&patient.below);
    let barred = stack::local_alone(stacks.iter());
    let barred = barred.filter(|_| patient.place.is_none() && answers.is_ok());
    let place = patient.place.unwrap_or(match (&answers, &barred) {
        (Ok(()), None) => Place::Docker,
        _ => Place::Process,
    });
    let mut findings = daemon::look(answers.err(), place, patient.place.is_some()).await;
    findings.extend(machine::look(&patient.runs));
    findings.extend(read);
    let instead = |why| format!("{why}: services run as local processes");
    findings.extend(barred.map(|why| Finding::fine("runtime", instead(why))));
    match place {
        Place::Docker if daemon::answers(&findings) => findings.extend(images::look(&stacks).await),
        Place::Docker => {}
        Place::Process => findings.extend(programs::look(&stacks)),
    }
    findings.extend(leftovers::look(&patient.runs, daemon::answers(&findings)).await);
    findings
}

/// The stacks below a folder, and what is to be said of their files.
fn stacks(below: &Path) -> (Vec<Stack>, Vec<Finding>) {
    let (mut stacks, mut findings) = (Vec::new(), Vec::new());
    let about = "stacks";
    for file in stack::all(below) {
        match Stack::read(&file) {
            Ok(read) => stacks.push(read.stack),
            Err(problems) => {
                let shown = file.strip_prefix(".").unwrap_or(&file).display();
                let what = format!("{shown} has mistakes ({})", problems.0.len());
                let help = format!("`shakedown lint --stack {shown}` tells them");
                findings.push(Finding::bad(Level::Warning, about, what, help));
            }
        }
    }
    let names: Vec<&str> = stacks.iter().map(|stack| stack.name.as_str()).collect();
    findings.push(match names[..] {
        [] => Finding::bad(
            Level::Warning,
            about,
            "no shakedown.yaml below this folder could be read",
            "run this where your stack lies; `shakedown init` writes a first shakedown.yaml",
        ),
        _ => Finding::fine(about, names.join(", ")),
    });
    (stacks, findings)
}
