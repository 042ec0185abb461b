//! Runs one plan: up, ready, steps, heal, settle, down; and says what it came to.
//!
//! Nothing but the order of the phases is here. Control runs are runs of [`without_faults`] plans; the caller
//! decides how many it needs.

mod ahead;
mod barrier;
mod conduct;
mod deeds;
mod disks;
mod failed;
mod links;
mod live;
mod notes;
mod outcome;
mod probes;
mod record;
mod rest;
mod rewritten;
mod room;
mod services;
mod steps;
mod strain;
mod strangers;
mod tally;
mod unnoticed;
mod worked;

use crate::duration;
use crate::history::{CUT_SHORT, Heard, What, Writer};
use crate::invariant::Judge;
use crate::observe::{InOrder, Known, Observers};
use crate::plan::{Judged, Plan, Step};
use crate::runtime::docker::DockerRuntime;
use crate::runtime::process::ProcessRuntime;
use crate::runtime::{Failure, Notice, RunFolder, Runtime};
use crate::secret::Secrets;
use crate::seed::Seed;
use crate::stack::Stack;
use ahead::Awaited;
pub use ahead::{Ahead, Part};
use barrier::Barrier;
use conduct::Conduct;
use deeds::Deeds;
use disks::Disks;
use links::Links;
pub use live::{Door, Live, Order, Sight, live};
pub use outcome::Outcome;
pub(crate) use outcome::{CUT_IN_VAIN, NOTHING_WITNESSED, Seen};
use probes::Probes;
use record::Record;
use services::Services;
pub(crate) use services::stayed_away;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};
use steps::Steps;
pub use tally::{Tally, Unsettled};
use tokio::sync::{mpsc, watch};

/// Where services run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// As local processes.
    Process,
    /// In containers.
    Docker,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Place::Process => "process",
            Place::Docker => "docker",
        })
    }
}

/// Everything that a run needs to know.
#[derive(Clone)]
pub struct Setup {
    /// What happens.
    pub plan: Plan,
    /// Of a control run: what the scenarios that share it ask for, all together.
    pub shared: Option<Judged>,
    /// What the control run told, if this run has one: a rule that told nothing in either may not work. `None`: what no
    /// rule tells was not so.
    pub heard: Option<Heard>,
    /// On what; a planted bug is laid over it already.
    pub stack: Arc<Stack>,
    /// The planted bug's name.
    pub mutant: Option<String>,
    /// Where.
    pub place: Place,
    /// The seed.
    pub seed: Seed,
    /// The invocation's id: everything that is started bears it as a label.
    pub run: String,
    /// A name for this run, unique within the invocation.
    pub name: String,
    /// The folder of the invocation; the run's own folder is `name` in it.
    pub out: PathBuf,
    /// Becomes true when the user wants to stop.
    pub stop: watch::Receiver<bool>,
    /// More steps come from here, behind those of the plan, and what happens is shown there.
    pub live: Option<Arc<Live>>,
}

impl Setup {
    /// The invariants that count.
    fn judges(&self) -> Judged {
        self.shared.clone().unwrap_or_else(|| self.plan.judges())
    }

    /// The invariants of which one that is broken says all that this run is played for. A control run goes on to its end:
    /// what ends it for one scenario says nothing about what another one judges for. So does one that somebody drives by
    /// hand, who has seen it break.
    fn decisive(&self) -> Judged {
        match (&self.shared, &self.live) {
            (Some(_), _) | (_, Some(_)) => Judged::named([]),
            (None, None) => self.judges().of_mutant(self.caught_by()),
        }
    }

    /// How the history begins.
    fn started(&self) -> What {
        What::Started {
            run: self.run.clone(),
            scenario: self.plan.scenario.clone(),
            stack: self.stack.name.clone(),
            runtime: self.place.to_string(),
            seed: self.seed.0,
            mutant: self.mutant.clone(),
            judges: self.judges(),
            heard: self.heard.clone(),
        }
    }

