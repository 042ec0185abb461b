//! Mistakes: each is told with its place, the offending value, and what would have been accepted.
//!
//! The files beside this one have a row for each bad file: what is taken from a good file (`-`), what stands there
//! instead (`+`), and all that is said about it. `BLESS=1` writes down what is said now.

use super::{COMPOSE, SHAKEDOWN, change, read};
use proptest::prelude::*;
use std::path::{Path, PathBuf};

/// Nobody may lose rows unnoticed.
const AT_LEAST: usize = 100;

/// A bad file.
pub(super) struct Row {
    from: String,
    /// `None`: the whole line goes.
    to: Option<String>,
    pub(super) said: String,
}

impl Row {
    fn read(text: &str) -> Row {
        let begin = |sign: char| move |line: &&str| line.starts_with(sign);
        let join = |lines: &mut dyn Iterator<Item = &str>| {
            lines.map(|line| &line[1..]).collect::<Vec<_>>().join("\n")
        };
        let to = join(&mut text.lines().filter(begin('+')));
        let said = text.lines().filter(|line| !line.starts_with(['-', '+']));
        Row {
            from: join(&mut text.lines().filter(begin('-'))),
            to: Some(to).filter(|to| !to.is_empty()),
            said: said.collect::<Vec<_>>().join("\n"),
        }
    }

    /// The good file with this row's change.
    pub(super) fn apply(&self, good: &str) -> String {
        let line = format!("{}\n", self.from);
        match &self.to {
            Some(to) => change(good, &self.from, to),
            None if format!("\n{good}").contains(&format!("\n{line}")) => change(good, &line, ""),
            None => change(good, &self.from, ""),
        }
    }

    fn print(&self, said: &str) -> String {
        let signed = |sign, text: &str| -> String {
            text.lines().map(|line| format!("{sign}{line}\n")).collect()
        };
        let to = self.to.as_deref().map(|to| signed('+', to));
        format!(
            "{}{}{said}\n",
            signed('-', &self.from),
            to.unwrap_or_default()
        )
    }
}

pub(super) fn rows(name: &str) -> (PathBuf, Vec<Row>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/stack/tests/bad");
    let file = folder.join(name);
    let text = std::fs::read_to_string(&file).unwrap();
    (
        file,
        text.split("\n\n")
            .map(|row| Row::read(row.trim_end_matches('\n')))
            .collect(),
    )
}

/// What is said about two files, without the folder that they lie in.
fn said(compose: &str, shakedown: &str) -> String {
    let (folder, read) = read(compose, shakedown);
    let told = match read {
        Err(problems) => problems.to_string(),
        Ok(read) => {
            let warnings = read.warnings.iter();
            let warnings = warnings.map(|w| w.to_string().replacen("error:", "warning:", 1));
            warnings.collect::<Vec<_>>().join("\n")
        }
    };
    let told = told.replace(&format!("{}/", folder.path().display()), "");
    let lines: Vec<&str> = told.lines().filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

/// Each row of a file is one mistake, and said to be just that.
fn check(name: &str, say: impl Fn(&Row) -> String) {
    let (file, rows) = rows(name);
    let (mut wrong, mut blessed) = (String::new(), Vec::new());
    for row in &rows {
        let said = say(row);
        let count = said.matches("error:").count() + said.matches("warning:").count();
        if said != row.said || count != 1 {
            wrong += &format!(
                "{count} mistakes\n{}expected:\n{}\n\n",
                row.print(&said),
                row.said
            );
        }
        blessed.push(row.print(&said));
    }
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&file, blessed.join("\n")).unwrap();
    }
    let advice = "if that is right, write it down with BLESS=1";
    assert!(wrong.is_empty(), "{wrong}{advice}");
}

#[test]
fn mistakes_of_a_stack_file_are_told() {
    check("stack.txt", |row| said(COMPOSE, &row.apply(SHAKEDOWN)));
}

#[test]
fn mistakes_of_a_compose_file_are_told() {
    check("compose.txt", |row| said(&row.apply(COMPOSE), SHAKEDOWN));
}

