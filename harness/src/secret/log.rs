//! Logs as they are kept: whole lines at a time, without secrets.

use super::Secrets;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

/// So much of a line without an end is held back; a secret that begins in it is whole for all that.
const LINE_BYTES: usize = 256 * 1024;
/// So much of a log is looked at at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Appends to a log. What comes in pieces is written by lines.
pub struct LogWriter {
    file: File,
    secrets: Option<Arc<Secrets>>,
    /// The beginning of a line whose end is still to come.
    begun: Vec<u8>,
}

impl LogWriter {
    /// Opens a log to append to it. Without secrets, all is written as it is.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn open(path: &Path, secrets: Option<Arc<Secrets>>) -> io::Result<LogWriter> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(LogWriter {
            file,
            secrets,
            begun: Vec::new(),
        })
    }

    /// Takes a piece.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn write(&mut self, piece: &[u8]) -> io::Result<()> {
        match memchr::memrchr(b'\n', piece) {
            Some(end) if self.begun.is_empty() => {
                self.put(&piece[..=end])?;
                self.begun.extend_from_slice(&piece[end + 1..]);
            }
            Some(end) => {
                let mut whole = std::mem::take(&mut self.begun);
                whole.extend_from_slice(&piece[..=end]);
                self.put(&whole)?;
                self.begun.extend_from_slice(&piece[end + 1..]);
            }
            None => self.begun.extend_from_slice(piece),
        }
        match self.begun.len() > LINE_BYTES {
            true => self.put_most(),
            false => Ok(()),
        }
    }

    /// Writes what is held back: nothing more is to come for now.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn finish(&mut self) -> io::Result<()> {
        let begun = std::mem::take(&mut self.begun);
        self.put(&begun)
    }

    fn put(&mut self, lines: &[u8]) -> io::Result<()> {
        let hidden = self
            .secrets
            .as_ref()
            .and_then(|secrets| secrets.lines(lines));
        self.file.write_all(hidden.as_deref().unwrap_or(lines))
    }

    /// Writes most of a line that is too long to be held, and never the half of a secret.
    fn put_most(&mut self) -> io::Result<()> {
        let Some(secrets) = &self.secrets else {
            return self.finish();
        };
        let hidden = secrets
            .lines(&self.begun)
            .unwrap_or_else(|| self.begun.clone());
        // What was replaced is not searched for again, and what is kept is long enough for any beginning.
        let kept = secrets.longest().min(hidden.len());
        let (out, rest) = hidden.split_at(hidden.len() - kept);
        self.file.write_all(out)?;
        self.begun = rest.to_vec();
        Ok(())
    }
}

impl Secrets {
    /// Lines without secrets; `None` where there are none in them.
    fn lines(&self, lines: &[u8]) -> Option<Vec<u8>> {
        if super::url::hints(lines) {
            // What is not UTF-8 is no URL; it is left as it is unless there is one beside it.
            let mut text = String::from_utf8_lossy(lines).into_owned();
            return self.hide(&mut text).then(|| text.into_bytes());
        }
        self.known().hidden(lines)
    }

    /// The longest text that is searched for, in bytes.
    fn longest(&self) -> usize {
        self.known().longest()
    }

    /// Goes once more through a log, for values that were learnt after they had been written.
    ///
    /// # Errors
    /// When it cannot be read, or not be written anew.
    pub fn hide_late(self: &Arc<Secrets>, log: &Path) -> io::Result<()> {
        let Some(late) = self.late(&str::to_owned) else {
            return Ok(());
        };
        if late.stream_find_iter(File::open(log)?).next().is_none() {
            return Ok(());
        }
        let anew = log.with_extension("log.new");
        let mut writer = LogWriter::open(&anew, Some(self.clone()))?;
        let mut old = File::open(log)?;
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            match old.read(&mut piece)? {
                0 => break,
                length => writer.write(&piece[..length])?,
            }
        }
        writer.finish()?;
        std::fs::rename(&anew, log)
    }
}
