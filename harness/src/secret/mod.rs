//! What must not be seen: secrets are known by their names, and replaced by `[redacted 1]`, `[redacted 2]` and so on
//! before anything is written.
//!
//! One value has one number in a run, wherever it turns up, so that two secrets stay two: what compares them, or has
//! one for an id, still tells the same. A name only says that its value is a secret; where that value turns up again
//! (a body, a path, a log, an error) it is known by itself. What is too short or too common for that is hidden in
//! headers and URLs alone.

mod common;
mod credentials;
mod event;
mod field;
mod known;
mod line;
mod log;
mod name;
mod spelling;
mod stack;
mod url;

pub use line::Line;
pub use log::LogWriter;
pub use name::Names;
pub use url::plain;

use aho_corasick::AhoCorasick;
use common::searchable;
use known::Known;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use url::Form;

/// Shorter texts were not cut.
const MIN_CUT_BYTES: usize = 200;
/// Shorter texts have nothing that is searched for.
const MIN_TEXT_BYTES: usize = 8;
/// So many names of headers are remembered.
const MAX_HEADERS: usize = 1000;

/// The secrets of one run: those that its stack names, and those that have come by.
pub struct Secrets {
    names: Names,
    /// Words that the stack's own files use: where one of them is also a secret, it is not searched for.
    words: HashSet<String>,
    known: RwLock<Known>,
    /// Headers that came by, and whether they are secrets: the same few come with every exchange.
    headers: RwLock<HashMap<String, bool, foldhash::fast::RandomState>>,
    /// Makes the digest of a body that had a secret tell nothing of it. Never written.
    key: u64,
}

impl Secrets {
    /// No value is known yet.
    pub(crate) fn new(names: Names, words: HashSet<String>) -> Secrets {
        Secrets {
            names,
            words,
            known: RwLock::default(),
            headers: RwLock::default(),
            key: rand::random(),
        }
    }

    /// A value is a secret from now on. Gives what stands in its place.
    fn learn(&self, value: &str) -> String {
        self.take(value, self.searches(value))
    }

    /// The same for one that is no secret elsewhere.
    fn number(&self, value: &str) -> String {
        self.take(value, false)
    }

    fn take(&self, value: &str, searched: bool) -> String {
        let (number, known) = {
            let known = self.known();
            (known.number(value), known.searches(value))
        };
        if number.is_some() && (known || !searched) {
            return known::place(number);
        }
        self.known_to_change().learn(value, searched)
    }

    /// Whether a value is searched for once it is known to be a secret.
    fn searches(&self, value: &str) -> bool {
        searchable(value) && !self.words.contains(value)
    }

    /// Whether a header is a secret.
    fn header(&self, name: &str) -> bool {
        let headers = self.headers.read().unwrap_or_else(PoisonError::into_inner);
        let known = headers.get(name).copied();
        drop(headers);
        known.unwrap_or_else(|| {
            let secret = self.names.variable(name);
            let mut headers = self.headers.write().unwrap_or_else(PoisonError::into_inner);
            if headers.len() < MAX_HEADERS {
                headers.insert(name.to_owned(), secret);
            }
            secret
        })
    }

    /// From now on, values count as learnt while the stack runs.
    fn begin(&self) {
        self.known_to_change().begin();
    }

    /// The text without secrets: those that are known, and those that its form gives away.
    pub fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        self.hide(&mut text);
        text
    }

    /// A body as it may be shown. What its fields name as secrets is known from then on.
    pub fn body(&self, body: &str) -> String {
        for value in field::values(body, &self.names, self.names.declares_any()) {
            self.learn_if_searched(&value);
        }
        self.text(body)
    }

    /// What stands in the place of a value, if it is known to be a secret.
    pub fn place(&self, value: &str) -> Option<String> {
        let number = self.known().number(value)?;
        Some(known::place(Some(number)))
    }

    /// Replaces them; says whether there were any.
    fn hide(&self, text: &mut String) -> bool {
        if text.len() < MIN_TEXT_BYTES {
            return false;
        }
        let patterned = url::hide(text, &mut |form, value| match form {
            Form::Login => self.learn(value),
            Form::Bearer => self.number(value),
        });
        let hidden = self.known().hidden(text.as_bytes());
        match hidden {
            Some(hidden) => {
                *text = String::from_utf8(hidden).expect("whole texts were replaced by texts");
                true
            }
            None => patterned,
        }
    }

    /// The same for a text that may have been cut: the beginning of a secret at its end goes too.
    fn hide_cut(&self, text: &mut String) -> bool {
        let hidden = self.hide(text);
        let end = match text.len() < MIN_CUT_BYTES {
            true => None,
            false => self.known().cut(text),
        };
        text.truncate(end.unwrap_or(text.len()));
        if end.is_some() {
            text.push_str(&known::place(None));
        }
        hidden || end.is_some()
    }

    /// What finds values, in a spelling, that were learnt while the stack ran and may stand in what was written before;
    /// `None` where there are none.
    fn late(&self, spelling: &dyn Fn(&str) -> String) -> Option<AhoCorasick> {
        self.known().late(spelling)
    }

    /// Whether a file of JSON lines has such values.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn late_in_json(&self, file: &Path) -> io::Result<bool> {
        let Some(late) = self.late(&spelling::json) else {
            return Ok(false);
        };
        let mut found = late.stream_find_iter(File::open(file)?);
        Ok(found.next().transpose()?.is_some())
    }

    /// How many values have come by, of those that are searched for.
    pub fn learnt(&self) -> usize {
        self.known().learnt()
    }

    /// Whether more values came by than are searched for; then how many are.
    pub fn overflow(&self) -> Option<usize> {
        self.known().overflow()
    }

    // A panic elsewhere is no reason to let a secret through.
    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_to_change(&self) -> RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

#[cfg(test)]
mod tests;
