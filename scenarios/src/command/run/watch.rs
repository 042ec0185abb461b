//! `shakedown run --watch`: play again what changes.

use super::changes::{Change, Changes};
use super::{jobs, play, tell, write};
use crate::command::load::{self, Loaded};
use crate::command::reports::Reports;
use crate::command::session::Session;
use crate::command::{Answer, RunArgs};
use shakedown_harness::invocation::{Invocation, Job, Played};
use shakedown_harness::plan::{Plan, Step};
use shakedown_harness::report;
use shakedown_harness::runtime::{AHEAD, ROUND, docker};
use shakedown_harness::stack::Mounted;
use shakedown_harness::verdict::Verdict;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Stacks that are up ahead: one for a scenario, and one for its control run.
const MOST_AHEAD: usize = 2;

/// A scenario with its newest result.
struct Latest {
    played: Played,
    /// What the services of its stack only read.
    mounted: Option<Mounted>,
}

/// Plays all scenarios, and then those that change, until Ctrl-C.
pub async fn watch(
    args: &RunArgs,
    (mut loaded, mut jobs): (Loaded, Vec<Job>),
    reports: &Reports<'_>,
    session: Session,
) -> Answer {
    let results = [&session.invocation.out].into_iter();
    let results = results.chain(args.reports.files()).cloned();
    let mut changes = Changes::new(results.collect())?;
    let mut stop = session.invocation.stop.clone();
    let mut latest: Vec<Latest> = Vec::new();
    let (mut code, mut told_stale) = (0, false);
    for round in 1.. {
        changes.watch(&args.features, &loaded)?;
        let (known, all) = (latest.len(), jobs.len());
        let changed = changed(&session, &mut latest, jobs);
        let stale = changed.is_empty() && latest.len() == known;
        // That nothing changed is said once: what is said may go to a file that is watched.
        let silent = stale && told_stale;
        told_stale = stale;
        if round > 1 && !silent {
            say!("{} of {all} scenarios changed", changed.len());
        }
        let new = play_again(args, &session, reports, changed, round).await;
        // What was interrupted says nothing of what was played before.
        if *stop.borrow() && round > 1 {
            break;
        }
        if !silent {
            tell_others(&latest);
        }
        if let Some(new) = new.filter(|_| !stale) {
            latest.extend(new);
            latest.sort_by_key(|one| place(&one.played.job.plan));
            let played: Vec<Played> = latest.iter().map(|one| one.played.clone()).collect();
            code = write(&played, &session, args, reports);
            tidy(&session, &played);
        }
        if *stop.borrow() {
            break;
        }
        if !silent {
            let folders = changes.folders();
            say!("watching {folders} folders: Enter plays everything again, Ctrl-C ends");
        }
        (loaded, jobs) = tokio::select! {
            next = next(args, &session, &mut changes, &mut latest) => next,
            _ = stop.wait_for(|stop| *stop) => break,
        };
    }
    session.invocation.shelf.keep_only(None).await;
    Ok(session.end(code).await)
}

/// Plays these scenarios, tells of them, and gets ready for the next time. `None`: what was played says nothing.
async fn play_again(
    args: &RunArgs,
    session: &Session,
    reports: &Reports<'_>,
    jobs: Vec<Job>,
    round: usize,
) -> Option<Vec<Latest>> {
    if jobs.is_empty() {
        return Some(Vec::new());
    }
    let invocation = Invocation {
        out: session.invocation.out.join(format!("{ROUND}{round}")),
        lost: Arc::default(),
        ..session.invocation.clone()
    };
    let before = mounted(session, &jobs);
    let played = play(session, &invocation, &jobs, reports).await;
    if *invocation.stop.borrow() && round > 1 {
        return None;
    }
    // A control run and its scenario may have had different ones.
    let now = mounted(session, &jobs);
    if now != before {
        let both = before.iter().flatten().zip(now.iter().flatten());
        let mut differing = both.filter_map(|(before, now)| before.differs(now));
        let which = differing
            .next()
            .map(|file| format!(" ({})", file.display()));
        say!(
            "files that services read changed while this was played: it counts no more{}",
            which.unwrap_or_default()
        );
        return None;
    }
    tell(&played, session, args);
    if !*invocation.stop.borrow() {
        prepare(&invocation, &played, round).await;
    }
    let latest = played.into_iter().zip(before);
    let latest = latest.map(|(played, mounted)| Latest { played, mounted });
    Some(latest.collect())
}

