//! Answers with another body.

use super::Alteration;
use super::body::{Body, RECORDED_BYTES};
use crate::count;
use crate::history::Message;
use serde_json::Value;

/// What makes the half of a body something that no parser takes: no JSON string goes over the end of a line.
const UNBALANCED: &[u8] = b"\n{\"";

/// What the caller gets instead of a body.
#[derive(Debug, PartialEq)]
pub(super) struct Altered {
    /// The length that the head declares.
    pub(super) declared: u64,
    /// The bytes that follow; fewer than declared when the answer is cut.
    pub(super) bytes: Vec<u8>,
}

impl Altered {
    /// A body that arrives whole.
    fn whole(bytes: Vec<u8>) -> Altered {
        Altered {
            declared: bytes.len() as u64,
            bytes,
        }
    }

    /// Whether the connection ends before the body does.
    pub(super) fn cut(&self) -> bool {
        self.declared > self.bytes.len() as u64
    }
}

/// Whether this can be done to a body of which only the beginning is kept.
pub(super) fn needs_only_the_beginning(how: &Alteration) -> bool {
    match how {
        Alteration::Empty | Alteration::Malformed => true,
        Alteration::Cut { after_bytes } => *after_bytes <= RECORDED_BYTES as u64,
        Alteration::Set { .. } => false,
    }
}

/// Alters a body that has come as far as `body` says. `None`: that cannot be done to this one, because it is too short
/// to be cut there, or is no JSON with such a place in it or says so anyway, or is longer than what is kept of it.
pub(super) fn alter(how: &Alteration, body: &Body) -> Option<Altered> {
    let whole = || (body.length() == body.kept().len() as u64).then(|| body.kept());
    match how {
        Alteration::Empty => (body.length() > 0).then(|| Altered::whole(Vec::new())),
        Alteration::Malformed => {
            let half = (body.length() / 2).min(RECORDED_BYTES as u64) as usize;
            Some(Altered::whole([&body.kept()[..half], UNBALANCED].concat()))
        }
        Alteration::Cut { after_bytes } => {
            let kept = body.kept().get(..usize::try_from(*after_bytes).ok()?)?;
            (body.length() > *after_bytes).then(|| Altered {
                declared: body.length(),
                bytes: kept.to_vec(),
            })
        }
        Alteration::Set { values } => {
            let came: Value = serde_json::from_slice(whole()?).ok()?;
            let mut json = came.clone();
            for (path, value) in values {
                set(&mut json, path, value)?;
            }
            // What says so anyway is not altered.
            (json != came).then_some(())?;
            Some(Altered::whole(serde_json::to_vec(&json).ok()?))
        }
    }
}

/// Why this cannot be done to such an answer, where that is known.
pub(crate) fn misfit(how: &Alteration, answer: &Message) -> Option<String> {
    let bytes = answer.body_bytes;
    match how {
        Alteration::Empty => (bytes == 0).then(|| "the body was empty already".to_owned()),
        Alteration::Cut { after_bytes } => (bytes <= *after_bytes)
            .then(|| format!("the body had only {}", count::of(bytes, "byte"))),
        Alteration::Malformed => None,
        Alteration::Set { .. } if bytes == 0 => Some("the answer had no body".to_owned()),
        // Only its beginning is known here.
        Alteration::Set { .. } if bytes > answer.body.len() as u64 => None,
        Alteration::Set { values } => unset(values, answer),
    }
}

/// Why these values cannot be set in a body.
fn unset(values: &[(String, Value)], answer: &Message) -> Option<String> {
    let encoding = answer
        .headers
        .iter()
        .find(|(name, _)| name == "content-encoding");
    let Ok(came) = serde_json::from_str::<Value>(&answer.body) else {
        return Some(match encoding {
            Some((_, encoding)) => format!("the body was compressed ({encoding})"),
            None => "the body was no JSON".to_owned(),
        });
    };
    let mut json = came.clone();
    let nowhere = values
        .iter()
        .find(|(path, value)| set(&mut json, path, value).is_none());
    match nowhere {
        Some((path, _)) => Some(format!("the body had no place `{path}`")),
        None => (json == came).then(|| "the body said so anyway".to_owned()),
    }
}

