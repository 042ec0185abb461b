//! The command line.

/// Prints a line. A reader that has left (`shakedown run | head`) is no reason to leave a stack running, so it is no
/// error.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stdout(), $($words)*);
    }};
}

mod check;
mod clean;
mod completions;
mod doctor;
mod double;
mod glue;
mod init;
mod lint;
mod load;
mod man;
mod mutants;
mod progress;
mod reports;
mod run;
mod schema;
mod session;
mod steps;
mod up;

use clap::error::{ContextKind, ContextValue};
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use reports::ReportArgs;
use shakedown_harness::duration;
use shakedown_harness::gateway;
use shakedown_harness::problem::{Problem, Problems, suggest};
use shakedown_harness::runtime::reaper;
use shakedown_harness::verdict::{Verdict, WRONG_USE};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Duration;

/// Where runs leave their folders, unless one is chosen.
const RUNS: &str = "target/shakedown";

/// Starts a real stack, breaks it on purpose, and says whether its invariants held.
#[derive(Parser)]
#[command(name = "shakedown", version, about, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 held, 1 violated, 2 inconclusive, 3 environment failed, \
                          64 wrong use (an undefined step, an unknown name, a bad file), 130 interrupted (143 by SIGTERM).";

#[derive(Subcommand)]
enum Command {
    /// Play features against their stacks and judge what happened
    Run(RunArgs),
    /// Write a first shakedown.yaml and a first feature from a compose file
    Init(InitArgs),
    /// Find mistakes in features and stack files without starting anything
    Lint(LintArgs),
    /// Run each planted bug against the features: each must turn an invariant red
    Mutants(MutantsArgs),
    /// Keep a stack running, break it by hand, and watch
    Up(UpArgs),
    /// Judge again what a run recorded, or what was exported from production
    Check(CheckArgs),
    /// Print the phrases of the language
    Steps {
        /// For people, or as step definitions from which Cucumber's language server completes and checks features
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
    /// Tell whether a run would find here what it needs, and what to do where it would not
    Doctor(DoctorArgs),
    /// Remove what earlier runs have left: only what bears our label and belongs to no living run
    Clean(CleanArgs),
    /// Print the JSON schema of shakedown.yaml, by which editors complete and check it
    Schema {
        /// That of compose.yaml instead, with `x-shakedown`
        #[arg(long)]
        compose: bool,
    },
    /// Print what a shell needs to complete commands and options
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write those of all commands
    Man(ManArgs),
    /// Run a service of a reference stack in the foreground
    #[command(hide = true)]
    Serve {
        /// For example codabench/site
        name: String,
    },
    /// The gateway in its container
    #[command(hide = true)]
    Gateway {
        #[arg(long)]
        listen: SocketAddr,
        #[arg(long)]
        token: String,
    },
    /// Plays the stand-in for a third party from a folder
    #[command(hide = true)]
    Double(DoubleArgs),
    /// Waits for the harness to end, then removes what bears its label
    #[command(hide = true)]
    Reap {
        #[arg(long)]
        run: String,
        /// The invocation's folder
        #[arg(long)]
        out: PathBuf,
        /// The run has containers
        #[arg(long)]
        docker: bool,
    },
}

/// Which features, and on which stack file.
#[derive(Args)]
struct FeatureArgs {
    /// Feature files or folders
    #[arg(default_value = "features")]
    paths: Vec<PathBuf>,
    /// The stack file, instead of searching by name below the current folder
    #[arg(long, value_name = "FILE")]
    stack: Option<PathBuf>,
    /// Play only scenarios whose name matches this regular expression
    #[arg(long, value_name = "PATTERN")]
    name: Option<regex::Regex>,
}

/// How stacks are run.
#[derive(Args)]
struct PlayArgs {
    /// Where services run; auto: in containers where Docker answers and the stacks can run in them, else as local processes
    #[arg(long, value_enum, default_value = "auto")]
    runtime: Where,
    /// How many stacks run at once [default: one for each CPU, or for two of them in containers, and up to twice the CPUs while these idle]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=100))]
    jobs: Option<u16>,
    /// Repeats the plan, the faults and the generated data of an earlier run
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// Where histories, logs and results go [default: target/shakedown/<run>]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Play again, so often at most, what ended as `environment failed`; nothing else is ever played again
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=20))]
    retry_environment: u16,
}

