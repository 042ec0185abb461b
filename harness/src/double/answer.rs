//! What a request is answered.

use super::body::{self, Body};
use super::delay::{Delay, milliseconds};
use super::json::{Fields, Item, Keys};
use super::template::{Filler, Template};
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
            body: body::body(&fields, templated, files, problems).unwrap_or_default(),
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
        let typed = headers
            .iter()
            .any(|(name, _)| *name == http::header::CONTENT_TYPE);
        if self.body.is_json() && !typed {
            let json = HeaderValue::from_static("application/json");
            headers.push((http::header::CONTENT_TYPE, json));
        }
        Ok(Reply {
            status: self.status,
            reason: self.reason.clone(),
            headers,
            body: self.body.fill(filler, data)?,
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
