//! What earlier invocations left in a folder that another one takes for its results.

use serde_json::Value;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// The files of which a run leaves one: its history, or that of a try whose environment failed.
const HISTORIES: [&str; 2] = ["history.jsonl", "failed.jsonl"];
/// The folders that a run makes beside it.
const FOLDERS: [&str; 2] = ["logs", "data"];

/// The beginning of the name of a round's folder, before its number.
pub const ROUND: &str = "round-";
/// The beginning of the name of a run whose stack was up before it.
pub const AHEAD: &str = "ahead-";

/// Removes the runs of earlier invocations from the folder of an invocation, so that nobody takes them for those of the
/// next one. A run is a folder that is named as runs are and has a history that a run began; whatever else lies in it stays,
/// and so does all else in `out`. Gives the folders that could not be removed, and why.
pub fn remove_runs(out: &Path) -> Vec<(PathBuf, io::Error)> {
    // The runs of planted bugs, and of the rounds of one who watches, lie one deeper, in folders that are numbered.
    let numbered = folders(out).filter(|folder| {
        let name = name(folder);
        is_number(name.strip_prefix(ROUND).unwrap_or(&name))
    });
    let numbered: Vec<PathBuf> = numbered.collect();
    let within = std::iter::once(out).chain(numbered.iter().map(PathBuf::as_path));
    let runs = within.flat_map(folders).filter(|folder| is_run(folder));
    let failed = runs.filter_map(|run| remove(&run).err().map(|error| (run, error)));
    let failed = failed.collect();
    for folder in numbered {
        // Not when something is left in it.
        let _ = fs::remove_dir(folder);
    }
    failed
}

/// The folders in a folder. What a link leads to is somebody else's.
fn folders(path: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    folders.map(|entry| entry.path())
}

fn name(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `01-the-answer-is-lost`, with the history of a run.
fn is_run(folder: &Path) -> bool {
    let name = name(folder);
    let number = name.split_once('-').map(|(number, _)| number);
    let mut histories = HISTORIES.iter().map(|name| folder.join(name));
    let numbered = number.is_some_and(|number| number.len() > 1 && is_number(number));
    (numbered || name.starts_with(AHEAD))
        && histories.any(|history| was_begun(&history).unwrap_or(false))
}

/// Whether a history begins as that of a run does; one that was ended at once is empty.
fn was_begun(history: &Path) -> io::Result<bool> {
    let mut line = String::new();
    BufReader::new(File::open(history)?).read_line(&mut line)?;
    let first: Option<Value> = serde_json::from_str(&line).ok();
    Ok(line.is_empty() || first.is_some_and(|first| first["kind"] == "started"))
}

/// Removes what a run leaves, and its folder unless something else lies there.
fn remove(run: &Path) -> io::Result<()> {
    let files = HISTORIES.map(|name| fs::remove_file(run.join(name)));
    let folders = FOLDERS.map(|name| fs::remove_dir_all(run.join(name)));
    for result in files.into_iter().chain(folders) {
        match result {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    match fs::remove_dir(run) {
        Err(error) if error.kind() != io::ErrorKind::DirectoryNotEmpty => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEGUN: &str = "{\"seq\":0,\"at_ns\":0,\"kind\":\"started\",\"run\":\"r\"}\n";

    /// Makes files, and gives those that are left.
    fn left(files: &[(&str, &str)]) -> Vec<String> {
        let out = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let file = out.path().join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        assert!(remove_runs(out.path()).is_empty());
        let there = |name: &&str| out.path().join(name).exists();
        let names = files.iter().map(|(name, _)| *name).filter(there);
        names.map(str::to_owned).collect()
    }

    #[test]
    fn runs_of_all_kinds_are_removed() {
        let files = [
            ("01-a/history.jsonl", BEGUN),
            ("01-a/logs/site.log", "x"),
            ("01-a-control/history.jsonl", BEGUN),
            ("01-a-failed-1/failed.jsonl", BEGUN),
            ("113-b/history.jsonl", ""),
            ("113-b/data/db", "x"),
            ("0/02-b/history.jsonl", BEGUN),
            ("round-2/03-c/history.jsonl", BEGUN),
            ("round-2/ahead-2-1/history.jsonl", BEGUN),
        ];
        assert!(left(&files).is_empty());
    }

    #[test]
    fn what_no_run_left_stays() {
        let files = [
            ("01-a/notes.txt", "mine, beside a run"),
            ("02-b/history.jsonl", "{\"mine\": true}\n"),
            ("03-c/logs/mine.log", "no history"),
            ("kept/history.jsonl", BEGUN),
            ("7-up/history.jsonl", BEGUN),
            ("0/notes.txt", "mine"),
            ("x/01-a/history.jsonl", BEGUN),
            ("history.jsonl", BEGUN),
        ];
        let mut all = files.to_vec();
        all.push(("01-a/history.jsonl", BEGUN));
        assert_eq!(left(&all), files.map(|(name, _)| name));
    }

    #[test]
    fn a_link_is_not_followed() {
        let out = tempfile::tempdir().unwrap();
        let mine = tempfile::tempdir().unwrap();
        fs::write(mine.path().join("history.jsonl"), BEGUN).unwrap();
        std::os::unix::fs::symlink(mine.path(), out.path().join("01-a")).unwrap();
        remove_runs(out.path());
        assert!(mine.path().join("history.jsonl").exists());
    }
}
