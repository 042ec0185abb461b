//! `shakedown run`: play features and judge what happened.

use super::load::{self, Loaded};
use super::progress::Show;
use super::reports::Reports;
use super::session::{self, Session};
use super::{Answer, RunArgs, warn};
use shakedown_harness::invocation::{self, Job, Played};
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
    let invocation = &session.invocation;
    reports.quiet(&invocation.run);
    let stacks: Vec<_> = jobs.iter().map(|job| job.stack.clone()).collect();
    session.make_images(&stacks).await;
    let show = Show::default();
    let played = invocation
        .play(&jobs, true, &|progress| show.see(progress))
        .await;
    print(&played, &session, &args);
    let verdict = invocation::verdict(&played);
    let code = session.code(verdict.exit_code());
    let value = report::run_json(
        &played,
        code,
        invocation.seed,
        &invocation.place.to_string(),
    );
    let stack = args.features.stack.as_deref();
    let repeat = |one: &Played| session::repeat(invocation, &one.job, stack);
    let results = Results::new(&played, invocation.seed, &repeat);
    let written = session.write("run.json", &value)
        & session.report(Page {
            command: "run",
            again: session::again(invocation),
            verdict,
            exit_code: code,
            played: &played,
            repeat: &repeat,
            ..Page::default()
        })
        & reports.write(&results, &invocation.run);
    Ok(session.end(if written { code } else { code.max(3) }).await)
}

fn print(played: &[Played], session: &Session, args: &RunArgs) {
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
    say!(
        "{}",
        report::summary(played, Some(invocation.seed.0)).trim_end()
    );
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
