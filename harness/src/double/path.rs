//! JSONPath as WireMock understands it, by the `serde_json_path` crate.
//!
//! That crate is for RFC 9535. What WireMock's library has otherwise is turned into that first: a filter on an object
//! looks at the object itself, not at its values; `=~ /x/i`, `.size()` and `.length()` exist.

use regex::{Captures, Regex};
use serde_json::Value;
use serde_json_path::JsonPath;
use std::sync::LazyLock;

/// A path into JSON.
#[derive(Clone, Debug)]
pub(super) struct Path {
    /// The way to the first filter, or the whole one.
    before: JsonPath,
    /// The filter and what follows, from where it is applied.
    filter: Option<JsonPath>,
    /// The size of what is there is meant.
    size: bool,
    /// It leads to one place at most.
    definite: bool,
}

static QUOTED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*""#).expect("a constant"));
static LIKE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?P<of>[@$][\w.\[\]'"-]*)\s*=~\s*/(?P<regex>(?:\\.|[^/\\])*)/(?P<flags>[a-z]*)"#)
        .expect("a constant")
});
static SIZE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"(?P<of>@[\w.\[\]'"-]*?)\.(?:size|length)\(\)"#).expect("a constant")
});
static DOT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?P<before>[^.])\.\[").expect("a constant"));

impl Path {
    /// Reads an expression such as `$.things[0].name`.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Path, String> {
        let parse = |part: &str| {
            JsonPath::parse(part).map_err(|error| format!("`{text}` is not JSONPath: {error}"))
        };
        let own = text.trim();
        let sized = own
            .strip_suffix(".size()")
            .or_else(|| own.strip_suffix(".length()"));
        let whole = as_rfc(sized.unwrap_or(own));
        // What stands in quotes is a name, whatever signs it has in it.
        let bare = QUOTED.replace_all(&whole, |found: &Captures<'_>| "x".repeat(found[0].len()));
        let cut = bare.find("[?").filter(|at| !bare[..*at].ends_with('.'));
        let (before, filter) = whole.split_at(cut.unwrap_or(whole.len()));
        Ok(Path {
            before: parse(before)?,
            filter: cut.map(|_| parse(&format!("${filter}"))).transpose()?,
            size: sized.is_some(),
            definite: !["..", "*", "?", ":", ","]
                .iter()
                .any(|sign| bare.contains(sign)),
        })
    }

    /// What is there: the only value of a path that leads to one place, or else a list.
    pub fn of(&self, value: &Value) -> Option<Value> {
        let nodes = self.before.query(value).all();
        let found: Vec<Value> = match &self.filter {
            None => nodes.into_iter().cloned().collect(),
            Some(filter) => nodes
                .into_iter()
                .flat_map(|node| filtered(filter, node))
                .collect(),
        };
        let found = match self.definite {
            true => found.into_iter().next(),
            false => Some(Value::Array(found)),
        };
        match self.size {
            true => found.as_ref().and_then(size).map(Value::from),
            false => found,
        }
    }
}

fn filtered(filter: &JsonPath, node: &Value) -> Vec<Value> {
    let itself = node.is_object().then(|| Value::Array(vec![node.clone()]));
    let found = filter.query(itself.as_ref().unwrap_or(node)).all();
    found.into_iter().cloned().collect()
}

fn size(value: &Value) -> Option<usize> {
    match value {
        Value::Array(items) => Some(items.len()),
        Value::Object(map) => Some(map.len()),
        Value::String(text) => Some(text.chars().count()),
        _ => None,
    }
}

fn as_rfc(text: &str) -> String {
    let rooted = match text.starts_with('$') {
        true => text.to_owned(),
        false => format!("$.{text}"),
    };
    let like = LIKE.replace_all(&rooted, |found: &Captures<'_>| {
        let any_case = if found["flags"].contains('i') {
            "(?i)"
        } else {
            ""
        };
        let regex = found["regex"]
            .replace("\\/", "/")
            .replace('\\', "\\\\")
            .replace('\'', "\\'");
        format!("match({}, '{any_case}{regex}')", &found["of"])
    });
    let sized = SIZE.replace_all(&like, "length(${of})");
    DOT.replace_all(&sized, "${before}[").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_lead_where_wiremock_says() {
        let thing = json!({"things": {"name": "RequiredThing"}});
        let things = json!({"things": [{"name": "Required", "n": 1}, {"name": "other", "n": 2}]});
        for (path, value, expected) in [
            ("$.things.name", &thing, json!("RequiredThing")),
            ("things.name", &thing, json!("RequiredThing")),
            (
                "$.things[?(@.name == 'RequiredThing')]",
                &thing,
                json!([{"name": "RequiredThing"}]),
            ),
            ("$.things[?(@.name == 'Required')].n", &things, json!([1])),
            ("$.things[?(@.n > 1)].name", &things, json!(["other"])),
            (
                "$.things[?(@.name =~ /required.*/i)]",
                &thing,
                json!([{"name": "RequiredThing"}]),
            ),
            ("$.things[?(@.name =~ /required.*/)]", &thing, json!([])),
            (
                "$[?(@.things.size() == 2)]",
                &things,
                json!([things.clone()]),
            ),
            ("$[?(@.things.size() == 3)]", &things, json!([])),
            ("$.things.length()", &things, json!(2)),
            ("$.things[*].n", &things, json!([1, 2])),
            ("$..n", &things, json!([1, 2])),
            ("$.things[-1].n", &things, json!(2)),
            ("$.things.[0].n", &things, json!(1)),
            ("$['things'][1]['name']", &things, json!("other")),
            (
                "$.things[?(@.n == 1 || @.name == 'x')].n",
                &things,
                json!([1]),
            ),
            ("$..[?(@.n == 2)].name", &things, json!(["other"])),
        ] {
            let found = Path::parse(path)
                .unwrap_or_else(|what| panic!("{what}"))
                .of(value);
            assert_eq!(found, Some(expected), "{path}");
        }
        assert_eq!(Path::parse("$.no").unwrap().of(&things), None);
        assert_eq!(
            Path::parse("$.*").unwrap().of(&json!({"a,b": 1})),
            Some(json!([1]))
        );
        assert_eq!(
            Path::parse("$['a,b']").unwrap().of(&json!({"a,b": 1})),
            Some(json!(1))
        );
        assert!(
            Path::parse("$.things[")
                .unwrap_err()
                .contains("`$.things[` is not JSONPath")
        );
    }
}
