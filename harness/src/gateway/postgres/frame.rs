//! Frames: a type, a length, and what that type says.

use super::pattern::Text;

/// Type and length.
pub(super) const HEADER_BYTES: usize = 5;
/// The longest frame that is believed to be one; PostgreSQL itself allows no longer one.
const LONGEST: usize = 0x3fff_ffff;

/// What begins a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Header {
    /// This type, and so many bytes with the header.
    Frame(u8, usize),
    /// More bytes are needed to tell.
    Partial,
    /// No frame begins so.
    Other,
}

/// The frame at the beginning of some bytes.
pub(super) fn header(bytes: &[u8]) -> Header {
    match *bytes {
        [kind, ..] if !kind.is_ascii_alphanumeric() => Header::Other,
        [kind, a, b, c, d, ..] => match u32::from_be_bytes([a, b, c, d]) as usize {
            length @ 4..=LONGEST => Header::Frame(kind, length + 1),
            _ => Header::Other,
        },
        _ => Header::Partial,
    }
}

/// The text up to the next zero byte, and what follows it; without a zero byte, all that there is.
pub(super) fn text(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == 0) {
        Some(end) => (&bytes[..end], &bytes[end + 1..]),
        None => (bytes, &[]),
    }
}

/// What the server cannot parse, and repeats in its error. The underscore at the end tells 1 from 12.
pub(super) fn token(exchange: u64) -> String {
    format!("shakedown_fault_{exchange}_")
}

/// A simple query that fails.
pub(super) fn failing_query(token: &str) -> Vec<u8> {
    frame(b'Q', &[token, "\0"])
}

/// A frame of the extended protocol that fails. It has a name, for one without would take the client's own nameless
/// statement away.
pub(super) fn failing_parse(token: &str) -> Vec<u8> {
    frame(b'P', &[token, "\0", token, "\0\0\0"])
}

/// The error that a client gets for a statement.
pub(super) fn error(sqlstate: &str) -> Vec<u8> {
    let message = format!("shakedown: this statement was made to fail with {sqlstate}");
    let fields = [
        "SERROR\0VERROR\0C",
        sqlstate,
        "\0M",
        &message,
        "\0Rshakedown\0\0",
    ];
    frame(b'E', &fields)
}

fn frame(kind: u8, parts: &[&str]) -> Vec<u8> {
    let length = 4 + parts.iter().map(|part| part.len()).sum::<usize>();
    let mut bytes = vec![kind];
    bytes.extend((length as u32).to_be_bytes());
    parts.iter().for_each(|part| bytes.extend(part.as_bytes()));
    bytes
}

/// Whether some bytes contain a text.
pub(super) fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// What a Parse prepares: the statement's name, and its text as far as it is there.
pub(super) fn parse(body: &[u8]) -> (Vec<u8>, Text) {
    let (name, rest) = text(body);
    (name.to_vec(), Text::new(text(rest).0))
}

/// What a Bind makes: a portal of a statement.
pub(super) fn bind(body: &[u8]) -> (&[u8], &[u8]) {
    let (portal, rest) = text(body);
    (portal, text(rest).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_known_by_its_header() {
        assert_eq!(header(b""), Header::Partial);
        assert_eq!(header(b"Q\0\0\0"), Header::Partial);
        assert_eq!(header(b"Q\0\0\0\x09rest"), Header::Frame(b'Q', 10));
        assert_eq!(header(b"1\0\0\0\x04"), Header::Frame(b'1', 5));
        assert_eq!(header(b"Q\0\0\0\x03"), Header::Other);
        assert_eq!(header(b"Q\xff\xff\xff\xff"), Header::Other);
        assert_eq!(header(b"\0"), Header::Other);
    }

    #[test]
    fn what_is_made_is_a_frame() {
        for made in [failing_query("t"), failing_parse("t"), error("40001")] {
            assert_eq!(header(&made), Header::Frame(made[0], made.len()));
        }
        assert_eq!(failing_query("t"), b"Q\0\0\0\x06t\0");
        assert_eq!(failing_parse("t"), b"P\0\0\0\x0at\0t\0\0\0");
        assert!(contains(&error("40001"), "\0C40001\0M"));
        assert!(error("40001").ends_with(b"\0\0"));
        assert!(!contains(token(12).as_bytes(), &token(1)));
    }

    #[test]
    fn names_and_texts_are_found_however_little_there_is() {
        assert_eq!(text(b"a\0b"), (&b"a"[..], &b"b"[..]));
        assert_eq!(text(b"a"), (&b"a"[..], &b""[..]));
        assert_eq!(bind(b"p\0s\0\0\0"), (&b"p"[..], &b"s"[..]));
        assert_eq!(bind(b""), (&b""[..], &b""[..]));
        assert_eq!(parse(b"s\0select 1\0\0\0").0, b"s");
    }
}
