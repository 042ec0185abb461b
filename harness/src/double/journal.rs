//! The requests that a double has had.

use super::pattern::Pattern;
use super::request::{Request, text};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// So many are kept, the last ones.
const KEPT: usize = 10_000;

/// One request, and what it was answered.
struct Entry {
    number: u64,
    at: jiff::Timestamp,
    request: Request,
    status: Option<u16>,
    /// The mapping or operation that it was for.
    by: Option<String>,
}

/// All of them.
#[derive(Default)]
pub(super) struct Journal(Mutex<(u64, VecDeque<Entry>)>);

impl Journal {
    fn lock(&self) -> MutexGuard<'_, (u64, VecDeque<Entry>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a request.
    pub fn add(&self, request: &Request, status: Option<u16>, by: Option<String>) {
        let (count, entries) = &mut *self.lock();
        *count += 1;
        if entries.len() == KEPT {
            entries.pop_front();
        }
        entries.push_back(Entry {
            number: *count,
            at: jiff::Timestamp::now(),
            request: request.clone(),
            status,
            by,
        });
    }

    /// Forgets all.
    pub fn clear(&self) {
        self.lock().1.clear();
    }

    /// How many are like this.
    pub fn count(&self, pattern: &Pattern) -> usize {
        self.lock()
            .1
            .iter()
            .filter(|entry| pattern.matches(&entry.request))
            .count()
    }

    /// Those that are like this, the oldest first.
    pub fn find(&self, pattern: &Pattern) -> Vec<Value> {
        let journal = self.lock();
        let found = journal
            .1
            .iter()
            .filter(|entry| pattern.matches(&entry.request));
        found.map(Entry::request).collect()
    }

    /// All, the newest first.
    pub fn all(&self, unmatched: bool) -> Vec<Value> {
        let journal = self.lock();
        let wanted = journal
            .1
            .iter()
            .rev()
            .filter(|entry| !unmatched || entry.by.is_none());
        wanted.map(Entry::event).collect()
    }
}

impl Entry {
    fn request(&self) -> Value {
        let mut values = self.request.values();
        let seen = |name: &str| values.get(name).cloned().unwrap_or_default();
        let (method, url, headers, cookies) = (
            seen("method"),
            seen("url"),
            seen("headers"),
            seen("cookies"),
        );
        let base = values.remove("baseUrl").unwrap_or_default();
        json!({
            "url": url,
            "absoluteUrl": format!("{}{}", base.as_str().unwrap_or_default(), self.request.url),
            "method": method,
            "headers": headers,
            "cookies": cookies,
            "body": text(&self.request.body),
            "loggedDate": self.at.as_millisecond(),
            "loggedDateString": self.at.to_string(),
        })
    }

    fn event(&self) -> Value {
        json!({
            "id": self.number.to_string(),
            "request": self.request(),
            "response": {"status": self.status},
            "wasMatched": self.by.is_some(),
            "by": self.by,
        })
    }
}
