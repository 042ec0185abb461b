//! Which requests a mapping is for.

use super::condition::{self, Condition};
use super::json::{Fields, Item, Keys};
use super::matcher::Matcher;
use super::request::Request;
use super::url::{self, Url};
use crate::problem::{Problem, Problems, suggest};
use serde_json::{Map, Value};

/// What a request must be like.
#[derive(Clone, Debug, Default)]
pub(super) struct Pattern {
    /// `None`: any.
    pub method: Option<String>,
    pub url: Url,
    conditions: Vec<Condition>,
    /// Each part of the body is held against the whole of it.
    body: Vec<Matcher>,
}

const KEYS: Keys = Keys {
    read: &[
        "method",
        "url",
        "urlPath",
        "urlPattern",
        "urlPathPattern",
        "urlPathTemplate",
        "headers",
        "queryParameters",
        "cookies",
        "formParameters",
        "pathParameters",
        "bodyPatterns",
        "basicAuth",
        "basicAuthCredentials",
    ],
    harmless: &[],
    refused: &[
        ("scheme", ONE_PORT),
        ("host", ONE_PORT),
        ("port", ONE_PORT),
        ("clientIp", ONE_PORT),
        ("customMatcher", NO_CODE),
        (
            "multipartPatterns",
            "`bodyPatterns` looks at the whole body",
        ),
        ("inlineCustomMatcher", NO_CODE),
    ],
};
const ONE_PORT: &str = "a double serves HTTP at one name and port";
const NO_CODE: &str = "a double runs no code of others";
const METHODS: [&str; 11] = [
    "ANY",
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "QUERY",
    "GET_OR_HEAD",
];

impl Pattern {
    /// Reads a mapping's `request`.
    pub fn read(item: &Item<'_>, problems: &mut Problems) -> Pattern {
        let fields = item.fields(&KEYS, problems);
        let mut pattern = Pattern {
            method: method(&fields, problems),
            url: url::url(&fields, problems).unwrap_or_default(),
            conditions: condition::conditions(&fields, problems),
            ..Pattern::default()
        };
        pattern.path_parameters(&fields, problems);
        if let Some(item) = fields.get("bodyPatterns") {
            let items = item.items(problems);
            pattern.body = items
                .iter()
                .filter_map(|item| Matcher::read(item, problems))
                .collect();
        }
        pattern
    }

    /// Parameters of a path are in its template.
    fn path_parameters(&self, fields: &Fields<'_>, problems: &mut Problems) {
        let Some(item) = fields.get("pathParameters") else {
            return;
        };
        let Url::Template(template) = &self.url else {
            let problem = item.problem("`pathParameters` needs `urlPathTemplate`");
            problems.push(problem);
            return;
        };
        let of_path = self.conditions.iter().filter_map(Condition::path_parameter);
        for name in of_path {
            let known: Vec<&str> = template.names().collect();
            if !known.contains(&name) {
                let what = format!("`{}` has no parameter `{}`", template.text(), name);
                problems.push(item.problem(what).help(suggest(name, known)));
            }
        }
    }

    /// What of a request is not as it should be; nothing where it matches.
    pub fn misses(&self, request: &Request) -> Vec<String> {
        let mut misses = Vec::new();
        if let Some(method) = self
            .method
            .as_ref()
            .filter(|method| !same_method(method, request))
        {
            misses.push(format!("method: {method}"));
        }
        if !self.url.matches(request) {
            misses.push(self.url.told());
        }
        let path = self.variables(request);
        for condition in &self.conditions {
            if !condition.holds(request, &path) {
                misses.push(condition.told());
            }
        }
        let body = Some(&request.body[..]).filter(|body| !body.is_empty());
        let bad = self
            .body
            .iter()
            .filter(|matcher| !matcher.matches(body))
            .count();
        if bad > 0 {
            misses.push(format!("body: {bad} of {} patterns", self.body.len()));
        }
        misses
    }

    /// Whether a request is one of these.
    pub fn matches(&self, request: &Request) -> bool {
        // The address is looked at first: it is what differs most often.
        self.method
            .as_ref()
            .is_none_or(|method| same_method(method, request))
            && self.url.matches(request)
            && self.misses(request).is_empty()
    }

    /// What the names in the path's template stand for.
    pub fn variables(&self, request: &Request) -> Map<String, Value> {
        let found = match &self.url {
            Url::Template(template) => template.fits(request),
            _ => None,
        };
        found.unwrap_or_default()
    }

    /// How it is told: `GET /orders/{order}`.
    pub fn told(&self) -> String {
        let method = self.method.as_deref().unwrap_or("ANY");
        let url = self.url.told();
        format!(
            "{method} {}",
            url.split_once(": ").map_or("any URL", |(_, url)| url)
        )
    }
}

fn same_method(method: &str, request: &Request) -> bool {
    match method {
        "GET_OR_HEAD" => ["GET", "HEAD"].contains(&request.method.as_str()),
        method => request.method.as_str() == method,
    }
}

fn method(fields: &Fields<'_>, problems: &mut Problems) -> Option<String> {
    let item = fields.get("method")?;
    let text = item.text(problems)?.to_uppercase();
    if !METHODS.contains(&text.as_str()) {
        problems.push(Problem::unknown(&item.place(), "method", &text, METHODS));
    }
    Some(text).filter(|text| text != "ANY")
}
