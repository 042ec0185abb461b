//! Connections that speak PostgreSQL's protocol, version 3.
//!
//! Frames pass as they are, by their headers; only what says which statement is run is looked at, and that only while a
//! fault waits for one, except that the texts of prepared statements are always remembered. What does not look like the
//! protocol passes on as bytes. TLS and GSSAPI encryption are refused as a server without them does it, so that a client
//! which does not insist goes on in clear.
//!
//! **A statement that fails.** The gateway sends the server something that it cannot parse in place of the statement: a
//! simple query is replaced by another one, and an Execute by a Parse. The server itself then fails, aborts its
//! transaction, skips what was pipelined up to the next Sync and says how the transaction stands; all that the gateway
//! forges is the words of the ErrorResponse, which it knows by a token in them. So client, gateway and server cannot
//! disagree, which they could if the gateway made the whole answer and had to bring the server into the same state, and
//! nothing has to be there in the server, as `raise` in a `do` block takes PL/pgSQL and two more answers that would have
//! to be taken out. It is decided when the statement is run, not when it is prepared. A simple query of several statements
//! fails as a whole.
//!
//! **A commit that is lost.** What the server says is held back from the point where it could tell the client of the
//! commit, up to the ReadyForQuery behind it; then the harness is asked, and either all of it goes on or the client's
//! connection is reset. What was rolled back to a savepoint is not committed. A client that asks for its rows before the commit (Flush) gets them.

mod down;
mod frame;
mod pattern;
mod savepoint;
mod serve;
mod startup;
mod talk;
#[cfg(test)]
mod tests;
mod transaction;
mod up;

pub(super) use pattern::Needle;
pub(super) use startup::begins;
