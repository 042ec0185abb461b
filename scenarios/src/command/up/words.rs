//! What a line at the console means.

use crate::language;
use shakedown_harness::plan::{Planned, Step};
use shakedown_harness::problem::{Problem, Problems};
use shakedown_harness::stack::Stack;

/// What somebody wants.
#[derive(Debug, PartialEq)]
pub enum Word {
    /// Nothing: the line is empty, or a comment.
    Nothing,
    /// To be told what can be said.
    Help,
    /// The phrases of the language.
    Steps,
    /// Where services are reached.
    Services,
    /// What is known of the entities, or of those of one kind.
    Entities(Option<String>),
    /// The receipts of the faults.
    Faults,
    /// Events as they come, or no more of them.
    Watch(bool),
    /// A verdict on what happened so far.
    Check,
    /// The end.
    Down,
    /// Steps to carry out.
    Phrase(Vec<Planned>),
}

/// The words that are no phrases, each with what it does.
pub const WORDS: [(&str, &str); 10] = [
    ("help", "this list"),
    ("steps", "the phrases of the language"),
    (
        "services",
        "where each service is reached through its gateway",
    ),
    ("entities [KIND]", "what is known of each entity"),
    ("faults", "the receipts of the faults so far"),
    ("watch", "show calls, statuses and faults as they come"),
    ("watch off", "show them no longer"),
    ("check", "judge what happened so far"),
    ("heal", "all faults are healed"),
    (
        "down",
        "take the stack down and judge; so does the end of the input",
    ),
];

/// Reads a line.
///
/// # Errors
/// It is neither a word nor a phrase, or names something that the stack does not have.
pub fn read(line: &str, stack: &Stack) -> Result<Word, Problems> {
    let words: Vec<&str> = line.split_whitespace().collect();
    Ok(match words[..] {
        [] => Word::Nothing,
        [first, ..] if first.starts_with('#') => Word::Nothing,
        ["help" | "?"] => Word::Help,
        ["steps"] => Word::Steps,
        ["services"] => Word::Services,
        ["entities"] => Word::Entities(None),
        ["entities", kind] => Word::Entities(Some(kind.to_owned())),
        ["faults"] => Word::Faults,
        ["watch"] | ["watch", "on"] => Word::Watch(true),
        ["watch", "off"] => Word::Watch(false),
        ["check"] => Word::Check,
        ["heal"] => Word::Phrase(language::spoken("all faults are healed", stack)?),
        ["down" | "exit" | "quit"] => Word::Down,
        _ => {
            let steps = language::spoken(line, stack)?;
            match &steps[..] {
                [one] if matches!(one.step, Step::EveryInvariant | Step::Invariant(_)) => {
                    Word::Check
                }
                [one] if matches!(one.step, Step::AtLeast { .. }) => {
                    return Err(not_here(line).into());
                }
                _ => Word::Phrase(steps),
            }
        }
    })
}

fn not_here(line: &str) -> Problem {
    Problem {
        what: format!("`{line}` is judged at the end of a scenario"),
        place: None,
        help: Some("`entities` shows what each has reached".to_owned()),
    }
}
