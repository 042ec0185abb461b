//! How the harness itself reaches services by their names.

use reqwest::header::{HOST, HeaderMap, HeaderValue};
use std::net::SocketAddr;
use std::time::Duration;
use url::Url;

/// Gives the address at which the harness reaches a service's port, if it has one.
pub type Resolve<'a> = &'a (dyn Fn(&str, u16) -> Option<SocketAddr> + Sync);

/// The way to the host of a URL: it leads to where `resolve` says, while requests still name the host as the URL does.
pub struct Way {
    /// The URL to give to a client.
    pub url: String,
    host: HeaderValue,
    timeout: Duration,
}

impl Way {
    /// The way to the host of `url`.
    ///
    /// # Errors
    /// In words, when the URL is not one or its host is not a service.
    pub fn to(url: &str, resolve: Resolve<'_>, timeout: Duration) -> Result<Way, String> {
        let parsed = Url::parse(url).map_err(|e| format!("`{url}` is not a URL: {e}"))?;
        let host = parsed.host_str().unwrap_or_default();
        let port = parsed.port_or_known_default().unwrap_or(80);
        let address = resolve(host, port)
            .ok_or_else(|| format!("no service serves `{host}:{port}` in this stack"))?;
        let named = match parsed.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        let host =
            HeaderValue::from_str(&named).map_err(|e| format!("`{named}` is no host: {e}"))?;
        // By its text, because a URL may still have placeholders in it.
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        let path = rest.find(['/', '?', '#']).map_or("", |at| &rest[at..]);
        let url = format!("{}://{address}{path}", parsed.scheme());
        Ok(Way { url, host, timeout })
    }

    /// An HTTP client for this way and nothing else, with connections of its own.
    ///
    /// # Errors
    /// In words, when the system does not give what it takes.
    pub fn client(&self) -> Result<reqwest::Client, String> {
        reqwest::Client::builder()
            .no_proxy()
            .default_headers(HeaderMap::from_iter([(HOST, self.host.clone())]))
            .timeout(self.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|e| chain(&e))
    }
}

/// A client for the host of `url`, and the URL to give it.
///
/// # Errors
/// As of [`Way::to`] and [`Way::client`].
pub fn client(
    url: &str,
    resolve: Resolve<'_>,
    timeout: Duration,
) -> Result<(reqwest::Client, String), String> {
    let way = Way::to(url, resolve, timeout)?;
    Ok((way.client()?, way.url))
}

/// The longest body that the harness itself reads.
const BODY_BYTES: usize = 16 * 1024 * 1024;

/// The text of an answer's body; what is not UTF-8 is replaced.
///
/// # Errors
/// In words: it broke off, or it is longer than 16 MiB.
pub async fn body(mut response: reqwest::Response) -> Result<String, String> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| chain(&e))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > BODY_BYTES {
            return Err(format!(
                "the answer is longer than {} MiB; nothing more of it was read",
                BODY_BYTES >> 20
            ));
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// An error with all its causes, on one line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let next = error.to_string();
        if !text.contains(&next) {
            text = format!("{text}: {next}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;

    #[tokio::test]
    async fn a_request_goes_where_the_service_is_and_still_names_its_host() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let told = |request: axum::extract::Request| async move {
            let host = request.headers()["host"].to_str().unwrap().to_owned();
            format!("{host} {}", request.uri())
        };
        let server = axum::serve(listener, Router::new().fallback(told));
        tokio::spawn(server.into_future());
        let here = move |_: &str, _: u16| Some(address);
        for (url, expected) in [
            ("http://site:8000/a/${n}?b=1", "site:8000 /a/7?b=1"),
            ("http://site/", "site /"),
            ("http://site:8000?b", "site:8000 /?b"),
        ] {
            let (client, url) = client(url, &here, Duration::from_secs(5)).unwrap();
            let answer = client.get(url.replace("${n}", "7")).send().await.unwrap();
            assert_eq!(answer.text().await.unwrap(), expected);
        }
    }

    #[test]
    fn a_host_that_is_no_service_is_named() {
        let nobody = |_: &str, _: u16| None;
        let error = client("http://site:8000/", &nobody, Duration::from_secs(1)).unwrap_err();
        assert!(error.contains("`site:8000`"), "{error}");
        assert!(
            client("site", &nobody, Duration::from_secs(1))
                .unwrap_err()
                .contains("not a URL")
        );
    }
}
