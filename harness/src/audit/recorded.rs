//! The histories that a run left.

use super::Case;
use crate::count::times;
use crate::engine::{CUT_IN_VAIN, NOTHING_WITNESSED, Seen, stayed_away};
use crate::fault::Receipt;
use crate::history::{Event, FaultMoment, Heard, Reader, ServiceState, What};
use crate::invariant::Judge;
use crate::invocation::Played;
use crate::plan::Judged;
use crate::problem::{Place, Problem, Problems};
use crate::runtime::Failure;
use crate::stack::Stack;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

const HISTORY: &str = "history.jsonl";
/// How deep below a run's folder its histories lie: planted bugs have folders of their own.
const MAX_DEPTH: usize = 4;
/// What is said of a run that was inconclusive, and nothing that is known here says why.
const BY_CONTROL: &str =
    "the run was inconclusive for something that is not judged again, such as its control run";
/// What is said where the environment failed, and not the scenario's own.
const CONTROL_FAILED: &str = "in the run, the environment of its control run failed";
/// What is said of a run in which no invariant broke, and which was violated all the same.
const DEMANDED: &str = "the run was violated by something that is not judged again: what its scenario demands beyond \
                        invariants (`at least N ... reach`), or its control run";
/// What is said of a history without an end.
const CUT: &str = "the history breaks off before the run was over: nobody knows what came then";

/// A history that was found.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Its file.
    pub file: PathBuf,
    /// The name of its stack.
    pub stack: String,
    /// The seed of its run.
    pub seed: u64,
    scenario: String,
    judges: Judged,
    heard: Option<Heard>,
    mutant: Option<String>,
}

impl Recorded {
    /// All histories of a run's folder, a scenario's folder, or a single file, in their order.
    ///
    /// # Errors
    /// There is none, or one does not begin as a history does.
    pub fn find(path: &Path) -> Result<Vec<Recorded>, Problems> {
        let mut files = Vec::new();
        match path.is_file() {
            true => files.push(path.to_owned()),
            false => search(path, 0, &mut files),
        }
        files.sort();
        if files.is_empty() {
            let help = "give the folder of a run, of one of its scenarios, or a `history.jsonl`";
            let what = match path.exists() {
                true => "no history lies here",
                false => "does not exist",
            };
            return Err(Problem::with_file(path, what).help(help).into());
        }
        let mut problems = Problems::default();
        let mut found = Vec::new();
        for file in files {
            match begin(&file) {
                Ok(recorded) => found.push(recorded),
                Err(problem) => problems.push(problem),
            }
        }
        problems.or(found)
    }
}

fn search(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let path = entry.path();
        if entry.file_name() == HISTORY {
            files.push(path);
        } else if depth < MAX_DEPTH && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            search(&path, depth + 1, files);
        }
    }
}

fn begin(file: &Path) -> Result<Recorded, Problem> {
    let problem = |what: String| {
        let help = "an export from production is given with `--events FILE`";
        Problem::with_file(file, what).help(help)
    };
    let mut reader = Reader::open(file).map_err(|e| problem(format!("cannot be read: {e}")))?;
    let first = reader.next().transpose();
    match first.map_err(|e| problem(format!("is no history: {e}")))? {
        Some(Event {
            what:
                What::Started {
                    scenario,
                    stack,
                    seed,
                    mutant,
                    judges,
                    heard,
                    ..
                },
            ..
        }) => Ok(Recorded {
            file: file.to_owned(),
            stack,
            seed,
            scenario,
            judges,
            heard,
            mutant,
        }),
        _ => Err(problem(
            "is no history: it does not begin with `started`".to_owned(),
        )),
    }
}

