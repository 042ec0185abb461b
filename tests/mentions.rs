//! What the pages mention is there: commands, their options, benches, and where links lead.

use crate::lanes::trial;
use crate::pages::{self, Page};
use crate::support::{Case, Scratch, check, commands, root};
use libtest_mimic::{Failed, Trial};

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 3] = [
        ("commands and options that are named are there", named),
        ("links lead somewhere", links),
        ("all commands are in its table", table),
    ];
    let case = |(name, run): Case| trial(format!("readme: {name}"), run);
    cases.into_iter().map(case).collect()
}

/// What is code in a page, on one line each.
fn code(page: &Page) -> Result<Vec<String>, Failed> {
    let mut all = Vec::new();
    for block in page.blocks.iter().filter(|block| block.is_commands()) {
        let commands = block.commands()?;
        all.extend(
            commands
                .into_iter()
                .map(|command| command.text.replace("\\\n", " ")),
        );
    }
    let prose = page.text.split("```").step_by(2);
    let spans = prose.flat_map(|text| text.split('`').skip(1).step_by(2));
    all.extend(spans.map(|span| span.split_whitespace().collect::<Vec<_>>().join(" ")));
    Ok(all)
}

fn named() -> Result<(), Failed> {
    let known = commands()?;
    let mut seen = 0;
    for page in pages::all()? {
        for code in code(&page)? {
            let words = ["shakedown ", "cargo run -- "].map(|start| code.strip_prefix(start));
            if let Some(words) = words.into_iter().flatten().next() {
                seen += 1;
                is_there(words, &known).map_err(|why| format!("{}: `{code}`: {why}", page.name))?;
            }
            if let Some(words) = code.strip_prefix("cargo bench ") {
                bench(words).map_err(|why| format!("{}: `{code}`: {why}", page.name))?;
            }
        }
    }
    check(seen > 30, || format!("only {seen} commands are named"))
}

/// The command is there, and all its options are.
fn is_there(words: &str, known: &[String]) -> Result<(), String> {
    let mut words = words.split(' ');
    let name = words.next().unwrap_or_default();
    if !known.iter().any(|one| one == name) {
        return Err(format!("there is no command `{name}`"));
    }
    let help = Scratch::new().shakedown(&[name, "--help"]).stdout;
    let options = words.filter_map(|word| word.strip_prefix("--"));
    for option in options.map(|word| word.split('=').next().unwrap_or_default()) {
        let there = help
            .split_whitespace()
            .any(|word| word.trim_end_matches(',').strip_prefix("--") == Some(option));
        if !there {
            return Err(format!("`{name}` has no option `--{option}`"));
        }
    }
    Ok(())
}

/// `-p PACKAGE --bench NAME` is there.
fn bench(words: &str) -> Result<(), String> {
    let words: Vec<&str> = words.split(' ').collect();
    let ["-p", package, "--bench", name, ..] = words[..] else {
        return Err("it says no package and no bench".to_owned());
    };
    let there = ["harness", "scenarios"].iter().any(|folder| {
        let file = root().join(folder).join("Cargo.toml");
        let text = std::fs::read_to_string(file).unwrap_or_default();
        let line = |line: String| text.lines().any(|one| one == line);
        line(format!("name = \"{package}\"")) && line(format!("name = \"{name}\""))
    });
    there
        .then_some(())
        .ok_or("there is no such bench".to_owned())
}

fn links() -> Result<(), Failed> {
    for page in pages::all()? {
        let folder = root().join(&page.name);
        let folder = folder.parent().ok_or("no folder")?;
        let prose: String = page.text.split("```").step_by(2).collect();
        let targets = prose
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.starts_with("http")) {
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = match file {
                "" => root().join(&page.name),
                _ => folder.join(file),
            };
            let there = match anchor {
                "" => file.exists(),
                _ => std::fs::read_to_string(file).is_ok_and(|text| has(&text, anchor)),
            };
            check(there, || format!("{}: `{target}` leads nowhere", page.name))?;
        }
    }
    Ok(())
}

/// Whether a page has a heading of this anchor.
fn has(text: &str, anchor: &str) -> bool {
    let slug = |heading: &str| -> String {
        let kept = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = kept
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    let mut headings = text.lines().filter(|line| line.starts_with('#'));
    headings.any(|heading| slug(heading) == anchor)
}

fn table() -> Result<(), Failed> {
    let readme = std::fs::read_to_string(root().join("README.md"))?;
    for name in commands()? {
        let row = |line: &str| line.starts_with(&format!("| `{name}"));
        check(readme.lines().any(row), || {
            format!("no row of README.md begins with `{name}`")
        })?;
    }
    Ok(())
}
