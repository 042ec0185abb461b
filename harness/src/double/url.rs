//! Where a request must go.

use super::json::Fields;
use super::matcher;
use super::path_template::PathTemplate;
use super::request::Request;
use crate::problem::Problems;
use fancy_regex::Regex;

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
    Template(PathTemplate),
}

const URLS: [&str; 5] = [
    "url",
    "urlPath",
    "urlPattern",
    "urlPathPattern",
    "urlPathTemplate",
];

impl Url {
    /// Whether a request goes there.
    pub fn matches(&self, request: &Request) -> bool {
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

    /// How it is told.
    pub fn told(&self) -> String {
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
            Url::Template(template) => format!("urlPathTemplate: {}", template.text()),
        }
    }
}

/// Reads where a request must go.
pub(super) fn url(fields: &Fields<'_>, problems: &mut Problems) -> Option<Url> {
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
        _ => Url::Template(PathTemplate::parse(&text)),
    })
}