/// Judges a history by every invariant of a stack.
///
/// # Errors
/// A line of it is no event.
pub fn recorded(found: &Recorded, stack: &Arc<Stack>) -> Result<Played, Problems> {
    let begun = Instant::now();
    let run = run(&found.file);
    let mut heard = found.heard.clone();
    let told = run.as_ref().and_then(|(_, heard)| heard.get(&found.stack));
    if let (Some(heard), Some(told)) = (&mut heard, told) {
        heard.and(told);
    }
    let (mut judge, mut seen) = (Judge::of_run(stack, heard), Seen::default());
    let mut faults = BTreeMap::new();
    let mut away = Away::default();
    let mut over = false;
    let unreadable = |error: std::io::Error| Problem::with_file(&found.file, error.to_string());
    let mut reader = Reader::open(&found.file).map_err(unreadable)?;
    for event in &mut reader {
        let event = event.map_err(unreadable)?;
        judge.see(&event);
        match &event.what {
            What::Phase { name } => over |= name == "down",
            What::Service {
                service,
                state,
                detail,
            } => away.see(service, *state, detail.as_deref()),
            What::Worked {
                workload,
                accepted,
                detail,
                ..
            } => {
                let worked = seen.worked.entry(workload.clone()).or_default();
                worked.add(*accepted, detail);
            }
            What::Fault {
                fault,
                text,
                moment,
                ..
            } => {
                let receipt = faults.entry(*fault).or_insert_with(|| Receipt::new(text));
                count(receipt, *moment);
            }
            _ => {}
        }
    }
    let ends_early = reader.cut() || !over;
    if ends_early {
        judge.ends_early();
    }
    seen.findings = judge.findings();
    seen.cut_short = judge.cut_short();
    seen.heard = judge.entities().heard();
    seen.notes = judge.notes(&Judged::every());
    seen.notes.extend(beyond(&found.judges, stack));
    seen.receipts = faults.into_values().map(proven).collect();
    if ends_early {
        seen.reasons.push(CUT.to_owned());
    }
    let mut case = Case {
        file: &found.file,
        stack,
        mutant: found.mutant.clone(),
        name: found.scenario.clone(),
        place: Place::new(&found.file, 1, 1),
        begun,
    };
    match run {
        Some((told, _)) => told.add(&mut case, &mut seen),
        None => {
            seen.reasons.extend(away.told(stack));
            let note = "its run left no `run.json` or `mutants.json` that tells of its faults: whether each struck as often as it should is \
                        not known";
            if !seen.receipts.is_empty() {
                seen.notes.push(note.to_owned());
            }
        }
    }
    Ok(case.played(seen))
}

/// The services that ended by themselves and were not started again.
#[derive(Default)]
struct Away {
    ended: BTreeMap<String, String>,
    /// Those that something else was done to afterwards.
    stayed: BTreeMap<String, String>,
}

impl Away {
    fn see(&mut self, service: &str, state: ServiceState, detail: Option<&str>) {
        match state {
            ServiceState::Exited => {
                let detail = detail.unwrap_or_default().to_owned();
                self.ended.insert(service.to_owned(), detail);
            }
            ServiceState::Starting => drop(self.ended.remove(service)),
            _ => self.stayed.extend(self.ended.remove_entry(service)),
        }
    }

    /// Why nobody knows what they would have done.
    fn told(self, stack: &Stack) -> Vec<String> {
        let all = self.stayed.into_iter().chain(self.ended);
        let well = |name: &str, why: &str| !stack.serves(name) && why.ends_with(" 0");
        all.filter(|(name, why)| !well(name, why))
            .map(|(name, why)| stayed_away(&name, &why))
            .collect()
    }
}

/// Says that more is judged here than the scenario asks for.
fn beyond(judges: &Judged, stack: &Stack) -> Option<String> {
    let names: Vec<String> = judges.names().map(|name| format!("`{name}`")).collect();
    let mut judged = stack.invariants.keys();
    let more = judged.any(|name| !judges.includes(name));
    (more && !names.is_empty()).then(|| {
        format!(
            "its scenario asks only for {}; `--invariant NAME` judges by that alone",
            names.join(", ")
        )
    })
}

