//! Which line stands where in a file.

use std::collections::VecDeque;
use std::io::{BufRead, Read};

/// Passes a file on and keeps where the lines begin that are not empty and were not asked for yet.
pub(super) struct Lines<R> {
    file: R,
    /// So many bytes went by.
    passed: u64,
    /// The number of the line that goes by now.
    number: u64,
    /// It is not empty.
    begun: bool,
    /// The first bytes and the numbers of lines.
    known: VecDeque<(u64, u64)>,
}

impl<R: BufRead> Lines<R> {
    /// Of a file from its beginning.
    pub fn new(file: R) -> Lines<R> {
        Lines {
            file,
            passed: 0,
            number: 1,
            begun: false,
            known: VecDeque::new(),
        }
    }

    /// The number of the first line that is not empty and begins at this byte or later. Those before it are forgotten.
    pub fn from(&mut self, byte: u64) -> u64 {
        while self.known.front().is_some_and(|(at, _)| *at < byte) {
            self.known.pop_front();
        }
        self.known
            .front()
            .map_or(self.number, |(_, number)| *number)
    }

    fn pass(&mut self, bytes: &[u8]) {
        let mut from = 0;
        while from < bytes.len() {
            let rest = &bytes[from..];
            let end = rest.iter().position(|byte| *byte == b'\n');
            let line = &rest[..end.unwrap_or(rest.len())];
            if !self.begun
                && let Some(first) = line.iter().position(|byte| *byte != b'\r')
            {
                let at = self.passed + (from + first) as u64;
                self.known.push_back((at, self.number));
                self.begun = true;
            }
            from += line.len();
            if end.is_some() {
                from += 1;
                self.number += 1;
                self.begun = false;
            }
        }
        self.passed += bytes.len() as u64;
    }
}

impl<R: BufRead> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.pass(&buffer[..read]);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a text piece by piece.
    fn read(text: &str, piece: usize) -> Lines<&[u8]> {
        let mut lines = Lines::new(text.as_bytes());
        let mut buffer = vec![0; piece];
        while lines.read(&mut buffer).unwrap() > 0 {}
        lines
    }

    #[test]
    fn lines_are_found_by_where_they_begin() {
        for piece in [1, 2, 3, 100] {
            let mut lines = read("a\n\nbc\r\n\r\nd\n", piece);
            let numbers = [(0, 1), (2, 3), (3, 3), (6, 5), (9, 5)];
            for (byte, number) in numbers {
                assert_eq!(lines.from(byte), number, "from {byte} in pieces of {piece}");
            }
        }
    }
}
