//! Where a body ends, and what was in it.
//!
//! A [`Body`] reads along while the raw bytes pass; it never changes them. When the bytes break the rules of their
//! framing it gives up finding an end and takes everything up to the close, so that odd peers still get through.

use xxhash_rust::xxh3::{Xxh3, xxh3_128};

/// How much of a decoded body is kept.
pub(crate) const RECORDED_BYTES: usize = 64 * 1024;
/// The longest chunk extension or trailer section that is followed.
const LINE_BYTES: usize = 64 * 1024;
/// The digits of the longest chunk size that fits a `u64`.
const SIZE_DIGITS: u32 = 16;

/// How a message says where its body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is no body.
    None,
    /// After so many bytes.
    Length(u64),
    /// With the last chunk and its trailers.
    Chunked,
    /// With the connection.
    UntilClose,
}

/// A body that is passing by.
pub(super) struct Body {
    next: Next,
    kept: Vec<u8>,
    length: u64,
    /// Of a body that is longer than what is kept.
    digest: Option<Box<Xxh3>>,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Plain(u64),
    Size { size: u64, digits: u32 },
    Extension { size: u64, seen: usize },
    Data(u64),
    DataEnd,
    Trailer { line: usize, seen: usize },
    UntilClose,
    End,
}

impl Body {
    /// A body of which nothing has come yet.
    pub(super) fn new(framing: Framing) -> Body {
        let next = match framing {
            Framing::None | Framing::Length(0) => Next::End,
            Framing::Length(length) => Next::Plain(length),
            Framing::Chunked => Next::SIZE,
            Framing::UntilClose => Next::UntilClose,
        };
        Body {
            next,
            kept: Vec::new(),
            length: 0,
            digest: None,
        }
    }

    /// A body that is all there.
    pub(super) fn whole(bytes: &[u8]) -> Body {
        let mut body = Body::new(Framing::UntilClose);
        body.feed(bytes);
        body.close();
        body
    }

    /// Reads on and says how many of `bytes` belong to this body; less than all only when it ends.
    pub(super) fn feed(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while at < bytes.len() && !self.done() {
            at += match self.next {
                Next::Plain(left) | Next::Data(left) => self.data(&bytes[at..], left),
                Next::UntilClose => {
                    self.keep(&bytes[at..]);
                    bytes.len() - at
                }
                _ => {
                    self.frame(bytes[at]);
                    1
                }
            };
        }
        at
    }

    /// Whether the body's last byte has come.
    pub(super) fn done(&self) -> bool {
        self.next == Next::End
    }

    /// The sender closed. Whether that makes the body whole.
    pub(super) fn close(&mut self) -> bool {
        if self.next == Next::UntilClose {
            self.next = Next::End;
        }
        self.done()
    }

    /// The decoded length so far.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// The beginning of the decoded body.
    pub(super) fn kept(&self) -> &[u8] {
        &self.kept
    }

    /// The beginning of the decoded body as text.
    pub(super) fn text(&self) -> String {
        // The lossy way reads byte by byte, which is several times slower.
        match std::str::from_utf8(&self.kept) {
            Ok(text) => text.to_owned(),
            Err(_) => String::from_utf8_lossy(&self.kept).into_owned(),
        }
    }

    /// What tells the decoded body so far from any other; `None`: there is none.
    pub(super) fn digest(&self) -> Option<String> {
        let digest = match &self.digest {
            Some(digest) => digest.digest128(),
            None if self.kept.is_empty() => return None,
            None => xxh3_128(&self.kept),
        };
        Some(format!("{digest:032x}"))
    }

    /// Takes the data of a plain body or of one chunk.
    fn data(&mut self, bytes: &[u8], left: u64) -> usize {
        let taken = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        self.keep(&bytes[..taken]);
        self.next = match (self.next, left - taken as u64) {
            (Next::Data(_), 0) => Next::DataEnd,
            (Next::Data(_), left) => Next::Data(left),
            (_, 0) => Next::End,
            (_, left) => Next::Plain(left),
        };
        taken
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.length += bytes.len() as u64;
        let room = RECORDED_BYTES - self.kept.len();
        if bytes.len() > room {
            let digest = self.digest.get_or_insert_with(|| {
                let mut digest = Box::new(Xxh3::new());
                digest.update(&self.kept);
                digest
            });
            digest.update(bytes);
        }
        self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    /// Takes one byte of chunked framing.
    fn frame(&mut self, byte: u8) {
        self.next = match (self.next, byte) {
            (Next::Size { size, digits }, b) if b.is_ascii_hexdigit() && digits < SIZE_DIGITS => {
                let digit = (b as char).to_digit(16).unwrap_or_default();
                Next::Size {
                    size: size << 4 | u64::from(digit),
                    digits: digits + 1,
                }
            }
            (Next::Size { size, digits: 1.. }, b'\n') => Next::after_size(size),
            (Next::Size { size, digits: 1.. }, b'\r' | b';' | b' ' | b'\t') => {
                Next::Extension { size, seen: 0 }
            }
            (Next::Extension { size, .. }, b'\n') => Next::after_size(size),
            (Next::Extension { size, seen }, _) if seen < LINE_BYTES => Next::Extension {
                size,
                seen: seen + 1,
            },
            (Next::DataEnd, b'\r') => Next::DataEnd,
            (Next::DataEnd, b'\n') => Next::SIZE,
            (Next::Trailer { line: 0, .. }, b'\n') => Next::End,
            (Next::Trailer { seen, .. }, b'\n') => Next::Trailer { line: 0, seen },
            (Next::Trailer { line, seen }, b'\r') => Next::Trailer { line, seen },
            (Next::Trailer { line, seen }, _) if seen < LINE_BYTES => Next::Trailer {
                line: line + 1,
                seen: seen + 1,
            },
            (odd, byte) => {
                tracing::warn!(
                    ?odd,
                    byte,
                    "broken chunks; passing on everything that follows"
                );
                Next::UntilClose
            }
        };
    }
}

impl Next {
    const SIZE: Next = Next::Size { size: 0, digits: 0 };

