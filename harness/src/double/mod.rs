//! Doubles: stand-ins for third parties, played from a folder of WireMock's stub mappings and of operations.
//!
//! A double is a service of the stack, in a process or container of its own, so that it can be struck like any other. What
//! it remembers is in memory: one that was killed begins again.
//!
//! The `wiremock` crate does not carry this: its answers are whole and come from code that cannot wait, so that faults on
//! the connection, bodies in pieces and answers at the end of an operation would have needed a second server beside it.

mod admin;
mod answer;
mod body;
mod carry;
mod condition;
mod delay;
mod equal_json;
mod executions;
mod folder;
mod helpers;
mod journal;
mod json;
mod matcher;
mod nearest;
mod operation;
mod outgoing;
mod path;
mod path_template;
mod pattern;
mod places;
mod play;
mod request;
mod rigged;
mod scenarios;
mod serve;
mod stub;
mod template;
mod url;

pub use folder::Folder;
pub use serve::serve;

use crate::problem::Problems;
use crate::stack::Stack;
use std::io::Write;

/// Reads the folders of all doubles of a stack.
///
/// # Errors
/// Every mistake of all of them.
pub fn check(stack: &Stack) -> Result<(), Problems> {
    let mut problems = Problems::default();
    for service in stack.services.values() {
        if let Some(folder) = &service.double
            && let Err(mut found) = Folder::read(folder)
        {
            problems.0.append(&mut found.0);
        }
    }
    problems.or(())
}

/// Writes a line to the log. A reader that has left is no reason to stop.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

#[cfg(test)]
mod tests;
