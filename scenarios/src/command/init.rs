//! `shakedown init`: a first stack file and a first feature from a compose file, and from what the stack was seen to do.

use super::load;
use super::session::{self, Kept, Session};
use super::{Answer, FeatureArgs, InitArgs, Refusal, warn};
use shakedown_harness::draft::{self, Draft, Exchange, Hidden, Request};
use shakedown_harness::engine::{Door, Sight};
use shakedown_harness::gateway::WORKLOAD;
use shakedown_harness::history;
use shakedown_harness::invocation::Job;
use shakedown_harness::plan::Plan;
use shakedown_harness::problem::{Place, Problem, Problems, shown, suggest};
use shakedown_harness::runtime::Failure;
use shakedown_harness::secret::Secrets;
use shakedown_harness::stack::{self, Stack};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::mpsc;

/// The names that Compose looks for.
const COMPOSE: [&str; 4] = [
    "compose.yaml",
    "compose.yml",
    "docker-compose.yaml",
    "docker-compose.yml",
];
const STACK: &str = "shakedown.yaml";
const OVERLAY: &str = "compose.shakedown.yaml";
const FEATURE: &str = "features/first.feature";
/// So many requests may wait for the one before them.
const WAITING: usize = 16;
/// How long nothing must happen for a watched stack to have done its work.
const QUIET: &str = "2s";

/// Writes the files, says what they rest on, and what is left to do.
pub async fn init(args: InitArgs) -> Answer {
    let requests = requests(&args.request)?;
    let compose = compose_file(args.compose.as_deref())?;
    let folder = compose.parent().unwrap_or(Path::new("")).to_owned();
    let overlay = folder.join(OVERLAY);
    let files = [folder.join(STACK), folder.join(FEATURE)];
    free(&args, &files)?;
    let mut composes = stack::with_override(compose);
    let scratch = Scratch::make()?;
    let plain = scratch.read(&composes)?;
    known_hosts(&plain, &args.request, &requests)?;
    let text = draft::overlay(&plain);
    if let Some(text) = &text
        && (args.force || !overlay.exists())
    {
        write(&overlay, text)?;
    }
    if overlay.exists() {
        composes.push(overlay);
    }
    let stack = scratch.read(&composes)?;
    let (seen, hidden) = match args.observe || !requests.is_empty() {
        true => {
            let (seen, hidden) = observe(&args, stack.clone(), requests).await?;
            (Some(seen), hidden)
        }
        false => (None, Hidden::default()),
    };
    let names: Vec<String> = composes.iter().map(|file| name(file)).collect();
    let draft = draft::draft(&stack, &names, (seen.as_deref(), &hidden));
    let [stack_file, feature] = &files;
    write(stack_file, &draft.stack)?;
    write(feature, &draft.feature)?;
    tell(&draft);
    checked(stack_file, feature)
}

fn name(file: &Path) -> String {
    file.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// All requests that were given, or all mistakes in them.
fn requests(texts: &[String]) -> Result<Vec<Request>, Problems> {
    let mut problems = Problems::default();
    let mut requests = Vec::new();
    for text in texts {
        match Request::parse(text) {
            Ok(request) => requests.push(request),
            Err(what) => problems.push(Problem {
                what,
                place: None,
                help: None,
            }),
        }
    }
    problems.or(requests)
}

/// The compose file that is named, or the one that Compose itself would take here.
fn compose_file(named: Option<&Path>) -> Result<PathBuf, Problem> {
    match named {
        Some(file) if file.is_file() => Ok(file.to_owned()),
        Some(folder) if folder.is_dir() => in_folder(folder),
        Some(file) => Err(Problem::with_file(file, "does not exist")),
        None => in_folder(Path::new("")),
    }
}

fn in_folder(folder: &Path) -> Result<PathBuf, Problem> {
    let mut files = COMPOSE.iter().map(|name| folder.join(name));
    files.find(|file| file.is_file()).ok_or_else(|| Problem {
        what: format!(
            "there is no compose file here: none of {}",
            COMPOSE.join(", ")
        ),
        place: None,
        help: Some("name it: `shakedown init path/to/compose.yaml`".to_owned()),
    })
}

/// Nothing that somebody wrote is lost.
fn free(args: &InitArgs, files: &[PathBuf]) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for file in files.iter().filter(|file| file.exists() && !args.force) {
        problems.push(
            Problem::with_file(&shown(file), "is there already").help("`--force` writes it anew"),
        );
    }
    problems.or(())
}

/// Requests lead to services that there are.
fn known_hosts(stack: &Stack, texts: &[String], requests: &[Request]) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for (text, request) in texts.iter().zip(requests) {
        let host = request.host();
        if stack.host("workload", &host).is_none() {
            let known = stack.services.keys().map(String::as_str);
            problems.push(Problem {
                what: format!("unknown service `{host}` in `{text}`"),
                place: None,
                help: Some(suggest(&host, known)),
            });
        }
    }
    problems.or(())
}

fn write(file: &Path, text: &str) -> Result<(), Problem> {
    let failed = |error: std::io::Error| {
        Problem::with_file(&shown(file), format!("cannot be written: {error}"))
    };
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    std::fs::write(file, text).map_err(failed)?;
    say!("wrote {}", shown(file).display());
    Ok(())
}

