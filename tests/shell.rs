//! What shells and `man` are told about the command line.

use crate::lanes::trial;
use crate::support::{Case, Said, Scratch, check, commands};
use libtest_mimic::{Failed, Trial};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 5] = [
        ("definitions for the language server are JavaScript", glue),
        ("completions name commands and options", completions),
        ("the manual has a page for each command", manual),
        ("a terminal shows the manual as people read it", shown),
        ("an unknown page is told with the nearest", unknown),
    ];
    let case = |(name, run): Case| trial(format!("shell: {name}"), run);
    cases.into_iter().map(case).collect()
}

fn completions() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let commands = commands()?;
    check(commands.len() > 5, || format!("{commands:?}"))?;
    for shell in ["bash", "zsh", "fish"] {
        let said = scratch.shakedown(&["completions", shell]).exits(0)?;
        for word in commands
            .iter()
            .map(String::as_str)
            .chain(["runtime", "repeat", "dry-run"])
        {
            check(said.stdout.contains(word), || {
                format!("{shell} is not told of `{word}`")
            })?;
        }
        for hidden in ["reap", "gateway"] {
            check(!said.stdout.contains(hidden), || {
                format!("{shell} is told of `{hidden}`")
            })?;
        }
        sound(shell, &said.stdout)?;
    }
    scratch.shakedown(&["completions", "tcsh"]).exits(64)?;
    Ok(())
}

/// The shell itself takes the script, where it is here.
fn sound(shell: &str, script: &str) -> Result<(), Failed> {
    let mut command = Command::new(shell);
    let spawned = command
        .arg("-n")
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = spawned else {
        return Ok(());
    };
    let mut stdin = child.stdin.take().ok_or("no pipe")?;
    stdin.write_all(script.as_bytes())?;
    drop(stdin);
    let output = child.wait_with_output()?;
    check(output.status.success(), || {
        format!("{shell}: {}", String::from_utf8_lossy(&output.stderr))
    })
}

fn glue() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let said = scratch
        .shakedown(&["steps", "--format", "cucumber"])
        .exits(0)?;
    for line in [
        "defineParameterType({ name: 'call', regexp: /[^\"]+/ })",
        "Given('the call \"{call}\" hangs{when}', () => {})",
        "Given('the call \"{call}\" answers {code} with \"{body}\"{when}', () => {})",
        "Given('the link \"{link}\" carries {size}\\/s{when}', () => {})",
        "Given('\"{workload}\" runs {int} time(s) with {int} client(s)', () => {})",
        "Given('every {entity} is final within {time}', () => {})",
    ] {
        check(said.stdout.lines().any(|other| other == line), || {
            format!("no line `{line}`\n{}", said.stdout)
        })?;
    }
    let file = scratch.file("steps.js", &said.stdout);
    match Command::new("node").arg("--check").arg(file).output() {
        Ok(output) => check(output.status.success(), || {
            String::from_utf8_lossy(&output.stderr).into_owned()
        }),
        Err(_) => Ok(()),
    }
}

fn manual() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let main = scratch.shakedown(&["man"]).exits(0)?.stdout;
    check(
        main.starts_with(".ie") || main.contains(".TH shakedown 1"),
        || main.clone(),
    )?;
    let run = scratch.shakedown(&["man", "run"]).exits(0)?.stdout;
    check(
        run.contains(".TH shakedown-run 1") && run.contains("repeat"),
        || run.clone(),
    )?;
    let mut pages = vec!["shakedown.1".to_owned()];
    pages.extend(commands()?.iter().map(|name| format!("shakedown-{name}.1")));
    pages.sort();
    scratch.shakedown(&["man", "--out", "pages"]).exits(0)?;
    let written = std::fs::read_dir(scratch.path("pages"))?.flatten();
    let mut written: Vec<String> = written
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .collect();
    written.sort();
    check(written == pages, || format!("{written:?}, not {pages:?}"))
}

/// What a terminal shows of the manual of `run`, with this search path.
fn on_terminal(path: &str) -> Result<String, Failed> {
    let typed = format!(
        "env PATH={path} {} man run",
        env!("CARGO_BIN_EXE_shakedown")
    );
    let mut script = Command::new("script");
    let script = script.args(["--quiet", "--return", "--command", &typed, "/dev/null"]);
    let said = Said::of(script.stdin(Stdio::null()).output()?).exits(0)?;
    Ok(said.stdout)
}

fn shown() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let man = scratch.file(
        "bin/man",
        "#!/bin/sh\necho \"man was asked: $*\"; read -r first; echo \"$first\"\n",
    );
    std::fs::set_permissions(&man, PermissionsExt::from_mode(0o755))?;
    let paged = on_terminal(&scratch.path("bin").display().to_string())?;
    check(
        paged.contains("man was asked: -l -") && paged.contains(".ie"),
        || paged.clone(),
    )?;
    let plain = on_terminal("/nowhere")?;
    check(plain.contains("--repeat") && !plain.contains(".TH"), || {
        plain.clone()
    })
}

fn unknown() -> Result<(), Failed> {
    let said = Scratch::new().shakedown(&["man", "rum"]).exits(64)?;
    said.tells(&["unknown command `rum`", "did you mean `run`?"])
}
