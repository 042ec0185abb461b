//! The pages, done as a reader does them: every command is typed as it is written, in the order of the page, and every file
//! that is shown is the real one.

use crate::lanes::trial;
use crate::pages::{self, Block, Command, Mark, Page, Place};
use crate::support::{Said, Scratch, check, root};
use libtest_mimic::{Failed, Trial};
use regex::Regex;
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};

pub fn trials() -> Vec<Trial> {
    let mut trials = vec![trial(
        "readme: what is not run is what is known not to be",
        skipped,
    )];
    match pages::all() {
        Ok(pages) => trials.extend(pages.into_iter().map(|page| {
            let name = format!("readme: {} does as it says", page.name);
            trial(name, move || done(&page))
        })),
        Err(why) => trials.push(trial("readme: pages can be read", || Err(why))),
    }
    trials
}

/// What is shown and neither run nor compared with a file: its page, its first line, and why.
const SKIPPED: [(&str, &str, &str); 14] = [
    ("README.md", "cargo run -- run features", ALL),
    ("README.md", "tests/run", "it is what runs this"),
    ("README.md", "cargo install --path scenarios", "installs"),
    (
        "docs/ci.md",
        "- uses: OWNER/shakedown@main",
        "a step of a workflow of your own",
    ),
    (
        "docs/daily.md",
        "shakedown run --watch",
        "it goes on until Ctrl-C",
    ),
    (
        "docs/evidence.md",
        "entities:",
        "two pieces of a stack file",
    ),
    (
        "docs/stacks.md",
        "expose: [\"8000\"]                                  # or `ports`: where the service can be asked",
        "lines to add to a service of your own",
    ),
    (
        "docs/verdicts.md",
        "cargo run -- mutants features",
        "the gate plays all planted bugs",
    ),
    (
        "examples/own-steps/README.md",
        "cargo run -p own-steps -- run examples/own-steps/features --runtime process",
        "the tests of that crate play it",
    ),
    (
        "features/beacon/README.md",
        "$ cargo run -- run features/beacon",
        ALL,
    ),
    (
        "features/codabench/README.md",
        "$ cargo run -- run features/codabench",
        ALL,
    ),
    (
        "features/sample-platform/README.md",
        "while True:                       # NO TIMEOUT OR MAX ITERATIONS!",
        "a loop of the incident",
    ),
    (
        "features/sample-platform/README.md",
        "$ cargo run -- run features/sample-platform",
        ALL,
    ),
    (
        "features/scorer/README.md",
        "$ cargo run -- run features/scorer",
        ALL,
    ),
];

const ALL: &str = "the gate plays all features, and the planted bugs with them";

fn skipped() -> Result<(), Failed> {
    let mut found = Vec::new();
    for page in pages::all()? {
        for Block { text, mark, .. } in page.blocks {
            if let Some(Mark::NotRun(why) | Mark::ShownOnly(why)) = mark {
                let first = text.lines().next().unwrap_or_default().trim().to_owned();
                found.push((page.name.clone(), first, why));
            }
        }
    }
    let known =
        SKIPPED.map(|(page, first, why)| (page.to_owned(), first.to_owned(), why.to_owned()));
    check(found == known, || {
        format!("not run or compared: {found:#?}, but known are {known:#?}")
    })
}

/// A reader's machine, for one page: `shakedown` is on the path, and so is a `cargo` that has built all there is.
struct Reader {
    scratch: Scratch,
}

