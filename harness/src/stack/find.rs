//! Finds stacks by their names among the `shakedown.yaml` files below a folder.

use super::yaml;
use crate::problem::{Problem, Problems, shown, suggest};
use std::path::{Path, PathBuf};

/// How the file is called.
const FILE: &str = "shakedown.yaml";
/// How deep below the folder is searched.
const MAX_DEPTH: usize = 8;
/// Folders in which nobody keeps a stack.
const SKIPPED: [&str; 2] = ["target", "node_modules"];

/// The file of the stack called `name` below a folder.
///
/// # Errors
/// When there is none of that name, or more than one. A stack file that cannot be read may be the one that is meant, so
/// its mistakes are told as well.
pub fn find(name: &str, below: &Path) -> Result<PathBuf, Problems> {
    let (mut named, mut unreadable) = (Vec::new(), Problems::default());
    for file in all(below) {
        match stack_name(&file) {
            Ok(name) => named.extend(name.map(|name| (name, file))),
            Err(problems) => unreadable.0.extend(problems.0),
        }
    }
    let found: Vec<&PathBuf> = named
        .iter()
        .filter(|(other, _)| other == name)
        .map(|(_, file)| file)
        .collect();
    match found[..] {
        [file] => Ok(file.clone()),
        [] => {
            let help = match (named.is_empty(), unreadable.0.is_empty()) {
                (_, false) => format!("a `{FILE}` that could not be read may be the one"),
                (true, true) => format!(
                    "no `{FILE}` lies below the current folder; give one with `--stack FILE`"
                ),
                (false, true) => suggest(name, named.iter().map(|(name, _)| name.as_str())),
            };
            unreadable.push(Problem {
                what: format!("unknown stack `{name}`"),
                place: None,
                help: Some(help),
            });
            Err(unreadable)
        }
        _ => {
            let files: Vec<String> = found
                .iter()
                .map(|file| shown(file).display().to_string())
                .collect();
            Err(Problem {
                what: format!(
                    "the stack `{name}` is described more than once: {}",
                    files.join(", ")
                ),
                place: None,
                help: Some("say which with `--stack FILE`".to_owned()),
            }
            .into())
        }
    }
}

/// All stack files below a folder, sorted.
pub fn all(below: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    search(below, 0, &mut files);
    files.sort();
    files
}

fn search(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if name == FILE {
            files.push(path);
        } else if entry.file_type().is_ok_and(|kind| kind.is_dir())
            && depth < MAX_DEPTH
            && !name.starts_with('.')
            && !SKIPPED.contains(&name.as_ref())
        {
            search(&path, depth + 1, files);
        }
    }
}

/// The name that a file gives its stack, if it gives it one.
///
/// # Errors
/// The file is not YAML, or cannot be opened.
fn stack_name(file: &Path) -> Result<Option<String>, Problems> {
    let shown = shown(file);
    let text = std::fs::read_to_string(file)
        .map_err(|error| Problem::with_file(&shown, error.to_string()))?;
    let mut problems = Problems::default();
    let name = yaml::parse(&shown, &text, &mut problems).and_then(|root| {
        let mut ignored = Problems::default();
        let entries = root.entries(&mut ignored);
        let entry = entries.iter().find(|entry| entry.key == "stack")?;
        entry.value.text(&mut ignored)
    });
    match name {
        Some(name) => Ok(Some(name)),
        None => problems.or(None),
    }
}
