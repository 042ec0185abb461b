//! Loads compose files: variables filled in, what they include and extend resolved, one laid over the other.

use super::Reading;
use super::merge::{maps, merge};
use crate::problem::{Problem, shown};
use crate::stack::node::{Data, Entry, Node};
use crate::stack::variables::fill_in;
use std::path::{Path, PathBuf};

/// As deep as files may include or extend one another.
const MAX_DEPTH: usize = 16;

/// One tree of all these files, of which each is laid over those before it.
pub(super) fn load(files: &[PathBuf], reading: &mut Reading<'_>) -> Option<Node> {
    let folder = reading.folder.clone();
    let loaded: Vec<Node> = files
        .iter()
        .filter_map(|file| open(file, &folder, 0, reading))
        .collect();
    loaded
        .into_iter()
        .reduce(|base, over| merge("", base, over))
}

/// A file's tree. Relative paths in it start in `base`.
fn open(file: &Path, base: &Path, depth: usize, reading: &mut Reading<'_>) -> Option<Node> {
    let mut root = crate::stack::load(file, reading.problems)?;
    reading.folders.insert(shown(file), base.to_owned());
    fill(&mut root, reading);
    extend(&mut root, depth, reading);
    Some(include(root, depth, reading))
}

/// Fills in the variables of every scalar.
fn fill(node: &mut Node, reading: &mut Reading<'_>) {
    match &mut node.data {
        Data::List(items) => items.iter_mut().for_each(|item| fill(item, reading)),
        Data::Map(entries) => entries
            .iter_mut()
            .for_each(|entry| fill(&mut entry.value, reading)),
        Data::Scalar { text, plain } if text.contains('$') => {
            let filled = fill_in(&node.place, text, reading);
            // An empty value is not the same as no value.
            *plain &= !filled.is_empty();
            *text = filled;
        }
        Data::Scalar { .. } => {}
    }
}

/// `include`: services, volumes and the like of other files, none of which may be here as well.
fn include(mut root: Node, depth: usize, reading: &mut Reading<'_>) -> Node {
    let Some(list) = root.entry("include").map(|entry| entry.value.clone()) else {
        return root;
    };
    for item in list.items(reading.problems) {
        let (paths, folder) = match &item.data {
            Data::Map(_) => {
                let known = ["path", "project_directory", "env_file"];
                let fields = item.fields(&known, reading.problems);
                if let Some(node) = fields.get("env_file") {
                    let meaning = "its variables are those of the environment and of `.env`";
                    reading.unused(&node.place, "`include.env_file`", meaning);
                }
                let path = fields.need("path", reading.problems);
                let folder = fields
                    .get("project_directory")
                    .and_then(|n| n.text(reading.problems));
                (
                    path.map_or_else(Vec::new, |n| n.texts(reading.problems)),
                    folder,
                )
            }
            _ => (item.texts(reading.problems), None),
        };
        let here = reading.base(&item.place);
        let first = paths.first().map(|path| here.join(path));
        let folder = folder.map(|folder| here.join(folder)).or(first
            .as_deref()
            .and_then(Path::parent)
            .map(Path::to_path_buf));
        let folder = folder.unwrap_or_default();
        let opened: Vec<Node> = paths
            .iter()
            .filter_map(|path| other(item, &here.join(path), &folder, depth, reading))
            .collect();
        let Some(included) = opened
            .into_iter()
            .reduce(|base, over| merge("", base, over))
        else {
            continue;
        };
        conflicts(&root, &included, reading);
        let data = match (included.data, root.data) {
            (Data::Map(included), Data::Map(own)) => Data::Map(maps(included, own)),
            (_, own) => own,
        };
        root.data = data;
    }
    root
}

