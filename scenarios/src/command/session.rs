//! What commands that start stacks share: an id, a folder, the reaper, Ctrl-C, and where services run.

use super::load::Loaded;
use super::{PlayArgs, RUNS, Refusal, Where, warn};
use shakedown_harness::engine::{self, Order, Outcome, Place, Setup, Sight};
use shakedown_harness::invocation::{Invocation, Job, Room};
use shakedown_harness::problem::{Problem, Problems};
use shakedown_harness::report::{self, Page};
use shakedown_harness::runtime::{self, docker, new_run_id, reaper::Reaper};
use shakedown_harness::seed::Seed;
use shakedown_harness::stack::{self, Stack};
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::SystemTime;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// The exit codes after Ctrl-C and after SIGTERM, as shells have them: 128 and the signal's number.
const INTERRUPTED: u8 = 130;
const TERMINATED: u8 = 143;

/// An invocation with what outlives it.
pub struct Session {
    /// The invocation.
    pub invocation: Invocation,
    /// The exit code for the signal that ended it; 0 before one came.
    ended_by: Arc<AtomicU8>,
    reaper: Reaper,
    began: SystemTime,
    /// Held until the end: a folder takes the results of one invocation at a time.
    _lock: File,
}

/// A run that takes orders.
pub struct Kept {
    /// It ends when `orders` is dropped.
    pub running: JoinHandle<Outcome>,
    /// What it is to do.
    pub orders: mpsc::Sender<Order>,
    /// What happens in it.
    pub sights: mpsc::UnboundedReceiver<Sight>,
}

/// The files of results that an invocation may leave in its folder.
const RESULTS: [&str; 3] = ["run.json", "mutants.json", report::REPORT];

/// The folder of a run for which nobody chose one. Git takes no notice of what lies beside it.
fn among_others(runs: &Path, run: &str) -> PathBuf {
    let unnoticed = runs.join(".gitignore");
    if !unnoticed.exists() {
        // Nothing depends on it; that a folder cannot be made is told of the run's own.
        let _ = std::fs::create_dir_all(runs).and_then(|()| std::fs::write(unnoticed, "*\n"));
    }
    runs.join(run)
}

/// Makes the folder this invocation's own: nobody else writes into it, and no older result or run is left that could be
/// taken for its own.
fn claim(out: &Path) -> Result<File, Problems> {
    let problem = |what: String| Problems::from(Problem::with_file(out, what));
    std::fs::create_dir_all(out).map_err(|e| problem(format!("cannot make this folder: {e}")))?;
    let lock = File::create(out.join(".lock"))
        .map_err(|e| problem(format!("cannot write into this folder: {e}")))?;
    if lock.try_lock().is_err() {
        let busy = Problem::with_file(out, "another shakedown is writing into this folder");
        return Err(busy
            .help("wait for it, or give this one another `--out`")
            .into());
    }
    for name in RESULTS {
        let _ = std::fs::remove_file(out.join(name));
    }
    for (run, error) in runtime::remove_runs(out) {
        let what = format!("an earlier run lies here, and cannot be removed: {error}");
        warn(&Problem::with_file(&run, what));
    }
    Ok(lock)
}

impl Session {
    /// Makes the folder, starts the reaper, listens for Ctrl-C.
    ///
    /// # Errors
    /// When the folder or the reaper cannot be made, or the runtime that was asked for is not there, or cannot have what
    /// a stack needs.
    pub async fn begin(args: &PlayArgs, loaded: &Loaded) -> Result<Session, Refusal> {
        let run = new_run_id();
        let place = place(args.runtime, loaded).await?;
        fits(loaded, place).map_err(|problems| match args.runtime {
            // Nobody chose this runtime: there was no Docker.
            Where::Auto if place == Place::Process => Refusal::NoEnvironment(problems),
            _ => Refusal::WrongUse(problems),
        })?;
        let out = args
            .out
            .clone()
            .unwrap_or_else(|| among_others(Path::new(RUNS), &run));
        let problem = |what: &str, error: std::io::Error| {
            Problems::from(Problem::with_file(&out, format!("{what}: {error}")))
        };
        let lock = claim(&out)?;
        let out_full = out
            .canonicalize()
            .map_err(|e| problem("cannot find this folder", e))?;
        let reaper = Reaper::spawn(&run, &out_full, place == Place::Docker)
            .map_err(|e| problem("cannot start the reaper of this run", e))?;
        let (stop, stopped) = watch::channel(false);
        let ended_by = Arc::new(AtomicU8::new(0));
        let ended = ended_by.clone();
        tokio::spawn(async move {
            let code = interrupted().await;
            ended.store(code, Ordering::Relaxed);
            eprintln!("interrupted: taking everything down");
            let _ = stop.send(true);
            // A second Ctrl-C does not wait; the reaper removes what is left.
            interrupted().await;
            std::process::exit(code.into());
        });
        let seed = args.seed.map_or_else(Seed::fresh, Seed);
        let room = args
            .jobs
            .map_or_else(|| Room::of_machine(place), |n| Room::of(n.into()));
        say!("run {run}, seed {seed}, runtime {place}, {room}");
        let invocation = Invocation {
            run,
            seed,
            place,
            room: Arc::new(room),
            first: 0,
            retries: args.retry_environment.into(),
            out,
            shelf: Arc::default(),
            stop: stopped,
            lost: Arc::default(),
        };
        Ok(Session {
            invocation,
            ended_by,
            reaper,
            began: SystemTime::now(),
            _lock: lock,
        })
    }

