//! Faults on long-running operations.

use super::{Entry, Phrase, name};
use regex::Captures;
use shakedown_harness::duration;
use shakedown_harness::plan::{Effect, OperationFault, Step};

const FAMILY: &str = "faults on operations";

pub(super) static OPERATIONS: [Entry; 3] = [
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the operation \"C\" stalls",
            meaning: "whoever polls it is told that it is still running",
            example: "the operation \"create vm\" stalls the first 3 times",
        },
        regex: concat!("the operation ", name!(), " stalls(|[ ,].*)"),
        step: |found, _| on_operation(&found[1], OperationFault::Stalls, &found[2]),
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the operation \"C\" fails with ERROR",
            meaning: "whoever polls it is told that it has ended with this error (a word, or JSON)",
            example: "the operation \"create vm\" fails with QUOTA_EXCEEDED once",
        },
        regex: concat!("the operation ", name!(), " fails with (.+)"),
        step: fails,
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the operation \"C\" takes TIME",
            meaning: "whoever polls it is told that it is running until so much time has passed since the first poll",
            example: "the operation \"create vm\" takes 100ms",
        },
        regex: concat!("the operation ", name!(), " takes ([^ ,]+)(|[ ,].*)"),
        step: |found, _| {
            let at_least = duration::above_zero(&found[2])?;
            on_operation(&found[1], OperationFault::Takes { at_least }, &found[3])
        },
    },
];

fn fails(found: &Captures<'_>, _: Option<&str>) -> Result<Step, String> {
    let text = &found[2];
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<serde_json::Value>();
    let (error, rest) = match values.next() {
        Some(Ok(value)) => (value, &text[values.byte_offset()..]),
        _ => {
            let end = text.find([' ', ',']).unwrap_or(text.len());
            (text[..end].into(), &text[end..])
        }
    };
    if !(rest.is_empty() || rest.starts_with([' ', ','])) {
        return Err(format!("after the error `{error}`, `{rest}` is no word"));
    }
    on_operation(&found[1], OperationFault::FailsWith { error }, rest)
}

fn on_operation(operation: &str, fault: OperationFault, rest: &str) -> Result<Step, String> {
    let operation = operation.to_owned();
    super::fault(Effect::Operation { operation, fault }, rest)
}

/// Writes the effect.
pub(super) fn print(operation: &str, fault: &OperationFault) -> String {
    let the_operation = format!("the operation \"{operation}\"");
    match fault {
        OperationFault::Stalls => format!("{the_operation} stalls"),
        OperationFault::FailsWith { error } => format!("{the_operation} fails with {error}"),
        OperationFault::Takes { at_least } => {
            format!("{the_operation} takes {}", duration::print(*at_least))
        }
    }
}
