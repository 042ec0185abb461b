//! Which histories are in the page, and how much of each: what is violated first, and only so much that the page stays
//! quick to load.

use super::Page;
use super::history::{self, Depth, History};
use super::words::Words;
use crate::engine::Outcome;
use crate::invocation::Played;
use crate::stack::Stack;
use crate::verdict::Verdict;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// All histories together take so much of the page.
const BUDGET_BYTES: usize = 6 * 1024 * 1024;
/// One alone takes so much.
const MAX_BYTES: usize = 3 * 1024 * 1024;
/// A history of which less than this could be shown is left out.
const MIN_BYTES: usize = 16 * 1024;

/// The histories of a page.
#[derive(Default)]
pub(super) struct Histories {
    /// For the page, by number.
    pub list: Vec<Value>,
    numbers: HashMap<PathBuf, usize>,
    words: Words,
    used_bytes: usize,
    heads: usize,
    parts: usize,
    none: usize,
}

/// A history that somebody tells of.
struct Wanted {
    file: PathBuf,
    stack: Arc<Stack>,
    /// The lowest is served first.
    rank: u8,
    /// The event that matters most.
    focus: Option<u64>,
}

impl Histories {
    /// As much of all of them as fits.
    pub fn gather(page: &Page<'_>) -> Histories {
        let mut histories = Histories::default();
        let mut wanted: Vec<Wanted> = Vec::new();
        for one in page.all() {
            let caught = page.matrix.is_some() && one.job.mutant.is_some();
            add(
                &mut wanted,
                one,
                &one.outcome,
                rank(one.outcome.verdict, caught),
            );
            if let Some(control) = &one.control {
                let rank = match control.verdict > one.outcome.verdict {
                    true => rank(control.verdict, caught),
                    false => 6 + u8::from(one.verdict == Verdict::Held),
                };
                add(&mut wanted, one, control, rank);
            }
        }
        wanted.sort_by_key(|one| one.rank);
        for one in wanted {
            let value = histories.one(&one, page.folder);
            histories.numbers.insert(one.file, histories.list.len());
            histories.list.push(value);
        }
        histories
    }

    /// The number of the history of a run.
    pub fn number(&self, run: &Outcome) -> Option<usize> {
        self.numbers.get(&run.history).copied()
    }

    /// The texts that histories refer to by number.
    pub fn take_words(&mut self) -> Vec<String> {
        self.words.take()
    }

    /// How many histories are there in part only, and how many not at all.
    pub fn left_out(&self) -> Value {
        json!({"heads": self.heads, "parts": self.parts, "none": self.none})
    }

    fn one(&mut self, wanted: &Wanted, folder: &Path) -> Value {
        let mut value = json!({"file": shown(&wanted.file, folder)});
        let left = BUDGET_BYTES.saturating_sub(self.used_bytes).min(MAX_BYTES);
        if left < MIN_BYTES {
            self.none += 1;
            value["kept"] = json!("none");
            return value;
        }
        let Some(history) = history::read(&wanted.file, &wanted.stack, wanted.focus) else {
            value["kept"] = json!("unread");
            return value;
        };
        let (kept, told) = self.fit(history, wanted.focus, left);
        value["kept"] = json!(kept);
        if let (Value::Object(value), Value::Object(told)) = (&mut value, told) {
            value.extend(told);
        }
        value
    }

    /// As much as fits into so many bytes: everything, no headers and bodies, or only events around the one that matters.
    fn fit(
        &mut self,
        mut history: History,
        focus: Option<u64>,
        left: usize,
    ) -> (&'static str, Value) {
        let is_part = (history.len() as u64) < history.total;
        let mut size = 0;
        for (depth, kept) in [(Depth::Whole, "whole"), (Depth::Heads, "heads")] {
            let (told, bytes) = self.told(&history, depth, left);
            if bytes <= left {
                self.used_bytes += bytes;
                self.heads += usize::from(depth == Depth::Heads && !is_part);
                self.parts += usize::from(is_part);
                return (if is_part { "part" } else { kept }, told);
            }
            size = bytes;
        }
        // A bit less than the average promises, for events are not all alike.
        let most = history.len() as u128 * left as u128 / size.max(1) as u128;
        history.keep(most as usize * 3 / 4, focus);
        let (told, bytes) = self.told(&history, Depth::Heads, usize::MAX);
        self.used_bytes += bytes;
        self.parts += 1;
        ("part", told)
    }

    /// What it is for the page, and how much room that takes. What does not fit leaves no words behind.
    fn told(&mut self, history: &History, depth: Depth, left: usize) -> (Value, usize) {
        let (mark, before) = (self.words.mark(), self.words.size_bytes);
        let told = history.json(depth, &mut self.words);
        let own = serde_json::to_vec(&told).map_or(0, |json| json.len());
        let bytes = own + self.words.size_bytes - before;
        if bytes > left {
            self.words.forget(mark);
        }
        (told, bytes)
    }
}

