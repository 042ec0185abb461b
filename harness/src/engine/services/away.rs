//! The services that were not there when they should have been.

use super::{Services, Stage};
use crate::runtime::Failure;
use std::collections::HashMap;
use std::sync::atomic::Ordering;

/// What is not forgotten when a service comes back after all, because something else had it started again.
#[derive(Default)]
pub(super) struct Away {
    /// The services of which an instance ended by itself and stayed away, each with why.
    missed: Vec<(String, String)>,
    /// Why services were not ready in their time when they were started again.
    not_back: Vec<Failure>,
    /// How often each service was started again.
    begun: HashMap<String, u64>,
}

impl Away {
    /// An instance of a service ended by itself, and nobody starts it again.
    pub fn missed(&mut self, service: &str, why: &str) {
        let told = self.missed.iter().any(|(other, _)| other == service);
        if !told {
            self.missed.push((service.to_owned(), why.to_owned()));
        }
    }

    /// A service is about to be started again; gives the number of that.
    pub fn begin(&mut self, service: &str) -> u64 {
        let begun = self.begun.entry(service.to_owned()).or_default();
        *begun += 1;
        *begun
    }

    /// A service was started again, as this number, and did not become ready.
    pub fn not_back(&mut self, begun: u64, failure: Failure) {
        let last = |name: &String| self.is_last(name, begun);
        if failure.service.as_ref().is_none_or(last) {
            self.not_back.push(failure);
        }
    }

    /// Whether a service was not to be started again since it was as this number.
    pub fn is_last(&self, service: &str, begun: u64) -> bool {
        self.begun.get(service).is_none_or(|last| *last == begun)
    }

    /// Why the first did not come back.
    pub fn lost(&self) -> Option<Failure> {
        self.not_back.first().cloned()
    }
}

impl Services {
    /// The services that were not there up to the end, in words: what they would have done, nobody knows.
    pub fn missed(&self) -> Vec<String> {
        let away = self.away();
        let missed = away.missed.iter();
        let missed = missed.map(|(name, why)| self.with_log(name, &stayed_away(name, why)));
        let lost = away.not_back.iter().map(|failure| failure.what.clone());
        let starting = self.stack.services.keys().filter_map(|name| {
            let starts = matches!(
                *self.stages[name].borrow(),
                Stage::Starting | Stage::Started
            );
            let told = away
                .not_back
                .iter()
                .any(|failure| failure.service.as_ref() == Some(name));
            let waits = self.backoff().waits(name);
            let what = match &waits {
                Some(waits) => format!(
                    "ended by itself {waits}, and was to be started again when the run was over"
                ),
                None => "was still being started again when the run was over".to_owned(),
            };
            (starts && !told && self.up.load(Ordering::Relaxed)).then(|| {
                let what =
                    format!("service `{name}` {what}, so nobody knows what it would have done");
                self.with_log(name, &what)
            })
        });
        missed.chain(lost).chain(starting).collect()
    }

    /// What is said of a service, and where to read more.
    fn with_log(&self, name: &str, what: &str) -> String {
        let last = self.folder.last_word(name);
        let last = last.map_or_else(String::new, |last| format!(", its last word was `{last}`"));
        format!("{what}{last}; its log: {}", self.folder.log(name).display())
    }
}

/// What is said of a service that ended by itself, and that nobody started again.
pub(crate) fn stayed_away(name: &str, why: &str) -> String {
    format!(
        "service `{name}` ended by itself ({why}) and stayed away, so nobody knows what it would have done"
    )
}
