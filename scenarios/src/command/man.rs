//! `shakedown man`: the manual pages.

use super::{Answer, ManArgs, shown};
use clap_mangen::Man;
use shakedown_harness::problem::{Problem, suggest};
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

/// Shows a page, prints it for a program that reads it, or writes all of them.
pub fn man(args: ManArgs) -> Answer {
    let mut all = shown();
    all.build();
    if let Some(folder) = &args.out {
        return write(&all, folder);
    }
    let page = match &args.command {
        None => all,
        Some(name) => match all.find_subcommand(name) {
            Some(command) => command.clone(),
            None => {
                let known = all.get_subcommands().map(|command| command.get_name());
                return Err(Problem {
                    what: format!("unknown command `{name}`"),
                    place: None,
                    help: Some(suggest(name, known)),
                }
                .into());
            }
        },
    };
    match std::io::stdout().is_terminal() {
        true => show(page),
        false => {
            let _ = std::io::stdout().write_all(&rendered(page));
        }
    }
    Ok(0)
}

/// Shows a page to people: as `man` does, or as the help does where there is no `man`.
fn show(mut page: clap::Command) {
    if !paged(&rendered(page.clone())) {
        let _ = page.print_long_help();
    }
}

/// Has `man` show a page. `false`: there is none here, and nothing was shown.
fn paged(page: &[u8]) -> bool {
    let mut man = Command::new("man");
    let Ok(mut man) = man.args(["-l", "-"]).stdin(Stdio::piped()).spawn() else {
        return false;
    };
    if let Some(mut stdin) = man.stdin.take() {
        // Whoever has read enough closes it before its end.
        let _ = stdin.write_all(page);
    }
    man.wait().is_ok_and(|status| status.success())
}

fn rendered(command: clap::Command) -> Vec<u8> {
    // `shakedown run` has the page shakedown-run(1), as `git log` has git-log(1).
    let name = command
        .get_display_name()
        .unwrap_or_else(|| command.get_name())
        .to_owned();
    let mut page = Vec::new();
    // Writing into memory does not fail.
    let _ = Man::new(command.display_name(name)).render(&mut page);
    page
}

fn write(all: &clap::Command, folder: &Path) -> Answer {
    let failed =
        |error: std::io::Error| Problem::with_file(folder, format!("cannot write here: {error}"));
    std::fs::create_dir_all(folder).map_err(failed)?;
    let commands = all.get_subcommands().filter(|one| one.get_name() != "help");
    let pages = std::iter::once(all).chain(commands);
    for command in pages {
        let name = command
            .get_display_name()
            .unwrap_or_else(|| command.get_name());
        let file = folder.join(format!("{name}.1"));
        std::fs::write(&file, rendered(command.clone())).map_err(failed)?;
        say!("wrote {}", file.display());
    }
    Ok(0)
}
