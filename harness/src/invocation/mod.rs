//! Many plans in one go: control runs, several at once, and the witnesses that scenarios lend each other.

mod room;
mod shelf;

pub use room::Room;
pub use shelf::Shelf;

use crate::engine::{self, Outcome, Place, Setup};
use crate::history::Heard;
use crate::invariant::Finding;
use crate::plan::{Judged, Plan, Planned, Step};
use crate::runtime::{Failure, RunFolder, docker};
use crate::seed::Seed;
use crate::stack::Stack;
use crate::verdict::Verdict;
use indexmap::IndexMap;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{OnceCell, watch};

/// What all runs of an invocation share.
#[derive(Clone)]
pub struct Invocation {
    /// Its id, the label of everything that it starts.
    pub run: String,
    /// The seed.
    pub seed: Seed,
    /// Where services run.
    pub place: Place,
    /// Where its stacks find room.
    pub room: Arc<Room>,
    /// The place of its jobs in the order in which stacks enter the room: lower ones come first.
    pub first: usize,
    /// How often a run is played again whose environment failed.
    pub retries: usize,
    /// Where runs leave their folders.
    pub out: PathBuf,
    /// Stacks that are up already.
    pub shelf: Arc<Shelf>,
    /// Becomes true when the user wants to stop.
    pub stop: watch::Receiver<bool>,
    /// Why no more of its jobs begin: what they would run on is gone.
    pub lost: Arc<OnceLock<String>>,
}

/// One scenario to play.
#[derive(Clone)]
pub struct Job {
    /// Its plan.
    pub plan: Plan,
    /// Its stack; a planted bug is laid over it already.
    pub stack: Arc<Stack>,
    /// The planted bug.
    pub mutant: Option<String>,
    /// Which of its rounds this is, from 1. Each round has control runs and witnesses of its own.
    pub round: usize,
}

/// What happened to a job, for whoever watches.
pub enum Progress<'a> {
    /// It was begun; `control`: its control run was.
    Began {
        /// The job.
        job: &'a Job,
        /// Its control run.
        control: bool,
    },
    /// Its environment failed, and it is played again.
    Again {
        /// The job.
        job: &'a Job,
        /// Its control run.
        control: bool,
        /// What failed.
        why: &'a str,
    },
    /// It has ended.
    Ended {
        /// The job.
        job: &'a Job,
        /// Its control run.
        control: bool,
        /// What it came to.
        verdict: Verdict,
        /// How long it took.
        took: Duration,
    },
}

/// A scenario with its control run.
#[derive(Clone)]
pub struct Played {
    /// The scenario.
    pub job: Job,
    /// Its own run.
    pub outcome: Outcome,
    /// The run without its faults, shared by all scenarios with the same work, as far as this one judges for what it showed;
    /// `None` where there is no fault.
    pub control: Option<Outcome>,
    /// Both together.
    pub verdict: Verdict,
}

/// A control run, and what the scenarios that share it ask for.
struct Control {
    run: OnceCell<Outcome>,
    judges: Judged,
}

/// What is played of a job.
enum Part {
    /// The scenario itself, when its control run told this.
    Scenario(Heard),
    /// The control run, for scenarios that ask for these invariants.
    Control(Judged),
}

impl Job {
    /// Whether it is played without its faults as well.
    pub fn has_control(&self) -> bool {
        control_key(self).is_some()
    }
}

