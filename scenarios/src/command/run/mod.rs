//! `shakedown run`: play features and judge what happened.

mod changes;
mod watch;

use super::load::{self, Loaded};
use super::progress::Show;
use super::reports::Reports;
use super::session::{self, Session};
use super::{Answer, RunArgs, warn};
use shakedown_harness::count;
use shakedown_harness::invocation::{self, Invocation, Job, Played, Progress};
use shakedown_harness::problem::{Problem, Problems, suggest};
use shakedown_harness::report::{self, Page, Results};
use std::sync::Arc;

/// Plays the scenarios. Gives the exit code of the worst verdict.
pub async fn run(args: RunArgs) -> Answer {
    let loaded = load::load(&args.features)?;
    let jobs = jobs(&loaded, args.mutant.as_deref(), args.repeat.into())?;
    for warning in &loaded.warnings {
        warn(warning);
    }
    let reports = Reports::prepare(&args.reports)?;
    let session = Session::begin(&args.play, &loaded).await?;
    if args.watch {
        return watch::watch(&args, (loaded, jobs), &reports, session).await;
    }
    let played = play(&session, &session.invocation, &jobs, &reports).await;
    tell(&played, &session, &args);
    if played.len() < jobs.len() {
        let why = session.invocation.lost.get();
        say!(
            "{}: {} of {} were not begun",
            why.map_or("interrupted", String::as_str),
            jobs.len() - played.len(),
            count::of(jobs.len(), "run")
        );
    }
    let code = write(&played, &session, &args, &reports);
    Ok(session.end(code).await)
}

async fn play(
    session: &Session,
    invocation: &Invocation,
    jobs: &[Job],
    reports: &Reports<'_>,
) -> Vec<Played> {
    reports.quiet(&invocation.run);
    let stacks: Vec<_> = jobs.iter().map(|job| job.stack.clone()).collect();
    session.make_images(&stacks).await;
    let show = Show::default();
    let see = |progress: Progress<'_>| show.see(progress);
    invocation.play(jobs, true, &see).await
}

/// Prints what became of each scenario, and the story of those that have one.
fn tell(played: &[Played], session: &Session, args: &RunArgs) {
    let invocation = &session.invocation;
    say!();
    let scenarios = invocation::rounds(played);
    for rounds in &scenarios {
        say!("{}", report::all_rounds(rounds));
    }
    say!();
    let worth_telling = scenarios.iter();
    let worth_telling: Vec<&Played> = worth_telling
        .flat_map(|rounds| report::worth_telling(rounds))
        .collect();
    let stack = args.features.stack.as_deref();
    let repeat = |one: &Played| session::repeat(invocation, &one.job, stack);
    for story in report::stories(&worth_telling, &repeat) {
        say!("{story}");
    }
}

/// Prints what it all came to and writes the results. Gives the exit code.
fn write(played: &[Played], session: &Session, args: &RunArgs, reports: &Reports<'_>) -> u8 {
    let invocation = &session.invocation;
    let summary = report::summary(played, Some(invocation.seed.0));
    say!("{}", summary.trim_end());
    let verdict = invocation::verdict(played);
    let code = session.code(verdict.exit_code());
    let value = report::run_json(played, code, invocation.seed, &invocation.place.to_string());
    let stack = args.features.stack.as_deref();
    let repeat = |one: &Played| session::repeat(invocation, &one.job, stack);
    let results = Results::new(played, invocation.seed, &repeat);
    let written = session.write("run.json", &value)
        & session.report(Page {
            command: "run",
            again: session::again(invocation),
            verdict,
            exit_code: code,
            played,
            repeat: &repeat,
            ..Page::default()
        })
        & reports.write(&results, &invocation.run);
    if written { code } else { code.max(3) }
}

/// One job for each plan and round, with the planted bug laid over its stack.
fn jobs(loaded: &Loaded, mutant: Option<&str>, rounds: usize) -> Result<Vec<Job>, Problems> {
    let known: Vec<&str> = loaded
        .stacks
        .values()
        .flat_map(|stack| stack.mutants.keys().map(String::as_str))
        .collect();
    if let Some(name) = mutant
        && !known.contains(&name)
    {
        let what = format!("unknown mutant `{name}`");
        return Err(Problem {
            what,
            place: None,
            help: Some(suggest(name, known)),
        }
        .into());
    }
    let job = |plan: &shakedown_harness::plan::Plan, round| {
        let stack = &loaded.stacks[&plan.stack];
        let mutated = mutant
            .and_then(|name| stack.with_mutant(name))
            .map(Arc::new);
        Job {
            plan: plan.clone(),
            mutant: mutated
                .is_some()
                .then(|| mutant.unwrap_or_default().to_owned()),
            stack: mutated.unwrap_or_else(|| stack.clone()),
            round,
        }
    };
    let all = |round| loaded.plans.iter().map(move |plan| job(plan, round));
    Ok((1..=rounds).flat_map(all).collect())
}