#[derive(Args)]
struct RunArgs {
    #[command(flatten)]
    features: FeatureArgs,
    #[command(flatten)]
    play: PlayArgs,
    /// Plant this bug of the stack file first
    #[arg(long, value_name = "NAME")]
    mutant: Option<String>,
    /// Play everything so often, with the same seed, and tell which scenarios do not give the same verdict each time
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    repeat: u16,
    /// Play again what changes, each time that a feature or a stack file does; until Ctrl-C
    #[arg(long, conflicts_with = "repeat")]
    watch: bool,
    #[command(flatten)]
    reports: ReportArgs,
}

#[derive(Args)]
#[command(mut_arg("jobs", |jobs| jobs.hide(true)))]
struct UpArgs {
    /// The stack's name, or its file [default: the only one below the current folder]
    stack: Option<String>,
    #[command(flatten)]
    play: PlayArgs,
    /// Plant this bug of the stack file first
    #[arg(long, value_name = "NAME")]
    mutant: Option<String>,
}

#[derive(Args)]
#[command(
    mut_arg("jobs", |one| one.hide(true)),
    mut_arg("seed", |one| one.hide(true)),
    mut_arg("retry_environment", |one| one.hide(true))
)]
struct InitArgs {
    /// The compose file, or its folder [default: the one that Compose would take here]
    compose: Option<PathBuf>,
    /// Start the stack once, as it is, and learn its calls: from the requests that are given, or else from what you do
    /// with it and type
    #[arg(long)]
    observe: bool,
    /// A request that is made while the stack is watched, such as 'POST http://web:8000/orders {"item": "cup"}'; may be
    /// given several times. ${id} is the id that an answer told last
    #[arg(long, value_name = "METHOD URL [BODY]")]
    request: Vec<String>,
    /// Write files anew that are there already
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    play: PlayArgs,
}

#[derive(Args)]
struct LintArgs {
    #[command(flatten)]
    features: FeatureArgs,
}

#[derive(Args)]
struct CheckArgs {
    /// The folder of a run, of one of its scenarios, or a history.jsonl
    #[arg(required_unless_present = "events", conflicts_with = "events")]
    run: Option<PathBuf>,
    /// An export instead: JSON lines or CSV of time, entity, id, field, value
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// The stack file, instead of searching by name below the current folder
    #[arg(long, value_name = "FILE")]
    stack: Option<PathBuf>,
    /// Judge by this invariant only; may be given several times [default: by all]
    #[arg(long, value_name = "NAME")]
    invariant: Vec<String>,
    /// How late lines of an export may come; they are put in order by time
    #[arg(long, value_name = "TIME", requires = "events", value_parser = duration::parse, default_value = "0s")]
    disorder: Duration,
    /// Where check.json goes [default: nowhere]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Args)]
struct MutantsArgs {
    #[command(flatten)]
    features: FeatureArgs,
    #[command(flatten)]
    play: PlayArgs,
    #[command(flatten)]
    reports: ReportArgs,
}

#[derive(Args)]
struct DoctorArgs {
    /// Where services are to run; auto: in containers where Docker answers and the stacks can run in them, else as local processes
    #[arg(long, value_enum, default_value = "auto")]
    runtime: Where,
    /// Where runs leave their folders
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    folder: PathBuf,
}

#[derive(Args)]
struct CleanArgs {
    /// Tell what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Also remove the folders of old runs, and keep the newest N
    #[arg(long, value_name = "N")]
    runs: Option<usize>,
    /// Where runs leave their folders
    #[arg(long, value_name = "DIR", default_value = RUNS)]
    folder: PathBuf,
    /// Only what this run has left; may be given several times [default: what any has]
    #[arg(long, value_name = "ID")]
    run: Vec<String>,
    /// Also what runs of other machines have left on a shared daemon, whether or not these runs live
    #[arg(long)]
    all_hosts: bool,
}

#[derive(Args)]
struct ManArgs {
    /// The page of this command
    #[arg(conflicts_with = "out")]
    command: Option<String>,
    /// Write all pages into this folder instead, such as /usr/local/share/man/man1
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

#[derive(Args)]
struct DoubleArgs {
    #[arg(long)]
    listen: SocketAddr,
    /// Where a service is found that is called: web/8000=http://127.0.0.1:8000
    #[arg(long, value_name = "HOST/PORT=URL")]
    at: Vec<String>,
    /// What all that is random comes from
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Has `mappings`, `__files` and `operations`
    folder: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Cucumber,
}

#[derive(Clone, Copy, ValueEnum)]
enum Where {
    Auto,
    Docker,
    Process,
}

/// Runs the command that the arguments ask for.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Asking for help is no mistake; all else is wrong use, whatever clap's own code for it.
            let _ = error.print();
            if let Some(name) = unknown_command(&error) {
                let shown = shown();
                let names: Vec<&str> = shown.get_subcommands().map(|one| one.get_name()).collect();
                eprintln!("  help:  {}", suggest(&name, names));
            }
            return ExitCode::from(if error.use_stderr() { WRONG_USE } else { 0 });
        }
    };
    // Only what the harness itself has to say; services write to their own logs.
    let filter = tracing_subscriber::EnvFilter::try_from_env("SHAKEDOWN_LOG")
        .unwrap_or_else(|_| "error".into());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
    let mut builder = match cli.command {
        // It does nothing but pass bytes on, and on one thread no other has to be woken for that.
        Command::Gateway { .. } => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = match builder.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: no threads to be had from the system: {error}");
            return ExitCode::from(3);
        }
    };
    runtime.block_on(carry_out(cli.command))
}

