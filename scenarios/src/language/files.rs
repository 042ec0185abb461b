//! Where features lie: the files that a path names.

use shakedown_harness::problem::{Problem, Problems, nearest};
use std::path::{Path, PathBuf};

/// How deep below a folder features are searched.
const MAX_DEPTH: usize = 8;

/// The feature files that a path names, sorted.
pub(super) fn files(path: &Path, problems: &mut Problems) -> Vec<PathBuf> {
    let mut files = Vec::new();
    match std::fs::metadata(path) {
        Err(error) => {
            let near = near(path).map(|near| format!("did you mean `{}`?", near.display()));
            let first = || "name a feature or a folder of features, or let `shakedown init` write a first one";
            let none = error.kind() == std::io::ErrorKind::NotFound;
            let help = near.or_else(|| none.then(|| first().to_owned()));
            let unread = Problem::with_file(path, format!("cannot be read: {error}"));
            problems.push(Problem { help, ..unread });
        }
        Ok(found) if found.is_file() => files.push(path.to_owned()),
        Ok(_) => {
            collect(path, 0, &mut files);
            if files.is_empty() {
                let what = "there is no `.feature` file in this folder";
                problems.push(Problem::with_file(path, what));
            }
        }
    }
    files.sort();
    files
}

/// What a path that leads nowhere may have meant: where it ends, a folder or feature with a name like the one that is missing.
fn near(path: &Path) -> Option<PathBuf> {
    let here = |folder: &Path| Path::new(".").join(folder);
    let known = path
        .ancestors()
        .skip(1)
        .find(|folder| here(folder).is_dir())?;
    let mut missing = path.strip_prefix(known).ok()?.components();
    let wrong = missing.next()?.as_os_str().to_str()?;
    let entries = std::fs::read_dir(here(known)).ok()?.flatten();
    let names = entries.filter(|entry| entry.path().is_dir() || is_feature(&entry.path()));
    let names: Vec<String> = names
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    let meant = known.join(nearest(wrong, names.iter().map(String::as_str))?);
    let whole = meant.join(missing.as_path());
    Some(if whole.exists() { whole } else { meant })
}

fn is_feature(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "feature")
}

fn collect(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() && depth < MAX_DEPTH {
            collect(&path, depth + 1, files);
        } else if is_feature(&path) {
            files.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leads_nowhere_gets_the_nearest() {
        let scratch = tempfile::tempdir().unwrap();
        let at = |path: &str| scratch.path().join(path);
        std::fs::create_dir_all(at("features/scorer")).unwrap();
        std::fs::write(at("features/scorer/reload.feature"), "").unwrap();
        std::fs::write(at("features/scorer/reload.md"), "").unwrap();
        for (typed, meant) in [
            ("featurs", Some("features")),
            ("featurs/scorer", Some("features/scorer")),
            (
                "features/scorers/reload.feature",
                Some("features/scorer/reload.feature"),
            ),
            // Of two slips the first is told.
            ("features/scorers/relod.feature", Some("features/scorer")),
            (
                "features/scorer/reload",
                Some("features/scorer/reload.feature"),
            ),
            ("zzz", None),
        ] {
            assert_eq!(near(&at(typed)), meant.map(at), "{typed}");
        }
    }
}
