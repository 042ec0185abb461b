//! What a server says, frame by frame.

use super::frame::{self, HEADER_BYTES, Header};
use super::talk::{Failing, Talk};
use super::transaction::Commit;

/// The longest frame that is looked at whole.
const LOOKED_BYTES: usize = 64 * 1024;
/// The most that is held back until it is known whether something was committed.
const HELD_BYTES: usize = 8 * 1024 * 1024;

/// One way of a session.
#[derive(Default)]
pub(super) struct Down {
    /// So many bytes of a frame pass unseen.
    skip: usize,
    /// So many of the bytes at hand have been looked at, and are held back.
    held: usize,
    holding: bool,
    /// What comes is no frames.
    lost: bool,
}

/// What to do with the bytes at hand.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing before there are more.
    More,
    /// So many go on.
    Pass(usize),
    /// They begin with so long an error, in place of which the client gets the one that was wanted.
    Fail(usize, Failing),
    /// So many tell of a commit.
    Commit(usize, Commit),
}

impl Down {
    /// What to do with the bytes at hand.
    pub(super) fn step(&mut self, bytes: &[u8], talk: &mut Talk) -> Step {
        if self.holding && talk.lets_out() {
            self.holding = false;
        }
        let mut at = std::mem::take(&mut self.held);
        loop {
            let skipped = self.skip.min(bytes.len() - at);
            self.skip -= skipped;
            at += skipped;
            let rest = &bytes[at..];
            if self.lost {
                return pass(bytes.len());
            }
            if self.skip > 0 || rest.is_empty() {
                return self.leave(at);
            }
            let (kind, length) = match frame::header(rest) {
                Header::Frame(kind, length) => (kind, length),
                Header::Partial => return self.leave(at),
                Header::Other => {
                    self.lost = true;
                    continue;
                }
            };
            if !self.holding && talk.holds() {
                if at > 0 {
                    return Step::Pass(at);
                }
                self.holding = true;
            }
            let looked = looked(kind, talk).min(length);
            if rest.len() < looked {
                return self.leave(at);
            }
            let body = &rest[HEADER_BYTES..looked];
            match kind {
                b'E' => {
                    talk.failed();
                    // Nothing is committed any more: what is held goes first.
                    self.holding = false;
                    if talk.fails() && looked == length {
                        if at > 0 {
                            return Step::Pass(at);
                        }
                        if let Some(failing) = talk.failure(body) {
                            return Step::Fail(length, failing);
                        }
                    }
                }
                b'C' if talk.complete(frame::text(body).0) && !self.holding => {
                    if at > 0 {
                        return Step::Pass(at);
                    }
                    self.holding = true;
                }
                b'G' | b'W' => {
                    talk.copying();
                    self.holding = false;
                }
                b'Z' if looked == length => {
                    if at > 0 && !self.holding && talk.watches() {
                        return Step::Pass(at);
                    }
                    self.holding = false;
                    if let Some(commit) = talk.ready(body.first().copied().unwrap_or_default()) {
                        return Step::Commit(at + length, commit);
                    }
                }
                _ => {}
            }
            self.skip = length;
        }
    }

    /// No frame is whole any more behind the first `at` bytes.
    fn leave(&mut self, at: usize) -> Step {
        if self.holding && at < HELD_BYTES {
            self.held = at;
            return Step::More;
        }
        if self.holding {
            tracing::warn!(
                "a commit cannot be lost whose answer is longer than {HELD_BYTES} bytes"
            );
            self.holding = false;
        }
        pass(at)
    }
}

/// How much of a frame must be there.
fn looked(kind: u8, talk: &Talk) -> usize {
    match kind {
        b'E' if talk.fails() => LOOKED_BYTES,
        b'C' if talk.watches() => LOOKED_BYTES,
        b'Z' => LOOKED_BYTES,
        _ => HEADER_BYTES,
    }
}

fn pass(bytes: usize) -> Step {
    match bytes {
        0 => Step::More,
        bytes => Step::Pass(bytes),
    }
}