/// The command line as people see it, without the commands that only shakedown itself gives.
fn shown() -> clap::Command {
    let all = Cli::command();
    let shown = all.get_subcommands().filter(|one| !one.is_hide_set());
    let shown: Vec<clap::Command> = shown.cloned().collect();
    let about = all.get_about().cloned().unwrap_or_default();
    clap::Command::new("shakedown")
        .version(env!("CARGO_PKG_VERSION"))
        .about(about)
        .after_help(EXIT_CODES)
        .subcommand_required(true)
        .subcommands(shown)
}

/// Tells of something that is no mistake, once.
fn warn(warning: &Problem) {
    static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let text = warning.to_string().replacen("error:", "warning:", 1);
    let mut told = TOLD.lock().expect("no panic while it is held");
    if told.insert(text.clone()) {
        eprintln!("{text}");
    }
}

/// The name that somebody gave for a command and that is none.
fn unknown_command(error: &clap::Error) -> Option<String> {
    match error.get(ContextKind::InvalidSubcommand)? {
        ContextValue::String(name) => Some(name.clone()),
        _ => None,
    }
}

async fn carry_out(command: Command) -> ExitCode {
    let result = match command {
        Command::Run(args) => run::run(args).await,
        Command::Init(args) => init::init(args).await,
        Command::Lint(args) => lint::lint(args),
        Command::Up(args) => up::up(args).await,
        Command::Mutants(args) => mutants::mutants(args).await,
        Command::Check(args) => check::check(args),
        Command::Steps { format } => Ok(match format {
            Format::Text => steps::steps(),
            Format::Cucumber => glue::glue(),
        }),
        Command::Doctor(args) => doctor::doctor(args).await,
        Command::Clean(args) => clean::clean(args).await,
        Command::Schema { compose } => Ok(schema::schema(compose)),
        Command::Completions { shell } => Ok(completions::completions(shell)),
        Command::Man(args) => man::man(args),
        Command::Serve { name } => return simple(shakedown_fixtures::serve(&name).await),
        Command::Gateway { listen, token } => return simple(gateway::serve(listen, token).await),
        Command::Double(args) => double::double(args).await,
        Command::Reap { run, out, docker } => {
            reaper::watch(&run, &out, docker).await;
            Ok(0)
        }
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(Refusal::WrongUse(problems)) => {
            eprint!("{problems}");
            ExitCode::from(WRONG_USE)
        }
        Err(Refusal::NoEnvironment(problems)) => {
            eprint!("{problems}");
            ExitCode::from(Verdict::EnvironmentFailed.exit_code())
        }
    }
}

/// Why a command did not even begin.
enum Refusal {
    /// All that is wrong with what it was given.
    WrongUse(Problems),
    /// What it needs is not there.
    NoEnvironment(Problems),
}

impl From<Problems> for Refusal {
    fn from(problems: Problems) -> Refusal {
        Refusal::WrongUse(problems)
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Refusal {
        Refusal::WrongUse(problem.into())
    }
}

/// A command's exit code, or why it did not begin.
type Answer = Result<u8, Refusal>;

fn simple(result: Result<(), impl std::fmt::Display>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
