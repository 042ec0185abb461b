//! What a request is answered.

use super::delay::{Delay, milliseconds};
use super::json::{Fields, Item, Keys};
use super::matcher;
use super::template::{Filler, Template, shown};
use crate::problem::Problems;
use bytes::Bytes;
use handlebars::Context;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use std::path::Path;
use std::time::Duration;

/// A mapping's `response`.
#[derive(Clone, Debug)]
pub(super) struct Answer {
    status: StatusCode,
    reason: Option<String>,
    headers: Vec<(HeaderName, Template)>,
    body: Body,
    /// Both are waited for.
    pub delays: Vec<Delay>,
    pub dribble: Option<Dribble>,
    pub fault: Option<Fault>,
    /// `transformerParameters`, for templates.
    pub parameters: Value,
}

#[derive(Clone, Debug)]
enum Body {
    Text(Template),
    /// Each text in it is filled in by itself.
    Json(Json),
    Bytes(Bytes),
}

/// JSON whose texts and keys are filled in.
#[derive(Clone, Debug)]
enum Json {
    Text(Template),
    List(Vec<Json>),
    Map(Vec<(Template, Json)>),
    Other(Value),
}

/// The body comes in so many pieces, spread over a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dribble {
    pub pieces: usize,
    pub takes: Duration,
}

/// What happens in the place of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The connection ends without a byte.
    Empty,
    /// A status, then what is no chunk.
    Malformed,
    /// What is no HTTP.
    Garbage,
    /// The connection is reset.
    Reset,
}

/// An answer that is filled in.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub status: StatusCode,
    pub reason: Option<String>,
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Bytes,
}

const KEYS: Keys = Keys {
    read: &[
        "status",
        "statusMessage",
        "headers",
        "body",
        "jsonBody",
        "base64Body",
        "bodyFileName",
        "fixedDelayMilliseconds",
        "delayDistribution",
        "chunkedDribbleDelay",
        "fault",
        "transformers",
        "transformerParameters",
    ],
    harmless: &["fromConfiguredStub"],
    refused: &[
        ("proxyBaseUrl", NO_PROXY),
        ("additionalProxyRequestHeaders", NO_PROXY),
        ("removeProxyRequestHeaders", NO_PROXY),
        ("proxyUrlPrefixToRemove", NO_PROXY),
    ],
};
const NO_PROXY: &str =
    "a double answers by itself; without `double`, the service runs as its image";
const BODIES: [&str; 4] = ["body", "jsonBody", "base64Body", "bodyFileName"];
const FAULTS: [(&str, Fault); 4] = [
    ("EMPTY_RESPONSE", Fault::Empty),
    ("MALFORMED_RESPONSE_CHUNK", Fault::Malformed),
    ("RANDOM_DATA_THEN_CLOSE", Fault::Garbage),
    ("CONNECTION_RESET_BY_PEER", Fault::Reset),
];
/// More pieces than that would be smaller than anybody reads.
const MOST_PIECES: u64 = 10_000;

impl Answer {
    /// Reads a `response`. Files of bodies lie in `files`.
    pub fn read(item: &Item<'_>, files: &Path, problems: &mut Problems) -> Answer {
        let fields = item.fields(&KEYS, problems);
        let templated = templated(&fields, problems);
        let delays = ["fixedDelayMilliseconds", "delayDistribution"].into_iter();
        let delays = delays.filter_map(|key| match key {
            "fixedDelayMilliseconds" => milliseconds(fields.get(key)?, problems).map(Delay::Fixed),
            _ => Delay::read(fields.get(key)?, problems),
        });
        let delays = delays.collect();
        Answer {
            status: status(&fields, problems).unwrap_or_default(),
            reason: fields.text("statusMessage", problems),
            headers: headers(&fields, templated, problems),
            body: body(&fields, templated, files, problems).unwrap_or(Body::Bytes(Bytes::new())),
            delays,
            dribble: fields
                .get("chunkedDribbleDelay")
                .and_then(|item| dribble(item, problems)),
            fault: fields.get("fault").and_then(|item| fault(item, problems)),
            parameters: fields
                .get("transformerParameters")
                .map(|item| item.value.clone())
                .unwrap_or_default(),
        }
    }

