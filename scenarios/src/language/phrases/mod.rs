//! The phrases of the language: each is a pattern, a meaning, an example, and the [`Step`] that it stands for.
//!
//! A new phrase is an entry in the list of its family, and an arm in the `print` beside it.

mod calls;
mod databases;
mod links;
mod operations;
mod services;
#[cfg(test)]
mod tests;
mod work;

use super::qualifiers;
use regex::{Captures, Regex};
use shakedown_harness::plan::{Effect, Fault, Step};
use std::sync::LazyLock;

/// A phrase as it is shown to people.
#[derive(Clone, Copy, Debug)]
pub struct Phrase {
    /// What it belongs to: `the stack`, `faults on calls`, ...
    pub family: &'static str,
    /// Its words, with capitals for what varies: `C` is a call, `L` a link, `S` a service, `E` an entity.
    pub pattern: &'static str,
    /// What it does.
    pub meaning: &'static str,
    /// A step that is written so.
    pub example: &'static str,
}

/// A phrase with what reads it.
struct Entry {
    phrase: Phrase,
    regex: &'static str,
    step: fn(&Captures<'_>, Option<&str>) -> Result<Step, String>,
}

/// A quoted name.
macro_rules! name {
    () => {
        "\"([^\"]+)\""
    };
}
use name;

static STACK: [Entry; 1] = [Entry {
    phrase: Phrase {
        family: "the stack",
        pattern: "the stack \"NAME\"",
        meaning: "the stack that the scenario runs on, by the name in its shakedown.yaml",
        example: "the stack \"codabench\"",
    },
    regex: concat!("the stack ", name!()),
    step: |found, _| Ok(Step::Stack(found[1].to_owned())),
}];

/// The families in the order in which people see them.
static FAMILIES: [&[Entry]; 8] = [
    &STACK,
    &calls::CALLS,
    &operations::OPERATIONS,
    &databases::DATABASES,
    &links::LINKS,
    &services::SERVICES,
    &work::WORK,
    &work::JUDGEMENT,
];

/// All phrases with what recognises them.
static PHRASES: LazyLock<Vec<(&Entry, Regex)>> = LazyLock::new(|| {
    let compiled = |entry: &'static Entry| {
        let whole = format!("^(?:{})$", entry.regex);
        (
            entry,
            Regex::new(&whole).expect("the patterns are constants"),
        )
    };
    FAMILIES.into_iter().flatten().map(compiled).collect()
});

/// All phrases, family by family.
pub fn phrases() -> Vec<Phrase> {
    PHRASES.iter().map(|(entry, _)| entry.phrase).collect()
}

/// Reads one step, without its keyword. `None`: no phrase is written so.
pub fn parse(text: &str, docstring: Option<&str>) -> Option<Result<Step, String>> {
    PHRASES.iter().find_map(|(entry, regex)| {
        let found = regex.captures(text)?;
        Some((entry.step)(&found, docstring))
    })
}

/// Writes a step so that [`parse`] reads it back. A body that can stand nowhere else follows as a doc string.
pub fn print(step: &Step) -> String {
    match step {
        Step::Stack(name) => format!("the stack \"{name}\""),
        Step::Fault(fault) => {
            let text = print_effect(&fault.effect) + &qualifiers::print(fault);
            match docstring(&fault.effect) {
                Some(body) => format!("{text}\n\"\"\"\n{body}\n\"\"\""),
                None => text,
            }
        }
        other => work::print(other),
    }
}

/// What follows the step as a doc string.
fn docstring(effect: &Effect) -> Option<&str> {
    match effect {
        Effect::Call { fault, .. } => calls::docstring(fault),
        _ => None,
    }
}

fn print_effect(effect: &Effect) -> String {
    match effect {
        Effect::Call { call, fault } => calls::print(call, fault),
        Effect::Operation { operation, fault } => operations::print(operation, fault),
        Effect::Statement { text, fault } => databases::print(text, fault),
        Effect::Link { link, fault } => links::print(link, *fault),
        Effect::Connections { service } => links::print_dropped(service),
        Effect::Service { service, fault } => services::print(service, *fault),
    }
}

/// A fault with what stands behind its own words.
fn fault(effect: Effect, rest: &str) -> Result<Step, String> {
    qualifiers::parse(Fault::new(effect), rest).map(|fault| Step::Fault(Box::new(fault)))
}
