//! Heads of requests and answers: as much of them as a gateway must understand.

use super::body::Framing;
use std::mem::MaybeUninit;

/// The longest head that is understood; anything longer is passed on as it is.
pub(super) const HEAD_BYTES: usize = 64 * 1024;
/// The most headers that are understood.
const HEADERS: usize = 256;

/// Headers in their order, names in lower case.
pub(super) type Headers = Vec<(String, String)>;

/// The head of a request.
#[derive(Debug, PartialEq)]
pub(super) struct Request {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Headers,
    pub(super) framing: Framing,
    /// Whether the caller means to ask again on this connection.
    pub(super) persists: bool,
    /// Whether the caller waits for a `100 Continue` before it sends the body.
    pub(super) expects_continue: bool,
    /// Whether it is HTTP/1.0.
    pub(super) old: bool,
}

/// The head of an answer.
#[derive(Debug, PartialEq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: Headers,
    pub(super) framing: Framing,
    /// Whether the callee means to answer again on this connection.
    pub(super) persists: bool,
    /// Whether the connection speaks something else from here on.
    pub(super) switches: bool,
}

impl Answer {
    /// Whether another answer to the same request follows.
    pub(super) fn interim(&self) -> bool {
        (100..200).contains(&self.status) && !self.switches
    }
}

/// What the first bytes of a message are.
#[derive(Debug, PartialEq)]
pub(super) enum Parsed<T> {
    /// A head and its length in bytes.
    Whole(T, usize),
    /// The beginning of one.
    Partial,
    /// Not a head, or one beyond the limits.
    Malformed,
}

/// Reads the head of a request.
pub(super) fn request(bytes: &[u8]) -> Parsed<Request> {
    let mut fields = [const { MaybeUninit::uninit() }; HEADERS];
    let mut parsed = httparse::Request::new(&mut []);
    let read = parsed.parse_with_uninit_headers(bytes, &mut fields);
    let length = match measure(read, bytes) {
        Ok(length) => length,
        Err(other) => return other,
    };
    let said = Said::by(parsed.headers);
    let framing = match (said.chunked, said.length) {
        (Some(true), _) => Framing::Chunked,
        (None, Ok(Some(length))) => Framing::Length(length),
        (None, Ok(None)) => Framing::None,
        // A proxy and a server could disagree about where the body ends.
        _ => return Parsed::Malformed,
    };
    let old = parsed.version == Some(0);
    let request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        target: parsed.path.unwrap_or_default().to_owned(),
        headers: recorded(parsed.headers),
        framing,
        persists: said.persists(old),
        expects_continue: said.expects_continue,
        old,
    };
    Parsed::Whole(request, length)
}

/// Reads the head of an answer to a request with this method.
pub(super) fn answer(bytes: &[u8], method: &str) -> Parsed<Answer> {
    let mut fields = [const { MaybeUninit::uninit() }; HEADERS];
    let mut parsed = httparse::Response::new(&mut []);
    let read = httparse::ParserConfig::default().parse_response_with_uninit_headers(
        &mut parsed,
        bytes,
        &mut fields,
    );
    let length = match measure(read, bytes) {
        Ok(length) => length,
        Err(other) => return other,
    };
    let said = Said::by(parsed.headers);
    let status = parsed.code.unwrap_or_default();
    let switches = status == 101 || (method == "CONNECT" && (200..300).contains(&status));
    let bare = method == "HEAD" || status < 200 || status == 204 || status == 304 || switches;
    let framing = match (bare, said.chunked, said.length) {
        (true, ..) => Framing::None,
        (_, Some(true), _) => Framing::Chunked,
        (_, None, Ok(Some(length))) => Framing::Length(length),
        _ => Framing::UntilClose,
    };
    let answer = Answer {
        status,
        headers: recorded(parsed.headers),
        framing,
        persists: said.persists(parsed.version == Some(0)),
        switches,
    };
    Parsed::Whole(answer, length)
}

/// The head's length, or what `bytes` are instead.
fn measure<T>(
    parsed: Result<httparse::Status<usize>, httparse::Error>,
    bytes: &[u8],
) -> Result<usize, Parsed<T>> {
    match parsed {
        Ok(httparse::Status::Complete(length)) if length <= HEAD_BYTES => Ok(length),
        Ok(httparse::Status::Partial) if bytes.len() < HEAD_BYTES => Err(Parsed::Partial),
        _ => Err(Parsed::Malformed),
    }
}

