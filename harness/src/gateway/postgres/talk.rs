//! What both ways of a connection have to know of each other.
//!
//! What the server says comes in cycles, each of which ends with a ReadyForQuery: one for the beginning of the session,
//! one for each simple query, one for each Sync. So it is known which answers belong to a statement, however much is
//! pipelined.

use super::frame;
use super::pattern::Text;
use super::savepoint::Command;
use super::transaction::{Commit, Said, Transaction, Watched};
use crate::gateway::Stop;
use crate::history::ExchangeId;

/// The state of one session.
pub(super) struct Talk {
    /// The cycles whose end was asked for.
    sent: u64,
    /// Those that have ended.
    done: u64,
    /// The last cycle that is a simple query.
    query: u64,
    /// The last cycle in which a portal is run.
    executed: u64,
    /// The cycle in which the client wants its answers before the end.
    flushed: Option<u64>,
    /// The client has just begun to want them.
    wants: bool,
    /// How the transaction stood at the end of the last cycle.
    status: u8,
    cycle: Cycle,
    failing: Vec<Failing>,
    skipped: Vec<Failing>,
    /// What counts of what was asked for in cycles that have not ended, in order.
    asked: Vec<Asked>,
    /// What was done of it in the earlier cycles of the transaction under way.
    transaction: Transaction,
}

/// What was said in the cycle under way.
#[derive(Default)]
struct Cycle {
    failed: bool,
    committed: bool,
    copying: bool,
    said: Said,
}

/// A statement that is made to fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failing {
    pub(super) exchange: ExchangeId,
    pub(super) sqlstate: String,
    pub(super) text: Text,
    token: String,
    cycle: u64,
}

/// Something that counts for what is committed in the end.
struct Asked {
    cycle: u64,
    what: What,
}

enum What {
    /// A statement whose commit is waited for.
    Watched(Watched),
    Savepoint(Command),
}

const IDLE: u8 = b'I';
const ABORTED: u8 = b'E';

impl Talk {
    /// The session begins; the server is to say when it is ready.
    pub(super) fn new() -> Talk {
        Talk {
            sent: 1,
            done: 0,
            query: 0,
            executed: 0,
            flushed: None,
            wants: false,
            status: IDLE,
            cycle: Cycle::default(),
            failing: Vec::new(),
            skipped: Vec::new(),
            asked: Vec::new(),
            transaction: Transaction::default(),
        }
    }

    /// The client sends a simple query.
    pub(super) fn query(&mut self) {
        self.sent += 1;
        self.query = self.sent;
    }

    /// The client sends a Sync, or calls a function.
    pub(super) fn sync(&mut self) {
        self.sent += 1;
    }

    /// The client runs a portal.
    pub(super) fn execute(&mut self) {
        self.executed = self.sent + 1;
    }

    /// The client wants what there is. Before anything is run, that tells of no commit.
    pub(super) fn flush(&mut self) {
        if self.executed == self.sent + 1 {
            self.flushed = Some(self.executed);
            self.wants = true;
        }
    }

    /// Whether the client has begun to want what may be held back; told once.
    pub(super) fn wants(&mut self) -> bool {
        std::mem::take(&mut self.wants)
    }

    /// The client has sent what it copies. Each Sync before that counted for nothing.
    pub(super) fn copied(&mut self) {
        if self.cycle.copying {
            self.sent = self.done + u64::from(self.query == self.done + 1);
        }
    }

    /// Whether the server does nothing before the client has rolled back, as far as is known.
    pub(super) fn aborted(&self) -> bool {
        self.status == ABORTED && self.sent == self.done
    }

    /// The statement that is about to be sent is to fail. What the server is to be sent has this token in it.
    pub(super) fn fail(&mut self, exchange: ExchangeId, sqlstate: String, text: Text) -> String {
        let token = frame::token(exchange);
        self.failing.push(Failing {
            exchange,
            sqlstate,
            text,
            token: token.clone(),
            cycle: self.sent + 1,
        });
        token
    }

    /// The commit of the statement that is about to be sent is waited for.
    pub(super) fn watch(&mut self, stops: Vec<Stop>, text: Text) {
        self.ask(What::Watched(Watched { stops, text }));
    }

    /// The client is about to do something with a savepoint.
    pub(super) fn savepoint(&mut self, command: Command) {
        self.ask(What::Savepoint(command));
    }

