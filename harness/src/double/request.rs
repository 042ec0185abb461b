//! A request as a double has it.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// A request with its whole body.
#[derive(Clone, Debug)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// Path and query as they came.
    pub url: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Request {
    /// The path, as it came.
    pub fn path(&self) -> &str {
        self.url.split('?').next().unwrap_or_default()
    }

    /// The parts of the path, unescaped.
    pub fn segments(&self) -> Vec<String> {
        let parts = self.path().split('/').skip(1);
        parts.map(unescaped).collect()
    }

    /// The parameters of the query, unescaped, in their order.
    pub fn query(&self) -> Vec<(String, String)> {
        let query = self.url.split_once('?').map_or("", |(_, query)| query);
        pairs(query.as_bytes())
    }

    /// The fields of a form in the body.
    pub fn form(&self) -> Vec<(String, String)> {
        pairs(&self.body)
    }

    /// The cookies.
    pub fn cookies(&self) -> Vec<(String, String)> {
        let headers = self.headers.get_all(http::header::COOKIE).iter();
        let all = headers.flat_map(|value| {
            text(value.as_bytes())
                .split(';')
                .map(str::to_owned)
                .collect::<Vec<_>>()
        });
        let split = |pair: String| {
            let (name, value) = pair.trim().split_once('=')?;
            Some((name.to_owned(), value.trim_matches('"').to_owned()))
        };
        all.filter_map(split).collect()
    }

    /// The values of a header.
    pub fn header(&self, name: &str) -> Vec<String> {
        let values = self.headers.get_all(name).iter();
        values.map(|value| text(value.as_bytes())).collect()
    }

    /// What templates see of it. A name with several values has all of them under its number too.
    pub fn values(&self) -> Map<String, Value> {
        let names = self.headers.keys().map(|name| name.as_str());
        let headers = names.flat_map(|name| {
            let values = self.header(name).into_iter();
            values.map(move |value| (name.to_owned(), value))
        });
        let headers: Vec<(String, String)> = headers.collect();
        let host = self.header("host").pop().unwrap_or_default();
        let (name, port) = host.rsplit_once(':').unwrap_or((&host, "80"));
        let mut values = Map::new();
        let mut put = |name: &str, value: Value| values.insert(name.to_owned(), value);
        put("method", self.method.as_str().into());
        put("url", self.url.as_str().into());
        put("path", self.path().into());
        put("pathSegments", self.segments().into());
        put("query", first(self.query().into_iter()));
        put("allQueries", every(self.query().into_iter()));
        put("headers", first(headers.clone().into_iter()));
        put("allHeaders", every(headers.into_iter()));
        put("cookies", first(self.cookies().into_iter()));
        put("allCookies", every(self.cookies().into_iter()));
        put("body", text(&self.body).into());
        put("host", name.into());
        put("port", port.into());
        put("scheme", "http".into());
        put("baseUrl", format!("http://{host}").into());
        values
    }
}

/// Bytes as a text, as far as they are one.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn unescaped(segment: &str) -> String {
    // A plus is no blank in a path, and an ampersand ends nothing.
    let pair = format!("={}", segment.replace('+', "%2B").replace('&', "%26"));
    let mut pairs = pairs(pair.as_bytes());
    pairs.pop().map(|(_, value)| value).unwrap_or_default()
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text).into_owned().collect()
}

/// The first value of each name.
fn first(pairs: impl Iterator<Item = (String, String)>) -> Value {
    let mut map = Map::new();
    for (name, value) in pairs {
        map.entry(name).or_insert(value.into());
    }
    Value::Object(map)
}

/// All values of each name: the first, the last, and each by its number from 0.
fn every(pairs: impl Iterator<Item = (String, String)>) -> Value {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let mut map = Map::new();
    for (name, value) in pairs {
        let count = counts.entry(name.clone()).or_default();
        if let Value::Object(values) = map.entry(name).or_insert_with(|| json!({})) {
            values
                .entry("first")
                .or_insert_with(|| value.clone().into());
            values.insert(count.to_string(), value.clone().into());
            values.insert("last".to_owned(), value.into());
        }
        *count += 1;
    }
    Value::Object(map)
}

#[cfg(test)]
pub(super) fn request(line: &str, headers: &[(&str, &str)], body: &str) -> Request {
    let (method, url) = line.split_once(' ').expect("a method and a URL");
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().expect("a name");
        map.append(name, value.parse().expect("a value"));
    }
    Request {
        method: method.parse().expect("a method"),
        url: url.to_owned(),
        headers: map,
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::path_template::PathTemplate;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use url::form_urlencoded::{Serializer, byte_serialize};

    fn of(url: String, cookies: &[u8], body: Vec<u8>) -> Request {
        let cookies = http::HeaderValue::from_bytes(cookies).ok();
        let cookies = cookies.map(|cookies| (http::header::COOKIE, cookies));
        Request {
            method: Method::POST,
            url,
            headers: cookies.into_iter().collect(),
            body: body.into(),
        }
    }

    fn escaped(pairs: &[(String, String)]) -> String {
        Serializer::new(String::new()).extend_pairs(pairs).finish()
    }

    #[test]
    fn what_means_something_in_a_query_means_nothing_in_a_path() {
        let request = of("/a&b/c=d&/e+f;g/%26%2F?/".to_owned(), b"", Vec::new());
        assert_eq!(request.segments(), ["a&b", "c=d&", "e+f;g", "&/"]);
    }

    proptest! {
        #[test]
        fn what_was_escaped_is_read_as_it_was(
            segments in vec(".{0,8}", 1..4),
            query in vec((".{0,4}", ".{0,4}"), 0..4),
            form in vec((".{0,4}", ".{0,4}"), 0..4),
        ) {
            // A blank in a path is no plus.
            let path = segments.iter().map(|one| byte_serialize(one.as_bytes()).collect::<String>());
            let path: Vec<String> = path.map(|one| one.replace('+', "%20")).collect();
            let url = format!("/{}?{}", path.join("/"), escaped(&query));
            let request = of(url, b"", escaped(&form).into_bytes());
            prop_assert_eq!(request.query(), query);
            prop_assert_eq!(request.form(), form);
            prop_assert_eq!(request.segments(), segments);
        }

        #[test]
        fn whatever_comes_is_read(
            url in "[/?&=%+;a{}0-9\u{e9}]{0,20}",
            cookies in vec(prop_oneof![select_byte(), any::<u8>()], 0..20),
            body in vec(prop_oneof![select_byte(), any::<u8>()], 0..20),
        ) {
            let request = of(url.clone(), &cookies, body);
            let path = url.split('?').next().unwrap_or_default();
            prop_assert_eq!(request.segments().len(), path.matches('/').count());
            // A part in which nothing is escaped is what it is.
            for (part, segment) in path.split('/').skip(1).zip(request.segments()) {
                prop_assert!(part.contains('%') || part == segment, "{} {}", part, segment);
            }
            for (name, _) in request.cookies() {
                prop_assert!(!name.contains(['=', ';']) && name.trim_start() == name);
            }
            prop_assert_eq!(&request.values()["url"], &url);
            let found = PathTemplate::parse("/{a}/{b}").fits(&request);
            let fits = request.segments().len() == 2 && request.segments().iter().all(|s| !s.is_empty());
            prop_assert_eq!(found.map(|found| found.len()), fits.then_some(2));
        }
    }

    /// What means something in a cookie or a form.
    fn select_byte() -> impl Strategy<Value = u8> {
        proptest::sample::select(b"=;&%+\" a2".to_vec())
    }
}