    /// Who judges it; nothing has been seen yet.
    fn judge(&self) -> Judge {
        Judge::of_run(&self.stack, self.heard.clone())
    }

    /// What should catch the planted bug, if there is one.
    fn caught_by(&self) -> Option<&[String]> {
        let mutant = self.stack.mutants.get(self.mutant.as_ref()?)?;
        Some(&mutant.caught_by)
    }
}

/// The plan without its faults: what the control run plays.
pub fn without_faults(plan: &Plan) -> Plan {
    let faultless = |step: &Step| !matches!(step, Step::Fault(_) | Step::Heal);
    let steps = plan
        .steps
        .iter()
        .filter(|planned| faultless(&planned.step))
        .cloned()
        .collect();
    Plan {
        steps,
        ..plan.clone()
    }
}

/// How long taking a stack down may take before it is left to the reaper.
const DOWN_WITHIN: Duration = Duration::from_secs(30);

/// How long the run keeps watching for silence after the deadlines have passed.
const SETTLE_AT_MOST: Duration = Duration::from_secs(60);
/// The same once an invariant is broken, which nothing that comes later undoes: what it broke may keep a service busy for
/// ever.
const SETTLE_BROKEN_AT_MOST: Duration = Duration::from_secs(5);

/// Runs the plan. Whatever happens, the stack is taken down again before this returns.
pub async fn run(setup: Setup) -> Outcome {
    run_when(setup, None).await
}

/// The same; what is played, and what for, is said once the stack is up, where it is still `awaited`.
async fn run_when(setup: Setup, awaited: Option<Awaited>) -> Outcome {
    let begun = Instant::now();
    let secrets = Arc::new(Secrets::of(&setup.stack));
    let folder = RunFolder::new(&setup.out, &setup.name).without(secrets.clone());
    folder.clear();
    let (notices, noticed) = mpsc::unbounded_channel();
    let mut outcome = match runtime(&setup, &folder, notices).await {
        Err(failure) => Outcome::failed(&setup, failure),
        Ok(runtime) => {
            let mut stop = setup.stop.clone();
            // A task of its own: a panic in it must not keep the stack from being taken down.
            let phases = tokio::spawn(phases(
                setup.clone(),
                awaited,
                (folder.clone(), secrets.clone()),
                runtime.clone(),
                noticed,
            ));
            let abort = phases.abort_handle();
            let outcome = tokio::select! {
                outcome = phases => outcome.unwrap_or_else(|error| {
                    Outcome::failed(&setup, Failure::new(format!("the harness itself failed: {error}")))
                }),
                _ = stop.wait_for(|stop| *stop) => {
                    abort.abort();
                    Outcome::failed(&setup, Failure::new(outcome::INTERRUPTED))
                }
            };
            let down = tokio::time::timeout(DOWN_WITHIN, runtime.down()).await;
            outcome.and_down(down).and_hidden(folder.hide_late())
        }
    };
    outcome.hide(&secrets);
    outcome.duration = begun.elapsed();
    outcome.folder = folder.root().to_owned();
    outcome.history = folder.history();
    outcome
}

async fn runtime(
    setup: &Setup,
    folder: &RunFolder,
    notices: mpsc::UnboundedSender<Notice>,
) -> Result<Arc<dyn Runtime>, Failure> {
    let stack = Arc::new(setup.stack.with_seed(setup.seed.0));
    let (folder, run) = (folder.clone(), &setup.run);
    let mutant = setup
        .mutant
        .as_ref()
        .and_then(|name| stack.mutants.get(name));
    if let (Some(mutant), Place::Process) = (mutant, setup.place)
        && mutant.environment.is_empty()
    {
        let what = format!(
            "the planted bug `{}` is another image, which local processes do not have",
            mutant.name
        );
        return Err(Failure {
            help: Some("play it with `--runtime docker`".to_owned()),
            ..Failure::new(what)
        });
    }
    Ok(match setup.place {
        Place::Process => {
            let joined = setup.plan.joined();
            Arc::new(ProcessRuntime::new(stack, folder, run, joined, notices)?)
        }
        Place::Docker => {
            Arc::new(DockerRuntime::new(stack, folder, &setup.out, run, notices).await?)
        }
    })
}