/// Tells which of those that were not played again did not hold.
fn tell_others(latest: &[Latest]) {
    let failed = latest
        .iter()
        .filter(|one| one.played.verdict != Verdict::Held);
    for one in failed {
        say!("still: {}", report::scenario(&one.played));
    }
}

/// Waits for a change with which everything can still be read, and reads it.
async fn next(
    args: &RunArgs,
    session: &Session,
    changes: &mut Changes,
    latest: &mut Vec<Latest>,
) -> (Loaded, Vec<Job>) {
    loop {
        if changes.next().await == Change::Asked {
            latest.clear();
        }
        docker::make_images_again().await;
        let read = load::load(&args.features).and_then(|loaded| {
            session.fits(&loaded)?;
            let jobs = jobs(&loaded, args.mutant.as_deref(), 1)?;
            Ok((loaded, jobs))
        });
        match read {
            Ok(read) => return read,
            Err(problems) => {
                eprintln!("{problems}nothing was played: it is read again when it changes")
            }
        }
    }
}

/// The jobs that were not played yet as they are now. Results of others go, and those that stay learn where their
/// scenarios stand now.
fn changed(session: &Session, latest: &mut Vec<Latest>, jobs: Vec<Job>) -> Vec<Job> {
    let mut old = std::mem::take(latest);
    let mut changed = Vec::new();
    let now = mounted(session, &jobs);
    for (job, now) in jobs.into_iter().zip(now) {
        let same = |one: &Latest| {
            let was = &one.played.job;
            alike(&was.plan, &job.plan) && was.stack == job.stack && one.mounted == now
        };
        match old.iter().position(same) {
            Some(i) => {
                let mut one = old.swap_remove(i);
                one.played.job = job;
                latest.push(one);
            }
            None => changed.push(job),
        }
    }
    changed
}

/// What the services of each job's stack only read. Jobs of one stack have the same, which is looked at once.
fn mounted(session: &Session, jobs: &[Job]) -> Vec<Option<Mounted>> {
    let mut known: BTreeMap<&str, Option<Mounted>> = BTreeMap::new();
    let each = jobs.iter().map(|job| {
        let stack = known.entry(&job.stack.name);
        stack
            .or_insert_with(|| job.stack.mounted(&session.invocation.out))
            .clone()
    });
    each.collect()
}

/// Whether two plans are the same wherever they stand in their file.
fn alike(one: &Plan, other: &Plan) -> bool {
    let steps = |plan: &Plan| -> Vec<(Step, String)> {
        let steps = plan.steps.iter();
        steps
            .map(|planned| (planned.step.clone(), planned.text.clone()))
            .collect()
    };
    one.place.file == other.place.file
        && (&one.feature, &one.scenario, &one.tags)
            == (&other.feature, &other.scenario, &other.tags)
        && steps(one) == steps(other)
}

fn place(plan: &Plan) -> (Arc<Path>, usize) {
    (plan.place.file.clone(), plan.place.line)
}

/// Brings stacks up for what will probably be played next: the first scenario that did not hold, or the first of all.
async fn prepare(invocation: &Invocation, played: &[Played], round: usize) {
    let failed = played.iter().find(|one| one.verdict != Verdict::Held);
    let Some(Played { job, .. }) = failed.or(played.first()) else {
        return;
    };
    let shelf = &invocation.shelf;
    shelf.keep_only(Some(&job.stack)).await;
    let wanted = if job.has_control() { MOST_AHEAD } else { 1 };
    for n in shelf.count(&job.stack)..wanted {
        // No other stack of this run may have the name, and one of an earlier round may still be up.
        invocation
            .prepare(job, &format!("{AHEAD}{round}-{}", n + 1))
            .await;
    }
}

/// Removes the folders of rounds of which no result is left.
fn tidy(session: &Session, played: &[Played]) {
    let Invocation { out, shelf, .. } = &session.invocation;
    let runs = played
        .iter()
        .flat_map(|one| [Some(&one.outcome), one.control.as_ref()]);
    let folders = runs.flatten().map(|run| run.folder.clone());
    let used: BTreeSet<PathBuf> = folders
        .chain(shelf.folders())
        .filter_map(|run| Some(run.parent()?.to_owned()))
        .collect();
    let out = std::path::absolute(out).unwrap_or_else(|_| out.clone());
    let entries = std::fs::read_dir(out).into_iter().flatten().flatten();
    let rounds = entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with(ROUND))
        .map(|entry| entry.path());
    for round in rounds.filter(|round| !used.contains(round)) {
        // What cannot be removed is in nobody's way.
        let _ = std::fs::remove_dir_all(round);
    }
}
