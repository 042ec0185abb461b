//! The instances of services past the first, which find their addresses behind everybody else's.

use std::sync::{Mutex, PoisonError};

/// Gives each further instance a place of its own, in the order in which they are asked for, and keeps it.
#[derive(Debug, Default)]
pub(super) struct Further(Mutex<Vec<(String, usize)>>);

impl Further {
    /// The place of an instance, from 0. `number` counts the instances of a service, and is not 0.
    pub fn place(&self, service: &str, number: usize) -> usize {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = |one: &(String, usize)| one.0 == service && one.1 == number;
        all.iter().position(known).unwrap_or_else(|| {
            all.push((service.to_owned(), number));
            all.len() - 1
        })
    }
}
