//! Where one run keeps what it writes.

use crate::secret::{LogWriter, Secrets};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most of a log that a message quotes.
const TAIL_BYTES: u64 = 4096;
/// The most lines of a log that a message quotes.
const TAIL_LINES: usize = 20;
/// So much of its last line is told in a sentence.
const WORD_CHARS: usize = 300;

/// The folder of one run: its history and its services' logs, which stay, and the stack's data, which does not.
#[derive(Clone, Debug)]
pub struct RunFolder {
    root: PathBuf,
    secrets: Option<Arc<Secrets>>,
}

impl RunFolder {
    /// The folder `name` in the folder of an invocation. Nothing is made yet.
    pub fn new(out: &Path, name: &str) -> RunFolder {
        RunFolder {
            root: std::path::absolute(out)
                .unwrap_or_else(|_| out.to_owned())
                .join(name),
            secrets: None,
        }
    }

    /// The same folder; its logs are kept without these secrets.
    pub fn without(self, secrets: Arc<Secrets>) -> RunFolder {
        RunFolder {
            secrets: Some(secrets),
            ..self
        }
    }

    /// Removes what an earlier run of the same name has left here, so that nobody takes it for this one's.
    pub fn clear(&self) {
        // What was never there is no trouble, and what cannot be removed fails when it is written anew.
        let _ = std::fs::remove_file(self.history());
        let _ = std::fs::remove_dir_all(self.root.join("logs"));
        let _ = std::fs::remove_dir_all(self.data());
    }

    /// Keeps the folder of a run that failed, under a name of its own: the next one of the same name begins anew. Its
    /// history is called `failed.jsonl`, so that nobody judges it.
    ///
    /// # Errors
    /// When the disk does not allow it.
    pub fn set_aside(&self, number: usize) -> std::io::Result<()> {
        let mut aside = self.root.clone().into_os_string();
        aside.push(format!("-failed-{number}"));
        let aside = PathBuf::from(aside);
        if aside.exists() {
            std::fs::remove_dir_all(&aside)?;
        }
        std::fs::rename(&self.root, &aside)?;
        match std::fs::rename(aside.join("history.jsonl"), aside.join("failed.jsonl")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Makes the folders.
    ///
    /// # Errors
    /// When the disk does not allow it.
    pub fn make(&self) -> std::io::Result<()> {
        std::fs::create_dir_all(self.root.join("logs"))?;
        std::fs::create_dir_all(self.data())
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The history.
    pub fn history(&self) -> PathBuf {
        self.root.join("history.jsonl")
    }

    /// The data of the stack's local processes, `${SHAKEDOWN_DATA}`. Removed when the stack goes down.
    pub fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    /// The disk of a local process, `${SHAKEDOWN_DISK}`.
    pub fn disk(&self, service: &str) -> PathBuf {
        self.data().join("disks").join(service)
    }

    /// The log of a service, over all its starts.
    pub fn log(&self, service: &str) -> PathBuf {
        self.root.join("logs").join(format!("{service}.log"))
    }

    /// Appends to the log of a service.
    ///
    /// # Errors
    /// When the disk does not allow it.
    pub fn log_writer(&self, service: &str) -> std::io::Result<LogWriter> {
        LogWriter::open(&self.log(service), self.secrets.clone())
    }

    /// Goes through all logs once more, for secrets that became known only after they had been written. Nobody writes to
    /// them any more.
    ///
    /// # Errors
    /// When one of them cannot be read, or not be written anew.
    pub fn hide_late(&self) -> std::io::Result<()> {
        let Some(secrets) = &self.secrets else {
            return Ok(());
        };
        for entry in std::fs::read_dir(self.root.join("logs"))
            .into_iter()
            .flatten()
        {
            secrets.hide_late(&entry?.path())?;
        }
        Ok(())
    }

    /// The end of a service's log; empty when there is none.
    pub fn tail(&self, service: &str) -> String {
        tail(&self.log(service)).unwrap_or_default()
    }

    /// The last line of a service's log that says something, or the beginning of it.
    pub fn last_word(&self, service: &str) -> Option<String> {
        let tail = self.tail(service);
        let last = tail.lines().rfind(|line| !line.trim().is_empty())?;
        Some(last.trim().chars().take(WORD_CHARS).collect())
    }
}

/// The last lines of a file.
fn tail(path: &Path) -> std::io::Result<String> {
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut bytes = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let lines: Vec<&str> = text.lines().collect();
    Ok(lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_is_quoted_by_its_last_lines() {
        let out = tempfile::tempdir().unwrap();
        let folder = RunFolder::new(out.path(), "01-a");
        folder.make().unwrap();
        assert_eq!(folder.tail("db"), "");
        let lines: Vec<String> = (0..10_000).map(|n| format!("line {n}")).collect();
        std::fs::write(folder.log("db"), lines.join("\n")).unwrap();
        assert_eq!(folder.tail("db"), lines[lines.len() - 20..].join("\n"));
        assert_eq!(folder.last_word("db"), lines.last().cloned());
        std::fs::write(folder.log("db"), "a\n  because of b \n\n").unwrap();
        assert_eq!(folder.last_word("db").as_deref(), Some("because of b"));
        std::fs::write(folder.log("db"), "é".repeat(1000)).unwrap();
        assert_eq!(folder.last_word("db"), Some("é".repeat(300)));
        folder.clear();
        assert_eq!(folder.tail("db"), "");
        assert_eq!(folder.last_word("db"), None);
    }
}
