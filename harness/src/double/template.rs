//! Texts with Handlebars in them, as WireMock's `response-template` fills them in. Nothing is escaped.
//!
//! The data of templates is plain JSON, so what WireMock's own model offers beside is another field of it: the n-th value of
//! a header, the parts of the path, names of headers in any case.

use super::helpers;
use super::json::Item;
use crate::problem::{Problems, suggest};
use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use handlebars::{Context, Handlebars, RenderContext, Renderable, no_escape};
use rand_chacha::ChaCha8Rng;
use regex::{Captures, Regex};
use serde_json::Value;
use std::sync::{Arc, LazyLock, Mutex};

/// A text with places to fill in.
#[derive(Clone, Debug)]
pub(super) struct Template {
    text: String,
    /// `None`: it is filled in as it stands.
    compiled: Option<Arc<handlebars::template::Template>>,
}

/// What fills templates in.
pub(super) struct Filler {
    registry: Handlebars<'static>,
}

/// What a helper draws from.
pub(super) type Random = Arc<Mutex<ChaCha8Rng>>;

impl Template {
    /// A text in which nothing is filled in.
    pub fn plain(text: String) -> Template {
        Template {
            text,
            compiled: None,
        }
    }

    /// Reads a text that stands at `item`.
    pub fn read(text: String, item: &Item<'_>, problems: &mut Problems) -> Template {
        Template::parse(&text).unwrap_or_else(|what| {
            problems.push(item.problem(what));
            Template::plain(text)
        })
    }

    /// Reads a text.
    ///
    /// # Errors
    /// Why it is no template, and what may be meant.
    pub fn parse(text: &str) -> Result<Template, String> {
        if !text.contains("{{") {
            return Ok(Template::plain(text.to_owned()));
        }
        let compiled = handlebars::template::Template::compile(&as_fields(text));
        let compiled = compiled.map_err(|error| {
            let place = error.pos();
            let place = place.map(|(line, column)| format!(" in its line {line}, column {column}"));
            let place = place.unwrap_or_default();
            format!("this is no template{place}: {}", error.reason())
        })?;
        if let Some(name) = unknown(&compiled) {
            let help = suggest(&name, helpers::names());
            return Err(format!("unknown helper `{name}`: {help}"));
        }
        Ok(Template {
            text: text.to_owned(),
            compiled: Some(Arc::new(compiled)),
        })
    }
}

impl Filler {
    /// Its helpers draw from `random`.
    pub fn new(random: &Random) -> Filler {
        let mut registry = Handlebars::new();
        registry.register_escape_fn(no_escape);
        helpers::register(&mut registry, random);
        Filler { registry }
    }

    /// The text, with values of `data` where it asks for them.
    ///
    /// # Errors
    /// A helper could not do its work.
    pub fn fill(&self, template: &Template, data: &Context) -> Result<String, String> {
        let Some(compiled) = &template.compiled else {
            return Ok(template.text.clone());
        };
        let rendered = compiled.renders(&self.registry, data, &mut RenderContext::new(None));
        rendered.map_err(|error| format!("`{}`: {}", template.text, error.reason()))
    }
}

/// What templates see.
pub(super) fn context(data: Value) -> Context {
    Context::from(data)
}

/// The helper of a template that nobody knows.
fn unknown(template: &handlebars::template::Template) -> Option<String> {
    template.elements.iter().find_map(|element| match element {
        TemplateElement::Expression(one)
        | TemplateElement::HtmlExpression(one)
        | TemplateElement::HelperBlock(one) => unknown_in(one),
        _ => None,
    })
}

fn unknown_in(one: &HelperTemplate) -> Option<String> {
    let called = one.block || !one.params.is_empty() || !one.hash.is_empty();
    let name = one.name.as_name().filter(|_| called);
    let known = |name: &str| helpers::names().any(|known| known == name);
    let own = name.filter(|name| !known(name)).map(str::to_owned);
    let parameters = || {
        let all = one.params.iter().chain(one.hash.values());
        let mut all = all.filter_map(|parameter| match parameter {
            Parameter::Subexpression(inner) => match inner.as_element() {
                TemplateElement::Expression(one) => unknown_in(one),
                _ => None,
            },
            _ => None,
        });
        all.next()
    };
    let inner = || one.template.as_ref().and_then(unknown);
    let inverse = || one.inverse.as_ref().and_then(unknown);
    own.or_else(parameters).or_else(inner).or_else(inverse)
}

/// What stands between braces, and in it the paths into a request.
static BRACES: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?s)\{\{.*?\}\}").expect("the pattern is a constant"));
static REQUEST: LazyLock<Regex> = LazyLock::new(|| {
    const PATTERN: &str = concat!(
        r"(?P<before>[\s({=~/&#])(?P<root>request|originalRequest)\.(?P<field>path|query|headers|cookies)",
        r"\.(?P<name>\[[^\]]*\]|[A-Za-z0-9_$:-]+)(?P<nth>\.(?:\[\d+\]|\d+|first|last))?"
    );
    Regex::new(PATTERN).expect("the pattern is a constant")
});

/// The text with paths into requests as the data has them.
fn as_fields(text: &str) -> String {
    let replaced = BRACES.replace_all(text, |braces: &Captures<'_>| {
        let replaced = REQUEST.replace_all(&braces[0], |found: &Captures<'_>| {
            let (name, nth) = (
                &found["name"],
                found.name("nth").map_or("", |nth| nth.as_str()),
            );
            let number = !name.is_empty()
                && name
                    .trim_matches(['[', ']'])
                    .chars()
                    .all(|c| c.is_ascii_digit());
            let field = match (&found["field"], nth.is_empty()) {
                ("path", _) if number => "pathSegments",
                ("path", _) => "pathParameters",
                ("query", false) => "allQueries",
                ("headers", false) => "allHeaders",
                ("cookies", false) => "allCookies",
                (field, _) => field,
            };
            let name = match ["headers", "allHeaders"].contains(&field) {
                true => name.to_lowercase(),
                false => name.to_owned(),
            };
            format!("{}{}.{field}.{name}{nth}", &found["before"], &found["root"])
        });
        replaced.into_owned()
    });
    replaced.into_owned()
}

/// A value as a template shows it.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
