//! Reads compose files: what running a stack needs of them. What is not understood is named in a warning.
//!
//! The files are merged as trees whose values keep their places, so that each message names the file and line at which
//! a value was written.

mod env_file;
mod files;
mod hosts;
mod keys;
mod lifecycle;
mod merge;
mod mounts;
mod ports;
mod profiles;
mod service;
mod settings;
mod words;

use super::Service;
use super::node::{Data, Entry, Fields, Node};
use crate::problem::{Place, Problem, Problems};
use indexmap::IndexMap;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// Names that Compose looks for by itself, and those that it then lays over them.
const DEFAULT: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
];
const OVERRIDE: [&str; 4] = [
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yaml",
    "docker-compose.override.yml",
];

/// What reading adds to while it goes on.
pub(super) struct Reading<'r> {
    pub problems: &'r mut Problems,
    pub warnings: &'r mut Vec<Problem>,
    /// The folder of the first file.
    folder: PathBuf,
    /// Where the relative paths of a file start.
    folders: HashMap<PathBuf, PathBuf>,
    /// What `.env` sets.
    dotenv: HashMap<String, String>,
    /// What the lines before this one set, in a file of variables.
    earlier: HashMap<String, String>,
}

impl<'r> Reading<'r> {
    /// Reads files whose first lies in `folder`, with the variables of its `.env`.
    pub fn new(
        folder: &Path,
        problems: &'r mut Problems,
        warnings: &'r mut Vec<Problem>,
    ) -> Reading<'r> {
        Reading {
            problems,
            warnings,
            folder: folder.to_owned(),
            folders: HashMap::new(),
            dotenv: dotenv(folder),
            earlier: HashMap::new(),
        }
    }

    /// A variable of the environment of the harness, or else of `.env`, or else of the lines before this one.
    pub fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name)
            .ok()
            .or_else(|| self.dotenv.get(name).cloned())
            .or_else(|| self.earlier.get(name).cloned())
    }

    /// Where a relative path that stands at a place starts.
    pub fn base(&self, place: &Place) -> PathBuf {
        let folder = self.folders.get(&*place.file);
        folder.unwrap_or(&self.folder).clone()
    }

    /// Something that is understood and plays no part: what it is, and what that means for the run.
    pub fn unused(&mut self, place: &Place, what: &str, meaning: impl Into<String>) {
        let what = format!("{what} is not used by shakedown");
        self.warnings.push(Problem::at(place, what).help(meaning));
    }

    /// A scalar's text.
    pub fn text(&mut self, node: &Node) -> Option<String> {
        node.text(self.problems)
    }

    /// A list of texts, or one text split into words as a shell would.
    pub fn words(&mut self, node: &Node) -> Vec<String> {
        match &node.data {
            Data::List(items) => items.iter().filter_map(|item| self.text(item)).collect(),
            _ => {
                let text = self.text(node).unwrap_or_default();
                words::split(&text).unwrap_or_else(|| {
                    node.not("a text with closed quotes", self.problems)
                        .unwrap_or_default()
                })
            }
        }
    }

    /// `{NAME: value}` or `[NAME=value]`; a name alone has its value from outside, where it is set there.
    pub fn environment(&mut self, node: &Node) -> IndexMap<String, String> {
        let node = merge::as_map("environment", node.clone());
        let mut environment = IndexMap::new();
        for Entry { key, value, .. } in node.entries(self.problems) {
            let value = match value.is_null() {
                true => self.variable(key),
                false => self.text(value),
            };
            if let Some(value) = value {
                environment.insert(key.clone(), value);
            }
        }
        environment
    }
}

/// What the `.env` of a folder sets.
pub(super) fn dotenv(folder: &Path) -> HashMap<String, String> {
    let text = std::fs::read_to_string(folder.join(".env")).unwrap_or_default();
    env_file::plain(&text)
}

/// What services name elsewhere in the file.
struct Top<'n> {
    fields: Fields<'n>,
    /// The services that are part of the stack.
    chosen: Vec<&'n Entry>,
}

impl<'n> Top<'n> {
    /// The names under a key.
    fn names(&self, key: &str) -> impl Iterator<Item = &'n str> + use<'n> {
        let entries = match self.fields.get(key).map(|node| &node.data) {
            Some(Data::Map(entries)) => &entries[..],
            _ => &[],
        };
        entries.iter().map(|entry| entry.key.as_str())
    }

    /// What stands under a name under a key.
    fn get(&self, key: &str, name: &str) -> Option<&'n Node> {
        Some(&self.fields.get(key)?.entry(name)?.value)
    }
}

/// The files that Compose would read when it is told of this one alone: a file of one of its own names is followed by
/// the one that overrides it, where there is one.
pub(super) fn with_override(file: PathBuf) -> Vec<PathBuf> {
    let name = file.file_name().unwrap_or_default();
    let default = DEFAULT.iter().any(|known| *known == name);
    let folder = file.parent().unwrap_or(Path::new("")).to_owned();
    let over = OVERRIDE.iter().map(|name| folder.join(name));
    let over = over.filter(|_| default).find(|path| path.is_file());
    std::iter::once(file).chain(over).collect()
}

/// The services of compose files, each laid over those before it. `profiles` are those that are active.
pub(super) fn services(
    files: &[PathBuf],
    profiles: &[String],
    reading: &mut Reading<'_>,
) -> IndexMap<String, Service> {
    let Some(root) = files::load(files, reading) else {
        return IndexMap::new();
    };
    let entries = root.entries(reading.problems);
    let fields = root.fields_or(&keys::TOP, entries, |entry| {
        keys::strange_top(entry, reading)
    });
    let all = fields
        .get("services")
        .map_or(&[][..], |node| node.entries(reading.problems));
    if all.is_empty() {
        let what = "the compose file has no services";
        reading.problems.push(Problem::at(&root.place, what));
    }
    let chosen = profiles::chosen(all, profiles, reading);
    let top = Top { fields, chosen };
    hosts::networks(&top, reading);
    profiles::volumes(&top, reading);
    let services = top.chosen.iter();
    let services = services
        .map(|entry| (entry.key.clone(), service::read(entry, &top, reading)))
        .collect();
    reading.warnings.sort_by(|a, b| a.place.cmp(&b.place));
    reading.warnings.dedup();
    services
}