    fn ask(&mut self, what: What) {
        let cycle = self.sent + 1;
        self.asked.push(Asked { cycle, what });
    }

    /// Whether what comes may count for a commit that is waited for.
    pub(super) fn watches(&self) -> bool {
        !self.asked.is_empty() || !self.transaction.is_empty()
    }

    /// Whether some statement is to fail whose error has not come.
    pub(super) fn fails(&self) -> bool {
        !self.failing.is_empty()
    }

    /// Whether what comes now may tell of a commit that is waited for: it comes by itself at the end of the cycle.
    pub(super) fn holds(&self) -> bool {
        self.status == IDLE && !self.cycle.failed && !self.cycle.copying && self.keeps()
    }

    /// Whether the cycle under way has such a statement, and the client does not want its answers before the end.
    fn keeps(&self) -> bool {
        let watched = |one: &Asked| matches!(one.what, What::Watched(_));
        let mut own = (self.asked.iter()).filter(|one| one.cycle == self.done + 1);
        !self.lets_out() && own.any(watched)
    }

    /// Whether the client wants its answers before the end of the cycle.
    pub(super) fn lets_out(&self) -> bool {
        self.flushed == Some(self.done + 1)
    }

    /// The server says that a statement is complete. Whether this may tell of a commit that is waited for.
    pub(super) fn complete(&mut self, tag: &[u8]) -> bool {
        let commits = tag == b"COMMIT";
        self.cycle.committed |= commits;
        match tag {
            b"SAVEPOINT" => self.cycle.said.set += 1,
            b"RELEASE" => self.cycle.said.released += 1,
            b"ROLLBACK" => self.cycle.said.rolled_back += 1,
            _ => {}
        }
        let copied = self.cycle.copying && self.status == IDLE && self.keeps();
        let transaction = !self.transaction.is_empty() && !self.lets_out();
        copied || commits && (transaction || self.keeps())
    }

    /// The server says that something failed.
    pub(super) fn failed(&mut self) {
        self.cycle.failed = true;
    }

    /// The server waits for what the client copies, or the other way round.
    pub(super) fn copying(&mut self) {
        self.cycle.copying = true;
    }

    /// The statement whose error this is, if it was made to fail.
    pub(super) fn failure(&mut self, error: &[u8]) -> Option<Failing> {
        let is = |one: &Failing| frame::contains(error, &one.token);
        let place = self.failing.iter().position(is)?;
        Some(self.failing.remove(place))
    }

    /// A cycle has ended. Whether something was committed that is waited for.
    pub(super) fn ready(&mut self, status: u8) -> Option<Commit> {
        self.done += 1;
        let done = self.done;
        let over = self.failing.extract_if(.., |one| one.cycle <= done);
        self.skipped.extend(over);
        let cycle = std::mem::take(&mut self.cycle);
        let before = std::mem::replace(&mut self.status, status);
        if !self.watches() {
            return None;
        }
        let rolled_back = cycle.said.rolled_back > 0;
        let by_itself = before == IDLE && status == IDLE && !cycle.failed && !rolled_back;
        let committed = cycle.committed;
        self.play(cycle);
        if committed || by_itself {
            return self.transaction.commit();
        }
        if status == IDLE {
            self.transaction = Transaction::default();
        }
        None
    }

    /// What was asked for in the cycle that has ended was done, as far as the server said so.
    fn play(&mut self, mut cycle: Cycle) {
        let done = self.done;
        // Where another transaction has begun after a commit, it cannot be told of which one a statement is.
        let counts = match cycle.committed {
            true => self.status == IDLE,
            false => !cycle.failed,
        };
        for one in self.asked.extract_if(.., |one| one.cycle <= done) {
            match one.what {
                What::Savepoint(command) => self.transaction.command(command, &mut cycle.said),
                What::Watched(watched) if counts => self.transaction.add(watched),
                What::Watched(_) => {}
            }
        }
        self.transaction.unseen(&cycle.said);
    }

    /// Those that were to fail, and that the server never came to; they are told once.
    pub(super) fn skipped(&mut self) -> Vec<Failing> {
        std::mem::take(&mut self.skipped)
    }

    /// The session is over. Those that were to fail, and whose error has not come.
    pub(super) fn end(self) -> Vec<Failing> {
        self.failing
    }
}
