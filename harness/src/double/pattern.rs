//! Which requests a mapping is for.

use super::json::{Fields, Item, Keys};
use super::matcher::{self, Matcher};
use super::request::Request;
use crate::problem::{Problem, Problems, suggest};
use base64::Engine;
use fancy_regex::Regex;
use serde_json::{Map, Value};

/// What a request must be like.
#[derive(Clone, Debug, Default)]
pub(super) struct Pattern {
    /// `None`: any.
    pub method: Option<String>,
    pub url: Url,
    parameters: Vec<Condition>,
    /// Each part of the body is held against the whole of it.
    body: Vec<Matcher>,
}

/// Where a request must go.
#[derive(Clone, Debug, Default)]
pub(super) enum Url {
    #[default]
    Any,
    /// Path and query.
    Equal(String),
    Path(String),
    /// Path and query.
    Like(Box<Regex>),
    PathLike(Box<Regex>),
    Template(Template),
}

/// A path such as `/orders/{order}`.
#[derive(Clone, Debug)]
pub(super) struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Name(String),
}

/// What a named value of a request must be.
#[derive(Clone, Debug)]
struct Condition {
    of: Of,
    name: String,
    values: Values,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Header,
    Query,
    Cookie,
    Form,
    Path,
}

#[derive(Clone, Debug)]
enum Values {
    /// One of them is so.
    One(Matcher),
    /// For each matcher there is one, and no other.
    Exactly(Vec<Matcher>),
    /// For each matcher there is one.
    Including(Vec<Matcher>),
}