fn recorded(fields: &[httparse::Header<'_>]) -> Headers {
    let text = |value: &[u8]| match std::str::from_utf8(value) {
        Ok(value) => value.to_owned(),
        Err(_) => String::from_utf8_lossy(value).into_owned(),
    };
    let header =
        |field: &httparse::Header<'_>| (field.name.to_ascii_lowercase(), text(field.value));
    fields.iter().map(header).collect()
}

/// What a head says about its message and its connection.
struct Said {
    /// Whether the transfer encoding ends with `chunked`, if there is one.
    chunked: Option<bool>,
    /// The content length; the error is one that is no number, or several that differ.
    length: Result<Option<u64>, ()>,
    close: bool,
    keep_alive: bool,
    expects_continue: bool,
}

impl Said {
    /// Reads every header once.
    fn by(fields: &[httparse::Header<'_>]) -> Said {
        let mut said = Said {
            chunked: None,
            length: Ok(None),
            close: false,
            keep_alive: false,
            expects_continue: false,
        };
        for field in fields {
            let is = |name: &str| field.name.eq_ignore_ascii_case(name);
            // Most headers are none of these, and their length tells.
            match field.name.len() {
                6 if is("expect") => said.expects_continue |= lists(field, "100-continue"),
                10 if is("connection") => {
                    said.close |= lists(field, "close");
                    said.keep_alive |= lists(field, "keep-alive");
                }
                14 if is("content-length") => {
                    for value in values(field) {
                        said.length = said.length.and_then(|before| length(before, value));
                    }
                }
                17 if is("transfer-encoding") => {
                    let last = values(field).last().unwrap_or_default();
                    said.chunked = Some(last.eq_ignore_ascii_case(b"chunked"));
                }
                _ => {}
            }
        }
        said
    }

    fn persists(&self, old: bool) -> bool {
        !self.close && (!old || self.keep_alive)
    }
}

/// The comma-separated values of a header.
fn values<'a>(field: &httparse::Header<'a>) -> impl Iterator<Item = &'a [u8]> {
    let value: &'a [u8] = field.value;
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

fn lists(field: &httparse::Header<'_>, word: &str) -> bool {
    values(field).any(|value| value.eq_ignore_ascii_case(word.as_bytes()))
}

/// One more content length.
fn length(before: Option<u64>, value: &[u8]) -> Result<Option<u64>, ()> {
    let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(value).ok().filter(|_| digits);
    let length = text.and_then(|text| text.parse().ok()).ok_or(())?;
    match before {
        Some(before) if before != length => Err(()),
        _ => Ok(Some(length)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn framing_of_request(fields: &str) -> Option<Framing> {
        match request(format!("POST / HTTP/1.1\r\n{fields}\r\n").as_bytes()) {
            Parsed::Whole(request, _) => Some(request.framing),
            _ => None,
        }
    }

    #[test]
    fn a_request_says_where_its_body_ends_or_is_not_understood() {
        let check = |fields, expected| assert_eq!(framing_of_request(fields), expected, "{fields}");
        check("", Some(Framing::None));
        check("Content-Length: 5\r\n", Some(Framing::Length(5)));
        check(
            "content-length: 5\r\nContent-Length: 5\r\n",
            Some(Framing::Length(5)),
        );
        check("Content-Length: 5\r\nContent-Length: 6\r\n", None);
        check("Content-Length: +5\r\n", None);
        check(
            "Transfer-Encoding: gzip, Chunked\r\n",
            Some(Framing::Chunked),
        );
        check(
            "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
            Some(Framing::Chunked),
        );
        check("Transfer-Encoding: gzip\r\n", None);
    }

    #[test]
    fn an_answer_says_where_its_body_ends() {
        let check = |method, head: &str, expected| {
            let bytes = format!("HTTP/1.1 {head}\r\n\r\n");
            let Parsed::Whole(answer, _) = answer(bytes.as_bytes(), method) else {
                panic!("{head}")
            };
            assert_eq!(answer.framing, expected, "{method} {head}");
        };
        check("GET", "200 OK\r\nContent-Length: 5", Framing::Length(5));
        check(
            "GET",
            "200 OK\r\nTransfer-Encoding: chunked",
            Framing::Chunked,
        );
        check("GET", "200 OK", Framing::UntilClose);
        check("GET", "200", Framing::UntilClose);
        check("HEAD", "200 OK\r\nContent-Length: 5", Framing::None);
        check("GET", "204 No Content", Framing::None);
        check(
            "GET",
            "304 Not Modified\r\nContent-Length: 5",
            Framing::None,
        );
        check("GET", "101 Switching Protocols", Framing::None);
        check("CONNECT", "200 OK", Framing::None);
    }

    #[test]
    fn heads_are_bounded() {
        let long = format!("GET /{} HTTP/1.1\r\n", "x".repeat(HEAD_BYTES));
        assert_eq!(request(long.as_bytes()), Parsed::Malformed);
        assert_eq!(request(&long.as_bytes()[..HEAD_BYTES - 1]), Parsed::Partial);
        assert_eq!(request(b"\0\0\r\n\r\n"), Parsed::Malformed);
        assert_eq!(request(b"PRI * HTTP/2.0\r\n\r\n"), Parsed::Malformed);
    }

    #[test]
    fn a_connection_persists_unless_someone_says_otherwise() {
        let check = |version: &str, field: &str, expected| {
            let bytes = format!("GET / HTTP/{version}\r\n{field}\r\n");
            let Parsed::Whole(request, _) = request(bytes.as_bytes()) else {
                panic!("{version} {field}")
            };
            assert_eq!(request.persists, expected, "{version} {field}");
        };
        check("1.1", "", true);
        check("1.1", "Connection: Close\r\n", false);
        check("1.0", "", false);
        check("1.0", "Connection: keep-alive\r\n", true);
    }
}
