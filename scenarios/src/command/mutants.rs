//! `shakedown mutants`: each planted bug must turn an invariant red, and the stack without them none.

use super::load::{self, Loaded};
use super::progress::Show;
use super::reports::Reports;
use super::session::{self, Session};
use super::{Answer, MutantsArgs, Refusal};
use shakedown_harness::invocation::{self, Invocation, Job, Played, Progress};
use shakedown_harness::plan::Plan;
use shakedown_harness::problem::Problem;
use shakedown_harness::report::{self, Matrix, MutantResult, Page, Results, Systems};
use shakedown_harness::stack::{Mutant, Stack};
use shakedown_harness::verdict::Verdict;
use std::sync::Arc;

/// Plays the planted bugs, then the stacks without them. Exit code 0 only when every bug was killed and nothing
/// raised a false alarm; 2 when a scenario was inconclusive or an invariant had no witness without a bug, 3 when the environment failed before a bug could be
/// judged, and nothing else is wrong.
pub async fn mutants(args: MutantsArgs) -> Answer {
    let loaded = load::load(&args.features)?;
    if loaded.stacks.values().all(|stack| stack.mutants.is_empty()) {
        let what = "none of these stacks has a planted bug".to_owned();
        let help = Some("add `mutants:` to the stack file".to_owned());
        return Err(Refusal::from(Problem {
            what,
            place: None,
            help,
        }));
    }
    let reports = Reports::prepare(&args.reports)?;
    let session = Session::begin(&args.play, &loaded).await?;
    let invocation = &session.invocation;
    reports.quiet(&invocation.run);
    session.make_images(&all_stacks(&loaded)).await;
    let show = Show::default();
    let jobs: Vec<Job> = loaded
        .plans
        .iter()
        .map(|plan| Job {
            plan: plan.clone(),
            stack: loaded.stacks[&plan.stack].clone(),
            mutant: None,
            round: 1,
        })
        .collect();
    let see = |progress: Progress<'_>| show.see(progress);
    let bugs = loaded
        .stacks
        .values()
        .map(|stack| stack.mutants.len())
        .sum();
    // Behind all planted bugs.
    let as_is = Invocation {
        first: bugs,
        ..invocation.clone()
    };
    let (planted, played) = tokio::join!(
        plant_all(invocation, &loaded, &show),
        as_is.play(&jobs, true, &see),
    );
    let (mut mutants, under_mutants): (Vec<_>, Vec<Vec<Played>>) = planted.into_iter().unzip();
    for (mutant, planted) in mutants.iter_mut().zip(&under_mutants) {
        mutant.against(planted, &played);
    }
    let mut matrix = Matrix {
        mutants,
        ..Matrix::default()
    };
    say!();
    let failed = played.iter().filter(|one| one.verdict != Verdict::Held);
    let failed: Vec<&Played> = failed.collect();
    for one in &failed {
        let place = &one.job.plan.place;
        let at = format!(
            "{} ({}:{})",
            one.job.plan.scenario,
            place.file.display(),
            place.line
        );
        let told = match one.verdict {
            Verdict::Violated => &mut matrix.false_alarms,
            _ => &mut matrix.undecided,
        };
        told.push(format!("{}: {at}", one.verdict));
    }
    let stack = args.features.stack.as_deref();
    let repeat = |one: &Played| session::repeat(invocation, &one.job, stack);
    for story in report::stories(&failed, &repeat) {
        say!("{story}");
    }
    for (stack, names) in invocation::unwitnessed(&played) {
        let names = names.into_iter().collect::<Vec<_>>().join("`, `");
        matrix.unwitnessed.push(format!(
            "no scenario of stack `{stack}` witnessed `{names}`"
        ));
    }
    for mutant in &matrix.mutants {
        say!("{mutant}");
    }
    let of = |stack: &str| {
        loaded
            .plans
            .iter()
            .filter(|plan| plan.stack == stack)
            .count()
    };
    let systems = Systems::new(&matrix.mutants, of);
    say!("{systems}");
    say!("{matrix}; seed {}", invocation.seed);
    let unmutated = invocation::verdict(&played);
    let all: Vec<&Played> = under_mutants.iter().flatten().chain(&played).collect();
    let code = matrix.exit_code(unmutated);
    let value = report::mutants_json(
        (&matrix, &systems),
        &all,
        (unmutated, session.code(code)),
        invocation.seed,
        &invocation.place.to_string(),
    );
    let results = Results::new(&played, invocation.seed, &repeat).with_mutants(&matrix.mutants);
    let written = session.write("mutants.json", &value)
        & session.report(Page {
            command: "mutants",
            again: session::again(invocation),
            verdict: unmutated,
            exit_code: session.code(code),
            played: &played,
            planted: under_mutants.iter().flatten().collect(),
            matrix: Some(&matrix),
            repeat: &repeat,
            ..Page::default()
        })
        & reports.write(&results, &invocation.run);
    Ok(session.end(if written { code } else { 3 }).await)
}

