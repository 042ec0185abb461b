//! What goes wrong with a statement: at which moment the gateway acts, how, and what its client must have seen of it.

use crate::gateway::{Action, Moment};
use crate::history::Outcome;
use crate::plan::StatementFault;

/// The moment at which a fault acts on a statement, and how.
pub(super) fn action(fault: &StatementFault) -> (Moment, Action) {
    match fault.clone() {
        StatementFault::FailsWith { sqlstate } => (Moment::Statement, Action::Fail { sqlstate }),
        StatementFault::CommitLost => (Moment::Commit, Action::Reset),
    }
}

/// Whether what the client saw is this fault.
pub(super) fn felt(fault: &StatementFault, outcome: &Outcome) -> bool {
    match (fault, outcome) {
        (StatementFault::FailsWith { sqlstate }, Outcome::Failed { sqlstate: seen }) => {
            sqlstate == seen
        }
        (StatementFault::CommitLost, Outcome::Reset) => true,
        _ => false,
    }
}
