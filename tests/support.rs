//! Running the binary as a user would, and looking at what it leaves.

use libtest_mimic::Failed;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// What a test is called, and what it does.
pub type Case = (&'static str, fn() -> Result<(), Failed>);

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the repository")
}

/// The stack file of the Codabench reference stack.
pub fn codabench() -> PathBuf {
    root().join("fixtures/codabench/shakedown.yaml")
}

/// Whether a Docker daemon answers.
pub fn docker() -> bool {
    static ANSWERS: OnceLock<bool> = OnceLock::new();
    *ANSWERS.get_or_init(|| {
        let mut info = Command::new("docker");
        let info = info.arg("info").stdout(Stdio::null()).stderr(Stdio::null());
        info.status().is_ok_and(|status| status.success())
    })
}

/// A stack of one service, `rogue`, that does what no service should.
pub const ROGUE: &str = "\
services:
  rogue:
    image: shakedown
    command: [serve, trouble]
    environment: {LISTEN: \"0.0.0.0:8000\"}
    expose: [\"8000\"]
    x-shakedown:
      image: shakedown
      process: [shakedown, serve, trouble]
      ready: {http: /health}
";

/// [`ROGUE`] as a local process that does what some lines of `sh` say before it serves.
pub fn rogue_after(lines: &str) -> String {
    let binary = env!("CARGO_BIN_EXE_shakedown");
    let script = format!("{lines}\nexec {binary} serve trouble");
    let process = serde_json::json!(["sh", "-c", script]).to_string();
    ROGUE.replace("[shakedown, serve, trouble]", &process)
}

/// A feature of one scenario `s` on a stack `s`.
pub fn scenario(steps: &[&str]) -> String {
    let steps = steps.join("\n    ");
    format!("Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    {steps}\n")
}

/// What a command said.
pub struct Said {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Said {
    /// What a command that has ended said.
    pub fn of(output: Output) -> Said {
        Said {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Both streams, for messages.
    pub fn all(&self) -> String {
        format!(
            "exit code {}\n--- stdout\n{}\n--- stderr\n{}",
            self.code, self.stdout, self.stderr
        )
    }

    /// Fails unless the exit code is this one.
    pub fn exits(self, code: i32) -> Result<Said, Failed> {
        check(self.code == code, || {
            format!("expected exit code {code}\n{}", self.all())
        })?;
        Ok(self)
    }

    /// Fails unless all these words were said.
    pub fn says(self, words: &[&str]) -> Result<Said, Failed> {
        for word in words {
            let said = self.stdout.contains(word) || self.stderr.contains(word);
            check(said, || format!("nothing about `{word}`\n{}", self.all()))?;
        }
        Ok(self)
    }

    /// Fails unless one and the same mistake was told with all these words.
    pub fn tells(&self, words: &[&str]) -> Result<(), Failed> {
        let mut mistakes = self.stderr.split("error: ");
        let told = mistakes.any(|mistake| words.iter().all(|word| mistake.contains(word)));
        check(told, || {
            format!("no mistake with {words:?}\n{}", self.all())
        })
    }
}

/// A folder of its own for one test, removed at its end.
pub struct Scratch {
    folder: tempfile::TempDir,
}

impl Scratch {
    pub fn new() -> Scratch {
        Scratch {
            folder: tempfile::tempdir().expect("a temporary folder"),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file and gives its path.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder");
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// The binary, in this folder.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_shakedown"));
        command
            .args(args)
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary in this folder and waits for it.
    pub fn shakedown(&self, args: &[&str]) -> Said {
        Said::of(self.command(args).output().expect("the binary runs"))
    }

    /// Plays one feature on the Codabench stack; its results are in `out`.
    pub fn play(&self, feature: &str, args: &[&str]) -> Said {
        let feature = self.file("a.feature", feature);
        let (stack, feature) = (codabench(), feature.display().to_string());
        let stack = stack.display().to_string();
        let mut all = vec![
            "run",
            feature.as_str(),
            "--stack",
            stack.as_str(),
            "--out",
            "out",
        ];
        all.extend(args);
        self.shakedown(&all)
    }

    /// Plays a feature file on a stack of the test's own; its results are in `out`.
    pub fn play_on(&self, stack: &Path, feature: &Path, runtime: &str) -> Said {
        let (stack, feature) = (stack.display().to_string(), feature.display().to_string());
        let where_to = ["--out", "out", "--runtime", runtime];
        self.shakedown(&[&["run", &feature, "--stack", &stack], &where_to[..]].concat())
    }

    /// Plays one scenario on [`ROGUE`]. `shakedown` is the rest of
    /// the stack file.
    pub fn rogue(&self, runtime: &str, shakedown: &str, steps: &str) -> Said {
        self.file("compose.yaml", ROGUE);
        let stack = format!("stack: s\ncompose: compose.yaml\n{shakedown}");
        let stack = self.file("shakedown.yaml", &stack);
        let feature = scenario(&[steps, "Then every invariant holds"]);
        let feature = self.file("a.feature", &feature);
        self.play_on(&stack, &feature, runtime)
    }

    /// The history of the first scenario that was played.
    pub fn history(&self) -> Result<PathBuf, Failed> {
        let run = self.json("out/run.json")?;
        let file = run["scenarios"][0]["history"].as_str();
        Ok(self.path(file.unwrap_or_default()))
    }

    /// Its events.
    pub fn events(&self) -> Result<Vec<Value>, Failed> {
        history(&self.history()?)
    }

    /// A JSON file in this folder.
    pub fn json(&self, name: &str) -> Result<Value, Failed> {
        let text = std::fs::read_to_string(self.path(name))?;
        Ok(serde_json::from_str(&text)?)
    }
}

/// The commands that people give, from the help.
pub fn commands() -> Result<Vec<String>, Failed> {
    let help = Scratch::new().shakedown(&["--help"]).exits(0)?.stdout;
    let list = help.split("Commands:").nth(1);
    let list = list.and_then(|rest| rest.split("\n\n").next());
    let lines = list.unwrap_or_default().lines();
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    let names = names.filter(|name| !name.is_empty() && *name != "help");
    Ok(names.map(str::to_owned).collect())
}

/// Fails with a message unless `holds`.
pub fn check(holds: bool, message: impl FnOnce() -> String) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(message().into()) }
}

/// The events of a history.
pub fn history(file: &Path) -> Result<Vec<Value>, Failed> {
    let text = std::fs::read_to_string(file)?;
    text.lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}

/// How often a condition is looked at.
const TICK: Duration = Duration::from_millis(20);

/// Waits until something is so.
///
/// # Errors
/// When it was not so in time.
pub fn until(within: Duration, condition: impl Fn() -> bool) -> Result<(), ()> {
    let deadline = Instant::now() + within;
    while !condition() {
        if Instant::now() > deadline {
            return Err(());
        }
        std::thread::sleep(TICK);
    }
    Ok(())
}
