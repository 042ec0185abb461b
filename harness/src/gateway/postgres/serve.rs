//! A session between its client and its server.

use super::super::callee;
use super::super::passing::Passed;
use super::super::raw::{self, READ_BYTES};
use super::super::session::{Before, Session};
use super::super::state::{Link, State};
use super::super::wire::{WireRead, WireWrite};
use super::super::{Action, Moment, Stop};
use super::down::{self, Down};
use super::frame;
use super::startup::{self, Packet};
use super::talk::{Failing, Talk};
use super::transaction::Commit;
use super::up::{self, Found, Up};
use crate::history::{Outcome, Statement, What};
use bytes::{Buf, BytesMut};
use std::io;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::Notify;

/// What a client is told that asks for encryption.
const NOT_ENCRYPTED: &[u8] = b"N";

/// What both ways share.
struct Shared<'s> {
    state: &'s State,
    link: &'s Link,
    talk: Mutex<Talk>,
    /// Says that the client does not want to wait for the end of the cycle.
    flushed: Notify,
}

impl Session {
    /// Serves a connection whose client is known, or taken, to speak PostgreSQL.
    pub(in crate::gateway) async fn postgres(mut self) {
        let Some(startup) = self.greeted().await else {
            return self.raw(Before::Nothing).await;
        };
        if self.callee.is_none() {
            match callee::connect(&self.state, &self.link).await {
                Ok(connected) => self.callee = Some(connected),
                Err(_) => return self.raw(Before::Nothing).await,
            }
        }
        let Some(callee) = &mut self.callee else {
            return;
        };
        let passing = self.state.passing.open(self.link.clone(), None, None);
        let shared = Shared {
            state: &self.state,
            link: &self.link,
            talk: Mutex::new(Talk::new()),
            flushed: Notify::new(),
        };
        let (from_caller, to_caller) = self.caller.split();
        let (from_callee, to_callee) = callee.stream.split();
        let ended = tokio::try_join!(
            shared.up(
                (from_caller, to_callee),
                &mut self.from_caller,
                Up::new(startup),
                &passing.passed.sent
            ),
            shared.down(
                (from_callee, to_caller),
                &mut self.from_callee,
                &passing.passed.received
            ),
        );
        let unheard = match self.caller.broken() {
            true => Outcome::Reset,
            false => Outcome::Left,
        };
        for failing in shared.end() {
            settle(&self.state, &self.link, failing, unheard.clone());
        }
        if ended.is_err() {
            self.caller.reset();
            raw::reset(&callee.stream);
        }
        self.state.passed(&passing);
    }

    /// Refuses encryption and waits for the first packet of a session; gives its length. `None`: none comes.
    async fn greeted(&mut self) -> Option<usize> {
        loop {
            match startup::packet(&self.from_caller) {
                Packet::Startup(length) => return Some(length),
                Packet::Encryption(length) => {
                    self.from_caller.advance(length);
                    self.caller.write_all(NOT_ENCRYPTED).await.ok()?;
                }
                Packet::Cancel | Packet::Other => return None,
                Packet::Partial if self.read().await.ok()? == 0 => return None,
                Packet::Partial => {}
            }
        }
    }
}

