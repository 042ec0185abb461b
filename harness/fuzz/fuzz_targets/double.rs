#![no_main]
//! A request as a double reads it: path, query, form and cookies, with the end of a line between them.

#[path = "../../src/double/path_template.rs"]
#[allow(dead_code)]
mod path_template;
#[path = "../../src/double/request.rs"]
#[allow(dead_code)]
mod request;

use http::{HeaderMap, HeaderValue, Method, header};
use path_template::PathTemplate;
use request::Request;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut lines = bytes.splitn(3, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let url = String::from_utf8_lossy(line()).into_owned();
    let mut headers = HeaderMap::new();
    if let Ok(cookie) = HeaderValue::from_bytes(line()) {
        headers.append(header::COOKIE, cookie);
    }
    let request = Request {
        method: Method::POST,
        url: url.clone(),
        headers,
        body: line().to_vec().into(),
    };
    let segments = request.segments();
    let parts = request.path().split('/').skip(1);
    assert_eq!(segments.len(), parts.clone().count());
    for (part, segment) in parts.zip(&segments) {
        // What is not escaped is what it is.
        assert!(part.contains('%') || part == segment);
    }
    for pairs in [request.query(), request.form()] {
        let mut again = url::form_urlencoded::Serializer::new(String::new());
        let again = again.extend_pairs(&pairs).finish();
        let read = url::form_urlencoded::parse(again.as_bytes()).into_owned();
        assert_eq!(read.collect::<Vec<_>>(), pairs);
    }
    for (name, value) in request.cookies() {
        assert!(!name.contains(['=', ';']) && !value.contains(';'));
    }
    assert_eq!(request.values()["url"], url);
    let template = PathTemplate::parse("/a/{b}/{c}");
    let fits = matches!(&segments[..], [a, b, c] if a == "a" && !b.is_empty() && !c.is_empty());
    assert_eq!(
        template.fits(&request).map(|found| found.len()),
        fits.then_some(2)
    );
});
