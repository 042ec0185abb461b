//! The body of an answer.

use super::json::{Fields, Item};
use super::matcher;
use super::template::{Filler, Template, shown};
use crate::problem::Problems;
use bytes::Bytes;
use handlebars::Context;
use serde_json::Value;
use std::path::{Component, Path, PathBuf};

/// What is sent.
#[derive(Clone, Debug)]
pub(super) enum Body {
    Text(Template),
    /// Each text in it is filled in by itself.
    Json(Json),
    Bytes(Bytes),
    /// A file that the request names.
    File {
        files: PathBuf,
        name: Template,
        /// What is in it is filled in too.
        templated: bool,
    },
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
            Body::File {
                files,
                name,
                templated,
            } => {
                let bytes = named(files, &filler.fill(name, data)?)?;
                match String::from_utf8(bytes) {
                    Ok(text) if *templated => filler.fill(&Template::parse(&text)?, data)?.into(),
                    Ok(text) => text.into(),
                    Err(error) => error.into_bytes().into(),
                }
            }
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
            let name = item.text(problems)?;
            let as_is = fields.get("transformerParameters");
            let as_is = as_is.and_then(|item| item.value.get("disableBodyFileTemplating"));
            let templated = templated && as_is.map(shown).as_deref() != Some("true");
            let template = |text: String, problems: &mut Problems| match templated {
                true => Template::read(text, item, problems),
                false => Template::plain(text),
            };
            if name.contains("{{") {
                let (files, name) = (files.to_owned(), Template::read(name, item, problems));
                return Some(Body::File {
                    files,
                    name,
                    templated,
                });
            }
            let bytes = named(files, &name);
            let bytes = bytes.map_err(|what| {
                let help = "paths start in the folder `__files`";
                problems.push(item.problem(what).help(help));
            });
            match String::from_utf8(bytes.ok()?) {
                Ok(text) => Body::Text(template(text, problems)),
                Err(error) => Body::Bytes(error.into_bytes().into()),
            }
        }
    })
}

/// What is in the file of this name. It lies below `files`, whatever a request says.
fn named(files: &Path, name: &str) -> Result<Vec<u8>, String> {
    let name = Path::new(name.trim_start_matches('/'));
    let path = files.join(name);
    let shown = crate::problem::shown(&path);
    if name.components().any(|part| part == Component::ParentDir) {
        return Err(format!("{} is not below it", shown.display()));
    }
    std::fs::read(&path).map_err(|error| format!("{} cannot be read: {error}", shown.display()))
}
