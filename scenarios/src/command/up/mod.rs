//! `shakedown up`: keeps a stack with its gateways running, takes phrases, and shows what happens.

mod console;
mod lines;
mod sights;
mod words;

use super::session::{Session, program};
use super::{Answer, UpArgs, warn};
use console::{Console, Talked};
use lines::Lines;
use shakedown_harness::double;
use shakedown_harness::engine::Outcome;
use shakedown_harness::invocation::{Job, Played};
use shakedown_harness::plan::{Plan, Planned, Step};
use shakedown_harness::problem::{Place, Problem, Problems, suggest};
use shakedown_harness::report;
use shakedown_harness::stack::{self, Stack};
use shakedown_harness::verdict::{Verdict, WRONG_USE};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The run's folder in that of the invocation.
const NAME: &str = "up";

/// Runs a stack until somebody takes it down. Gives the exit code of the verdict where one was asked for, or an invariant
/// broke.
pub async fn up(mut args: UpArgs) -> Answer {
    args.play.jobs = Some(1);
    let (file, stack, warnings) = read(args.stack.as_deref(), args.mutant.as_deref())?;
    for warning in &warnings {
        warn(warning);
    }
    let session = Session::of_one(&args.play, &stack).await?;
    let invocation = &session.invocation;
    let job = Job {
        plan: plan(&stack, &file),
        stack,
        mutant: args.mutant,
        round: 1,
    };
    let kept = session.keep(&job, NAME);
    let lines = Lines::open(&job.stack);
    let console = Console::new(
        job.stack.clone(),
        invocation.out.join(NAME),
        lines.is_prompt(),
    );
    let talked = console.talk(lines, kept.orders, kept.sights).await;
    let outcome = kept.running.await.expect("a run catches its own panics");
    let code = code(&outcome, &talked);
    let played = Played {
        job,
        verdict: outcome.verdict,
        outcome,
        control: None,
    };
    let again = |one: &Played| {
        let history = one.outcome.folder.display();
        format!("{} check {history} --stack {}", program(), file.display())
    };
    for story in report::stories(&[&played], &again) {
        say!("{story}");
    }
    if let Some(undone) = undone(&talked) {
        eprintln!("error: {undone}");
    }
    say!("{}: {}", played.verdict, played.outcome.history.display());
    Ok(session.end(code).await)
}

/// What was told of it counts even if nobody asked; that nothing was seen counts only for who asked. A script of which not
/// every line was carried out proves nothing.
fn code(outcome: &Outcome, talked: &Talked) -> u8 {
    match outcome.verdict {
        Verdict::Violated | Verdict::EnvironmentFailed => outcome.verdict.exit_code(),
        _ if talked.mistakes > 0 => WRONG_USE,
        _ if talked.failed > 0 => Verdict::Inconclusive.exit_code(),
        other if talked.asked => other.exit_code(),
        _ => 0,
    }
}

/// What a script left undone, if it did.
fn undone(talked: &Talked) -> Option<String> {
    let count = |n: usize, what: &str| (n > 0).then(|| format!("{n} {what}"));
    let all = [
        count(talked.mistakes, "of its lines were not understood"),
        count(
            talked.failed,
            "of its steps were not done, or waited in vain",
        ),
    ];
    let all: Vec<String> = all.into_iter().flatten().collect();
    (!all.is_empty()).then(|| format!("the script proves nothing: {}", all.join(", and ")))
}

/// The stack that is meant: by its file, by its name, or the only one below the current folder.
fn read(
    wanted: Option<&str>,
    mutant: Option<&str>,
) -> Result<(PathBuf, Arc<Stack>, Vec<Problem>), Problems> {
    let file = match wanted {
        Some(wanted) if Path::new(wanted).is_file() => PathBuf::from(wanted),
        Some(wanted) => stack::find(wanted, Path::new("."))?,
        None => match &stack::all(Path::new("."))[..] {
            [only] => only.clone(),
            several => return Err(which(several).into()),
        },
    };
    let read = Stack::read(&file)?;
    double::check(&read.stack)?;
    let stack = match mutant {
        None => read.stack,
        Some(name) => read.stack.with_mutant(name).ok_or_else(|| {
            let known = read.stack.mutants.keys().map(String::as_str);
            let help = suggest(name, known);
            Problem::with_file(&file, format!("unknown mutant `{name}`")).help(help)
        })?,
    };
    Ok((file, Arc::new(stack), read.warnings))
}

fn which(files: &[PathBuf]) -> Problem {
    let (what, help) = match files {
        [] => (
            "no `shakedown.yaml` lies below the current folder",
            "give its file: `shakedown up FILE`".to_owned(),
        ),
        _ => {
            let files: Vec<String> = files
                .iter()
                .map(|file| file.display().to_string())
                .collect();
            let files = files.join(", ");
            (
                "several stacks lie below the current folder",
                format!("name one, or its file: {files}"),
            )
        }
    };
    Problem {
        what: what.to_owned(),
        place: None,
        help: Some(help),
    }
}

/// It begins with nothing, and all invariants count.
fn plan(stack: &Stack, file: &Path) -> Plan {
    let place = Place::new(file, 1, 1);
    let planned = |step, text: &str| Planned {
        step,
        text: text.to_owned(),
        place: place.clone(),
    };
    Plan {
        feature: NAME.to_owned(),
        scenario: format!("{} up", stack.name),
        place: place.clone(),
        tags: Vec::new(),
        stack: stack.name.clone(),
        steps: vec![planned(Step::EveryInvariant, "every invariant holds")],
    }
}
