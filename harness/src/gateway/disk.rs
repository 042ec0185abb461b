//! Fills a disk, keeps it full, and gives its room back.
//!
//! What fills it is a file without a name: nobody finds it there, nobody can remove it, and it is gone with whoever holds
//! it. A disk is full only when that is proven, by a write that the system refuses for want of room.

use super::Report;
use super::state::State;
use std::fs::File;
use std::io::{ErrorKind, Result, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How soon room is taken again that somebody gives free on a full disk.
const TAKEN_AGAIN: Duration = Duration::from_millis(2);
/// Room may be given free between filling a disk and proving that it is full; so it is tried again, at most so often.
const MAX_TRIES: u32 = 1000;
/// How much is written at once.
const BLOCK_BYTES: usize = 64 * 1024;

/// What is to become of a disk.
pub(super) struct Order {
    /// The number of the command.
    pub number: u64,
    /// The most that fits on it, in bytes.
    pub size_bytes: u64,
    /// Whether it is to be full, or no longer so.
    pub full: bool,
}

/// Looks after one disk from now on, on a thread of its own because writing blocks. It ends when the orders do.
pub(super) fn keep(folder: PathBuf, state: &Arc<State>) -> Sender<Order> {
    let (send, orders) = channel();
    let state = state.clone();
    let kept = move || look_after(Disk::new(folder), &orders, &state);
    if let Err(error) = std::thread::Builder::new().spawn(kept) {
        // Whoever gives an order finds nobody to take it, and says so.
        tracing::warn!(%error, "no thread for a disk");
    }
    send
}

fn look_after(mut disk: Disk, orders: &Receiver<Order>, state: &State) {
    loop {
        let order = match disk.ballast {
            Some(_) => orders.recv_timeout(TAKEN_AGAIN),
            None => orders.recv().map_err(RecvTimeoutError::from),
        };
        match order {
            Ok(order) => {
                let done = match order.full {
                    true => disk.fill(order.size_bytes),
                    false => disk.empty(),
                };
                state.report(Report::Disk {
                    number: order.number,
                    taken_again_bytes: std::mem::take(&mut disk.taken_again_bytes),
                    error: done.err().map(|error| error.to_string()),
                });
            }
            Err(RecvTimeoutError::Timeout) => disk.take_again(),
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

struct Disk {
    folder: PathBuf,
    size_bytes: u64,
    /// What fills it, and how long that is.
    ballast: Option<(File, u64)>,
    /// How much room others gave free while it was full.
    taken_again_bytes: u64,
}

impl Disk {
    fn new(folder: PathBuf) -> Disk {
        Disk {
            folder,
            size_bytes: 0,
            ballast: None,
            taken_again_bytes: 0,
        }
    }

    /// Fills it, and proves that it is full.
    fn fill(&mut self, size_bytes: u64) -> Result<()> {
        self.size_bytes = size_bytes;
        if self.ballast.is_none() {
            self.ballast = Some((tempfile::tempfile_in(&self.folder)?, 0));
        }
        let filled = self.take().and_then(|_| self.prove());
        if filled.is_err() {
            self.ballast = None;
        }
        filled
    }

    /// Proves that it is full still, gives the room back, and proves that there is some.
    fn empty(&mut self) -> Result<()> {
        let stayed = self.prove();
        if let Some((ballast, _)) = self.ballast.take() {
            // Closing it may not be the end of it: a child that was just forked has it too, until it becomes another program.
            ballast.set_len(0)?;
        }
        stayed?;
        write(&self.folder)
    }

    /// Somebody may have given room free.
    fn take_again(&mut self) {
        // What cannot be written now cannot be written when it must be proven, which is when it is told.
        self.taken_again_bytes += self.take().unwrap_or_default();
    }

    fn prove(&mut self) -> Result<()> {
        for _ in 0..MAX_TRIES {
            match write(&self.folder) {
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(()),
                Err(error) => return Err(error),
                Ok(()) => self.take_again(),
            }
        }
        Err(std::io::Error::other("it does not stay full"))
    }

    /// Writes until nothing more fits; gives how much did.
    fn take(&mut self) -> Result<u64> {
        let Some((ballast, length)) = &mut self.ballast else {
            return Ok(0);
        };
        let before = *length;
        let block = [0; BLOCK_BYTES];
        loop {
            match ballast.write(&block) {
                Ok(written) => *length += written as u64,
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(*length - before),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            // Without this, what was mounted wrongly would cost the whole host its room. The size of a disk may have been
            // rounded up to whole pages.
            if *length > self.size_bytes + BLOCK_BYTES as u64 {
                let what = format!("there is room for more than {} bytes", self.size_bytes);
                return Err(std::io::Error::other(what));
            }
        }
    }
}

/// Writes as anybody would who needs room: something new.
fn write(folder: &Path) -> Result<()> {
    tempfile::tempfile_in(folder)?.write_all(b"x")
}
