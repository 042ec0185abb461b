//! Faults on statements to databases.

use super::{Entry, Phrase, name};
use shakedown_harness::plan::{Effect, StatementFault, Step};

/// What the names of such families have in common.
pub const FAMILY: &str = "faults on databases";

pub(super) static DATABASES: [Entry; 2] = [
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the statement matching \"SQL\" fails with SQLSTATE",
            meaning: "PostgreSQL is not asked to do it; the client gets this error, and its transaction is aborted; the \
                      statement contains this text, whatever its case and white space",
            example: "the statement matching \"INSERT INTO notes\" fails with 40001 the first 2 times",
        },
        regex: concat!(
            "the statement matching ",
            name!(),
            " fails with ([^ ,]+)(|[ ,].*)"
        ),
        step: |found, _| {
            let sqlstate = sqlstate(&found[2])?;
            on_statement(&found[1], StatementFault::FailsWith { sqlstate }, &found[3])
        },
    },
    Entry {
        phrase: Phrase {
            family: FAMILY,
            pattern: "the commit of \"SQL\" is lost",
            meaning: "PostgreSQL commits the statement, alone or with the transaction that it is part of; the client's \
                      connection is reset before it hears so",
            example: "the commit of \"INSERT INTO notes\" is lost the first time",
        },
        regex: concat!("the commit of ", name!(), " is lost(|[ ,].*)"),
        step: |found, _| on_statement(&found[1], StatementFault::CommitLost, &found[2]),
    },
];

fn on_statement(text: &str, fault: StatementFault, rest: &str) -> Result<Step, String> {
    if text.trim().is_empty() {
        return Err("a text of spaces alone is in every statement: say a part of yours".to_owned());
    }
    let text = text.to_owned();
    super::fault(Effect::Statement { text, fault }, rest)
}

/// A code that can be that of an error.
fn sqlstate(text: &str) -> Result<String, String> {
    let shaped = text.len() == 5
        && (text.bytes()).all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    let error = !["00", "01", "02"]
        .iter()
        .any(|class| text.starts_with(class));
    match (shaped, error) {
        (true, true) => Ok(text.to_owned()),
        (true, false) => Err(format!(
            "`{text}` is no error: SQLSTATEs that begin with 00, 01 or 02 tell of success"
        )),
        (false, _) => Err(format!(
            "`{text}` is no SQLSTATE: five digits or capitals, such as 40001 (serialization failure), 40P01 (deadlock), \
             23505 (unique violation)"
        )),
    }
}

/// Writes the effect.
pub(super) fn print(text: &str, fault: &StatementFault) -> String {
    match fault {
        StatementFault::FailsWith { sqlstate } => {
            format!("the statement matching \"{text}\" fails with {sqlstate}")
        }
        StatementFault::CommitLost => format!("the commit of \"{text}\" is lost"),
    }
}
