//! Requests that a double makes by itself: WireMock's webhooks, and what follows an operation.

use super::delay::Delay;
use super::json::{Item, Keys};
use super::template::{Filler, Template};
use crate::problem::Problems;
use handlebars::Context;
use std::collections::HashMap;
use std::time::Duration;

/// How long the other side may take to answer; nobody waits for it but the log.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

/// A request to be made.
#[derive(Clone, Debug)]
pub(super) struct Outgoing {
    method: Template,
    url: Template,
    headers: Vec<(Template, Template)>,
    body: Option<Template>,
    pub after: Option<Delay>,
}

/// A request with nothing left to fill in.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ready {
    pub method: String,
    pub url: String,
    headers: Vec<(String, String)>,
    body: String,
}

const KEYS: Keys = Keys {
    read: &[
        "method", "url", "headers", "body", "jsonBody", "after", "delay",
    ],
    harmless: &["extraParameters"],
    refused: &[("base64Body", "write the bytes as a text in `body`")],
};

impl Outgoing {
    /// Reads `{"method": .., "url": .., "body": ..}`. All of it is a template.
    pub fn read(item: &Item<'_>, problems: &mut Problems) -> Option<Outgoing> {
        let fields = item.fields(&KEYS, problems);
        let template = |item: &Item<'_>, problems: &mut Problems| {
            Some(Template::read(item.scalar(problems)?, item, problems))
        };
        let url = fields
            .need("url", problems)
            .and_then(|item| template(item, problems));
        let method = fields
            .get("method")
            .and_then(|item| template(item, problems));
        let mut headers = Vec::new();
        for (name, item) in fields
            .get("headers")
            .map(|item| item.entries(problems))
            .unwrap_or_default()
        {
            let name = Template::read(name.to_owned(), &item, problems);
            headers.extend(template(&item, problems).map(|value| (name, value)));
        }
        let mut body = fields.get("body").and_then(|item| template(item, problems));
        if let Some(item) = fields.get("jsonBody") {
            body = Some(Template::read(item.value.to_string(), item, problems));
            let json = |text: &str| Template::plain(text.to_owned());
            headers.push((json("content-type"), json("application/json")));
        }
        let after = fields.get("after").or(fields.get("delay"));
        Some(Outgoing {
            method: method.unwrap_or(Template::plain("POST".to_owned())),
            url: url?,
            headers,
            body,
            after: after.and_then(|item| Delay::read(item, problems)),
        })
    }

    /// Fills it in.
    ///
    /// # Errors
    /// A template that could not be.
    pub fn fill(&self, filler: &Filler, data: &Context) -> Result<Ready, String> {
        let fill = |template: &Template| filler.fill(template, data);
        let pair = |(name, value): &(Template, Template)| Ok((fill(name)?, fill(value)?));
        Ok(Ready {
            method: fill(&self.method)?,
            url: fill(&self.url)?,
            headers: self
                .headers
                .iter()
                .map(pair)
                .collect::<Result<_, String>>()?,
            body: self
                .body
                .as_ref()
                .map(fill)
                .transpose()?
                .unwrap_or_default(),
        })
    }
}

impl Ready {
    /// Makes the request, at the address at which its host is found. Gives what came of it, in words.
    pub async fn make(self, client: &reqwest::Client, hosts: &HashMap<String, String>) -> String {
        let told = format!("{} {}", self.method, self.url);
        let method = match self.method.parse::<reqwest::Method>() {
            Ok(method) => method,
            Err(_) => return format!("{told}: no method of that name"),
        };
        let url = found_at(&self.url, hosts);
        let mut request = client.request(method, &url).timeout(ANSWERED_WITHIN);
        if url != self.url
            && let Some(named) = authority(&self.url)
        {
            // It goes elsewhere, but its callee is still called by its name.
            request = request.header(reqwest::header::HOST, named);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        match request.body(self.body).send().await {
            Ok(answer) => format!("{told}: {}", answer.status()),
            Err(error) => format!("{told}: {}", crate::address::chain(&error)),
        }
    }
}

/// The URL with its host and port as they are found here.
fn found_at(url: &str, hosts: &HashMap<String, String>) -> String {
    let Ok(parsed) = url::Url::parse(url) else {
        return url.to_owned();
    };
    let port = parsed.port_or_known_default().unwrap_or_default();
    let name = format!("{}:{port}", parsed.host_str().unwrap_or_default());
    let Some(found) = hosts.get(&name) else {
        return url.to_owned();
    };
    let named = authority(url).unwrap_or_default();
    url.replacen(named, found, 1)
}

/// The host and port of a URL, as they stand in it.
fn authority(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    Some(&rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_found_where_it_is_said_to_be() {
        let hosts = [("web:8000", "127.0.0.2:8000"), ("web:80", "127.0.0.3:80")];
        let hosts = hosts
            .map(|(name, at)| (name.to_owned(), at.to_owned()))
            .into();
        let at = |url: &str| found_at(url, &hosts);
        assert_eq!(
            at("http://web:8000/a?b=http://web:8000"),
            "http://127.0.0.2:8000/a?b=http://web:8000"
        );
        assert_eq!(at("http://web/a"), "http://127.0.0.3:80/a");
        assert_eq!(at("http://web"), "http://127.0.0.3:80");
        assert_eq!(at("http://other:8000/a"), "http://other:8000/a");
        assert_eq!(at("no URL"), "no URL");
    }
}
