//! Helpers for numbers and chance. What they draw follows the run's seed, in the order of the requests.

use super::{Given, Helpers};
use rand::RngExt;
use serde_json::{Number, Value};

pub(super) const HELPERS: Helpers = &[
    ("math", math),
    ("maths", math),
    ("randomValue", random_value),
    ("randomInt", random_int),
    ("randomDecimal", random_decimal),
];

/// Longer than that is a slip.
const LONGEST: f64 = 1_000_000.0;
const LETTERS: &str = "abcdefghijklmnopqrstuvwxyz";
const DIGITS: &str = "0123456789";
const SYMBOLS: &str = "!#$%&()*+,-./:;=?@[]^_{|}~";

fn math(given: &Given<'_>) -> Result<Value, String> {
    let (a, b) = (given.number(0)?, given.number(2)?);
    let sign = given.text(1);
    let result = match sign.as_str() {
        "+" => a + b,
        "-" => a - b,
        "*" => a * b,
        "/" => a / b,
        "%" => a % b,
        _ => return Err(format!("`{sign}` is none of + - * / %")),
    };
    // What is whole is shown so.
    if result.fract() == 0.0 && result.abs() < 9e15 {
        return Ok((result as i64).into());
    }
    let number = Number::from_f64(result);
    number
        .map(Value::Number)
        .ok_or_else(|| format!("{a} {sign} {b} is no number"))
}

fn random_value(given: &Given<'_>) -> Result<Value, String> {
    let kind = given
        .named_text("type")
        .unwrap_or_else(|| "ALPHANUMERIC".to_owned());
    let length = match given.named("length") {
        Some(length) => super::number(&length)?,
        None => 36.0,
    };
    if !(0.0..=LONGEST).contains(&length) {
        return Err(format!("a value has at most {LONGEST} characters"));
    }
    let signs = match kind.as_str() {
        "UUID" => return Ok(cased(given, uuid(given.random().random())).into()),
        "ALPHANUMERIC" => format!("{LETTERS}{DIGITS}"),
        "ALPHABETIC" => LETTERS.to_owned(),
        "NUMERIC" => DIGITS.to_owned(),
        "HEXADECIMAL" => format!("{DIGITS}abcdef"),
        "ALPHANUMERIC_AND_SYMBOLS" => format!("{LETTERS}{DIGITS}{SYMBOLS}"),
        _ => {
            return Err(format!(
                "`{kind}` is none of ALPHANUMERIC, ALPHABETIC, NUMERIC, HEXADECIMAL, ALPHANUMERIC_AND_SYMBOLS, UUID"
            ));
        }
    };
    let signs: Vec<char> = signs.chars().collect();
    let mut random = given.random();
    let drawn: String = (0..length as usize)
        .map(|_| signs[random.random_range(0..signs.len())])
        .collect();
    drop(random);
    Ok(cased(given, drawn).into())
}

fn cased(given: &Given<'_>, text: String) -> String {
    match given.is("uppercase") {
        true => text.to_uppercase(),
        false => text,
    }
}

/// A UUID of version 4.
fn uuid(bits: u128) -> String {
    let bits = bits & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let text = format!("{bits:032x}");
    [
        &text[..8],
        &text[8..12],
        &text[12..16],
        &text[16..20],
        &text[20..],
    ]
    .join("-")
}

/// A bound with this name.
fn bound(given: &Given<'_>, name: &str, or: f64) -> Result<f64, String> {
    given
        .named(name)
        .map_or(Ok(or), |value| super::number(&value))
}

fn random_int(given: &Given<'_>) -> Result<Value, String> {
    let lower = bound(given, "lower", i32::MIN.into())? as i64;
    let upper = bound(given, "upper", i32::MAX.into())? as i64;
    if lower > upper {
        return Err(format!("there is no number from {lower} to {upper}"));
    }
    Ok(given.random().random_range(lower..=upper).into())
}

fn random_decimal(given: &Given<'_>) -> Result<Value, String> {
    let lower = bound(given, "lower", i32::MIN.into())?;
    let upper = bound(given, "upper", i32::MAX.into())?;
    if lower > upper {
        return Err(format!("there is no number from {lower} to {upper}"));
    }
    let part: f64 = given.random().random();
    Ok((lower + (upper - lower) * part).into())
}
