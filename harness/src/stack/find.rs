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
/// When there is none of that name, or more than one.
pub fn find(name: &str, below: &Path) -> Result<PathBuf, Problem> {
    let named: Vec<(String, PathBuf)> = all(below)
        .into_iter()
        .filter_map(|file| Some((stack_name(&file)?, file)))
        .collect();
    let found: Vec<&PathBuf> = named
        .iter()
        .filter(|(other, _)| other == name)
        .map(|(_, file)| file)
        .collect();
    match found[..] {
        [file] => Ok(file.clone()),
        [] => Err(Problem {
            what: format!("unknown stack `{name}`"),
            place: None,
            help: Some(match named.is_empty() {
                true => format!(
                    "no `{FILE}` lies below the current folder; give one with `--stack FILE`"
                ),
                false => suggest(name, named.iter().map(|(name, _)| name.as_str())),
            }),
        }),
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
            })
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

/// The name that a file gives its stack, if it can be read at all.
fn stack_name(file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    let mut ignored = Problems::default();
    let root = yaml::parse(file, &text, &mut ignored)?;
    let entry = root
        .entries(&mut ignored)
        .iter()
        .find(|entry| entry.key == "stack")?;
    entry.value.text(&mut ignored)
}
