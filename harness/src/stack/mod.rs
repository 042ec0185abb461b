//! A stack as the user describes it: `compose.yaml` and `shakedown.yaml`, read into values.
//!
//! Reading starts nothing. All mistakes of both files come back at once, each with its place.

mod as_containers;
mod as_processes;
mod check;
mod compose;
mod config;
mod disk;
mod double;
mod extension;
mod filled;
mod find;
mod learn;
mod model;
mod mounted;
mod node;
mod pattern;
mod ports;
mod probe;
mod programs;
mod rule;
pub mod schema;
mod template;
mod variables;
mod yaml;

pub use as_containers::local_alone;
pub(crate) use config::METHODS;
pub use double::json_files;
pub use find::{all, find};
pub use learn::{AFTER, EACH_ID, Evidence, Learn, Lesson, PROBE, SEEN};
pub(crate) use learn::{LACKS_DIGITS, as_id, lacks_digits};
pub use model::*;
pub use mounted::Mounted;
pub use programs::MissingTools;
pub use template::{Body, Template};

use crate::expression::Expression;
use crate::problem::{Problem, Problems, shown};
use compose::Reading;
use indexmap::IndexMap;
use std::path::{Path, PathBuf};

/// A stack, and what of its files was not understood.
#[derive(Debug)]
pub struct Read {
    /// The stack.
    pub stack: Stack,
    /// What the stack runs without.
    pub warnings: Vec<Problem>,
}

impl Stack {
    /// Reads a `shakedown.yaml` and the compose file that it names.
    ///
    /// # Errors
    /// Every mistake of both files, with its place and what to do about it.
    pub fn read(file: &Path) -> Result<Read, Problems> {
        let mut problems = Problems::default();
        let mut warnings = Vec::new();
        let stack = read(file, &mut problems, &mut warnings);
        match stack {
            Some(stack) => problems.or(Read { stack, warnings }),
            None => Err(problems
                .or(())
                .expect_err("a stack that could not be read has a problem")),
        }
    }

    /// The stack with a planted bug; `None` when it has none of that name.
    pub fn with_mutant(&self, name: &str) -> Option<Stack> {
        let mutant = self.mutants.get(name)?;
        let mut stack = self.clone();
        let service = stack.services.get_mut(&mutant.service)?;
        service.environment.extend(mutant.environment.clone());
        if let Some(process) = &mut service.process {
            process.environment.extend(mutant.environment.clone());
        }
        if let Some(image) = &mutant.image {
            service.image = Image::Named {
                name: image.clone(),
                script: None,
                build: None,
            };
        }
        Some(stack)
    }
}

/// The compose files that Compose itself takes where this one is named: it, and an override beside it.
pub fn with_override(file: PathBuf) -> Vec<PathBuf> {
    compose::with_override(file)
}

/// Reads a file's text; a problem names it.
fn load(file: &Path, problems: &mut Problems) -> Option<node::Node> {
    match std::fs::read_to_string(file) {
        Ok(text) => yaml::parse(&shown(file), &text, problems),
        Err(error) => {
            problems.push(Problem::with_file(
                &shown(file),
                format!("cannot be read: {error}"),
            ));
            None
        }
    }
}

fn read(file: &Path, problems: &mut Problems, warnings: &mut Vec<Problem>) -> Option<Stack> {
    let root = load(file, problems)?;
    let top = root.fields(&config::TOP, problems);
    let name = top.need_text("stack", problems);
    let compose_node = top.need("compose", problems);
    let profiles = top
        .get("profiles")
        .map_or_else(Vec::new, |node| node.texts(problems));
    let before = problems.0.len();
    let entities = config::named(top.get("entities"), problems, config::entity);
    let entities_sound = problems.0.len() == before;
    let only = match entities.len() {
        1 => entities.keys().next().cloned(),
        _ => None,
    };
    let settle = top
        .get("settle")
        .and_then(|node| node.duration(problems))
        .unwrap_or(config::SETTLE);
    let parent = file.parent().unwrap_or(Path::new("")).to_owned();
    let mut stack = Stack {
        name: name.unwrap_or_default(),
        file: file.to_owned(),
        folder: PathBuf::new(),
        services: IndexMap::new(),
        calls: config::named(top.get("calls"), problems, config::call),
        operations: config::named(top.get("operations"), problems, config::operation),
        entities,
        workloads: config::named(top.get("workloads"), problems, config::workload),
        invariants: config::named(top.get("invariants"), problems, |entry, problems| {
            config::invariant(entry, only.as_deref(), problems)
        }),
        mutants: config::named(top.get("mutants"), problems, config::mutant),
        settle,
        secrets: top
            .get("secrets")
            .map_or_else(Vec::new, |node| node.texts(problems)),
    };
    // Where none is named, any of them may notice.
    let invariants: Vec<String> = stack.invariants.keys().cloned().collect();
    let open = |mutant: &&mut Mutant| mutant.caught_by.is_empty();
    for mutant in stack.mutants.values_mut().filter(open) {
        mutant.caught_by.clone_from(&invariants);
    }
    let files = compose_files(compose_node?, &parent, problems)?;
    // The folder of a bare name is the current one.
    let folder = Path::new(".").join(files[0].parent().unwrap_or(Path::new("")));
    stack.folder = folder.canonicalize().unwrap_or(folder);
    let before = problems.0.len();
    let mut reading = Reading::new(&stack.folder, problems, warnings);
    stack.services = compose::services(&files, &profiles, &mut reading);
    if stack.services.is_empty() {
        return None;
    }
    ports::complete(&mut stack, warnings);
    let all = |key: &str, read: usize| match top.get(key).map(|node| &node.data) {
        Some(node::Data::Map(entries)) => entries.len() == read,
        node => node.is_none(),
    };
    let sound = check::Sound {
        compose: problems.0.len() == before,
        calls: all("calls", stack.calls.len()),
        entities: entities_sound,
        invariants: all("invariants", stack.invariants.len()),
    };
    check::check(&stack, &sound, problems, warnings);
    Some(stack)
}

/// The compose files that `compose` names, one or a list; none of them is missing.
fn compose_files(
    node: &node::Node,
    parent: &Path,
    problems: &mut Problems,
) -> Option<Vec<PathBuf>> {
    let mut files = Vec::new();
    let items = match &node.data {
        node::Data::List(items) => &items[..],
        _ => std::slice::from_ref(node),
    };
    for item in items {
        let file = parent.join(item.text(problems)?);
        if !file.is_file() {
            let what = format!("{} does not exist", shown(&file).display());
            let help = "`compose` is a path from the folder of this file";
            problems.push(Problem::at(&item.place, what).help(help));
            return None;
        }
        files.push(file);
    }
    match (&node.data, files.len()) {
        (_, 0) => node.not("a file or a list of files", problems),
        (node::Data::List(_), _) => Some(files),
        _ => Some(compose::with_override(files.remove(0))),
    }
}

#[cfg(test)]
mod tests;