    fn after_size(size: u64) -> Next {
        match size {
            0 => Next::Trailer { line: 0, seen: 0 },
            size => Next::Data(size),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `raw` in pieces of every size; `taken` bytes belong to the body, which reads as `text`.
    fn check(framing: Framing, raw: &str, taken: usize, text: &str, done: bool) {
        for piece in 1..=raw.len().max(1) {
            let mut body = Body::new(framing);
            let mut at = 0;
            for bytes in raw.as_bytes().chunks(piece) {
                let n = body.feed(bytes);
                at += n;
                if n < bytes.len() {
                    break;
                }
            }
            let seen = (at, body.text(), body.length(), body.done());
            let expected = (taken, text.to_owned(), text.len() as u64, done);
            assert_eq!(seen, expected, "{raw:?} in pieces of {piece}");
        }
    }

    #[test]
    fn a_body_ends_where_its_framing_says() {
        check(Framing::None, "GET", 0, "", true);
        check(Framing::Length(3), "abcGET", 3, "abc", true);
        check(Framing::Length(9), "abc", 3, "abc", false);
        check(Framing::UntilClose, "abc", 3, "abc", false);
        let chunks = "3\r\nabc\r\n00a;x=\"y\"\r\n0123456789\r\n0\r\n\r\n";
        check(
            Framing::Chunked,
            &format!("{chunks}GET"),
            chunks.len(),
            "abc0123456789",
            true,
        );
        let trailers = "1\r\na\r\n0\r\nDigest: x\r\nOther: y\r\n\r\n";
        check(
            Framing::Chunked,
            &format!("{trailers}GET"),
            trailers.len(),
            "a",
            true,
        );
        check(Framing::Chunked, "1\na\n0\n\nGET", 7, "a", true);
    }

    #[test]
    fn broken_chunks_are_passed_on_to_the_end() {
        check(Framing::Chunked, "zz\r\nabc", 7, "z\r\nabc", false);
        check(Framing::Chunked, "\r\n", 2, "\n", false);
        let long = "1ffffffffffffffff\r\n";
        check(Framing::Chunked, long, long.len(), "\r\n", false);
    }

    #[test]
    fn the_close_ends_only_what_it_may_end() {
        assert!(Body::new(Framing::UntilClose).close());
        assert!(!Body::new(Framing::Length(1)).close());
        assert!(!Body::new(Framing::Chunked).close());
    }

    #[test]
    fn the_digest_is_that_of_the_whole_decoded_body() {
        // From the reference implementation: `xxh128sum` of "abc0123456789".
        let mut chunked = Body::new(Framing::Chunked);
        chunked.feed(b"3\r\nabc\r\n00a\r\n0123456789\r\n0\r\n\r\n");
        let mut plain = Body::new(Framing::Length(13));
        plain.feed(b"abc0123456789");
        assert_eq!(chunked.digest(), plain.digest());
        assert_eq!(
            plain.digest().as_deref(),
            Some("d1697fbb195327a4e84f3cec26c3108b")
        );
        assert_eq!(Body::new(Framing::Chunked).digest(), None);
        // However the pieces fall, beyond what is kept too.
        let long: Vec<u8> = (0..3 * RECORDED_BYTES + 7)
            .map(|i| (i % 251) as u8)
            .collect();
        let expected = format!("{:032x}", xxh3_128(&long));
        for piece in [
            1000,
            RECORDED_BYTES - 1,
            RECORDED_BYTES,
            RECORDED_BYTES + 1,
            long.len(),
        ] {
            let mut body = Body::new(Framing::UntilClose);
            for bytes in long.chunks(piece) {
                body.feed(bytes);
            }
            assert_eq!(body.digest(), Some(expected.clone()), "pieces of {piece}");
        }
    }

    #[test]
    fn only_the_beginning_is_kept_and_the_whole_is_counted() {
        let mut body = Body::new(Framing::UntilClose);
        let piece = vec![b'x'; RECORDED_BYTES - 1];
        body.feed(&piece);
        body.feed(&piece);
        assert_eq!(body.text().len(), RECORDED_BYTES);
        assert_eq!(body.length(), 2 * piece.len() as u64);
    }
}
