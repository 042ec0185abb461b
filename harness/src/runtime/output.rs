//! What a program writes, on its way to its log: nothing of it is kept before its secrets are hidden.

use crate::secret::LogWriter;
use nix::fcntl::{FcntlArg, fcntl};
use std::io;
use std::process::Stdio;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::{oneshot, watch};

/// A program that writes much at once should not have to wait for the harness.
const PIPE_BYTES: i32 = 1024 * 1024;
/// So much is read at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Both streams of a program, and who reads them.
pub(super) struct Output {
    /// For the program.
    pub stdout: Stdio,
    /// For the program.
    pub stderr: Stdio,
    /// For whoever waits for the program.
    pub reader: Reader,
}

/// Reads what a program writes.
pub(super) struct Reader {
    pipe: Receiver,
    log: LogWriter,
}

impl Output {
    /// One pipe for both streams, so that their lines keep their order.
    ///
    /// # Errors
    /// When the system has no pipe to give.
    pub fn new(log: LogWriter) -> io::Result<Output> {
        let (from, to) = io::pipe()?;
        // A smaller one does as well.
        let _ = fcntl(&to, FcntlArg::F_SETPIPE_SZ(PIPE_BYTES));
        Ok(Output {
            stdout: to.try_clone()?.into(),
            stderr: to.into(),
            reader: Reader {
                pipe: Receiver::from_owned_fd(from.into())?,
                log,
            },
        })
    }
}

impl Reader {
    /// Copies until nobody has the pipe any more, as orphans may for long. `told` hears when all is in the log that was
    /// written before the program was dead. `unheard` is told why something is not.
    pub async fn copy(
        mut self,
        mut dead: watch::Receiver<bool>,
        told: oneshot::Sender<()>,
        unheard: impl Fn(String),
    ) {
        let mut told = Some(told);
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            tokio::select! {
                biased;
                _ = dead.wait_for(|dead| *dead), if told.is_some() => {
                    self.empty(&mut piece, &unheard);
                    let _ = told.take().map(|told| told.send(()));
                }
                ready = self.pipe.readable() => {
                    let read = ready.and_then(|()| self.pipe.try_read(&mut piece));
                    match read {
                        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                        Ok(0) | Err(_) => break,
                        Ok(length) => self.put(&piece[..length], &unheard),
                    }
                }
            }
        }
        self.finish(&unheard);
    }

    /// Takes all that is in the pipe now, whether or not the runtime has heard of it.
    fn empty(&mut self, piece: &mut [u8], unheard: &impl Fn(String)) {
        while let Ok(length @ 1..) = nix::unistd::read(&self.pipe, piece) {
            self.put(&piece[..length], unheard);
        }
        self.finish(unheard);
    }

    fn put(&mut self, piece: &[u8], unheard: &impl Fn(String)) {
        if let Err(error) = self.log.write(piece) {
            unheard(unwritten(&error));
        }
    }

    fn finish(&mut self, unheard: &impl Fn(String)) {
        if let Err(error) = self.log.finish() {
            unheard(unwritten(&error));
        }
    }
}

/// Why something is not in a log.
pub(super) fn unwritten(error: &io::Error) -> String {
    format!("it could not be written: {error}")
}