/// Sets one value. What it stands in must be there; a new field of it may be made.
fn set(json: &mut Value, path: &str, value: &Value) -> Option<()> {
    let (parents, last) = path.rsplit_once('.').unwrap_or(("", path));
    let mut at = json;
    for name in parents.split('.').filter(|name| !name.is_empty()) {
        at = match at {
            Value::Object(fields) => fields.get_mut(name)?,
            Value::Array(items) => items.get_mut(name.parse::<usize>().ok()?)?,
            _ => return None,
        };
    }
    match at {
        Value::Object(fields) => drop(fields.insert(last.to_owned(), value.clone())),
        Value::Array(items) => *items.get_mut(last.parse::<usize>().ok()?)? = value.clone(),
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::body::Framing;
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;
    use serde_json::json;

    fn check(how: Alteration, body: &str, expected: Option<(&str, u64)>) {
        let mut came = Body::new(Framing::Length(body.len() as u64));
        came.feed(body.as_bytes());
        let altered = alter(&how, &came);
        let altered = altered
            .as_ref()
            .map(|a| (std::str::from_utf8(&a.bytes).unwrap(), a.declared));
        assert_eq!(altered, expected, "{how:?} of {body}");
    }

    #[test]
    fn a_body_is_emptied_spoilt_or_cut() {
        check(Alteration::Empty, "made", Some(("", 0)));
        check(Alteration::Empty, "", None);
        check(
            Alteration::Malformed,
            r#"{"id": 7}"#,
            Some(("{\"id\n{\"", 7)),
        );
        for json in ["{}", "[1, 2]", "12", "\"a\"", "true", ""] {
            let mut came = Body::new(Framing::Length(json.len() as u64));
            came.feed(json.as_bytes());
            let spoilt = alter(&Alteration::Malformed, &came).unwrap().bytes;
            assert!(serde_json::from_slice::<Value>(&spoilt).is_err(), "{json}");
        }
        check(Alteration::Cut { after_bytes: 3 }, "made", Some(("mad", 4)));
        check(Alteration::Cut { after_bytes: 0 }, "made", Some(("", 4)));
        check(Alteration::Cut { after_bytes: 4 }, "made", None);
        check(Alteration::Cut { after_bytes: 9 }, "made", None);
    }

    #[test]
    fn why_an_answer_passes_as_it_is_is_known() {
        let check = |how: &Alteration, body: &str, expected: Option<&str>| {
            let answer = Message {
                body: body.to_owned(),
                body_bytes: body.len() as u64,
                ..Message::default()
            };
            assert_eq!(
                misfit(how, &answer).as_deref(),
                expected,
                "{how:?} of {body}"
            );
        };
        check(&Alteration::Empty, "", Some("the body was empty already"));
        check(&Alteration::Empty, "a", None);
        let cut = Alteration::Cut { after_bytes: 4 };
        check(&cut, "made", Some("the body had only 4 bytes"));
        check(&cut, "made!", None);
        let values = vec![("a.b".to_owned(), json!(1))];
        let set = Alteration::Set { values };
        check(&set, "", Some("the answer had no body"));
        check(&set, "made", Some("the body was no JSON"));
        check(&set, r#"{"b":1}"#, Some("the body had no place `a.b`"));
        check(&set, r#"{"a":{"b":1}}"#, Some("the body said so anyway"));
        check(&set, r#"{"a":{"b":2}}"#, None);
        let packed = Message {
            headers: vec![("content-encoding".to_owned(), "gzip".to_owned())],
            body: "\u{1f}".to_owned(),
            body_bytes: 1,
            digest: None,
        };
        let why = misfit(&set, &packed);
        assert_eq!(why.as_deref(), Some("the body was compressed (gzip)"));
    }

    #[test]
    fn one_value_of_a_json_body_is_set_where_there_is_a_place_for_it() {
        let set = |path: &str, value: Value| Alteration::Set {
            values: vec![(path.to_owned(), value)],
        };
        let body = r#"{"a":{"b":1},"c":[1,{"d":2}]}"#;
        let whole = |text: &'static str| Some((text, text.len() as u64));
        check(
            set("a.b", json!("x")),
            body,
            whole(r#"{"a":{"b":"x"},"c":[1,{"d":2}]}"#),
        );
        check(
            set("c.1.d", json!(null)),
            body,
            whole(r#"{"a":{"b":1},"c":[1,{"d":null}]}"#),
        );
        check(
            set("c.0", json!(7)),
            body,
            whole(r#"{"a":{"b":1},"c":[7,{"d":2}]}"#),
        );
        check(
            set("new", json!([])),
            r#"{"a":1}"#,
            whole(r#"{"a":1,"new":[]}"#),
        );
        let values = [("a.b", json!(2)), ("c.0", json!(3))].map(|(p, v)| (p.to_owned(), v));
        check(
            Alteration::Set {
                values: values.to_vec(),
            },
            body,
            whole(r#"{"a":{"b":2},"c":[3,{"d":2}]}"#),
        );
        check(set("a.b", json!(1)), body, None);
        check(set("x.b", json!(1)), body, None);
        check(set("c.9", json!(1)), body, None);
        check(set("a.b.c", json!(1)), body, None);
        check(set("a", json!(1)), "made", None);
    }

    /// JSON of few names, so that paths find places in it, and what is none.
    fn bodies() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0u8..3).prop_map(Value::from),
            ".{0,4}".prop_map(Value::from),
        ];
        let json = leaf.prop_recursive(4, 20, 3, |inner| {
            let fields = vec((select(vec!["a", "b", "0", ""]), inner.clone()), 0..4);
            prop_oneof![
                vec(inner, 0..4).prop_map(Value::from),
                fields.prop_map(|fields| fields
                    .into_iter()
                    .map(|(k, v)| (k.to_owned(), v))
                    .collect()),
            ]
        });
        prop_oneof![4 => json.prop_map(|json| json.to_string()), 1 => "\\PC{0,20}"]
    }

    fn alterations() -> impl Strategy<Value = Alteration> {
        let path = vec(select(vec!["a", "b", "0", "1", "", "\u{e9}"]), 0..4);
        let value = prop_oneof![(0u8..3).prop_map(Value::from), Just(json!({"a": [0]}))];
        let values = vec((path.prop_map(|path| path.join(".")), value), 1..3);
        prop_oneof![
            Just(Alteration::Empty),
            Just(Alteration::Malformed),
            (0u64..30).prop_map(|after_bytes| Alteration::Cut { after_bytes }),
            values.prop_map(|values| Alteration::Set { values }),
        ]
    }

    proptest! {
        #[test]
        fn a_body_is_another_afterwards_or_it_is_known_why_not(
            body in bodies(), how in alterations()
        ) {
            let came = Body::whole(body.as_bytes());
            let altered = alter(&how, &came);
            let answer = Message {
                body: body.clone(),
                body_bytes: body.len() as u64,
                ..Message::default()
            };
            prop_assert_eq!(altered.is_none(), misfit(&how, &answer).is_some());
            let Some(altered) = altered else {
                return Ok(());
            };
            prop_assert!(altered.bytes != body.as_bytes());
            prop_assert_eq!(altered.cut(), matches!(how, Alteration::Cut { .. }));
            match &how {
                Alteration::Empty => prop_assert!(altered.bytes.is_empty()),
                Alteration::Malformed => {
                    prop_assert!(serde_json::from_slice::<Value>(&altered.bytes).is_err());
                }
                Alteration::Cut { after_bytes } => {
                    prop_assert_eq!(altered.bytes.len() as u64, *after_bytes);
                    prop_assert_eq!(altered.declared, body.len() as u64);
                    prop_assert!(body.as_bytes().starts_with(&altered.bytes));
                }
                // It says so from then on.
                Alteration::Set { .. } => {
                    prop_assert_eq!(alter(&how, &Body::whole(&altered.bytes)), None);
                }
            }
        }

        #[test]
        fn any_bytes_can_be_altered(bytes in vec(any::<u8>(), 0..50), how in alterations()) {
            let altered = alter(&how, &Body::whole(&bytes));
            prop_assert!(altered.is_none_or(|a| a.bytes.len() as u64 <= a.declared));
        }
    }
}
