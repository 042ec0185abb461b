//! What can go wrong with a statement to a database.

/// How a statement goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementFault {
    /// It is not done; whoever sent it gets this error, and a transaction that it is part of is aborted.
    FailsWith {
        /// The SQLSTATE: five digits and capitals.
        sqlstate: String,
    },
    /// The database has committed it; the connection of whoever sent it drops before that is heard.
    CommitLost,
}
