//! JSON lines: `{"time": 1.5, "entity": "order", "id": "7", "field": "status", "value": "paid"}`.

use super::{Batch, COLUMNS, Export, Line, Scalar};
use crate::stack::{LACKS_DIGITS, lacks_digits};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::io::BufRead;

/// The name of the time in a line.
const KEY: &str = "\"time\"";

/// A line as it is written; what else it says is of no interest.
#[derive(Deserialize)]
struct Written<'a> {
    #[serde(borrow)]
    time: Option<Scalar<'a>>,
    #[serde(borrow)]
    entity: Option<Scalar<'a>>,
    #[serde(borrow)]
    id: Option<Scalar<'a>>,
    #[serde(borrow)]
    field: Option<Scalar<'a>>,
    #[serde(borrow, default, deserialize_with = "told")]
    value: Option<Scalar<'a>>,
}

/// A value that is there, `null` too.
fn told<'de: 'a, 'a, D: Deserializer<'de>>(value: D) -> Result<Option<Scalar<'a>>, D::Error> {
    Scalar::deserialize(value).map(Some)
}

/// Reads all lines.
pub(super) fn read(
    export: &mut Export,
    mut file: impl BufRead,
    batch: &mut Batch,
    full: &mut dyn FnMut(Batch) -> Option<Batch>,
) {
    let (mut line, mut number) = (Vec::new(), 0);
    loop {
        line.clear();
        number += 1;
        match file.read_until(b'\n', &mut line) {
            Ok(0) => return,
            Ok(_) if line.iter().all(u8::is_ascii_whitespace) => continue,
            Ok(_) => one(export, &line, number, batch),
            Err(error) => {
                let help = "nothing after it was read".to_owned();
                return export.wrong(number, (format!("cannot be read: {error}"), help));
            }
        }
        if batch.is_full() {
            match full(std::mem::take(batch)) {
                Some(empty) => *batch = empty,
                None => return,
            }
        }
    }
}

fn one(export: &mut Export, line: &[u8], number: u64, batch: &mut Batch) {
    let (line, written) = match parse(line) {
        Ok(parsed) => parsed,
        Err(error) => {
            let error = error.split(" at line ").next().unwrap_or_default();
            let help = "each line is one JSON object".to_owned();
            return export.wrong(number, (format!("this is not JSON: {error}"), help));
        }
    };
    let Written {
        time: Some(mut time),
        entity: Some(Scalar::Text(entity)),
        id: Some(id),
        field,
        value: Some(value),
    } = written
    else {
        let needed = COLUMNS.join("`, `");
        let help = format!("a line has `{needed}`; only `field` may be missing, for an event");
        return export.wrong(number, (lacking(&written), help));
    };
    if let Scalar::Float(float) = time
        && let Some(digits) = digits(float, line)
    {
        time = Scalar::Text(digits.into());
    }
    if matches!(id, Scalar::Float(number) if lacks_digits(number)) {
        let help = "write it as a text, in quotes".to_owned();
        return export.wrong(number, (format!("the `id` is {LACKS_DIGITS}"), help));
    }
    let (id, field) = (text(id), field.and_then(name));
    let line = Line {
        number,
        time,
        entity: &entity,
        id: &id,
        field: field.as_deref(),
        value,
    };
    export.line(&line, batch);
}

fn parse(line: &[u8]) -> Result<(&str, Written<'_>), String> {
    // Whether it is UTF-8 is looked at once, and not for each text in it.
    let line = std::str::from_utf8(line).map_err(|error| error.to_string())?;
    let written = serde_json::from_str(line).map_err(|error| error.to_string())?;
    Ok((line, written))
}

/// The number as which a line writes its time, with the digits that a float has lost.
#[cold]
fn digits(float: f64, line: &str) -> Option<&str> {
    let mut places = line.match_indices(KEY);
    places.find_map(|(at, _)| {
        let value = line[at + KEY.len()..].trim_start().strip_prefix(':')?;
        let value = value.trim_start();
        let end = value.find([',', '}']).unwrap_or(value.len());
        let number = value[..end].trim_end();
        // Within another value, the same name means something else.
        (number.parse() == Ok(float)).then_some(number)
    })
}

/// Ids are texts; a number is taken by its digits.
fn text(id: Scalar<'_>) -> Cow<'_, str> {
    match id {
        Scalar::Text(text) => text,
        other => Cow::Owned(other.to_string()),
    }
}

/// A field that is null or empty is none.
fn name(field: Scalar<'_>) -> Option<Cow<'_, str>> {
    match field {
        Scalar::Null => None,
        other => Some(text(other)).filter(|name| !name.is_empty()),
    }
}

fn lacking(written: &Written<'_>) -> String {
    let columns = [
        ("time", written.time.is_none()),
        ("entity", written.entity.is_none()),
        ("id", written.id.is_none()),
        ("value", written.value.is_none()),
    ];
    let missing = columns.iter().find(|(_, missing)| *missing);
    match missing {
        Some((name, _)) => format!("`{name}` is missing"),
        None => "`entity` is not a text".to_owned(),
    }
}