/// A stack file that nobody sees, for reading compose files that have none yet.
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> Result<Scratch, Problem> {
        let folder = std::env::temp_dir().join(format!("shakedown-init-{}", std::process::id()));
        let failed =
            |error: std::io::Error| Problem::with_file(&folder, format!("cannot be made: {error}"));
        std::fs::create_dir_all(&folder).map_err(failed)?;
        Ok(Scratch(folder))
    }

    fn read(&self, composes: &[PathBuf]) -> Result<Arc<Stack>, Problems> {
        let full = |file: &PathBuf| std::path::absolute(file).unwrap_or_else(|_| file.clone());
        let composes: Vec<PathBuf> = composes.iter().map(full).collect();
        let folder = composes
            .first()
            .and_then(|file| file.parent())
            .and_then(|folder| folder.file_name());
        let name = folder.map_or_else(
            || "first".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        );
        let composes: Vec<String> = composes
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        let text = serde_json::json!({"stack": name, "compose": composes, "settle": QUIET});
        let file = self.0.join(STACK);
        std::fs::write(&file, text.to_string())
            .map_err(|error| Problem::with_file(&file, format!("cannot be written: {error}")))?;
        Ok(Arc::new(Stack::read(&file)?.stack))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Starts the stack as it is, with gateways, and gives what was seen, and what is known of the secrets in it.
async fn observe(
    args: &InitArgs,
    stack: Arc<Stack>,
    requests: Vec<Request>,
) -> Result<(Vec<Exchange>, Hidden), Refusal> {
    let session = Session::of_one(&args.play, &stack).await?;
    let (send, waiting) = mpsc::channel(WAITING);
    let asks = requests.is_empty();
    let fed = tokio::spawn(feed(requests, send));
    let Kept {
        running,
        orders,
        mut sights,
    } = session.keep(&nothing(&stack), "observed");
    let mut hidden = Hidden::default();
    if let Some((doors, secrets)) = up(&mut sights).await {
        say!("the stack is up");
        for Door {
            service,
            port,
            address,
        } in doors.iter().filter(|_| asks)
        {
            say!("  {service}:{port} is at http://{address}");
        }
        let resolve = |host: &str, port| {
            let service = stack.host(WORKLOAD, host)?;
            let mut doors = doors.iter();
            let door = doors.find(|door| door.service == service && door.port == port)?;
            Some(door.address)
        };
        let driven = async {
            draft::drive(waiting, &resolve, &secrets, &|line| say!("{line}")).await;
            // Nothing else is wanted of it.
            drop(orders);
        };
        let seen = async { while sights.recv().await.is_some() {} };
        tokio::join!(driven, seen);
        hidden = Hidden::new(&stack, &secrets);
    }
    let outcome = running.await.expect("a run catches its own panics");
    fed.abort();
    let events = history::read(&outcome.history).unwrap_or_default();
    session.end(0).await;
    match outcome.failure {
        None => Ok((draft::exchanges(&events), hidden)),
        Some(failure) => Err(Refusal::NoEnvironment(unwatched(failure).into())),
    }
}

/// Why the stack could not be watched, with the end of the log that tells it.
fn unwatched(failure: Failure) -> Problem {
    let last = failure.last.iter().map(|last| {
        let last = last.trim_end().replace('\n', "\n         ");
        format!("\n  last:  {last}")
    });
    let last: String = last.collect();
    Problem {
        what: format!("the stack could not be watched: {}{last}", failure.what),
        place: None,
        help: failure.help,
    }
}

/// Waits until the stack is up. `None`: it never is.
async fn up(sights: &mut mpsc::UnboundedReceiver<Sight>) -> Option<(Vec<Door>, Arc<Secrets>)> {
    loop {
        if let Sight::Up { doors, secrets } = sights.recv().await? {
            return Some((doors, secrets));
        }
    }
}

/// A job of no steps.
fn nothing(stack: &Arc<Stack>) -> Job {
    let plan = Plan {
        feature: "init".to_owned(),
        scenario: "what the stack does".to_owned(),
        place: Place::new(&stack.file, 1, 1),
        tags: Vec::new(),
        stack: stack.name.clone(),
        steps: Vec::new(),
    };
    Job {
        plan,
        stack: stack.clone(),
        mutant: None,
        round: 1,
    }
}

/// Passes requests on: those that were given, or those that people type, up to an empty line or the end.
async fn feed(requests: Vec<Request>, send: mpsc::Sender<Request>) {
    let asks = requests.is_empty();
    for request in requests {
        let _ = send.send(request).await;
    }
    if !asks {
        return;
    }
    if std::io::stdin().is_terminal() {
        say!(
            "once it is up, use the stack, or type requests such as GET http://web:8000/; an empty line ends it"
        );
    }
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if line.trim().is_empty() {
            break;
        }
        match Request::parse(&line) {
            Ok(request) => drop(send.send(request).await),
            Err(what) => eprintln!("error: {what}"),
        }
    }
}

fn tell(draft: &Draft) {
    say!();
    for line in &draft.learnt {
        say!("learnt: {line}");
    }
    say!();
    for line in &draft.to_do {
        say!("to do: {line}");
    }
}

/// What was written has no mistakes; if it has, they are told.
fn checked(stack: &Path, feature: &Path) -> Answer {
    let args = FeatureArgs {
        paths: vec![feature.to_owned()],
        stack: Some(stack.to_owned()),
        name: None,
    };
    for warning in load::load(&args)?.warnings {
        warn(&warning);
    }
    let (stack, feature) = (shown(stack), shown(feature));
    say!(
        "play it: {} run {} --stack {}",
        session::program(),
        feature.display(),
        stack.display()
    );
    Ok(0)
}
