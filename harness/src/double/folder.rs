//! A double's folder: `mappings/`, `__files/`, `operations/`.

use super::json::{Item, Source};
use super::operation::Operation;
use super::stub::Stub;
use crate::problem::{Problem, Problems, shown, suggest};
use crate::stack::json_files;
use serde_json::Value;
use std::path::Path;

/// Where mappings lie.
const MAPPINGS: &str = "mappings";
/// Where the files of bodies lie.
const FILES: &str = "__files";
/// Where operations lie.
const OPERATIONS: &str = "operations";

/// What a double plays.
#[derive(Debug, Default)]
pub struct Folder {
    /// Those that come first win.
    pub(super) stubs: Vec<Stub>,
    pub(super) operations: Vec<Operation>,
}

impl Folder {
    /// Reads a folder.
    ///
    /// # Errors
    /// Every mistake of all its files, with its place.
    pub fn read(folder: &Path) -> Result<Folder, Problems> {
        let mut problems = Problems::default();
        let mut read = Folder::default();
        let files = folder.join(FILES);
        for source in sources(&folder.join(MAPPINGS), &mut problems) {
            for item in several(&source.root(), "mappings", &mut problems) {
                read.stubs.push(Stub::read(&item, &files, &mut problems));
            }
        }
        for source in sources(&folder.join(OPERATIONS), &mut problems) {
            for item in several(&source.root(), "operations", &mut problems) {
                read.operations
                    .extend(Operation::read(&item, &files, &mut problems));
            }
        }
        if read.stubs.is_empty() && read.operations.is_empty() && problems.0.is_empty() {
            problems.push(empty(folder));
        }
        // The one that was added last wins, and a lower number over a higher one.
        read.stubs.reverse();
        read.stubs.sort_by_key(|stub| stub.priority);
        read.operations.sort_by_key(|operation| operation.priority);
        problems.or(read)
    }
}

/// The JSON files of a folder and those below it.
fn sources(folder: &Path, problems: &mut Problems) -> Vec<Source> {
    let files = json_files(folder).into_iter();
    files
        .filter_map(|file| Source::read(&file, problems))
        .collect()
}

/// One thing, or `{"mappings": [..]}`.
fn several<'j>(root: &Item<'j>, key: &str, problems: &mut Problems) -> Vec<Item<'j>> {
    match root.value {
        Value::Object(map) if map.contains_key(key) => {
            let entries = root.entries(problems).into_iter();
            let mut items = Vec::new();
            for (name, item) in entries {
                match name {
                    "meta" | "importOptions" => {}
                    name if name == key => items.extend(item.items(problems)),
                    other => problems.push(Problem::unknown(&item.place(), "field", other, [key])),
                }
            }
            items
        }
        _ => vec![root.clone()],
    }
}

fn empty(folder: &Path) -> Problem {
    let what = format!("there is nothing to play in `{MAPPINGS}/*.json` or `{OPERATIONS}/*.json`");
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names: Vec<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let help = match names.is_empty() {
        true => "put WireMock's stub mappings there, one or more in a file".to_owned(),
        false => suggest(MAPPINGS, names.iter().map(String::as_str)),
    };
    Problem::with_file(&shown(folder), what).help(help)
}