    /// The answer for one request.
    ///
    /// # Errors
    /// A template could not be filled in.
    pub fn fill(&self, filler: &Filler, data: &Context) -> Result<Reply, String> {
        let header = |(name, template): &(HeaderName, Template)| {
            let text = filler.fill(template, data)?;
            let value = HeaderValue::from_bytes(text.as_bytes());
            let value = value
                .map_err(|_| format!("`{text}` cannot be the value of the header `{name}`"))?;
            Ok((name.clone(), value))
        };
        let mut headers = self
            .headers
            .iter()
            .map(header)
            .collect::<Result<Vec<_>, String>>()?;
        let body = match &self.body {
            Body::Text(template) => filler.fill(template, data)?.into(),
            Body::Bytes(bytes) => bytes.clone(),
            Body::Json(json) => {
                if !headers
                    .iter()
                    .any(|(name, _)| *name == http::header::CONTENT_TYPE)
                {
                    headers.push((
                        http::header::CONTENT_TYPE,
                        HeaderValue::from_static("application/json"),
                    ));
                }
                json.fill(filler, data)?.to_string().into()
            }
        };
        Ok(Reply {
            status: self.status,
            reason: self.reason.clone(),
            headers,
            body,
        })
    }
}

impl Reply {
    /// A plain text.
    pub fn text(status: StatusCode, text: String) -> Reply {
        let plain = HeaderValue::from_static("text/plain");
        Reply {
            status,
            reason: None,
            headers: vec![(http::header::CONTENT_TYPE, plain)],
            body: text.into(),
        }
    }

    /// JSON.
    pub fn json(value: &Value) -> Reply {
        let json = HeaderValue::from_static("application/json");
        Reply {
            headers: vec![(http::header::CONTENT_TYPE, json)],
            ..Reply::text(StatusCode::OK, format!("{value:#}"))
        }
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

/// Whether templates are filled in.
fn templated(fields: &Fields<'_>, problems: &mut Problems) -> bool {
    const KNOWN: &str = "response-template";
    let Some(item) = fields.get("transformers") else {
        return false;
    };
    for one in item.items(problems) {
        if let Some(name) = one.text(problems).filter(|name| name != KNOWN) {
            let what = format!("unknown transformer `{name}`");
            let help = format!("a double knows `{KNOWN}`, and runs no code of others");
            problems.push(one.problem(what).help(help));
        }
    }
    true
}

fn status(fields: &Fields<'_>, problems: &mut Problems) -> Option<StatusCode> {
    let item = fields.get("status")?;
    let status = item
        .value
        .as_u64()
        .and_then(|status| u16::try_from(status).ok());
    match status.and_then(|status| StatusCode::from_u16(status).ok()) {
        // What is below 200 announces an answer and is none.
        Some(status) if status.as_u16() >= 200 => Some(status),
        _ => item.not("a status from 200 to 999", problems),
    }
}

/// `{"Name": "value"}` or `{"Name": ["value", "value"]}`.
fn headers(
    fields: &Fields<'_>,
    templated: bool,
    problems: &mut Problems,
) -> Vec<(HeaderName, Template)> {
    /// What says how a body is sent is not for a mapping to say: it would only be wrong.
    const OURS: [HeaderName; 3] = [
        http::header::CONTENT_LENGTH,
        http::header::TRANSFER_ENCODING,
        http::header::CONNECTION,
    ];
    let mut headers = Vec::new();
    let entries = fields.get("headers").map(|item| item.entries(problems));
    for (key, item) in entries.unwrap_or_default() {
        let Ok(name) = key.parse::<HeaderName>() else {
            problems.push(item.problem(format!("`{key}` is no name of a header")));
            continue;
        };
        let values = match item.value {
            Value::Array(_) => item.items(problems),
            _ => vec![item],
        };
        for item in values {
            let Some(text) = item.scalar(problems) else {
                continue;
            };
            if OURS.contains(&name) {
                continue;
            }
            if HeaderValue::from_bytes(text.as_bytes()).is_err() {
                problems
                    .push(item.problem(format!("{} cannot be the value of a header", item.value)));
            }
            let template = match templated {
                true => Template::read(text, &item, problems),
                false => Template::plain(text),
            };
            headers.push((name.clone(), template));
        }
    }
    headers
}

fn body(
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

fn dribble(item: &Item<'_>, problems: &mut Problems) -> Option<Dribble> {
    const KEYS: Keys = Keys::own(&["numberOfChunks", "totalDuration"]);
    let fields = item.fields(&KEYS, problems);
    let pieces = fields.need("numberOfChunks", problems)?;
    let count = pieces.count(problems)?;
    if !(1..=MOST_PIECES).contains(&count) {
        return pieces.not(&format!("a number from 1 to {MOST_PIECES}"), problems);
    }
    Some(Dribble {
        pieces: count as usize,
        takes: milliseconds(fields.need("totalDuration", problems)?, problems)?,
    })
}

fn fault(item: &Item<'_>, problems: &mut Problems) -> Option<Fault> {
    let text = item.text(problems)?;
    let found = FAULTS.iter().find(|(name, _)| *name == text);
    if found.is_none() {
        let names = FAULTS.iter().map(|(name, _)| *name);
        let what = format!("unknown fault `{text}`");
        problems.push(
            item.problem(what)
                .help(crate::problem::suggest(&text, names)),
        );
    }
    found.map(|(_, fault)| *fault)
}