/// The stacks as they are, and with each planted bug.
fn all_stacks(loaded: &Loaded) -> Vec<Arc<Stack>> {
    let with_mutants = |stack: &Arc<Stack>| {
        let mutated = stack
            .mutants
            .keys()
            .filter_map(|name| stack.with_mutant(name));
        std::iter::once(stack.clone())
            .chain(mutated.map(Arc::new))
            .collect::<Vec<_>>()
    };
    loaded.stacks.values().flat_map(with_mutants).collect()
}

async fn plant_all(
    invocation: &Invocation,
    loaded: &Loaded,
    show: &Show,
) -> Vec<(MutantResult, Vec<Played>)> {
    let planted = loaded
        .stacks
        .values()
        .flat_map(|stack| stack.mutants.values().map(move |mutant| (stack, mutant)));
    let planted = planted.enumerate().map(|(i, (stack, mutant))| {
        // The scenarios of one bug follow each other.
        let invocation = Invocation {
            first: i,
            ..invocation.clone()
        };
        async move { plant(&invocation, loaded, stack, mutant, show).await }
    });
    futures::future::join_all(planted).await
}

/// Plays a stack with one planted bug until an invariant that it names turns red. Scenarios that bear the tag of
/// one of its rows come first; one in which such an invariant could not tell is played once more.
async fn plant(
    invocation: &Invocation,
    loaded: &Loaded,
    stack: &Arc<Stack>,
    mutant: &Mutant,
    show: &Show,
) -> (MutantResult, Vec<Played>) {
    let mut plans: Vec<&Plan> = loaded
        .plans
        .iter()
        .filter(|plan| plan.stack == stack.name)
        .collect();
    plans.sort_by_key(|plan| !plan.tags.iter().any(|tag| mutant.catalogue.contains(tag)));
    let Some(mutated) = stack.with_mutant(&mutant.name).map(Arc::new) else {
        return (MutantResult::new(&stack.name, mutant, &[]), Vec::new());
    };
    let mut played = Vec::new();
    'plans: for plan in plans {
        for round in 1..=2 {
            let job = Job {
                plan: plan.clone(),
                stack: mutated.clone(),
                mutant: Some(mutant.name.clone()),
                round,
            };
            let alone = Invocation {
                out: invocation.out.join(played.len().to_string()),
                ..invocation.clone()
            };
            let see = |progress: Progress<'_>| show.see(progress);
            played.extend(alone.play(&[job], false, &see).await);
            let result = MutantResult::new(&stack.name, mutant, &played);
            if result.killed() || *invocation.stop.borrow() {
                break 'plans;
            }
            let untold = |one: &Played| report::may_yet_tell(mutant, one);
            if !played.last().is_some_and(untold) {
                break;
            }
        }
    }
    (MutantResult::new(&stack.name, mutant, &played), played)
}