fn count(receipt: &mut Receipt, moment: FaultMoment) {
    match moment {
        FaultMoment::Armed => receipt.armed = 1,
        FaultMoment::Matched => receipt.matched += 1,
        FaultMoment::Applied => receipt.applied += 1,
        FaultMoment::Felt => receipt.felt += 1,
        FaultMoment::Reached => receipt.reached += 1,
        FaultMoment::Ended => {}
    }
}

/// The receipt with what is missing of it, as far as a history tells.
fn proven(mut receipt: Receipt) -> Receipt {
    receipt.missing = match (receipt.applied, receipt.felt) {
        (0, _) => Some("it was never applied".to_owned()),
        (applied, felt) if felt < applied => Some(format!(
            "it was applied {}, but only felt {}",
            times(applied),
            times(felt)
        )),
        _ => None,
    };
    receipt
}

/// What a `run.json` tells of a scenario beyond its invariants.
#[derive(Deserialize)]
struct Told {
    feature: String,
    line: usize,
    history: PathBuf,
    faults: Vec<Receipt>,
    reasons: Vec<String>,
    #[serde(default)]
    verdict: String,
    #[serde(default)]
    control: Option<String>,
    #[serde(default)]
    invariants: Vec<Weighed>,
    failure: Option<String>,
}

#[derive(Deserialize)]
struct Weighed {
    verdict: String,
}

#[derive(Deserialize)]
struct Run {
    scenarios: Vec<Told>,
    /// By stack: what its runs told, all together.
    #[serde(default)]
    heard: BTreeMap<String, Heard>,
}

/// The files in which a run tells of its scenarios.
const RESULTS: [&str; 2] = ["run.json", "mutants.json"];

/// What the run with this history told: of the scenario, and of what its stack's runs heard. `None`: it left no results
/// that can be read above the folder of the scenario, with planted bugs not right above.
fn run(history: &Path) -> Option<(Told, BTreeMap<String, Heard>)> {
    let file = history.canonicalize().ok()?;
    let mut folders = file.ancestors().skip(2).take(MAX_DEPTH - 1);
    folders.find_map(|folder| {
        let name = file.strip_prefix(folder).ok()?;
        RESULTS.iter().find_map(|results| {
            let text = std::fs::read(folder.join(results)).ok()?;
            let run: Run = serde_json::from_slice(&text).ok()?;
            let mut scenarios = run.scenarios.into_iter();
            let told = scenarios.find(|told| told.history.ends_with(name))?;
            Some((told, run.heard))
        })
    })
}

impl Told {
    /// Adds what only the run itself knew: what was waited for in vain, and what became of its faults.
    fn add(self, case: &mut Case<'_>, seen: &mut Seen) {
        case.place = Place::new(Path::new(&self.feature), self.line, 1);
        seen.receipts = self.faults;
        seen.failure = self.failure.map(Failure::new);
        let known = |reason: &String| {
            let again = [
                "the fault `",
                "the workload `",
                NOTHING_WITNESSED,
                CUT_IN_VAIN,
            ];
            !again.iter().any(|begin| reason.starts_with(begin))
        };
        seen.reasons.extend(self.reasons.into_iter().filter(known));
        let violated = |verdict: &str| verdict == "violated";
        if violated(&self.verdict) && !self.invariants.iter().any(|i| violated(&i.verdict)) {
            seen.reasons.push(DEMANDED.to_owned());
        }
        let unproven = |receipt: &Receipt| receipt.missing.is_some();
        let known = |one: &Weighed| one.verdict != "held";
        let control = self.control.as_deref();
        if self.verdict == "environment failed" && control == Some(&self.verdict) {
            let failed = || Failure::new(CONTROL_FAILED);
            seen.failure.get_or_insert_with(failed);
        }
        let alone = seen.reasons.is_empty()
            && !seen.receipts.iter().any(unproven)
            && !self.invariants.iter().any(known);
        if self.verdict == "inconclusive" && (alone || control == Some(&self.verdict)) {
            seen.reasons.push(BY_CONTROL.to_owned());
        }
    }
}

#[cfg(test)]
mod tests;