impl Invocation {
    /// Plays all jobs, as many at once as there is room for. The results come in the order of the jobs; those that were not
    /// begun when the user stopped it all have none.
    pub async fn play(
        &self,
        jobs: &[Job],
        control: bool,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Vec<Played> {
        let controls = &match control {
            true => controls(jobs),
            false => HashMap::new(),
        };
        let played = jobs.iter().enumerate().map(async |(i, job)| {
            let control = match control_key(job).and_then(|key| controls.get(&key)) {
                Some(Control { run, judges }) => {
                    let run = run.get_or_init(|| self.control(i, job, judges, progress));
                    Some(run.await.clone().only(&job.plan.judges()))
                }
                None => None,
            };
            let heard = control.as_ref().map(|control| &control.heard);
            let part = Part::Scenario(heard.cloned().unwrap_or_default());
            let outcome = self.one((i, &name_of(i, job)), job, part, progress).await;
            let verdict = control.iter().fold(outcome.verdict, |verdict, control| {
                verdict.and(control.verdict)
            });
            Played {
                job: job.clone(),
                outcome,
                control,
                verdict,
            }
        });
        let mut played = futures::future::join_all(played).await;
        leave_out(&mut played, self.lost.get().is_some());
        settle(&mut played);
        played
    }

    async fn control(
        &self,
        i: usize,
        job: &Job,
        judges: &Judged,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Outcome {
        let mut plan = engine::without_faults(&job.plan);
        // A control run is shared, so it answers for no scenario's own numbers, and need not witness anything.
        plan.steps.retain(|planned| !is_judgement(&planned.step));
        let (text, place) = ("every invariant holds".to_owned(), plan.place.clone());
        plan.steps.push(Planned {
            step: Step::EveryInvariant,
            text,
            place,
        });
        let job = Job {
            plan,
            ..job.clone()
        };
        let name = format!("{}-control", name_of(i, &job));
        let part = Part::Control(judges.clone());
        self.one((i, &name), &job, part, progress).await
    }

    /// Plays a run, and plays it again while its environment fails and that may be. What was seen to break is not played
    /// again: it would be a verdict taken back.
    async fn tried(&self, setup: Setup, again: &(dyn Fn(&str) + Sync)) -> Outcome {
        let mut failed: Vec<String> = Vec::new();
        loop {
            let mut outcome = match self.shelf.play(&setup).await {
                Some(outcome) => outcome,
                None => engine::run(setup.clone()).await,
            };
            let broke = |finding: &Finding| finding.verdict == Verdict::Violated;
            let over = outcome.verdict != Verdict::EnvironmentFailed
                || outcome.findings.iter().any(broke)
                || *self.stop.borrow()
                || self.is_lost().await;
            if over || failed.len() == self.retries {
                let (notes, count) = (&mut outcome.notes, failed.len());
                notes.extend((1..).zip(&failed).map(|(n, why)| {
                    format!(
                        "the environment failed and this was played again ({n} of {count}): {why}"
                    )
                }));
                outcome.retried = failed;
                return outcome;
            }
            let why = outcome
                .failure
                .map_or_else(String::new, |failure| failure.what);
            again(&why);
            failed.push(why);
            let folder = RunFolder::new(&setup.out, &setup.name);
            if let Err(error) = folder.set_aside(failed.len()) {
                tracing::warn!(%error, "a failed run could not be set aside");
            }
        }
    }

    /// Whether what the jobs run on is gone: each of them would wait for it in vain, some for minutes.
    async fn is_lost(&self) -> bool {
        if self.place == Place::Docker
            && let Err(why) = docker::works().await
        {
            let _ = self.lost.set(format!("the Docker daemon is lost: {why}"));
        }
        self.lost.get().is_some()
    }

    /// Brings up a stack like that of this job, for the next job that needs one, if that is safe. Its run is called `name`.
    pub async fn prepare(&self, job: &Job, name: &str) {
        self.shelf.put(self.setup(job, name)).await;
    }

    /// What a run of this job needs to know; `name` is that of its folder.
    pub fn setup(&self, job: &Job, name: &str) -> Setup {
        Setup {
            plan: job.plan.clone(),
            shared: None,
            heard: None,
            stack: job.stack.clone(),
            mutant: job.mutant.clone(),
            place: self.place,
            seed: self.seed,
            run: self.run.clone(),
            name: name.to_owned(),
            out: self.out.clone(),
            stop: self.stop.clone(),
            live: None,
        }
    }

    async fn one(
        &self,
        (i, name): (usize, &str),
        job: &Job,
        part: Part,
        progress: &(dyn Fn(Progress<'_>) + Sync),
    ) -> Outcome {
        let (shared, heard) = match part {
            Part::Scenario(heard) => (None, heard),
            Part::Control(judges) => (Some(judges), Heard::default()),
        };
        let control = shared.is_some();
        let _inside = self.room.enter(self.first + i).await;
        let setup = Setup {
            shared,
            // That a rule tells nothing may be the planted bug's doing; whether it works, runs without the bug show.
            heard: job.mutant.is_none().then_some(heard),
            ..self.setup(job, name)
        };
        if *self.stop.borrow() {
            return Outcome::not_begun(&setup);
        }
        if let Some(why) = self.lost.get() {
            return Outcome::failed(&setup, Failure::new(why));
        }
        progress(Progress::Began { job, control });
        let again = |why: &str| progress(Progress::Again { job, control, why });
        let outcome = self.tried(setup, &again).await;
        let (verdict, took) = (outcome.verdict, outcome.duration);
        progress(Progress::Ended {
            job,
            control,
            verdict,
            took,
        });
        outcome
    }
}

/// Leaves out what was not begun. The first of it stays where nothing else says that it was not all played. `lost`: what
/// failed for it says so.
fn leave_out(played: &mut Vec<Played>, lost: bool) {
    let own = |one: &Played| one.outcome.begun();
    let tells = |one: &Played| match lost {
        true => one.verdict == Verdict::EnvironmentFailed,
        false => one.outcome.interrupted(),
    };
    let mut told = played.iter().any(|one| own(one) && tells(one));
    played.retain(|one| own(one) || !std::mem::replace(&mut told, true));
}

/// What all runs together told, by stack, control runs too.
pub fn heard(played: &[Played]) -> BTreeMap<String, Heard> {
    let mut heard: BTreeMap<String, Heard> = BTreeMap::new();
    for one in played {
        let all = heard.entry(one.job.stack.name.clone()).or_default();
        let runs = [Some(&one.outcome), one.control.as_ref()];
        runs.into_iter()
            .flatten()
            .for_each(|run| all.and(&run.heard));
    }
    heard
}

/// Settles what single runs could not: a rule that told nothing in one of them works if it told something in any other.
pub fn settle(played: &mut [Played]) {
    let heard = heard(played);
    for one in played {
        let told = &heard[&one.job.stack.name];
        let runs = [Some(&mut one.outcome), one.control.as_mut()];
        for run in runs.into_iter().flatten() {
            run.settle(told);
            one.verdict = one.verdict.and(run.verdict);
        }
    }
}

/// The invariants that no scenario of the invocation (in some round, where it has several) has witnessed, by stack,
/// although some scenario demanded that every invariant holds.
pub fn unwitnessed(played: &[Played]) -> BTreeMap<String, BTreeSet<String>> {
    let witnessed: BTreeSet<(usize, &str, &str)> = played
        .iter()
        .flat_map(|one| {
            one.outcome
                .findings
                .iter()
                .map(move |finding| (one, finding))
        })
        // One that broke was seen to speak about something.
        .filter(|(_, finding)| finding.witnesses > 0 || finding.verdict == Verdict::Violated)
        .map(|(one, finding)| {
            let stack = one.job.stack.name.as_str();
            (one.job.round, stack, finding.invariant.as_str())
        })
        .collect();
    let mut missing: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // A scenario that could not be played, or not to its end, has nothing to say about it.
    let whole = |one: &&Played| one.outcome.failure.is_none() && !one.outcome.cut_short;
    for one in played.iter().filter(whole) {
        let stack = one.job.stack.name.as_str();
        for name in &one.outcome.unwitnessed {
            if !witnessed.contains(&(one.job.round, stack, name.as_str())) {
                missing
                    .entry(stack.to_owned())
                    .or_default()
                    .insert(name.clone());
            }
        }
    }
    missing
}

/// All runs of each scenario together, in the order of their first round.
pub fn rounds(played: &[Played]) -> Vec<Vec<&Played>> {
    let mut rounds: IndexMap<_, Vec<&Played>> = IndexMap::new();
    for one in played {
        let plan = &one.job.plan;
        let key = (
            &plan.stack,
            &one.job.mutant,
            &plan.place.file,
            plan.place.line,
            &plan.scenario,
        );
        rounds.entry(key).or_default().push(one);
    }
    rounds.into_values().collect()
}

/// The verdict of a whole invocation.
pub fn verdict(played: &[Played]) -> Verdict {
    let worst = played
        .iter()
        .fold(Verdict::Held, |worst, one| worst.and(one.verdict));
    match unwitnessed(played).is_empty() {
        true => worst,
        false => worst.and(Verdict::Inconclusive),
    }
}

/// The control runs that these jobs need.
fn controls(jobs: &[Job]) -> HashMap<String, Control> {
    let mut controls: HashMap<String, Control> = HashMap::new();
    for job in jobs {
        if let Some(key) = control_key(job) {
            let control = controls.entry(key).or_insert_with(|| Control {
                run: OnceCell::new(),
                judges: Judged::named([]),
            });
            control.judges = std::mem::take(&mut control.judges).or(job.plan.judges());
        }
    }
    controls
}

/// Runs with the same key share a control run: the same stack with the same work. `None`: the job has no fault
/// and is its own control.
fn control_key(job: &Job) -> Option<String> {
    let steps = || job.plan.steps.iter().map(|planned| &planned.step);
    if !steps().any(|step| matches!(step, Step::Fault(_))) {
        return None;
    }
    let work: BTreeSet<&str> = steps()
        .filter_map(|step| match step {
            Step::Work { workload, .. } => Some(workload.as_str()),
            _ => None,
        })
        .collect();
    Some(format!(
        "{} {:?} {:?} {work:?}",
        job.round, job.stack.name, job.mutant
    ))
}

fn is_judgement(step: &Step) -> bool {
    matches!(
        step,
        Step::EveryInvariant | Step::Invariant(_) | Step::AtLeast { .. }
    )
}

/// The longest part of a scenario's name that its folder bears.
const MAX_SLUG_CHARS: usize = 40;

/// A folder's name for a job: its number, the planted bug, and the scenario's words.
fn name_of(i: usize, job: &Job) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            ' '
        }
    };
    let words = format!(
        "{} {}",
        job.mutant.as_deref().unwrap_or_default(),
        job.plan.scenario
    );
    let words: String = words.chars().map(plain).collect();
    let slug = words.split_whitespace().collect::<Vec<_>>().join("-");
    let cut: String = slug.chars().take(MAX_SLUG_CHARS).collect();
    format!("{:02}-{}", i + 1, cut.trim_end_matches('-'))
}
