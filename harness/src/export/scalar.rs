//! One value of an exported line, borrowed from it where that can be.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A value of any kind.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    /// Apart, because it is large and rare.
    Json(Box<serde_json::Value>),
}

impl<'a> Scalar<'a> {
    /// A cell of a table: a number, `true`, `false` or `null` where it reads as one, else a text.
    pub fn cell(text: &'a str) -> Scalar<'a> {
        let first = text.as_bytes().first().copied().unwrap_or_default();
        let number = first == b'-' || first.is_ascii_digit();
        match text {
            "true" => Scalar::Bool(true),
            "false" => Scalar::Bool(false),
            "null" => Scalar::Null,
            _ if number => match serde_json::from_str(text) {
                Ok(number @ (Scalar::Int(_) | Scalar::Float(_))) => number,
                _ => Scalar::Text(Cow::Borrowed(text)),
            },
            _ => Scalar::Text(Cow::Borrowed(text)),
        }
    }
}

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scalar::Null => f.write_str("null"),
            Scalar::Bool(truth) => truth.fmt(f),
            Scalar::Int(int) => int.fmt(f),
            Scalar::Float(float) => float.fmt(f),
            Scalar::Text(text) => f.write_str(text),
            Scalar::Json(json) => json.fmt(f),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Scalar<'a> {
    #[inline]
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Scalar<'a>, D::Error> {
        deserializer.deserialize_any(Any)
    }
}

struct Any;

impl<'de> Visitor<'de> for Any {
    type Value = Scalar<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Bool(truth))
    }

    fn visit_i64<E>(self, int: i64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Int(int))
    }

    fn visit_u64<E>(self, int: u64) -> Result<Scalar<'de>, E> {
        let json = || Scalar::Json(Box::new(int.into()));
        Ok(i64::try_from(int).map_or_else(|_| json(), Scalar::Int))
    }

    fn visit_f64<E>(self, float: f64) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Float(float))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Scalar<'de>, E> {
        Ok(Scalar::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Scalar<'de>, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element::<serde_json::Value>()? {
            all.push(item);
        }
        Ok(Scalar::Json(Box::new(all.into())))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Scalar<'de>, A::Error> {
        let mut all = serde_json::Map::new();
        while let Some((name, value)) = entries.next_entry::<String, serde_json::Value>()? {
            all.insert(name, value);
        }
        Ok(Scalar::Json(Box::new(all.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn cells_are_what_they_read_as() {
        let text = |text: &'static str| Scalar::Text(Cow::Borrowed(text));
        let cases = [
            ("7", Scalar::Int(7)),
            ("-0.5", Scalar::Float(-0.5)),
            ("true", Scalar::Bool(true)),
            ("null", Scalar::Null),
            ("", text("")),
            ("7 apples", text("7 apples")),
            ("007", text("007")),
            ("Finished", text("Finished")),
        ];
        for (cell, expected) in cases {
            assert_eq!(Scalar::cell(cell), expected, "{cell}");
        }
        let read: Scalar = serde_json::from_str(r#"{"a": [1, "b\n"]}"#).unwrap();
        assert_eq!(read, Scalar::Json(Box::new(json!({"a": [1, "b\n"]}))));
    }
}
