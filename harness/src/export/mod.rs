//! A history that was exported from production: JSON lines or CSV of `time, entity, id, field, value`.
//!
//! A line tells the new value of a field; without a field, `value` names an event that happened. Lines are read on one
//! thread and handed over in batches, so that memory does not grow with their number.

mod batch;
mod csv;
mod json;
mod lines;
mod order;
mod scalar;
mod time;
mod words;

pub use batch::{Batch, Fact};
use order::Order;
use scalar::Scalar;
use time::Times;
use words::Words;

use crate::count;
use crate::entity::Entities;
use crate::problem::{Place, Problem, Problems};
use crate::stack::Stack;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How much of a file is read at a time, in bytes.
const BUFFER: usize = 1 << 18;
/// So many mistakes are told with their lines; the others are counted.
const MAX_TOLD: usize = 20;
/// How files of JSON lines are called.
const JSON: [&str; 3] = ["jsonl", "ndjson", "json"];
/// The columns of a line.
const COLUMNS: [&str; 5] = ["time", "entity", "id", "field", "value"];

/// Reads one exported file.
pub struct Export {
    file: PathBuf,
    words: Words,
    times: Times,
    order: Order,
    problems: Vec<Problem>,
    wrong: u64,
    judged: u64,
}

/// One line as it stands.
struct Line<'a> {
    number: u64,
    time: Scalar<'a>,
    entity: &'a str,
    id: &'a str,
    field: Option<&'a str>,
    value: Scalar<'a>,
}

/// What is wrong with a line, and what to do about it.
type Wrong = (String, String);

impl Export {
    /// An export of what happened to the entities of a stack. Lines may come late by `disorder`, and are put in order.
    pub fn new(file: &Path, disorder: Duration, stack: &Stack, entities: &mut Entities) -> Export {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        Export {
            file: file.to_owned(),
            words: Words::new(stack, entities, &name),
            times: Times::default(),
            order: Order::new(disorder),
            problems: Vec::new(),
            wrong: 0,
            judged: 0,
        }
    }

    /// Reads the whole file. `full` is given each batch that is full, and the last one; it gives back an empty one, or
    /// `None` to end.
    ///
    /// # Errors
    /// Every line that cannot be used, with its number.
    pub fn read(&mut self, full: &mut dyn FnMut(Batch) -> Option<Batch>) -> Result<(), Problems> {
        let unreadable = |error: std::io::Error| {
            Problem::with_file(&self.file, format!("cannot be read: {error}"))
        };
        let file = File::open(&self.file).map_err(unreadable)?;
        let mut file = BufReader::with_capacity(BUFFER, file);
        let first = file.fill_buf().map_err(unreadable)?;
        let json = match first.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(first) => *first == b'{',
            // Nothing is in it: only its name tells whether a header is missing.
            None => self
                .file
                .extension()
                .is_some_and(|end| JSON.iter().any(|json| end == *json)),
        };
        let mut batch = Batch::default();
        match json {
            true => json::read(self, file, &mut batch, full),
            false => csv::read(self, file, &mut batch, full),
        }
        self.order.finish(&mut batch);
        full(batch);
        if self.wrong > self.problems.len() as u64 {
            let more = self.wrong - self.problems.len() as u64;
            let what = format!("{} cannot be used", count::of(more, "more line"));
            self.problems.push(Problem::with_file(&self.file, what));
        }
        Problems(std::mem::take(&mut self.problems)).or(())
    }

    /// How many lines were judged: all but those that were left out.
    pub fn judged(&self) -> u64 {
        self.judged
    }

    /// What is worth knowing about how it was read.
    pub fn notes(&self) -> Vec<String> {
        let unit = self.times.unit;
        let unit = unit.map(|unit| format!("its times are numbers and were read as {unit}"));
        let zoneless = self.times.zoneless == Some(true);
        let zone = zoneless.then(|| "its times tell no zone and were read as UTC".to_owned());
        unit.into_iter()
            .chain(zone)
            .chain(self.words.notes())
            .collect()
    }

    /// Takes a line in.
    fn line(&mut self, line: &Line<'_>, batch: &mut Batch) {
        if let Err(wrong) = self.take(line, batch) {
            self.wrong(line.number, wrong);
        }
    }

    fn take(&mut self, line: &Line<'_>, batch: &mut Batch) -> Result<(), Wrong> {
        let at_ns = self.times.read(&line.time)?;
        let Some(kind) = self.words.kind(line.entity) else {
            let known = crate::problem::suggest(line.entity, self.words.kinds());
            return Err((format!("unknown entity `{}`", line.entity), known));
        };
        if line.id.is_empty() {
            let help = "every line says which entity it is about".to_owned();
            return Err(("`id` is empty".to_owned(), help));
        }
        let fact = match (line.field, &line.value) {
            (Some(field), value) => self
                .words
                .field(kind, field)
                .map(|number| (number, Some(value))),
            (None, Scalar::Text(event)) if !event.is_empty() => {
                self.words.event(kind, event).map(|number| (number, None))
            }
            (None, other) => {
                let help =
                    "a line without `field` tells an event: its name is the `value`".to_owned();
                return Err((format!("`{other}` is no name of an event"), help));
            }
        };
        self.order.check(at_ns)?;
        if let Some((number, value)) = fact {
            self.judged += 1;
            let numbers = self.words.numbers(kind);
            self.order
                .put(at_ns, line.number, numbers, (number, value), line.id, batch);
        }
        Ok(())
    }

    fn wrong(&mut self, line: u64, (what, help): Wrong) {
        self.wrong += 1;
        if self.problems.len() < MAX_TOLD {
            let place = Place::new(&self.file, line as usize, 1);
            self.problems.push(Problem::at(&place, what).help(help));
        }
    }
}