impl Shared<'_> {
    /// From the client to the server.
    async fn up(
        &self,
        (mut from, mut to): (WireRead<'_>, WriteHalf<'_>),
        buffer: &mut BytesMut,
        mut up: Up,
        count: &AtomicU64,
    ) -> io::Result<()> {
        loop {
            let watch = self.state.statements();
            let (step, wants) = {
                let mut talk = self.talk();
                (up.step(buffer, &watch, &mut talk), talk.wants())
            };
            if wants {
                self.flushed.notify_one();
            }
            match step {
                up::Step::Pass(bytes) => pass(&mut to, buffer, bytes, count).await?,
                up::Step::Drop(bytes) => buffer.advance(bytes),
                up::Step::Statement(found) => {
                    if let Some(instead) = self.stopped(found, &mut up).await {
                        to.write_all(&instead).await?;
                    }
                }
                up::Step::More => {
                    if raw::read(&mut from, buffer, READ_BYTES).await? == 0 {
                        let rest = buffer.len();
                        pass(&mut to, buffer, rest, count).await?;
                        return to.shutdown().await;
                    }
                }
            }
        }
    }

    /// Asks about a statement that is watched. What the server gets in its place, if it is to fail.
    async fn stopped(&self, found: Found, up: &mut Up) -> Option<Vec<u8>> {
        let at = |moment| {
            let stops = found.stops.iter().filter(move |stop| stop.moment == moment);
            stops.cloned().collect::<Vec<Stop>>()
        };
        if let Some((exchange, mut ask)) = self.state.stop_statement(at(Moment::Statement)) {
            match ask.told().await.action {
                Action::Fail { sqlstate } => {
                    let mut talk = self.talk();
                    let token = talk.fail(exchange, sqlstate, found.text.clone());
                    return Some(up.replace(&found, &token, &mut talk));
                }
                action => {
                    ignored(&action);
                    self.tell(exchange, found.text.told(), Outcome::Passed);
                }
            }
        }
        let mut talk = self.talk();
        let commits = at(Moment::Commit);
        if !commits.is_empty() {
            talk.watch(commits, found.text.clone());
        }
        up.pass(&found, &mut talk);
        None
    }

    /// From the server to the client.
    async fn down(
        &self,
        (mut from, mut to): (ReadHalf<'_>, WireWrite<'_>),
        buffer: &mut BytesMut,
        count: &AtomicU64,
    ) -> io::Result<()> {
        let mut down = Down::default();
        loop {
            let (step, skipped) = {
                let mut talk = self.talk();
                (down.step(buffer, &mut talk), talk.skipped())
            };
            for failing in skipped {
                settle(self.state, self.link, failing, Outcome::Skipped);
            }
            match step {
                down::Step::Pass(bytes) => pass(&mut to, buffer, bytes, count).await?,
                down::Step::Fail(bytes, failing) => {
                    buffer.advance(bytes);
                    let error = frame::error(&failing.sqlstate);
                    let written = to.write_all(&error).await;
                    let outcome = match written {
                        Ok(()) => Outcome::Failed {
                            sqlstate: failing.sqlstate.clone(),
                        },
                        Err(_) => Outcome::Left,
                    };
                    settle(self.state, self.link, failing, outcome);
                    Passed::add(count, error.len());
                    written?;
                }
                down::Step::Commit(bytes, commit) => {
                    self.committed(commit).await?;
                    pass(&mut to, buffer, bytes, count).await?;
                }
                down::Step::More => {
                    let read = raw::read(&mut from, buffer, READ_BYTES);
                    let read = tokio::select! {
                        read = read => read?,
                        () = self.flushed.notified() => continue,
                    };
                    if read == 0 {
                        let rest = buffer.len();
                        pass(&mut to, buffer, rest, count).await?;
                        return to.shutdown().await;
                    }
                }
            }
        }
    }

    /// Asks about a commit. An error: the client is not to hear of it.
    async fn committed(&self, commit: Commit) -> io::Result<()> {
        let Some((exchange, mut ask)) = self.state.stop_statement(commit.stops) else {
            return Ok(());
        };
        match ask.told().await.action {
            Action::Reset => {
                self.tell(exchange, commit.text.told(), Outcome::Reset);
                Err(io::ErrorKind::ConnectionReset.into())
            }
            action => {
                ignored(&action);
                self.tell(exchange, commit.text.told(), Outcome::Passed);
                Ok(())
            }
        }
    }

    fn tell(&self, exchange: u64, text: String, outcome: Outcome) {
        tell(self.state, self.link, exchange, text, outcome);
    }

    fn talk(&self) -> MutexGuard<'_, Talk> {
        self.talk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The statements that were to fail, and of which nothing more will be heard.
    fn end(self) -> Vec<Failing> {
        let talk = self.talk.into_inner();
        talk.unwrap_or_else(PoisonError::into_inner).end()
    }
}

/// It is settled what came of a statement that was to fail.
fn settle(state: &State, link: &Link, failing: Failing, outcome: Outcome) {
    tell(state, link, failing.exchange, failing.text.told(), outcome);
}

fn tell(state: &State, link: &Link, exchange: u64, text: String, outcome: Outcome) {
    state.event(What::Statement(Statement {
        exchange,
        client: link.client.clone(),
        service: link.service.clone(),
        port: link.port,
        text,
        outcome,
    }));
}

/// A statement is not delayed, altered or answered like a call.
fn ignored(action: &Action) {
    if *action != Action::Pass {
        tracing::warn!(?action, "that cannot be done to a statement; it passes");
    }
}

async fn pass(
    to: &mut (impl AsyncWrite + Unpin),
    buffer: &mut BytesMut,
    bytes: usize,
    count: &AtomicU64,
) -> io::Result<()> {
    to.write_all(&buffer[..bytes]).await?;
    buffer.advance(bytes);
    Passed::add(count, bytes);
    Ok(())
}
