//! `shakedown check`: judges again what was recorded. Nothing is started.

use super::session::{self, program};
use super::{Answer, CheckArgs, warn};
use shakedown_harness::audit::{self, Recorded};
use shakedown_harness::invocation::{self, Played};
use shakedown_harness::problem::{Problem, Problems, suggest};
use shakedown_harness::report::{self, Page};
use shakedown_harness::seed::Seed;
use shakedown_harness::stack::{self, Stack};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Judges a run's histories, or an export. Gives the exit code of the worst verdict.
pub fn check(args: CheckArgs) -> Answer {
    let (played, seed) = match (&args.events, &args.run) {
        (Some(events), _) => (vec![export(events, &args)?], None),
        (None, Some(run)) => histories(run, &args)?,
        (None, None) => unreachable!("one of both is required"),
    };
    for one in &played {
        say!("{}", report::scenario(one));
    }
    say!();
    let all: Vec<&Played> = played.iter().collect();
    for story in report::stories(&all, &|one| again(one, &args)) {
        say!("{story}");
    }
    say!("{}", report::summary(&played, seed).trim_end());
    let code = invocation::verdict(&played).exit_code();
    if let Some(out) = &args.out {
        let value = report::run_json(&played, code, Seed(seed.unwrap_or_default()), "recorded");
        write(out, &value)?;
        let page = Page {
            command: "check",
            again: session::typed(),
            seed,
            runtime: "recorded",
            verdict: invocation::verdict(&played),
            exit_code: code,
            played: &played,
            repeat: &|one| again(one, &args),
            folder: out,
            ..Page::default()
        };
        if !session::write_report(&page) {
            return Ok(code.max(3));
        }
    }
    Ok(code)
}

fn export(events: &Path, args: &CheckArgs) -> Result<Played, Problems> {
    let file = match &args.stack {
        Some(file) => file.clone(),
        None => match &stack::all(Path::new("."))[..] {
            [only] => only.clone(),
            _ => {
                let what = "an export does not say of which stack it is".to_owned();
                let help = Some("give the stack file with `--stack FILE`".to_owned());
                return Err(Problem {
                    what,
                    place: None,
                    help,
                }
                .into());
            }
        },
    };
    audit::exported(events, args.disorder, &read(&file, args)?)
}

fn histories(run: &Path, args: &CheckArgs) -> Result<(Vec<Played>, Option<u64>), Problems> {
    let found = Recorded::find(run)?;
    let mut stacks: BTreeMap<&str, Arc<Stack>> = BTreeMap::new();
    let mut problems = Problems::default();
    for recorded in &found {
        let name = recorded.stack.as_str();
        if stacks.contains_key(name) {
            continue;
        }
        match of(name, args) {
            Ok(stack) => drop(stacks.insert(name, stack)),
            Err(found) => problems.0.extend(found.0),
        }
    }
    problems.or(())?;
    let played = found.iter();
    let played = played.map(|recorded| audit::recorded(recorded, &stacks[recorded.stack.as_str()]));
    let seed = found.first().map(|recorded| recorded.seed);
    let mut played = played.collect::<Result<Vec<Played>, _>>()?;
    invocation::settle(&mut played);
    Ok((played, seed))
}

/// The stack of a history, as its file describes it now.
fn of(name: &str, args: &CheckArgs) -> Result<Arc<Stack>, Problems> {
    let Some(file) = &args.stack else {
        return read(&stack::find(name, Path::new("."))?, args);
    };
    let stack = read(file, args)?;
    if stack.name != name {
        let what = format!(
            "describes the stack `{}`, and the history is of `{name}`",
            stack.name
        );
        return Err(Problem::with_file(file, what).into());
    }
    Ok(stack)
}

/// The stack of a file, with the invariants that are asked for.
fn read(file: &Path, args: &CheckArgs) -> Result<Arc<Stack>, Problems> {
    let mut read = Stack::read(file)?;
    let (wanted, known) = (&args.invariant, &mut read.stack.invariants);
    let mut problems = Problems::default();
    for name in wanted.iter().filter(|name| !known.contains_key(*name)) {
        let help = suggest(name, known.keys().map(String::as_str));
        let what = format!("there is no invariant `{name}`");
        problems.push(Problem::with_file(file, what).help(help));
    }
    problems.or(())?;
    known.retain(|name, _| wanted.is_empty() || wanted.contains(name));
    for warning in &read.warnings {
        warn(warning);
    }
    Ok(Arc::new(read.stack))
}

/// The command that judges this again.
fn again(one: &Played, args: &CheckArgs) -> String {
    let (file, folder) = (&one.outcome.history, &one.outcome.folder);
    // A history of another name is found by that alone.
    let whole = file.ends_with("history.jsonl") && !folder.as_os_str().is_empty();
    let recorded = if whole { folder } else { file };
    let mut command = match &args.events {
        Some(events) => format!("{} check --events {}", program(), events.display()),
        None => format!("{} check {}", program(), recorded.display()),
    };
    if !args.disorder.is_zero() {
        let disorder = shakedown_harness::duration::print(args.disorder);
        command.push_str(&format!(" --disorder {disorder}"));
    }
    for name in &args.invariant {
        command.push_str(&format!(" --invariant '{name}'"));
    }
    if let Some(stack) = &args.stack {
        command.push_str(&format!(" --stack {}", stack.display()));
    }
    command
}

fn write(out: &Path, value: &serde_json::Value) -> Result<(), Problems> {
    let file = out.join("check.json");
    let text = serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
    std::fs::create_dir_all(out)
        .and_then(|()| std::fs::write(&file, text))
        .map_err(|error| Problem::with_file(&file, format!("cannot be written: {error}")))?;
    say!("results: {}", file.display());
    Ok(())
}
