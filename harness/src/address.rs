//! How the harness itself reaches services by their names.

use std::net::SocketAddr;
use std::time::Duration;
use url::Url;

/// Gives the address at which the harness reaches a service's port, if it has one.
pub type Resolve<'a> = &'a (dyn Fn(&str, u16) -> Option<SocketAddr> + Sync);

/// An HTTP client that reaches the host of `url` where `resolve` says, and nothing else.
///
/// # Errors
/// In words, when the URL is not one or its host is not a service.
pub fn client(
    url: &str,
    resolve: Resolve<'_>,
    timeout: Duration,
) -> Result<reqwest::Client, String> {
    let parsed = Url::parse(url).map_err(|e| format!("`{url}` is not a URL: {e}"))?;
    let host = parsed.host_str().unwrap_or_default();
    let port = parsed.port_or_known_default().unwrap_or(80);
    let address = resolve(host, port)
        .ok_or_else(|| format!("no service serves `{host}:{port}` in this stack"))?;
    reqwest::Client::builder()
        .no_proxy()
        .resolve(host, address)
        .timeout(timeout)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .map_err(|e| chain(&e))
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