/// What an included file declares must not stand in the one that includes it.
fn conflicts(own: &Node, included: &Node, reading: &mut Reading<'_>) {
    for key in ["services", "volumes", "networks", "configs", "secrets"] {
        let of = |root: &'_ Node| root.entry(key).map(|entry| entry.value.clone());
        let (Some(own), Some(included)) = (of(own), of(included)) else {
            continue;
        };
        let (Data::Map(own), Data::Map(included)) = (own.data, included.data) else {
            continue;
        };
        for entry in own {
            let Some(other) = included.iter().find(|one| one.key == entry.key) else {
                continue;
            };
            if other.value.json() != entry.value.json() {
                let what = format!(
                    "`{key}.{}` stands in the included file as well, at {}",
                    entry.key, other.place
                );
                let help = "give one of them another name, or change it in a file of its own that is laid over this one";
                reading
                    .problems
                    .push(Problem::at(&entry.place, what).help(help));
            }
        }
    }
}

/// A file that another one names.
fn other(
    named: &Node,
    file: &Path,
    base: &Path,
    depth: usize,
    reading: &mut Reading<'_>,
) -> Option<Node> {
    let problem = if !file.is_file() {
        format!("{} does not exist", shown(file).display())
    } else if depth >= MAX_DEPTH {
        format!("more than {MAX_DEPTH} files lead from one to the next")
    } else {
        return open(file, base, depth + 1, reading);
    };
    reading
        .problems
        .push(Problem::at(&named.place, problem).help("paths start in the folder of this file"));
    None
}

/// `extends`: each service laid over the one that it extends.
fn extend(root: &mut Node, depth: usize, reading: &mut Reading<'_>) {
    let Data::Map(top) = &mut root.data else {
        return;
    };
    let Some(services) = top.iter_mut().find(|entry| entry.key == "services") else {
        return;
    };
    let Data::Map(services) = &mut services.value.data else {
        return;
    };
    let all = services.clone();
    for service in services {
        service.value = resolve(service, &all, depth, &mut Vec::new(), reading);
    }
}

/// A service with what it extends. `seen` are those that led here.
fn resolve(
    service: &Entry,
    all: &[Entry],
    depth: usize,
    seen: &mut Vec<String>,
    reading: &mut Reading<'_>,
) -> Node {
    let mut own = service.value.clone();
    let Data::Map(entries) = &mut own.data else {
        return own;
    };
    let Some(at) = entries.iter().position(|entry| entry.key == "extends") else {
        return own;
    };
    let extends = entries.remove(at).value;
    if seen.contains(&service.key) {
        let what = format!(
            "these services extend each other: {} -> {}",
            seen.join(" -> "),
            service.key
        );
        reading.problems.push(Problem::at(&extends.place, what));
        return own;
    }
    seen.push(service.key.clone());
    let (name, file) = match &extends.data {
        Data::Map(_) => {
            let fields = extends.fields(&["service", "file"], reading.problems);
            (fields.need("service", reading.problems), fields.get("file"))
        }
        _ => (Some(&extends), None),
    };
    let Some((name, text)) = name.and_then(|node| Some((node, node.text(reading.problems)?)))
    else {
        return own;
    };
    let base = match file {
        None => known(name, &text, all, reading)
            .cloned()
            .map(|base| resolve(&base, all, depth, seen, reading)),
        Some(node) => {
            let path = reading.base(&node.place);
            let path = path.join(node.text(reading.problems).unwrap_or_default());
            let folder = path.parent().unwrap_or(Path::new("")).to_owned();
            other(node, &path, &folder, depth, reading).and_then(|root| {
                let services = root.entry("services").map(|entry| entry.value.clone());
                let services = services.map(|node| node.entries(reading.problems).to_vec());
                let services = services.unwrap_or_default();
                known(name, &text, &services, reading).map(|entry| entry.value.clone())
            })
        }
    };
    match base {
        Some(base) => merge("", base, own),
        None => own,
    }
}

fn known<'s>(
    named: &Node,
    name: &str,
    all: &'s [Entry],
    reading: &mut Reading<'_>,
) -> Option<&'s Entry> {
    let found = all.iter().find(|entry| entry.key == name);
    if found.is_none() {
        let names = all.iter().map(|entry| entry.key.as_str());
        reading
            .problems
            .push(Problem::unknown(&named.place, "service", name, names));
    }
    found
}