#[test]
fn no_bad_file_stands_there_twice() {
    let all = ["stack.txt", "compose.txt"].map(|name| rows(name).1);
    let all: Vec<Row> = all.into_iter().flatten().collect();
    let mut changes: Vec<_> = all.iter().map(|row| (&row.from, &row.to)).collect();
    changes.sort();
    changes.dedup();
    assert_eq!(changes.len(), all.len(), "a row stands there twice");
    assert!(all.len() >= AT_LEAST, "only {} bad files", all.len());
}

#[test]
fn all_mistakes_of_both_files_come_at_once() {
    let compose = change(COMPOSE, "image: a", "imgae: a\n    image: a");
    let shakedown = change(SHAKEDOWN, "every: 50ms", "every: soon");
    let shakedown = change(&shakedown, "within: 5s", "witin: 5s, within: 5s");
    let said = said(&compose, &shakedown);
    for words in ["`imgae`", "`soon`", "`witin`"] {
        assert!(said.contains(words), "nothing about {words} in\n{said}");
    }
    assert_eq!(said.matches("error:").count(), 3, "{said}");
}

#[test]
fn names_are_checked_beside_what_cannot_be_read() {
    // The link cannot be read, so nobody says that `tell` is unknown; all the rest is told.
    let shakedown = change(SHAKEDOWN, "worker -> site", "worker site");
    let shakedown = change(
        &shakedown,
        "http://site:8000/jobs, creates",
        "http://sight:8000/jobs, creates",
    );
    let shakedown = change(&shakedown, "told first]", "told frist]");
    let told = said(&change(COMPOSE, "[site]", "[sight]"), &shakedown);
    let what = told.lines().filter(|line| line.starts_with("error:"));
    let expected = [
        "error: unknown service `sight`",
        "error: expected a link such as `client -> service`, not `worker site`",
        "error: unknown service `sight`",
        "error: unknown invariant `told frist`",
    ];
    assert_eq!(what.collect::<Vec<_>>(), expected, "{told}");
    // What a rule that cannot be read would have set is missed by nobody.
    let shakedown = change(SHAKEDOWN, "call: tell", "cal: tel");
    let shakedown = change(
        &shakedown,
        "caught_by: [told first]",
        "caught_by: [told frist]",
    );
    assert_eq!(said(COMPOSE, &shakedown).matches("error:").count(), 3);
}

#[test]
fn conditions_name_what_counts_and_not_its_aliases() {
    let shakedown = change(
        SHAKEDOWN,
        "learn:",
        "aliases: {shown: {OK: ok}}\n    learn:",
    );
    let bad = "{for: job, never: 'shown == \"OK\"'}";
    let shakedown = change(
        &shakedown,
        "{for: job, eventually: status in final, within: 5s}",
        bad,
    );
    let expected = "error: `OK` in `shown == \"OK\"` is an alias\n  where: shakedown.yaml:17:3\n  \
                    help:  `shown` never is that: write `ok`";
    assert_eq!(said(COMPOSE, &shakedown), expected);
}

proptest! {
    /// Whatever stands there, the answer is a stack or at least one mistake.
    #[test]
    fn no_text_is_too_odd(compose in any::<bool>(), at in 0usize..20, line in ".{0,40}", what in 0u8..3) {
        let text = if compose { COMPOSE } else { SHAKEDOWN };
        let mut lines: Vec<&str> = text.lines().collect();
        let at = at % lines.len();
        match what {
            0 => lines[at] = &line,
            1 => { lines.remove(at); }
            _ => lines.insert(at, lines[at]),
        }
        let text = lines.join("\n");
        let (_, read) = if compose { read(&text, SHAKEDOWN) } else { read(COMPOSE, &text) };
        prop_assert!(read.is_ok() || !read.unwrap_err().0.is_empty());
    }
}

#[test]
fn a_disk_takes_the_place_of_no_volume_that_others_have() {
    let shared = |name: &str| {
        let compose = change(COMPOSE, "image: a", "image: a\n    volumes: [\"data:/d\"]");
        let disk = format!(
            "image: b\n    volumes: [\"{name}:/w\"]\n    x-shakedown: {{disk: {{path: /w, size: 1 MB}}}}"
        );
        change(&compose, "image: b", &disk) + "volumes: {data: , mine: }\n"
    };
    let said = said(&shared("data"), SHAKEDOWN);
    assert!(
        said.contains("of the volume `data`, which `site` has too"),
        "{said}"
    );
    assert!(read(&shared("mine"), SHAKEDOWN).1.is_ok());
}