const URLS: [&str; 5] = [
    "url",
    "urlPath",
    "urlPattern",
    "urlPathPattern",
    "urlPathTemplate",
];
const NAMED: [(&str, Of); 5] = [
    ("headers", Of::Header),
    ("queryParameters", Of::Query),
    ("cookies", Of::Cookie),
    ("formParameters", Of::Form),
    ("pathParameters", Of::Path),
];
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
            url: url(&fields, problems).unwrap_or_default(),
            ..Pattern::default()
        };
        for (key, of) in NAMED {
            let Some(item) = fields.get(key) else {
                continue;
            };
            for (name, item) in item.entries(problems) {
                let values = values(&item, problems);
                let name = name.to_owned();
                pattern
                    .parameters
                    .extend(values.map(|values| Condition { of, name, values }));
            }
        }
        pattern.path_parameters(&fields, problems);
        let auth = fields
            .get("basicAuth")
            .or(fields.get("basicAuthCredentials"));
        pattern
            .parameters
            .extend(auth.and_then(|item| basic(item, problems)));
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
        for condition in self.parameters.iter().filter(|one| one.of == Of::Path) {
            let known: Vec<&str> = template.names().collect();
            if !known.contains(&condition.name.as_str()) {
                let what = format!("`{}` has no parameter `{}`", template.text, condition.name);
                problems.push(item.problem(what).help(suggest(&condition.name, known)));
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
        for condition in &self.parameters {
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

impl Url {
    fn matches(&self, request: &Request) -> bool {
        let full = |regex: &Regex, text: &str| regex.is_match(text).unwrap_or_default();
        match self {
            Url::Any => true,
            Url::Equal(url) => *url == request.url,
            Url::Path(path) => path == request.path(),
            Url::Like(regex) => full(regex, &request.url),
            Url::PathLike(regex) => full(regex, request.path()),
            Url::Template(template) => template.fits(request).is_some(),
        }
    }

    fn told(&self) -> String {
        let inner = |regex: &Regex| {
            let text = regex.as_str();
            text[4..text.len() - 2].to_owned()
        };
        match self {
            Url::Any => "any URL".to_owned(),
            Url::Equal(url) => format!("url: {url}"),
            Url::Path(path) => format!("urlPath: {path}"),
            Url::Like(regex) => format!("urlPattern: {}", inner(regex)),
            Url::PathLike(regex) => format!("urlPathPattern: {}", inner(regex)),
            Url::Template(template) => format!("urlPathTemplate: {}", template.text),
        }
    }
}

impl Template {
    fn parse(text: &str) -> Template {
        let part = |part: &str| match part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
        {
            Some(name) => Part::Name(name.to_owned()),
            None => Part::Text(part.to_owned()),
        };
        Template {
            text: text.to_owned(),
            parts: text.split('/').skip(1).map(part).collect(),
        }
    }

    /// The names in it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    fn fits(&self, request: &Request) -> Option<Map<String, Value>> {
        let segments = request.segments();
        if segments.len() != self.parts.len() {
            return None;
        }
        let mut found = Map::new();
        for (part, segment) in self.parts.iter().zip(segments) {
            match part {
                Part::Text(text) if *text != segment => return None,
                Part::Name(_) if segment.is_empty() => return None,
                Part::Name(name) => drop(found.insert(name.clone(), segment.into())),
                Part::Text(_) => {}
            }
        }
        Some(found)
    }
}

impl Condition {
    fn holds(&self, request: &Request, path: &Map<String, Value>) -> bool {
        let named = |pairs: Vec<(String, String)>| {
            let own = pairs.into_iter().filter(|(name, _)| *name == self.name);
            own.map(|(_, value)| value).collect()
        };
        let values: Vec<String> = match self.of {
            Of::Header => request.header(&self.name),
            Of::Query => named(request.query()),
            Of::Cookie => named(request.cookies()),
            Of::Form => named(request.form()),
            Of::Path => path
                .get(&self.name)
                .iter()
                .filter_map(|value| value.as_str().map(str::to_owned))
                .collect(),
        };
        let each = |all: &[Matcher]| {
            all.iter()
                .all(|one| !values.is_empty() && one.matches_one(&values))
        };
        match &self.values {
            Values::One(matcher) => matcher.matches_one(&values),
            Values::Including(all) => each(all),
            Values::Exactly(all) => values.len() == all.len() && each(all),
        }
    }

    fn told(&self) -> String {
        let kind = match self.of {
            Of::Header => "header",
            Of::Query => "query parameter",
            Of::Cookie => "cookie",
            Of::Form => "form parameter",
            Of::Path => "path parameter",
        };
        format!("{kind}: {}", self.name)
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

fn url(fields: &Fields<'_>, problems: &mut Problems) -> Option<Url> {
    let given: Vec<&str> = URLS
        .into_iter()
        .filter(|key| fields.get(key).is_some())
        .collect();
    if let [first, second, ..] = given[..] {
        let what = format!("a request has `{first}` or `{second}`, not both");
        problems.push(fields.item.problem(what));
    }
    let key = *given.first()?;
    let item = fields.get(key)?;
    let text = item.text(problems)?;
    if key == "urlPattern" {
        return Some(Url::Like(matcher::regex(item, problems)?.into()));
    }
    if key == "urlPathPattern" {
        return Some(Url::PathLike(matcher::regex(item, problems)?.into()));
    }
    if !text.starts_with('/') {
        let help = "an address begins with `/`";
        problems.push(
            item.problem(format!("`{text}` would match nothing"))
                .help(help),
        );
    }
    Some(match key {
        "url" => Url::Equal(text),
        "urlPath" => {
            if text.contains('?') {
                let help = "`url` has the query in it, and `queryParameters` looks at it";
                problems.push(item.problem("a path has no query").help(help));
            }
            Url::Path(text)
        }
        _ => Url::Template(Template::parse(&text)),
    })
}

fn values(item: &Item<'_>, problems: &mut Problems) -> Option<Values> {
    const KEYS: Keys = Keys::own(&["hasExactly", "includes"]);
    let has = |key| item.value.get(key).is_some();
    if !has("hasExactly") && !has("includes") {
        return Matcher::read(item, problems).map(Values::One);
    }
    let fields = item.fields(&KEYS, problems);
    let mut all = |key: &str| {
        let items = fields.get(key)?.items(problems);
        let read = items
            .iter()
            .filter_map(|item| Matcher::read(item, problems));
        Some(read.collect())
    };
    match all("hasExactly") {
        Some(matchers) => Some(Values::Exactly(matchers)),
        None => all("includes").map(Values::Including),
    }
}

/// `{"username": "me", "password": "secret"}`.
fn basic(item: &Item<'_>, problems: &mut Problems) -> Option<Condition> {
    const KEYS: Keys = Keys::own(&["username", "password"]);
    let fields = item.fields(&KEYS, problems);
    let mut need = |key| fields.need(key, problems)?.text(problems);
    let (name, password) = (need("username"), need("password"));
    let pair = format!("{}:{}", name?, password?);
    let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
    Some(Condition {
        of: Of::Header,
        name: "authorization".to_owned(),
        values: Values::One(Matcher::Equal {
            text: format!("Basic {encoded}"),
            any_case: false,
        }),
    })
}