/// What is to be explained comes first. With a planted bug, a violation is what was wanted.
fn rank(verdict: Verdict, planted: bool) -> u8 {
    match (verdict, planted) {
        (Verdict::Violated, false) => 0,
        (Verdict::Inconclusive, false) => 1,
        (Verdict::EnvironmentFailed, _) => 2,
        (Verdict::Inconclusive, true) => 3,
        (Verdict::Violated, true) => 4,
        (Verdict::Held, _) => 5,
    }
}

fn add(wanted: &mut Vec<Wanted>, played: &Played, run: &Outcome, rank: u8) {
    if run.history.as_os_str().is_empty() {
        return;
    }
    let broken = run.findings.iter().find(|f| f.verdict == Verdict::Violated);
    let focus = broken.and_then(|finding| finding.proof.last());
    let focus = focus.map(|proof| proof.seq);
    match wanted.iter_mut().find(|known| known.file == run.history) {
        Some(known) => {
            known.rank = known.rank.min(rank);
            known.focus = known.focus.or(focus);
        }
        None => wanted.push(Wanted {
            file: run.history.clone(),
            stack: played.job.stack.clone(),
            rank,
            focus,
        }),
    }
}

/// A file as it is named from the folder of the page.
pub(super) fn shown(file: &Path, folder: &Path) -> String {
    let file = match file.strip_prefix(folder) {
        Ok(inside) => inside.to_owned(),
        Err(_) => file.canonicalize().unwrap_or_else(|_| file.to_owned()),
    };
    file.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Answered, Asked, Message, Seen, What, Writer};

    const CALLS: u64 = 50;

    /// A file with so many calls, each with a body of its own.
    fn recorded(folder: &Path) -> PathBuf {
        let file = folder.join("history.jsonl");
        let mut writer = Writer::create(&file).unwrap();
        let message = |exchange| {
            let body = format!("{exchange} {}", "x".repeat(500));
            Message {
                headers: vec![("content-type".to_owned(), "text/plain".to_owned())],
                body_bytes: body.len() as u64,
                body,
                digest: None,
            }
        };
        for exchange in 0..CALLS {
            let asked = Asked {
                exchange,
                client: "a".to_owned(),
                service: "b".to_owned(),
                port: 80,
                method: "GET".to_owned(),
                path: "/".to_owned(),
                call: None,
                captures: Default::default(),
            };
            let answered = Answered {
                exchange,
                call: None,
                captures: Default::default(),
                request: message(exchange),
                status: 200,
                response: message(exchange),
            };
            let seen = Seen::Answer {
                status: 200,
                body_bytes: 500,
                altered: false,
                told: None,
            };
            let delivered = What::Delivered {
                exchange,
                seen,
                before: None,
            };
            for what in [
                What::Asked(asked),
                What::Answered(Box::new(answered)),
                delivered,
            ] {
                writer.append(what).unwrap();
            }
        }
        file
    }

    fn stack(folder: &Path) -> Stack {
        let compose = "services: {a: {image: a, environment: {B: 'b:80'}}, b: {image: b}}\n";
        std::fs::write(folder.join("compose.yaml"), compose).unwrap();
        let file = folder.join("shakedown.yaml");
        std::fs::write(&file, "stack: s\ncompose: compose.yaml\n").unwrap();
        Stack::read(&file).unwrap().stack
    }

    #[test]
    fn what_does_not_fit_goes_without_bodies_or_keeps_what_matters() {
        let folder = tempfile::tempdir().unwrap();
        let (file, stack) = (recorded(folder.path()), stack(folder.path()));
        let read = || history::read(&file, &stack, Some(90)).unwrap();
        let mut histories = Histories::default();
        let (kept, told) = histories.fit(read(), Some(90), 1_000_000);
        assert_eq!((kept, &told["total"]), ("whole", &Value::from(3 * CALLS)));
        let texts = histories.take_words();
        assert!(texts.iter().any(|text| text.starts_with("49 xxx")));

        let (kept, told) = histories.fit(read(), Some(90), 20_000);
        assert_eq!((kept, histories.heads), ("heads", 1));
        assert_eq!(told["events"].as_array().unwrap().len() as u64, 3 * CALLS);
        assert!(
            !histories
                .take_words()
                .iter()
                .any(|text| text.contains("xxx"))
        );

        let (kept, told) = histories.fit(read(), Some(90), 4_000);
        assert_eq!((kept, histories.parts), ("part", 1));
        let events = told["events"].as_array().unwrap().iter();
        let seqs: Vec<u64> = events.map(|event| event[1].as_u64().unwrap()).collect();
        assert!(
            seqs.len() < 60 && seqs.contains(&90) && seqs.contains(&91),
            "{seqs:?}"
        );
        assert!(serde_json::to_vec(&told).unwrap().len() <= 4_000);
    }

    #[test]
    fn what_is_to_be_explained_comes_first() {
        let ranks = [
            rank(Verdict::Violated, false),
            rank(Verdict::Inconclusive, false),
            rank(Verdict::EnvironmentFailed, false),
            rank(Verdict::Violated, true),
            rank(Verdict::Held, false),
        ];
        assert!(ranks.is_sorted(), "{ranks:?}");
    }
}
