//! What a named value of a request must be: a header, a parameter, a cookie.

use super::json::{Fields, Item, Keys};
use super::matcher::Matcher;
use super::request::Request;
use crate::problem::Problems;
use base64::Engine;
use serde_json::{Map, Value};

/// What a named value of a request must be.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    of: Of,
    name: String,
    values: Values,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    Header,
    Query,
    Cookie,
    Form,
    Path,
}

#[derive(Clone, Debug)]
enum Values {
    /// One of them is so.
    One(Matcher),
    /// For each matcher there is one, and no other.
    Exactly(Vec<Matcher>),
    /// For each matcher there is one.
    Including(Vec<Matcher>),
}

const NAMED: [(&str, Of); 5] = [
    ("headers", Of::Header),
    ("queryParameters", Of::Query),
    ("cookies", Of::Cookie),
    ("formParameters", Of::Form),
    ("pathParameters", Of::Path),
];

/// All of them in a request's pattern.
pub(super) fn conditions(fields: &Fields<'_>, problems: &mut Problems) -> Vec<Condition> {
    let mut conditions = Vec::new();
    for (key, of) in NAMED {
        let entries = fields.get(key).map(|item| item.entries(problems));
        for (name, item) in entries.unwrap_or_default() {
            let name = name.to_owned();
            let values = values(&item, problems);
            conditions.extend(values.map(|values| Condition { of, name, values }));
        }
    }
    let auth = fields
        .get("basicAuth")
        .or(fields.get("basicAuthCredentials"));
    conditions.extend(auth.and_then(|item| basic(item, problems)));
    conditions
}

impl Condition {
    /// The name of the parameter of the path that it is about.
    pub fn path_parameter(&self) -> Option<&str> {
        (self.of == Of::Path).then_some(self.name.as_str())
    }

    /// Whether a request has it so. `path` are the parameters of its path.
    pub fn holds(&self, request: &Request, path: &Map<String, Value>) -> bool {
        let named = |pairs: Vec<(String, String)>| {
            let own = pairs.into_iter().filter(|(name, _)| *name == self.name);
            own.map(|(_, value)| value).collect()
        };
        let values: Vec<String> = match self.of {
            Of::Header => request.header(&self.name),
            Of::Query => named(request.query()),
            Of::Cookie => named(request.cookies()),
            Of::Form => named(request.form()),
            Of::Path => path
                .get(&self.name)
                .iter()
                .filter_map(|value| value.as_str().map(str::to_owned))
                .collect(),
        };
        let each = |all: &[Matcher]| {
            all.iter()
                .all(|one| !values.is_empty() && one.matches_one(&values))
        };
        match &self.values {
            Values::One(matcher) => matcher.matches_one(&values),
            Values::Including(all) => each(all),
            Values::Exactly(all) => values.len() == all.len() && each(all),
        }
    }

    /// How it is told.
    pub fn told(&self) -> String {
        let kind = match self.of {
            Of::Header => "header",
            Of::Query => "query parameter",
            Of::Cookie => "cookie",
            Of::Form => "form parameter",
            Of::Path => "path parameter",
        };
        format!("{kind}: {}", self.name)
    }
}

fn values(item: &Item<'_>, problems: &mut Problems) -> Option<Values> {
    const KEYS: Keys = Keys::own(&["hasExactly", "includes"]);
    let has = |key| item.value.get(key).is_some();
    if !has("hasExactly") && !has("includes") {
        return Matcher::read(item, problems).map(Values::One);
    }
    let fields = item.fields(&KEYS, problems);
    let mut all = |key: &str| {
        let items = fields.get(key)?.items(problems);
        let read = items
            .iter()
            .filter_map(|item| Matcher::read(item, problems));
        Some(read.collect())
    };
    match all("hasExactly") {
        Some(matchers) => Some(Values::Exactly(matchers)),
        None => all("includes").map(Values::Including),
    }
}

/// `{"username": "me", "password": "secret"}`.
fn basic(item: &Item<'_>, problems: &mut Problems) -> Option<Condition> {
    const KEYS: Keys = Keys::own(&["username", "password"]);
    let fields = item.fields(&KEYS, problems);
    let mut need = |key| fields.need(key, problems)?.text(problems);
    let (name, password) = (need("username"), need("password"));
    let pair = format!("{}:{}", name?, password?);
    let encoded = base64::engine::general_purpose::STANDARD.encode(pair);
    Some(Condition {
        of: Of::Header,
        name: "authorization".to_owned(),
        values: Values::One(Matcher::Equal {
            text: format!("Basic {encoded}"),
            any_case: false,
        }),
    })
}
