//! Reads a history back.

use super::Event;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

/// The events of a file, in order. A last line that was cut off (the harness was killed) is left out.
///
/// # Errors
/// When the file cannot be read, or a line that is not the last is no event; the error names the line.
pub fn read(path: &Path) -> io::Result<Vec<Event>> {
    let lines: Vec<String> = BufReader::new(File::open(path)?)
        .lines()
        .collect::<io::Result<_>>()?;
    let mut events = Vec::with_capacity(lines.len());
    for (i, line) in lines.iter().enumerate() {
        match serde_json::from_str(line) {
            Ok(event) => events.push(event),
            Err(_) if i + 1 == lines.len() => break,
            Err(error) => {
                let what = format!("{}:{}: {error}", path.display(), i + 1);
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        }
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{What, Writer};

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
}
