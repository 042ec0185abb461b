//! Writes a history, one JSON line for each event, and stamps it.

use super::{Event, Reader, What};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Room for the events that are at hand; the system is asked once for all of them.
const BUFFER_BYTES: usize = 64 * 1024;

/// An append-only history. Its clock begins with it and never goes back.
pub struct Writer {
    path: PathBuf,
    file: BufWriter<File>,
    begun: Instant,
    next: u64,
}

impl Writer {
    /// Begins a history, with the folders that it needs.
    ///
    /// # Errors
    /// When the file cannot be made.
    pub fn create(path: &Path) -> io::Result<Writer> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let file = BufWriter::with_capacity(BUFFER_BYTES, File::create(path)?);
        Ok(Writer {
            path: path.to_owned(),
            file,
            begun: Instant::now(),
            next: 0,
        })
    }

    /// When it began.
    pub fn begun(&self) -> Instant {
        self.begun
    }

    /// Stamps an event and writes it. It is flushed at once, so that a harness that is killed leaves all that it knew.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn append(&mut self, what: What) -> io::Result<Event> {
        let event = self.append_first(what)?;
        self.flush()?;
        Ok(event)
    }

    /// The same for the first of several events that are at hand; [`Writer::flush`] follows the last of them. A flush
    /// costs microseconds, which is as much as all the rest.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn append_first(&mut self, what: What) -> io::Result<Event> {
        let event = Event {
            seq: self.next,
            at_ns: self.now_ns(),
            what,
        };
        self.next += 1;
        serde_json::to_writer(&mut self.file, &event)?;
        self.file.write_all(b"\n")?;
        Ok(event)
    }

    /// Hands all events to the system.
    ///
    /// # Errors
    /// When the disk does not take them.
    pub fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes all events anew, as `change` leaves each of them, in their order. The file has all of the old ones or all
    /// of the new ones, whatever happens.
    ///
    /// # Errors
    /// When the disk does not give them or does not take them.
    pub fn rewrite(&mut self, mut change: impl FnMut(&mut Event)) -> io::Result<()> {
        self.flush()?;
        let anew = self.path.with_extension("jsonl.new");
        let mut file = BufWriter::with_capacity(BUFFER_BYTES, File::create(&anew)?);
        for event in Reader::open(&self.path)? {
            let mut event = event?;
            change(&mut event);
            serde_json::to_writer(&mut file, &event)?;
            file.write_all(b"\n")?;
        }
        file.flush()?;
        std::fs::rename(&anew, &self.path)?;
        self.file = file;
        Ok(())
    }

    /// Nanoseconds since it began.
    pub fn now_ns(&self) -> u64 {
        self.begun.elapsed().as_nanos() as u64
    }
}