async fn phases(
    mut setup: Setup,
    awaited: Option<Awaited>,
    (folder, secrets): (RunFolder, Arc<Secrets>),
    runtime: Arc<dyn Runtime>,
    noticed: mpsc::UnboundedReceiver<Notice>,
) -> Outcome {
    let writer = match Writer::create(&folder.history()) {
        Ok(writer) => writer,
        Err(error) => {
            let what = format!("cannot write {}: {error}", folder.history().display());
            return Outcome::failed(&setup, Failure::new(what));
        }
    };
    let probed = probes::stops(&setup.stack);
    let live = setup.live.as_deref();
    let record = Record::new((writer, secrets), setup.judge(), setup.seed, probed, live);
    let record = Arc::new(record);
    record.append(setup.started());
    let mut unmet = Vec::new();
    let failure = play(
        (&mut setup, awaited),
        &folder,
        runtime,
        noticed,
        &record,
        &mut unmet,
    )
    .await
    .err();
    phase(&record, "down");
    record.hide_late(|| setup.judge());
    Outcome::judge(&setup, &record, unmet, failure)
}

/// Plays the phases until the stack has settled. What waits in vain is noted in `unmet`.
async fn play(
    (setup, awaited): (&mut Setup, Option<Awaited>),
    folder: &RunFolder,
    runtime: Arc<dyn Runtime>,
    noticed: mpsc::UnboundedReceiver<Notice>,
    record: &Arc<Record>,
    unmet: &mut Vec<String>,
) -> Result<(), Failure> {
    phase(record, "up");
    let gateway = runtime.prepare().await?;
    let commands = gateway.commands;
    let services = Arc::new(Services::new(
        setup.stack.clone(),
        runtime.clone(),
        record.clone(),
        folder.clone(),
    ));
    let barrier = Arc::new(Barrier::new(commands.clone()));
    let deeds = Arc::new(Deeds {
        services: services.clone(),
        links: Arc::new(Links::new(
            commands.clone(),
            barrier.clone(),
            record.clone(),
            setup.seed,
        )),
        disks: Disks::new(
            setup.stack.clone(),
            runtime.clone(),
            commands.clone(),
            record.clone(),
        ),
        commands: commands.clone(),
        probed: probes::stops(&setup.stack),
    });
    let probes = Arc::new(Probes::new(
        setup.stack.clone(),
        runtime.clone(),
        record.clone(),
        barrier.clone(),
    ));
    let conduct = Conduct {
        commands: commands.clone(),
        barrier: barrier.clone(),
        record: record.clone(),
        deeds: deeds.clone(),
        probes,
    };
    let conduct = conduct.serve(gateway.reports, noticed);
    let played = async {
        steps::name_calls(&setup.stack, record, &commands);
        // Nothing that a service does at its start is to slip by.
        barrier.pass().await;
        services.up().await?;
        phase(record, "ready");
        if let Some(awaited) = awaited {
            awaited.part(setup, record).await?;
        }
        let setup = &*setup;
        let resolve = |host: &str, port| {
            let service = setup.stack.host(crate::gateway::OBSERVER, host)?;
            runtime.address(crate::gateway::OBSERVER, service, port)
        };
        let sink = {
            let record = record.clone();
            Arc::new(move |what| record.append(what)) as _
        };
        let sql_url = |service: &str| runtime.sql_url(service);
        let log = |service: &str| (folder.log(service), runtime.log_lag());
        let in_order: InOrder = {
            let barrier = barrier.clone();
            Arc::new(move || {
                let barrier = barrier.clone();
                Box::pin(async move { barrier.pass().await })
            })
        };
        let known: Known = {
            let record = record.clone();
            Arc::new(move |kind| record.ids(kind))
        };
        let observers = Observers::start(
            &setup.stack,
            &resolve,
            &sql_url,
            (&log, record.secrets()),
            &known,
            (&sink, &in_order, record.begun()),
        )
        .map_err(Failure::new)?;
        let steps = Steps {
            setup,
            runtime: &runtime,
            record,
            deeds: &deeds,
            commands: &commands,
            observers: &observers,
        };
        phase(record, "steps");
        unmet.extend(steps.play().await?);
        phase(record, "heal");
        steps.heal().await?;
        phase(record, "settle");
        settle(record, setup, &observers).await;
        let judges = setup.judges();
        let broken = || record.look(|state| state.judge.broken(&judges).is_some());
        let mut rounds = 0;
        // Whoever is being started again may not come back, or still do something. Nobody is hurried for ever.
        let mut back = !broken() && services.come_back().await;
        while back {
            rounds += 1;
            settle(record, setup, &observers).await;
            back = rounds < MAX_ROUNDS && !broken() && services.returned().await;
        }
        // What is still open has no end that could be told; without a receiver, the gateway is gone, which ends the run.
        let _ = commands.send(crate::gateway::Command::Streams);
        barrier.pass().await;
        unmet.extend(services.missed());
        Ok(())
    };
    tokio::select! {
        played = played => played,
        failure = conduct => Err(failure),
        never = services.attend() => match never {},
    }
}

