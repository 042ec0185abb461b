//! What is read as if it had fields, and is a text: a body that is no JSON, above all.

use super::Scope;
use serde_json::Value;

/// So much of a text tells what it is.
const SHOWN_CHARS: usize = 40;

/// In words, the first of these paths that leads through a text.
pub(super) fn textual(paths: &[Vec<String>], scope: &Scope) -> Option<String> {
    paths.iter().find_map(|path| through(path, scope))
}

fn through(path: &[String], scope: &Scope) -> Option<String> {
    let mut value = scope.get(&path[0])?;
    for (n, field) in path.iter().enumerate().skip(1) {
        if let Value::String(text) = &value {
            let encoding = encoding(&path[..n], scope);
            return Some(words(&path[..n], field, text, encoding.as_deref()));
        }
        value = value.get_mut(field)?.take();
    }
    None
}

/// How the body at this path is compressed, where its message's headers say that it is.
fn encoding(path: &[String], scope: &Scope) -> Option<String> {
    let [message, body] = path else {
        return None;
    };
    let message = scope.get(message).filter(|_| body == "body")?;
    let encoding = message["headers"]["content-encoding"].as_str()?;
    (encoding != "identity").then(|| encoding.to_owned())
}

fn words(path: &[String], field: &str, text: &str, encoding: Option<&str>) -> String {
    let name = path.join(".");
    if let Some(encoding) = encoding {
        return format!(
            "`{name}` is compressed ({encoding}) and is not unpacked, so nobody can read its `{field}`"
        );
    }
    let is_body = path.last().is_some_and(|last| last == "body");
    let json = serde_json::from_str::<Value>(text).is_ok();
    let what = match (text.is_empty(), is_body, json) {
        (true, ..) => return format!("`{name}` is empty, so it has no `{field}`"),
        (_, true, false) => "no JSON",
        (_, true, true) => "no JSON by its content type",
        (_, false, _) => "a text without fields",
    };
    let mut shown: String = text.chars().take(SHOWN_CHARS).collect();
    if shown.len() < text.len() {
        shown.push_str("...");
    }
    format!("`{name}` is {what}: `{shown}`")
}

#[cfg(test)]
mod tests {
    use super::super::{Expression, Scope, Truth};
    use serde_json::{Value, json};

    fn scope(body: Value) -> Scope {
        let mut scope = Scope::new();
        scope.set("response", &json!({"status": 200, "body": body}));
        scope
    }

    #[test]
    fn a_body_that_is_no_json_is_told_as_such() {
        let html = "<html><head><title>502 Bad Gateway</title></head></html>";
        let cases = [
            (
                html,
                "`response.body` is no JSON: `<html><head><title>502 Bad Gateway</titl...`",
            ),
            ("short", "`response.body` is no JSON: `short`"),
            ("{}", "`response.body` is no JSON by its content type: `{}`"),
            ("", "`response.body` is empty, so it has no `state`"),
        ];
        for (body, expected) in cases {
            let scope = scope(body.into());
            let why = Truth::Unknown(expected.into());
            let read = Expression::parse("response.status == 200 && response.body.state.is == 1");
            assert_eq!(read.unwrap().test(&scope), why);
            let read = Expression::parse("string(response.body.state)").unwrap();
            assert_eq!(read.value(&scope), Err(expected.to_owned()));
        }
        let headers = json!({"content-encoding": "gzip"});
        let mut packed = Scope::new();
        let body = "\u{1f}\u{fffd}\u{8}";
        packed.set("response", &json!({"headers": headers, "body": body}));
        let read = Expression::parse("response.body.state").unwrap();
        let told = "`response.body` is compressed (gzip) and is not unpacked, so nobody can read its `state`";
        assert_eq!(read.value(&packed), Err(told.to_owned()));
        let state = |text: &str| {
            let read = Expression::parse(text).unwrap();
            read.value(&scope(json!({"state": "on"})))
        };
        assert_eq!(state("response.body.state.matches('o')"), Ok(json!(true)));
        let text = "`response.body.state` is a text without fields: `on`";
        assert_eq!(state("response.body.state.is"), Err(text.to_owned()));
    }
}
