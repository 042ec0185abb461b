//! Heads of requests and answers: as much of them as a gateway must understand.

use super::body::Framing;

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
    let mut fields = [httparse::EMPTY_HEADER; HEADERS];
    let mut parsed = httparse::Request::new(&mut fields);
    let length = match measure(parsed.parse(bytes), bytes) {
        Ok(length) => length,
        Err(other) => return other,
    };
    let headers = recorded(parsed.headers);
    let Some(framing) = request_framing(&headers) else {
        return Parsed::Malformed;
    };
    let old = parsed.version == Some(0);
    let expects = |word: &str| values(&headers, "expect").any(|v| v.eq_ignore_ascii_case(word));
    let request = Request {
        method: parsed.method.unwrap_or_default().to_owned(),
        target: parsed.path.unwrap_or_default().to_owned(),
        framing,
        persists: persists(&headers, old),
        expects_continue: expects("100-continue"),
        old,
        headers,
    };
    Parsed::Whole(request, length)
}

/// Reads the head of an answer to a request with this method.
pub(super) fn answer(bytes: &[u8], method: &str) -> Parsed<Answer> {
    let mut fields = [httparse::EMPTY_HEADER; HEADERS];
    let mut parsed = httparse::Response::new(&mut fields);
    let length = match measure(parsed.parse(bytes), bytes) {
        Ok(length) => length,
        Err(other) => return other,
    };
    let headers = recorded(parsed.headers);
    let status = parsed.code.unwrap_or_default();
    let switches = status == 101 || (method == "CONNECT" && (200..300).contains(&status));
    let bare = method == "HEAD" || status < 200 || status == 204 || status == 304 || switches;
    let framing = match (bare, transfer_encoding(&headers), content_length(&headers)) {
        (true, ..) => Framing::None,
        (_, Some(true), _) => Framing::Chunked,
        (_, None, Ok(Some(length))) => Framing::Length(length),
        _ => Framing::UntilClose,
    };
    let answer = Answer {
        status,
        framing,
        persists: persists(&headers, parsed.version == Some(0)),
        switches,
        headers,
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
    fields
        .iter()
        .map(|field| {
            let value = String::from_utf8_lossy(field.value).into_owned();
            (field.name.to_ascii_lowercase(), value)
        })
        .collect()
}

/// The comma-separated values of every header with this name.
pub(super) fn values<'a>(headers: &'a Headers, name: &'a str) -> impl Iterator<Item = &'a str> {
    headers
        .iter()
        .filter(move |(given, _)| given == name)
        .flat_map(|(_, value)| value.split(','))
        .map(str::trim)
}

/// `None` when a proxy and a server could disagree about where the body ends.
fn request_framing(headers: &Headers) -> Option<Framing> {
    match (transfer_encoding(headers), content_length(headers)) {
        (Some(true), _) => Some(Framing::Chunked),
        (None, Ok(Some(length))) => Some(Framing::Length(length)),
        (None, Ok(None)) => Some(Framing::None),
        _ => None,
    }
}

/// Whether the transfer encoding ends with `chunked`, if there is one.
fn transfer_encoding(headers: &Headers) -> Option<bool> {
    values(headers, "transfer-encoding")
        .last()
        .map(|last| last.eq_ignore_ascii_case("chunked"))
}

/// The content length; the error is one that is no number, or several that differ.
fn content_length(headers: &Headers) -> Result<Option<u64>, ()> {
    let mut found = None;
    for value in values(headers, "content-length") {
        let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
        let length = value.parse::<u64>().ok().filter(|_| digits).ok_or(())?;
        if found.is_some_and(|before| before != length) {
            return Err(());
        }
        found = Some(length);
    }
    Ok(found)
}

fn persists(headers: &Headers, old: bool) -> bool {
    let says = |word: &str| values(headers, "connection").any(|v| v.eq_ignore_ascii_case(word));
    !says("close") && (!old || says("keep-alive"))
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