/// What a last look shows can begin a new obligation; after so many rounds the run ends all the same.
const MAX_ROUNDS: u32 = 5;

/// Waits until time can change nothing any more: no deadline is pending, and nothing has happened for as long as
/// the stack file says (`settle`), so that what comes late is still seen. Then every observer looks once more.
/// Of a planted bug, no more needs to be known than that an invariant that it names and the scenario judges for caught it:
/// then nothing is waited for, since a service that the bug keeps failing may never come to rest.
async fn settle(record: &Record, setup: &Setup, observers: &Observers) {
    let quiet = setup.stack.settle;
    let caught_by = setup.caught_by().map(|_| setup.decisive());
    let caught_by = caught_by.unwrap_or_else(|| Judged::named([]));
    let caught = |state: &record::State| state.judge.broken(&caught_by).is_some();
    let judges = setup.judges();
    let longest = record.look(|state| state.judge.longest_within());
    let within = |state: &record::State| {
        let at_most = match state.judge.broken(&judges) {
            Some(_) => SETTLE_BROKEN_AT_MOST,
            None => SETTLE_AT_MOST,
        };
        longest + quiet + at_most
    };
    let begun = Instant::now();
    let over = |state: &record::State| begun.elapsed() >= within(state);
    let deadline = begun + longest + quiet + SETTLE_AT_MOST;
    for _ in 0..MAX_ROUNDS {
        record
            .until(deadline, |state| {
                let hopeless = state.broken.is_some();
                let settled = state.rest.quiet_for(quiet) && state.judge.settled();
                hopeless || caught(state) || over(state) || settled
            })
            .await;
        observers.look_now().await;
        let late = record.look(|state| {
            let by = || (state.rest.disturber(), within(state));
            over(state).then(by)
        });
        if let Some((by, within)) = late {
            // What was broken meanwhile is waited for less long.
            let within = within.max(Duration::from_secs(begun.elapsed().as_secs()));
            let within = duration::print(within);
            return record.note(&format!(
                "the run did not come to rest within {within} and was ended; {by}; a request that `calls` does not name, \
                 and one that is asked and answered as before, keep no run from ending"
            ));
        }
        if record.look(caught) {
            return phase(record, CUT_SHORT);
        }
        if record.look(|state| state.judge.settled()) {
            return;
        }
    }
}

fn phase(record: &Record, name: &str) {
    record.append(What::Phase {
        name: name.to_owned(),
    });
}
