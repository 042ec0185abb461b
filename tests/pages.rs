//! The pages that people read, README.md, docs/ and those of the features and examples, as what they show: blocks, and what a comment above a block says of it.

use crate::support::{check, root};
use libtest_mimic::Failed;
use std::path::{Path, PathBuf};

/// A page.
pub struct Page {
    /// Its path in the repository.
    pub name: String,
    pub text: String,
    pub blocks: Vec<Block>,
}

/// A fenced block.
pub struct Block {
    /// The line of its fence.
    pub line: usize,
    pub language: String,
    /// Without the indentation of the fence.
    pub text: String,
    pub mark: Option<Mark>,
}

/// What a comment in the line above a block says.
pub enum Mark {
    /// `not run here: REASON`
    NotRun(String),
    /// `shown only: REASON`; it claims to be no file.
    ShownOnly(String),
    /// `file: NAME`; the reader writes this file.
    File(String),
    /// `part of: PATH`; it stands like this in the repository.
    PartOf(String),
    /// `in: PLACE`; its commands run there.
    In(Place),
}

/// Where a reader types.
#[derive(Clone, Copy, PartialEq)]
pub enum Place {
    /// In `examples/shop`, or beside a compose file of their own that has files of ours too.
    Shop,
    /// Where there is a compose file only.
    ComposeOnly,
    /// At the root of the repository.
    Repository,
}

/// All pages.
pub fn all() -> Result<Vec<Page>, Failed> {
    let mut files = vec![PathBuf::from("README.md")];
    for name in names("docs")? {
        files.extend((name.extension() == Some("md".as_ref())).then_some(name));
    }
    for folder in [names("features")?, names("examples")?].concat() {
        let page = folder.join("README.md");
        files.extend(root().join(&page).is_file().then_some(page));
    }
    files.sort();
    files.iter().map(|file| read(file)).collect()
}

/// What is in a folder of the repository.
fn names(folder: &str) -> Result<Vec<PathBuf>, Failed> {
    let entries = std::fs::read_dir(root().join(folder))?;
    let names = entries.map(|entry| Ok(Path::new(folder).join(entry?.file_name())));
    names.collect()
}

fn read(file: &Path) -> Result<Page, Failed> {
    let text = std::fs::read_to_string(root().join(file))?;
    let name = file.display().to_string();
    let blocks = blocks(&text).map_err(|why| format!("{name}:{why}"))?;
    Ok(Page { name, text, blocks })
}

fn blocks(text: &str) -> Result<Vec<Block>, String> {
    let mut blocks = Vec::new();
    let mut lines = (1..).zip(text.lines());
    let mut above = "";
    while let Some((number, line)) = lines.next() {
        let (indent, rest) = indentation(line);
        if let Some(language) = rest.strip_prefix("```") {
            let inside = lines.by_ref().map(|(_, line)| line);
            let inside = inside.take_while(|line| line.trim() != "```");
            let inside = inside.map(|line| line.strip_prefix(indent).unwrap_or(line.trim_start()));
            let text = inside.fold(String::new(), |text, line| text + line + "\n");
            blocks.push(Block {
                line: number,
                language: language.to_owned(),
                text,
                mark: mark(above).map_err(|why| format!("{number}: {why}"))?,
            });
        }
        above = line;
    }
    Ok(blocks)
}

fn indentation(line: &str) -> (&str, &str) {
    line.split_at(line.len() - line.trim_start().len())
}

fn mark(above: &str) -> Result<Option<Mark>, String> {
    let comment = above.trim().strip_prefix("<!-- ");
    let Some(comment) = comment.and_then(|rest| rest.strip_suffix(" -->")) else {
        return Ok(None);
    };
    let (kind, rest) = comment.split_once(": ").unwrap_or((comment, ""));
    let rest = rest.to_owned();
    Ok(Some(match (kind, rest.as_str()) {
        ("not run here", _) => Mark::NotRun(rest),
        ("shown only", _) => Mark::ShownOnly(rest),
        ("file", _) => Mark::File(rest),
        ("part of", _) => Mark::PartOf(rest),
        ("in", "the repository") => Mark::In(Place::Repository),
        ("in", "a folder with a compose file only") => Mark::In(Place::ComposeOnly),
        _ => return Err(format!("nobody knows what `{comment}` says of a block")),
    }))
}

/// A command of a block, and what the page promises.
#[derive(Default)]
pub struct Command {
    pub text: String,
    /// As a comment behind it says it: `# exit code 1`.
    pub code: i32,
    /// What is typed at its prompt.
    pub typed: Vec<String>,
    /// The lines that it is shown to print. `...` stands for anything.
    pub shows: Vec<String>,
}

/// The prompt of `shakedown up`.
const PROMPT: &str = "shakedown> ";

impl Block {
    /// Whether a reader is to type it.
    pub fn is_commands(&self) -> bool {
        ["sh", "console"].contains(&self.language.as_str())
    }

    /// Its commands. In `console`, they stand behind `$`, and all else is what they print.
    pub fn commands(&self) -> Result<Vec<Command>, Failed> {
        let mut commands: Vec<Command> = Vec::new();
        let mut lines = self.text.lines().filter(|line| !line.is_empty());
        while let Some(line) = lines.next() {
            let typed = match self.language.as_str() {
                "sh" => Some(line),
                _ => line.strip_prefix("$ "),
            };
            if let Some(first) = typed {
                let mut text = first.to_owned();
                while text.ends_with('\\') {
                    text = text + "\n" + lines.next().ok_or("a command has no end")?;
                }
                let code = text.rsplit_once("exit code ").map(|(_, code)| code.trim());
                commands.push(Command {
                    code: code.map_or(Ok(0), str::parse)?,
                    text,
                    ..Command::default()
                });
                continue;
            }
            let last = commands
                .last_mut()
                .ok_or("a block begins with no command")?;
            match line.strip_prefix(PROMPT) {
                Some(typed) => last.typed.push(typed.to_owned()),
                None => last.shows.push(line.to_owned()),
            }
        }
        Ok(commands)
    }

    /// Fails unless a file of the repository has it, whatever its indentation there.
    pub fn is_in(&self, file: &str) -> Result<(), Failed> {
        let real = std::fs::read_to_string(root().join(file))?;
        let (real, wanted) = (dedented(&real), dedented(&self.text));
        let windows = real.windows(wanted.len());
        let found = windows
            .into_iter()
            .any(|some| dedented(&some.join("\n")) == wanted);
        check(found, || format!("this is not in {file}:\n{}", self.text))
    }
}

/// Lines without the indentation that all of them have.
fn dedented(text: &str) -> Vec<String> {
    let filled = text.lines().filter(|line| !line.trim().is_empty());
    let least = filled.map(|line| indentation(line).0.len()).min();
    let line = |line: &str| line.get(least.unwrap_or(0)..).unwrap_or("").to_owned();
    text.lines().map(line).collect()
}
