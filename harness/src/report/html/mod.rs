//! `report.html`: the report that explains, one file that works offline.
//!
//! Here the data is gathered and put into the page as one JSON value. The page itself lies beside this file: markup, a
//! style sheet and plain JavaScript, one noun to a file, joined into one as they are. A policy in its head forbids it all
//! network, and lets it run no script but its own, whatever the bodies say that it shows.

mod cells;
mod exchange;
mod findings;
mod histories;
mod history;
mod learnt;
mod runs;
mod script;
mod sources;
mod stacks;
mod supply;
mod words;

use crate::invocation::{self, Played};
use crate::report::Matrix;
use crate::verdict::Verdict;
use histories::Histories;
use serde_json::json;
use sources::Sources;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The file's name in the folder of a run.
pub const REPORT: &str = "report.html";

/// What a page tells.
pub struct Page<'a> {
    /// The command that played or judged: `run`, `mutants`, `check`.
    pub command: &'a str,
    /// The whole command that does it again.
    pub again: String,
    /// The id of the run; empty where nothing was run.
    pub run: &'a str,
    /// When it began; `None` where that is not known.
    pub began: Option<SystemTime>,
    /// How long all of it took; `None` where that is not known.
    pub took: Option<Duration>,
    /// The seed, if there is one.
    pub seed: Option<u64>,
    /// Where services ran.
    pub runtime: &'a str,
    /// What it came to. For planted bugs: what the stacks without them came to.
    pub verdict: Verdict,
    /// The exit code.
    pub exit_code: u8,
    /// The scenarios that make up the verdict, in their order.
    pub played: &'a [Played],
    /// Those with a planted bug, where each was to be caught.
    pub planted: Vec<&'a Played>,
    /// The command that plays one scenario again.
    pub repeat: &'a dyn Fn(&Played) -> String,
    /// Which planted bugs were caught, if any were planted.
    pub matrix: Option<&'a Matrix>,
    /// The folder of the page: files are named as seen from there.
    pub folder: &'a Path,
}

/// What nobody has played.
impl Default for Page<'_> {
    fn default() -> Self {
        Page {
            command: "",
            again: String::new(),
            run: "",
            began: None,
            took: None,
            seed: None,
            runtime: "",
            verdict: Verdict::Held,
            exit_code: 0,
            played: &[],
            planted: Vec::new(),
            repeat: &|_| String::new(),
            matrix: None,
            folder: Path::new(""),
        }
    }
}

impl Page<'_> {
    /// The page's text.
    pub fn html(&self) -> String {
        let mut sources = Sources::default();
        let mut histories = Histories::gather(self);
        let all = self.all();
        let scenarios = all.iter().enumerate();
        let scenarios: Vec<_> = scenarios
            .map(|(i, one)| runs::scenario(i, one, self, &mut sources, &histories))
            .collect();
        let stacks = stacks::stacks(&all, &mut sources);
        let began = self
            .began
            .and_then(|began| jiff::Timestamp::try_from(began).ok());
        let value = json!({
            "command": self.command,
            "again": self.again,
            "run": self.run,
            "began": began.map(|began| began.to_string()),
            "took_ms": self.took.map(|took| took.as_millis() as u64),
            "seed": self.seed.map(|seed| seed.to_string()),
            "runtime": self.runtime,
            "version": env!("CARGO_PKG_VERSION"),
            "verdict": self.verdict.to_string(),
            "exit_code": self.exit_code,
            "unwitnessed": invocation::unwitnessed(self.played),
            "not_repeatable": super::rounds::not_repeatable(self.played),
            "matrix": self.matrix.map(|matrix| cells::matrix(matrix, &all)),
            "stacks": stacks,
            "scenarios": scenarios,
            "left_out": histories.left_out(),
            "words": histories.take_words(),
            "histories": histories.list,
        });
        script::page(&value)
    }

    /// All scenarios: those that make up the verdict first.
    fn all(&self) -> Vec<&Played> {
        self.played
            .iter()
            .chain(self.planted.iter().copied())
            .collect()
    }
}