    /// The same for one stack, whose images are made.
    ///
    /// # Errors
    /// As for [`Session::begin`].
    pub async fn of_one(args: &PlayArgs, stack: &Arc<Stack>) -> Result<Session, Refusal> {
        let loaded = Loaded {
            plans: Vec::new(),
            stacks: BTreeMap::from([(stack.name.clone(), stack.clone())]),
            warnings: Vec::new(),
        };
        let session = Session::begin(args, &loaded).await?;
        session.make_images(std::slice::from_ref(stack)).await;
        Ok(session)
    }

    /// Starts a run that takes orders and shows what happens. `name` is that of its folder.
    pub fn keep(&self, job: &Job, name: &str) -> Kept {
        let (live, orders, sights) = engine::live();
        let running = tokio::spawn(engine::run(Setup {
            live: Some(Arc::new(live)),
            ..self.invocation.setup(job, name)
        }));
        Kept {
            running,
            orders,
            sights,
        }
    }

    /// Whether these stacks can have what they ask for here. Says what they will go without.
    ///
    /// # Errors
    /// What they cannot have.
    pub fn fits(&self, loaded: &Loaded) -> Result<(), Problems> {
        fits(loaded, self.invocation.place)
    }

    /// Makes the images that these stacks need and that are missing, before the first of them is started.
    pub async fn make_images(&self, stacks: &[Arc<Stack>]) {
        let Invocation { run, out, stop, .. } = &self.invocation;
        if self.invocation.place == Place::Docker {
            let mut stop = stop.clone();
            tokio::select! {
                () = docker::make_images(stacks, out, run, &|line| say!("{line}")) => {}
                _ = stop.wait_for(|stop| *stop) => {}
            }
        }
    }

    /// Writes a result file; says so when it cannot.
    pub fn write(&self, name: &str, value: &serde_json::Value) -> bool {
        let file = self.invocation.out.join(name);
        let text = serde_json::to_string_pretty(value).unwrap_or_default() + "\n";
        let written = std::fs::write(&file, text);
        told("results", &file, written)
    }

    /// Writes the report for people; says so when it cannot. What is the same for all commands is filled in.
    pub fn report(&self, page: Page<'_>) -> bool {
        let invocation = &self.invocation;
        let runtime = invocation.place.to_string();
        write_report(&Page {
            run: &invocation.run,
            began: Some(self.began),
            took: self.began.elapsed().ok(),
            seed: Some(invocation.seed.0),
            runtime: &runtime,
            folder: &invocation.out,
            ..page
        })
    }

    /// The exit code: `code`, or that for an interruption.
    pub fn code(&self, code: u8) -> u8 {
        match self.ended_by.load(Ordering::Relaxed) {
            0 => code,
            ended_by => ended_by,
        }
    }

    /// Waits for the reaper; gives the exit code.
    pub async fn end(self, code: u8) -> u8 {
        let code = self.code(code);
        if !self.reaper.finish().await {
            eprintln!(
                "warning: something of this run could not be removed yet; a process in the background goes on trying for \
                 some minutes, also while Docker is away"
            );
        }
        code
    }
}

/// Waits for a signal that is to end everything. Gives its exit code.
pub async fn interrupted() -> u8 {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        return TERMINATED;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => INTERRUPTED,
        _ = term.recv() => TERMINATED,
    }
}

