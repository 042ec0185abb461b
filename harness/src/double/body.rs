//! The body of an answer.

use super::json::{Fields, Item};
use super::matcher;
use super::template::{Filler, Template, shown};
use crate::problem::Problems;
use bytes::Bytes;
use handlebars::Context;
use serde_json::Value;
use std::path::Path;

/// What is sent.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Text(Template),
    /// Each text in it is filled in by itself.
    Json(Json),
    Bytes(Bytes),
}

/// JSON whose texts and keys are filled in.
#[derive(Clone, Debug)]
pub(super) enum Json {
    Text(Template),
    List(Vec<Json>),
    Map(Vec<(Template, Json)>),
    Other(Value),
}

const BODIES: [&str; 4] = ["body", "jsonBody", "base64Body", "bodyFileName"];

impl Default for Body {
    fn default() -> Body {
        Body::Bytes(Bytes::new())
    }
}

impl Body {
    /// Whether it is JSON for certain.
    pub fn is_json(&self) -> bool {
        matches!(self, Body::Json(_))
    }

    /// The body for one request.
    ///
    /// # Errors
    /// A template could not be filled in.
    pub fn fill(&self, filler: &Filler, data: &Context) -> Result<Bytes, String> {
        Ok(match self {
            Body::Text(template) => filler.fill(template, data)?.into(),
            Body::Bytes(bytes) => bytes.clone(),
            Body::Json(json) => json.fill(filler, data)?.to_string().into(),
        })
    }
}

impl Json {
    fn read(value: &Value, item: &Item<'_>, problems: &mut Problems) -> Json {
        let mut text = |text: &String| Template::read(text.clone(), item, problems);
        match value {
            Value::String(own) => Json::Text(text(own)),
            Value::Array(items) => Json::List(
                items
                    .iter()
                    .map(|one| Json::read(one, item, problems))
                    .collect(),
            ),
            Value::Object(map) => {
                let keys: Vec<Template> = map.keys().map(text).collect();
                let values = map.values().map(|value| Json::read(value, item, problems));
                Json::Map(keys.into_iter().zip(values).collect())
            }
            other => Json::Other(other.clone()),
        }
    }

    fn fill(&self, filler: &Filler, data: &Context) -> Result<Value, String> {
        Ok(match self {
            Json::Text(template) => filler.fill(template, data)?.into(),
            Json::List(items) => items
                .iter()
                .map(|item| item.fill(filler, data))
                .collect::<Result<_, _>>()?,
            Json::Map(entries) => {
                let mut map = serde_json::Map::new();
                for (key, value) in entries {
                    map.insert(filler.fill(key, data)?, value.fill(filler, data)?);
                }
                Value::Object(map)
            }
            Json::Other(value) => value.clone(),
        })
    }
}

/// Reads the one of a response. Files lie in `files`.
pub(super) fn body(
    fields: &Fields<'_>,
    templated: bool,
    files: &Path,
    problems: &mut Problems,
) -> Option<Body> {
    let given: Vec<&str> = BODIES
        .into_iter()
        .filter(|key| fields.get(key).is_some())
        .collect();
    if let [first, second, ..] = given[..] {
        let what = format!("a response has `{first}` or `{second}`, not both");
        problems.push(fields.item.problem(what));
    }
    let key = *given.first()?;
    let item = fields.get(key)?;
    let template = |text: String, problems: &mut Problems| match templated {
        true => Template::read(text, item, problems),
        false => Template::plain(text),
    };
    Some(match key {
        "jsonBody" if templated => Body::Json(Json::read(item.value, item, problems)),
        "jsonBody" => Body::Json(Json::Other(item.value.clone())),
        "base64Body" => Body::Bytes(matcher::base64(item, problems)?.into()),
        "body" => {
            let text = item.text(problems)?;
            Body::Text(template(text, problems))
        }
        _ => {
            let bytes = file(item, files, problems)?;
            let as_is = fields.get("transformerParameters");
            let as_is = as_is.and_then(|item| item.value.get("disableBodyFileTemplating"));
            match String::from_utf8(bytes) {
                Ok(text) if as_is.map(shown).as_deref() != Some("true") => {
                    Body::Text(template(text, problems))
                }
                Ok(text) => Body::Text(Template::plain(text)),
                Err(error) => Body::Bytes(error.into_bytes().into()),
            }
        }
    })
}

/// The file that `bodyFileName` names.
fn file(item: &Item<'_>, files: &Path, problems: &mut Problems) -> Option<Vec<u8>> {
    let name = item.text(problems)?;
    let path = files.join(name.trim_start_matches('/'));
    if name.contains("{{") {
        let help = "write a mapping for each file";
        problems.push(
            item.problem(
                "a double reads the files of bodies before it starts, so their names are fixed",
            )
            .help(help),
        );
        return None;
    }
    match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(error) => {
            let what = format!(
                "{} cannot be read: {error}",
                crate::problem::shown(&path).display()
            );
            problems.push(
                item.problem(what)
                    .help("paths start in the folder `__files`"),
            );
            None
        }
    }
}
