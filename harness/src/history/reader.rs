//! Reads a history back.

use super::Event;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

/// The events of a file, in order, one at a time. A last line that was cut off (the harness was killed) is left out.
pub struct Reader {
    path: PathBuf,
    file: BufReader<File>,
    line: String,
    number: usize,
    cut: bool,
}

impl Reader {
    /// Opens a history.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open(path: &Path) -> io::Result<Reader> {
        Ok(Reader {
            path: path.to_owned(),
            file: BufReader::new(File::open(path)?),
            line: String::new(),
            number: 0,
            cut: false,
        })
    }

    /// Whether the last line was cut off, once all were read.
    pub fn cut(&self) -> bool {
        self.cut
    }
}

impl Iterator for Reader {
    /// An event; or an error when the file cannot be read, or a line that is not the last is no event: it names the
    /// line.
    type Item = io::Result<Event>;

    fn next(&mut self) -> Option<io::Result<Event>> {
        self.line.clear();
        self.number += 1;
        match self.file.read_line(&mut self.line) {
            Ok(0) => return None,
            Ok(_) => {}
            Err(error) => return Some(Err(error)),
        }
        match serde_json::from_str(&self.line) {
            Ok(event) => Some(Ok(event)),
            Err(_) if self.file.fill_buf().is_ok_and(<[u8]>::is_empty) => {
                self.cut = true;
                None
            }
            Err(error) => {
                let what = format!("{}:{}: {error}", self.path.display(), self.number);
                Some(Err(io::Error::new(io::ErrorKind::InvalidData, what)))
            }
        }
    }
}

/// All events of a file, in order.
///
/// # Errors
/// As [`Reader`] gives them.
pub fn read(path: &Path) -> io::Result<Vec<Event>> {
    Reader::open(path)?.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{Seen, What, Writer};

    #[test]
    fn what_is_written_is_read_back_in_order_and_a_cut_line_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/history.jsonl");
        let mut writer = Writer::create(&path).unwrap();
        let phase = |name: &str| What::Phase {
            name: name.to_owned(),
        };
        let written: Vec<Event> = ["up", "steps", "down"]
            .map(|name| writer.append(phase(name)).unwrap())
            .into();
        assert_eq!(read(&path).unwrap(), written);
        assert_eq!(
            written.iter().map(|event| event.seq).collect::<Vec<_>>(),
            [0, 1, 2]
        );
        assert!(written.is_sorted_by_key(|event| event.at_ns));

        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, &text[..text.len() - 10]).unwrap();
        assert_eq!(read(&path).unwrap(), written[..2]);
        std::fs::write(&path, format!("nonsense\n{text}")).unwrap();
        assert!(
            read(&path)
                .unwrap_err()
                .to_string()
                .contains("history.jsonl:1")
        );
    }
    #[test]
    fn an_older_history_is_read_as_one_that_does_not_say_what_was_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.jsonl");
        let line = |seen: &str| {
            format!(r#"{{"seq":1,"at_ns":2,"kind":"delivered","exchange":3,"seen":{seen}}}"#)
        };
        let answer = line(r#"{"as":"answer","status":503,"body_bytes":5,"altered":true}"#);
        let cut = line(r#"{"as":"cut","status":200,"body_bytes":5}"#);
        std::fs::write(&path, format!("{answer}\n{cut}\n")).unwrap();
        let told = |event: Event| match event.what {
            What::Delivered {
                seen: Seen::Answer { told, .. } | Seen::Cut { told, .. },
                before: None,
                ..
            } => told,
            other => panic!("{other:?}"),
        };
        let told: Vec<_> = read(&path).unwrap().into_iter().map(told).collect();
        assert_eq!(told, [None, None]);
    }
}