async fn place(wanted: Where, loaded: &Loaded) -> Result<Place, Refusal> {
    match wanted {
        Where::Process => Ok(Place::Process),
        Where::Docker => match docker::answers().await {
            Ok(()) => Ok(Place::Docker),
            Err(why) => {
                let help = "start Docker, set DOCKER_HOST, or use `--runtime process`";
                let problem = Problem {
                    what: format!("no Docker daemon answers: {why}"),
                    place: None,
                    help: Some(help.to_owned()),
                };
                Err(Refusal::NoEnvironment(problem.into()))
            }
        },
        Where::Auto => {
            let why = match docker::answers().await {
                Ok(()) => stack::local_alone(loaded.stacks.values().map(|stack| &**stack)),
                Err(why) => Some(format!("no Docker daemon answers ({why})")),
            };
            let Some(why) = why else {
                return Ok(Place::Docker);
            };
            say!("{why}: services run as local processes");
            Ok(Place::Process)
        }
    }
}

/// Whether what the stacks ask for can be had there. Says what they will go without.
fn fits(loaded: &Loaded, place: Place) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for stack in loaded.stacks.values() {
        let mistakes = match place {
            Place::Docker => stack.mistakes_in_containers(),
            Place::Process => {
                stack.warnings_as_processes().iter().for_each(warn);
                stack.mistakes_as_processes()
            }
        };
        problems.0.extend(mistakes.0);
    }
    problems.or(())
}

/// Writes a page into its folder.
pub fn write_report(page: &Page<'_>) -> bool {
    let file = page.folder.join(report::REPORT);
    let written = std::fs::write(&file, page.html());
    told("report", &file, written)
}

/// Says where something was written, or that it could not be.
pub fn told(what: &str, file: &Path, written: io::Result<()>) -> bool {
    match written {
        Ok(()) => {
            say!("{what}: {}", file.display());
            true
        }
        Err(error) => {
            eprintln!("error: cannot write {}: {error}", file.display());
            false
        }
    }
}

/// The command that does all of this invocation again: what was typed, with the seed and the runtime that it had.
pub fn again(invocation: &Invocation) -> String {
    let typed: Vec<String> = std::env::args().skip(1).collect();
    let given = |name: &str| {
        let assigned = format!("{name}=");
        typed
            .iter()
            .any(|word| word == name || word.starts_with(&assigned))
    };
    let mut command = self::typed();
    for (name, value) in [
        ("--runtime", invocation.place.to_string()),
        ("--seed", invocation.seed.to_string()),
    ] {
        if !given(name) {
            command.push_str(&format!(" {name} {value}"));
        }
    }
    command
}

/// The command as it was typed.
pub fn typed() -> String {
    let words: Vec<String> = std::env::args().skip(1).map(|word| quoted(&word)).collect();
    format!("{} {}", program(), words.join(" "))
}

/// A word as a shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    match !word.is_empty() && word.chars().all(plain) {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// How this program is called.
pub fn program() -> &'static str {
    // Under `cargo run` there is no `shakedown` on the path.
    match std::env::var_os("CARGO_MANIFEST_DIR") {
        Some(_) => "cargo run --",
        None => "shakedown",
    }
}

/// The command that plays one scenario of a session again.
pub fn repeat(invocation: &Invocation, job: &Job, stack: Option<&Path>) -> String {
    let program = program();
    let plan = &job.plan;
    let name = regex::escape(&plan.scenario).replace('\'', ".");
    let mut command = format!(
        "{program} run {} --name '^{name}$' --runtime {} --seed {}",
        plan.place.file.display(),
        invocation.place,
        invocation.seed
    );
    if let Some(stack) = stack {
        command.push_str(&format!(" --stack {}", stack.display()));
    }
    if let Some(mutant) = &job.mutant {
        command.push_str(&format!(" --mutant '{mutant}'"));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_takes_no_notice_of_runs() {
        let folder = tempfile::tempdir().unwrap();
        let (runs, note) = (
            folder.path().join("a/b"),
            folder.path().join("a/b/.gitignore"),
        );
        assert_eq!(among_others(&runs, "run"), runs.join("run"));
        assert_eq!(std::fs::read_to_string(&note).unwrap(), "*\n");
        // What somebody has made of it stays.
        std::fs::write(&note, "*.log\n").unwrap();
        among_others(&runs, "other");
        assert_eq!(std::fs::read_to_string(&note).unwrap(), "*.log\n");
    }
}
