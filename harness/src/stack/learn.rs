//! Rules: what turns evidence into observations of entities.

use super::template::{Body, Template};
use crate::expression::{Expression, Scope, Truth};
use crate::problem::Place;
use crate::secret::plain;
use indexmap::IndexMap;
use serde_json::{Map, Value};
use std::time::Duration;
use xxhash_rust::xxh3::xxh3_64;

/// The variable that has what the caller of a call was told.
pub const SEEN: &str = "seen";

/// The variable that has the call after which a probe is made.
pub const AFTER: &str = "after";

/// What stands in the URL of a poll for the id of each entity that is known.
pub const EACH_ID: &str = "${id}";

/// What the sources of probes begin with.
pub const PROBE: &str = "probe";

/// One rule that turns evidence into an observation of one entity.
#[derive(Clone, Debug, PartialEq)]
pub struct Learn {
    /// Where it stands.
    pub place: Place,
    /// What it looks at.
    pub evidence: Evidence,
    /// Applies only when this is true.
    pub when: Option<Expression>,
    /// The entity's id, as a string. A call has it from its path where the path names the entity.
    pub id: Option<Expression>,
    /// Fields and their new values.
    pub set: IndexMap<String, Expression>,
    /// An event that happened to the entity.
    pub event: Option<String>,
    /// An event that happened to the entity when this evidence, a poll or a query, no longer tells of it.
    pub gone: Option<String>,
}

/// An entity's id and the fields that are set.
pub type Lesson = (String, Map<String, Value>);

impl Learn {
    /// What it teaches from what is in scope; `None` when its condition is not met. `id` is the entity's id where the
    /// rule does not say it.
    ///
    /// # Errors
    /// In words: something that it reads is not there, so that nobody can tell what it would have taught.
    pub fn apply(&self, scope: &Scope, id: Option<&str>) -> Result<Option<Lesson>, String> {
        if !self.applies(scope)? {
            return Ok(None);
        }
        let id = match (&self.id, id) {
            (Some(expression), _) => as_id(expression.value(scope)?)
                .map_err(|why| format!("`{}` is no id: it is {why}", expression.text()))?,
            (None, Some(id)) => id.to_owned(),
            (None, None) => return Err("nothing says which entity it is about".to_owned()),
        };
        let values = self.set.iter();
        let set = values
            .map(|(field, expression)| Ok((field.clone(), expression.value(scope)?)))
            .collect::<Result<_, String>>()?;
        Ok(Some((id, set)))
    }

    /// Whether its condition is met.
    ///
    /// # Errors
    /// In words: something that the condition reads is not there.
    pub fn applies(&self, scope: &Scope) -> Result<bool, String> {
        match self.when.as_ref().map(|when| when.test(scope)) {
            None | Some(Truth::True) => Ok(true),
            Some(Truth::False) => Ok(false),
            Some(Truth::Unset(why) | Truth::Unknown(why)) => Err(why.to_string()),
        }
    }
}

impl Learn {
    /// A short text that tells it from other rules, whatever the file and the line that it stands in.
    pub fn key(&self) -> String {
        let texts: Vec<&str> = self.expressions().map(Expression::text).collect();
        let fields: Vec<&String> = self.set.keys().collect();
        // A URL has secrets, of which not even a digest is written.
        let source = self.evidence.source();
        let more = match &self.evidence {
            Evidence::Log { pattern, .. } => vec![pattern.as_str()],
            Evidence::Sql { query, .. } => vec![query.as_str()],
            Evidence::Poll { each, next, .. } => {
                each.iter().chain(next).map(Expression::text).collect()
            }
            Evidence::Call(_) | Evidence::Probe { .. } => Vec::new(),
        };
        let events: Vec<&str> = self.events().collect();
        let all = format!("{source} {more:?} {texts:?} {fields:?} {events:?}");
        format!("{:016x}", xxh3_64(all.as_bytes()))
    }

    /// The events that it can tell of.
    pub fn events(&self) -> impl Iterator<Item = &str> {
        self.event.iter().chain(&self.gone).map(String::as_str)
    }

    /// Whether it can tell of this event.
    pub fn tells(&self, event: &str) -> bool {
        self.events().any(|name| name == event)
    }

    /// Whether it learns from what the caller was told, and so only once that is known.
    pub fn reads_seen(&self) -> bool {
        let read = |expression: &Expression| expression.reads(SEEN);
        matches!(self.evidence, Evidence::Call(_)) && self.expressions().any(read)
    }