/// What `cargo run -- WORDS` is once it has built.
const CARGO: &str = "\
#!/bin/sh
[ \"$1 $2\" = 'run --' ] || { echo \"cargo: not here: $*\"; exit 99; }
shift 2
CARGO_MANIFEST_DIR=. exec shakedown \"$@\"
";

impl Reader {
    fn new() -> Result<Reader, Failed> {
        let scratch = Scratch::new();
        let cargo = scratch.file("bin/cargo", CARGO);
        std::fs::set_permissions(cargo, PermissionsExt::from_mode(0o755))?;
        symlink(
            env!("CARGO_BIN_EXE_shakedown"),
            scratch.path("bin/shakedown"),
        )?;
        scratch.file("home/.profile", "");
        let reader = Reader { scratch };
        let shop = root().join("examples/shop");
        copy(&shop, &reader.at(Place::Shop))?;
        for part in ["compose.yaml", "doubles"] {
            copy(&shop.join(part), &reader.at(Place::ComposeOnly).join(part))?;
        }
        for part in ["features", "fixtures", "examples/shop"] {
            copy(&root().join(part), &reader.at(Place::Repository).join(part))?;
        }
        Ok(reader)
    }

    fn at(&self, place: Place) -> PathBuf {
        self.scratch.path(match place {
            Place::Shop => "shop",
            Place::ComposeOnly => "plain/shop",
            Place::Repository => "repository",
        })
    }

    /// Types a command, and what is typed at its prompt.
    fn types(&self, command: &Command, place: Place) -> Result<Said, Failed> {
        let path = std::env::var("PATH")?;
        let mut child = process::Command::new("bash")
            .args(["-c", &format!("exec 2>&1\n{}\n", command.text)])
            .current_dir(self.at(place))
            .env(
                "PATH",
                format!("{}:{path}", self.scratch.path("bin").display()),
            )
            .env("HOME", self.scratch.path("home"))
            // Services run as local processes, which takes a fraction of the time.
            .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
            .env_remove("CARGO_MANIFEST_DIR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut stdin = child.stdin.take().ok_or("it has an input")?;
        if !command.typed.is_empty() {
            // A terminal shows from the start what happens.
            let typed = format!("watch\n{}\n", command.typed.join("\n"));
            stdin.write_all(typed.as_bytes())?;
        }
        drop(stdin);
        Ok(Said::of(child.wait_with_output()?))
    }
}

/// Copies a file, or a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<(), Failed> {
    if !from.is_dir() {
        std::fs::create_dir_all(to.parent().ok_or("no folder")?)?;
        std::fs::copy(from, to)?;
        return Ok(());
    }
    for entry in std::fs::read_dir(from)? {
        let name = entry?.file_name();
        copy(&from.join(&name), &to.join(&name))?;
    }
    Ok(())
}

/// Does all that a page shows, in its order.
fn done(page: &Page) -> Result<(), Failed> {
    let reader = Reader::new()?;
    for block in &page.blocks {
        do_one(&reader, block).map_err(|why| {
            let why = why.message().unwrap_or_default().to_owned();
            format!("{}:{}: {why}", page.name, block.line)
        })?;
    }
    Ok(())
}

fn do_one(reader: &Reader, block: &Block) -> Result<(), Failed> {
    let place = match &block.mark {
        Some(Mark::NotRun(_) | Mark::ShownOnly(_)) => return Ok(()),
        Some(Mark::PartOf(file)) => return block.is_in(file),
        Some(Mark::File(name)) => {
            let file = reader.at(Place::Shop).join(name);
            std::fs::create_dir_all(file.parent().ok_or("no folder")?)?;
            return Ok(std::fs::write(file, &block.text)?);
        }
        Some(Mark::In(place)) => *place,
        None => Place::Shop,
    };
    check(block.is_commands(), || {
        "a comment must say what this is: `file:`, `part of:` or `shown only:`".to_owned()
    })?;
    for command in block.commands()? {
        let said = reader.types(&command, place)?;
        check(said.code == command.code, || {
            let Command { text, code, .. } = &command;
            format!("`{text}` should end with {code}\n{}", said.all())
        })?;
        shown(&command, &said)?;
    }
    Ok(())
}

/// Every line that the page shows was printed, in this order.
fn shown(command: &Command, said: &Said) -> Result<(), Failed> {
    let mut printed = said.stdout.lines().map(of_any_run);
    for line in command.shows.iter().filter(|line| line.trim() != "...") {
        let wanted = of_any_run(line);
        check(printed.any(|one| is_like(&one, &wanted)), || {
            format!(
                "`{}` does not print, or not there:\n{line}\n{}",
                command.text,
                said.all()
            )
        })?;
    }
    Ok(())
}

/// What differs from run to run is the same: times, the numbers of events, and which of its kind an entity is.
fn of_any_run(line: &str) -> String {
    let differs =
        Regex::new(r"\d+\.\d+ s|#\d+|\b(submission|order|test) \d+").expect("an expression");
    differs.replace_all(line.trim_end(), "${1}#").into_owned()
}

/// Whether a line is another one, in which `...` stands for anything.
fn is_like(line: &str, wanted: &str) -> bool {
    let mut parts = wanted.split("...");
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = line.strip_prefix(first) else {
        return false;
    };
    let mut last = first;
    for part in parts {
        let Some(at) = rest.find(part) else {
            return false;
        };
        rest = &rest[at + part.len()..];
        last = part;
    }
    rest.is_empty() || last.is_empty()
}
