//! Helpers for texts.

use super::{Given, Helpers};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde_json::Value;

pub(super) const HELPERS: Helpers = &[
    ("trim", |given| Ok(given.text(0).trim().into())),
    ("upper", |given| Ok(given.text(0).to_uppercase().into())),
    ("lower", |given| Ok(given.text(0).to_lowercase().into())),
    ("capitalize", capitalize),
    ("capitalizeFirst", |given| {
        Ok(first_up(&given.text(0)).into())
    }),
    ("replace", |given| {
        Ok(given.text(0).replace(&given.text(1), &given.text(2)).into())
    }),
    ("substring", substring),
    ("defaultIfEmpty", |given| {
        let value = given.text(0);
        Ok(if value.is_empty() {
            given.value(1)
        } else {
            value.into()
        })
    }),
    ("base64", base64),
    ("urlEncode", url_encode),
    ("regexExtract", regex_extract),
    ("matches", |given| {
        Ok(regex(&given.text(1))?
            .is_match(&given.text(0))
            .unwrap_or_default()
            .into())
    }),
    ("neq", |given| Ok((given.value(0) != given.value(1)).into())),
];

fn first_up(word: &str) -> String {
    let mut rest = word.chars();
    let first = rest.next().map(|first| first.to_uppercase().to_string());
    first.unwrap_or_default() + rest.as_str()
}

/// Each word begins with a capital.
fn capitalize(given: &Given<'_>) -> Result<Value, String> {
    let text = given.text(0);
    let words: Vec<String> = text.split(' ').map(first_up).collect();
    Ok(words.join(" ").into())
}

/// `substring text 2 5`: from the second to before the fifth, counted from 0.
fn substring(given: &Given<'_>) -> Result<Value, String> {
    let from = given.number(1)?.max(0.0) as usize;
    let to = match given.values.get(2) {
        Some(to) => super::number(to)?.max(0.0) as usize,
        None => usize::MAX,
    };
    let text = given.text(0);
    Ok(text.chars().take(to).skip(from).collect::<String>().into())
}

fn base64(given: &Given<'_>) -> Result<Value, String> {
    let text = given.text(0);
    if given.is("decode") {
        let bytes = STANDARD
            .decode(text.trim())
            .map_err(|error| error.to_string())?;
        return Ok(String::from_utf8_lossy(&bytes).into_owned().into());
    }
    let bare = given.named_text("padding").as_deref() == Some("false");
    Ok(if bare { STANDARD_NO_PAD } else { STANDARD }
        .encode(text)
        .into())
}

fn url_encode(given: &Given<'_>) -> Result<Value, String> {
    let text = given.text(0);
    if given.is("decode") {
        let pair = format!("={text}");
        let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
        return Ok(pairs
            .next()
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
            .into());
    }
    Ok(url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .into())
}

/// A regular expression for the whole of a text.
fn regex(text: &str) -> Result<fancy_regex::Regex, String> {
    let whole = format!("^(?:{text})$");
    fancy_regex::Regex::new(&whole)
        .map_err(|error| format!("`{text}` is no regular expression: {error}"))
}

/// The first match of a regular expression.
fn regex_extract(given: &Given<'_>) -> Result<Value, String> {
    let (text, pattern) = (given.text(0), given.text(1));
    let regex = fancy_regex::Regex::new(&pattern);
    let regex = regex.map_err(|error| format!("`{pattern}` is no regular expression: {error}"))?;
    match regex.find(&text) {
        Ok(Some(found)) => Ok(found.as_str().into()),
        _ => given
            .named("default")
            .ok_or_else(|| format!("nothing in `{text}` matches `{pattern}`")),
    }
}