    /// Whether it reads this field, or something in it.
    pub fn reads(&self, path: &[&str]) -> bool {
        let mut paths = self.expressions().flat_map(Expression::paths);
        paths.any(|read| path.iter().eq(read.iter().take(path.len())))
    }

    /// All that it evaluates for a call.
    pub fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let (when, id) = (self.when.iter(), self.id.iter());
        when.chain(id).chain(self.set.values())
    }
}

/// Ids are strings; a number is taken by its digits.
///
/// # Errors
/// What it is, where that names nobody.
pub(crate) fn as_id(value: Value) -> Result<String, &'static str> {
    match value {
        Value::String(text) if text.is_empty() => Err("empty"),
        Value::String(text) => Ok(text),
        Value::Number(number) if number.is_f64() && number.as_f64().is_some_and(lacks_digits) => {
            Err(LACKS_DIGITS)
        }
        Value::Number(_) | Value::Bool(_) => Ok(value.to_string()),
        Value::Null => Err("null"),
        Value::Array(_) => Err("a list"),
        Value::Object(_) => Err("an object"),
    }
}

/// What a number is that names nobody.
pub(crate) const LACKS_DIGITS: &str = "a number with more digits than are kept";

/// Whether different whole numbers can be this one.
pub(crate) fn lacks_digits(number: f64) -> bool {
    number.abs() > (1u64 << 53) as f64
}

/// What a rule looks at.
#[derive(Clone, Debug, PartialEq)]
pub enum Evidence {
    /// A call. Variables: `request` and `response` (`.status`, `.headers`, `.body`), `path` (what the braces of the
    /// call's path caught), and `seen`, which is what the caller was told where `response` is what the callee answered.
    Call(String),
    /// A request made again and again. Variables: `status`, `body`, and `item` with `each`.
    Poll {
        /// The method.
        method: String,
        /// The URL, with a service's name as host. One with [`EACH_ID`] is asked once for each entity that is known, and
        /// tells of that one.
        url: String,
        /// Time from one request to the next.
        every: Duration,
        /// A list in the answer, looked at item by item.
        each: Option<Expression>,
        /// Where the answer's next page is, whose items belong to the same look. Null, empty or not there: this is the
        /// last.
        next: Option<Expression>,
    },
    /// A query made again and again. Variable: `row`.
    Sql {
        /// The query.
        query: String,
        /// The service that it goes to.
        on: String,
        /// Time from one query to the next.
        every: Duration,
    },
    /// A request that the harness makes each time a call has been answered and its caller does not know yet. Variables:
    /// `after`, which is that call (`.request`, `.response`, `.path`), and in what is set `response`, which is the answer to
    /// the probe: its `status` is 0 where there was none, and `error` says why.
    Probe {
        /// The call.
        after: String,
        /// The method.
        method: String,
        /// The URL, with a service's name as host.
        url: Template,
        /// The body, sent as JSON.
        body: Option<Body>,
        /// How long the answer may take.
        within: Duration,
    },
    /// The lines that a service writes. Variables: `line`, and the pattern's named groups; the group `id` is the
    /// entity's id.
    Log {
        /// The service.
        service: String,
        /// A regular expression; lines that it does not match teach nothing.
        pattern: String,
    },
}

impl Evidence {
    /// How an observer of this evidence is called in a history, without the secrets of its URL.
    pub fn source(&self) -> String {
        match self {
            Evidence::Call(call) => format!("call {call}"),
            Evidence::Poll { method, url, .. } => format!("poll {method} {}", plain(url)),
            Evidence::Probe { method, url, .. } => {
                format!("{PROBE} {method} {}", plain(url.text()))
            }
            Evidence::Sql { on, .. } => format!("sql on {on}"),
            Evidence::Log { service, .. } => format!("log of {service}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_id_names_somebody() {
        assert_eq!(as_id(json!("a7")), Ok("a7".to_owned()));
        assert_eq!(as_id(json!(7)), Ok("7".to_owned()));
        assert_eq!(as_id(json!(u64::MAX)), Ok(u64::MAX.to_string()));
        assert_eq!(as_id(json!(0.5)), Ok("0.5".to_owned()));
        for nobody in [json!(null), json!(""), json!([7]), json!({}), json!(2e22)] {
            assert!(as_id(nobody.clone()).is_err(), "{nobody}");
        }
    }
}
