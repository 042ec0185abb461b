//! A request that somebody makes to see what the stack does: `METHOD URL [BODY]`.

use crate::stack::METHODS;
use serde_json::Value;
use url::Url;

/// One request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The method in capitals.
    pub method: String,
    /// The URL, with a service's name as host.
    pub url: String,
    /// The body.
    pub body: Option<Value>,
}

impl Request {
    /// Reads `METHOD URL [BODY]`, whose body is JSON.
    ///
    /// # Errors
    /// Says what would have been accepted.
    pub fn parse(text: &str) -> Result<Request, String> {
        const FORM: &str = "a request is `METHOD http://service:port/path`, and JSON behind it where it has a body";
        let (method, rest) = text
            .trim()
            .split_once(char::is_whitespace)
            .ok_or(format!("`{text}` is no request: {FORM}"))?;
        let method = method.to_uppercase();
        if !METHODS.contains(&method.as_str()) {
            return Err(format!("`{method}` is no method: {FORM}"));
        }
        let (url, body) = rest
            .trim()
            .split_once(char::is_whitespace)
            .unwrap_or((rest.trim(), ""));
        match Url::parse(url) {
            Ok(parsed) if parsed.scheme() == "http" && parsed.has_host() => {}
            _ => {
                return Err(format!(
                    "`{url}` is no URL such as `http://service:8000/path`: {FORM}"
                ));
            }
        }
        let body = match body.trim() {
            "" => None,
            body => Some(
                serde_json::from_str(body)
                    .map_err(|error| format!("the body `{body}` is no JSON: {error}"))?,
            ),
        };
        Ok(Request {
            method,
            url: url.to_owned(),
            body,
        })
    }

    /// Whether this stands somewhere in its URL or its body.
    pub fn has(&self, text: &str) -> bool {
        let mut body = self.body.iter().map(Value::to_string);
        self.url.contains(text) || body.any(|body| body.contains(text))
    }

    /// The host that it asks.
    pub fn host(&self) -> String {
        let url = Url::parse(&self.url).ok();
        let host = url.and_then(|url| url.host_str().map(str::to_owned));
        host.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_request_is_read_or_refused_with_what_it_should_be() {
        let request = Request::parse("post http://web:8000/orders  {\"item\": \"a b\"}").unwrap();
        assert_eq!(request.method, "POST");
        assert_eq!(request.body, Some(json!({"item": "a b"})));
        assert_eq!(
            (request.host().as_str(), request.url.as_str()),
            ("web", "http://web:8000/orders")
        );
        assert_eq!(Request::parse("GET http://web/").unwrap().body, None);
        for (bad, what) in [
            ("http://web/", "`http://web/` is no request"),
            ("FETCH http://web/", "`FETCH` is no method"),
            ("GET web/orders", "`web/orders` is no URL"),
            ("GET https://web/", "is no URL"),
            ("POST http://web/ {item: 1}", "is no JSON"),
        ] {
            let told = Request::parse(bad).unwrap_err();
            assert!(told.contains(what), "{bad}: {told}");
        }
    }
}
