//! What a client sends, frame by frame.

use super::frame::{self, HEADER_BYTES, Header};
use super::pattern::{Needle, Text};
use super::savepoint::Command;
use super::talk::Talk;
use crate::gateway::Stop;
use std::collections::HashMap;

/// The most of a statement that is looked at.
const LOOKED_BYTES: usize = 64 * 1024;
/// The most of a Bind that is looked at: two names.
const NAMES_BYTES: usize = 1024;
/// The most prepared statements of a session that are remembered; beyond it all are forgotten, because they may have been
/// taken back by SQL, which nobody looks at.
const PREPARED: usize = 10_000;

/// One way of a session.
#[derive(Default)]
pub(super) struct Up {
    /// So many bytes of a frame pass unseen.
    skip: usize,
    /// So many bytes of a frame go nowhere.
    drop: usize,
    /// What comes is no frames.
    lost: bool,
    /// Prepared statements by their names.
    prepared: HashMap<Vec<u8>, Text>,
    /// Portals that have not been run yet, by their names; only while anything is watched.
    portals: HashMap<Vec<u8>, Text>,
}

/// What to do with the bytes at hand.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing before there are more.
    More,
    /// So many go on.
    Pass(usize),
    /// So many go nowhere.
    Drop(usize),
    /// They begin with a statement that is watched: [`Up::pass`] or [`Up::replace`] it.
    Statement(Found),
}

/// A statement that is about to be run.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) text: Text,
    /// What watches it.
    pub(super) stops: Vec<Stop>,
    /// The portal that is run; `None`: it is a simple query.
    portal: Option<Vec<u8>>,
    length: usize,
}

impl Up {
    /// A session whose first packet has so many bytes.
    pub(super) fn new(startup: usize) -> Up {
        Up {
            skip: startup,
            ..Up::default()
        }
    }

    /// What to do with the bytes at hand.
    pub(super) fn step(&mut self, bytes: &[u8], watch: &[(Needle, Stop)], talk: &mut Talk) -> Step {
        if self.drop > 0 && !bytes.is_empty() {
            let dropped = self.drop.min(bytes.len());
            self.drop -= dropped;
            return Step::Drop(dropped);
        }
        let mut at = 0;
        loop {
            let skipped = self.skip.min(bytes.len() - at);
            self.skip -= skipped;
            at += skipped;
            let rest = &bytes[at..];
            if self.lost || self.skip > 0 || rest.is_empty() {
                return pass(at + if self.lost { rest.len() } else { 0 });
            }
            let (kind, length) = match frame::header(rest) {
                Header::Frame(kind, length) => (kind, length),
                Header::Partial => return pass(at),
                Header::Other => {
                    self.lost = true;
                    continue;
                }
            };
            let looked = length.min(looked(kind, watch));
            if rest.len() < looked {
                return pass(at);
            }
            let found = match watch {
                [] => None,
                _ => self.found(kind, length, &rest[HEADER_BYTES..looked], watch),
            };
            match found.filter(|_| !talk.aborted()) {
                Some(_) if at > 0 => return Step::Pass(at),
                Some(found) => return Step::Statement(found),
                None => self.take(kind, &rest[HEADER_BYTES..looked], watch, talk),
            }
            self.skip = length;
        }
    }

    /// The statement that was found goes on as it is.
    pub(super) fn pass(&mut self, found: &Found, talk: &mut Talk) {
        self.skip = found.length;
        self.run(found, talk);
    }

    /// The statement that was found goes nowhere; this goes to the server instead.
    pub(super) fn replace(&mut self, found: &Found, token: &str, talk: &mut Talk) -> Vec<u8> {
        self.drop = found.length;
        self.run(found, talk);
        match found.portal {
            None => frame::failing_query(token),
            Some(_) => frame::failing_parse(token),
        }
    }

    /// The statement that a frame runs, if it is watched. A portal is run once; after that, more of its rows are fetched.
    fn found(
        &mut self,
        kind: u8,
        length: usize,
        body: &[u8],
        watch: &[(Needle, Stop)],
    ) -> Option<Found> {
        let own = frame::text(body).0;
        let (text, portal) = match kind {
            b'Q' => (Text::new(own), None),
            b'E' => (self.portals.get(own)?.clone(), Some(own.to_vec())),
            _ => return None,
        };
        let watching = watch.iter().filter(|(needle, _)| needle.is_in(&text));
        let stops: Vec<Stop> = watching.map(|(_, stop)| stop.clone()).collect();
        let found = Found {
            text,
            stops,
            portal,
            length,
        };
        (!found.stops.is_empty()).then_some(found)
    }

    /// Takes note of a frame that goes on.
    fn take(&mut self, kind: u8, body: &[u8], watch: &[(Needle, Stop)], talk: &mut Talk) {
        match kind {
            b'Q' => {
                if !watch.is_empty()
                    && let Some(command) = Command::read(frame::text(body).0)
                {
                    talk.savepoint(command);
                }
                talk.query();
            }
            b'S' | b'F' => talk.sync(),
            b'H' => talk.flush(),
            b'c' | b'f' => talk.copied(),
            b'P' => {
                let (name, text) = frame::parse(body);
                if self.prepared.len() >= PREPARED {
                    self.prepared.clear();
                }
                self.prepared.insert(name, text);
            }
            b'B' if !watch.is_empty() => {
                let (portal, statement) = frame::bind(body);
                match self.prepared.get(statement) {
                    Some(text) => self.portals.insert(portal.to_vec(), text.clone()),
                    None => self.portals.remove(portal),
                };
            }
            b'E' => {
                talk.execute();
                if !watch.is_empty()
                    && let Some(text) = self.portals.remove(frame::text(body).0)
                    && let Some(command) = text.savepoint()
                {
                    talk.savepoint(command);
                }
            }
            b'C' => match body.split_first() {
                Some((b'S', name)) => drop(self.prepared.remove(frame::text(name).0)),
                Some((b'P', name)) => drop(self.portals.remove(frame::text(name).0)),
                _ => {}
            },
            _ => {}
        }
    }

    /// The statement that was found is run.
    fn run(&mut self, found: &Found, talk: &mut Talk) {
        match &found.portal {
            None => talk.query(),
            Some(portal) => {
                self.portals.remove(portal);
                talk.execute();
            }
        }
    }
}

/// How much of a frame must be there.
fn looked(kind: u8, watch: &[(Needle, Stop)]) -> usize {
    match kind {
        b'P' => LOOKED_BYTES,
        b'Q' if !watch.is_empty() => LOOKED_BYTES,
        b'B' | b'E' if !watch.is_empty() => NAMES_BYTES,
        b'C' => NAMES_BYTES,
        _ => HEADER_BYTES,
    }
}

fn pass(bytes: usize) -> Step {
    match bytes {
        0 => Step::More,
        bytes => Step::Pass(bytes),
    }
}
