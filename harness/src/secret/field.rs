//! Names in bodies and queries: the values of those that name secrets.

use super::Names;
use aho_corasick::AhoCorasick;
use std::ops::Range;
use std::sync::LazyLock;

/// A body in which none of these occurs has no field whose name looks like a secret. Spelt out in their letters: a search
/// that does not care for them is many times slower.
static HINTS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let hints = [
        "oken",
        "OKEN",
        "ecret",
        "ECRET",
        "assw",
        "ASSW",
        "assphrase",
        "ASSPHRASE",
        "asscode",
        "redential",
        "REDENTIAL",
        "uthorization",
        "ookie",
        "OOKIE",
        "ikey",
        "IKEY",
        "iKey",
        "_key",
        "_KEY",
        "-key",
        "-Key",
        "Key",
        "_pass",
        "_pwd",
        "Pwd",
        "Pass",
    ];
    AhoCorasick::new(hints).expect("the hints are constants")
});

/// The values in a JSON or form body that their names call secrets, unescaped.
pub(super) fn values(body: &str, names: &Names, declared: bool) -> Vec<String> {
    if !declared && !HINTS.is_match(body) {
        return Vec::new();
    }
    match body.trim_start().starts_with(['{', '[']) {
        true => in_json(body, names),
        false => parameters(body, names)
            .into_iter()
            .map(|(_, value)| value)
            .collect(),
    }
}

/// `"name": "value"` wherever it stands. The body may have been cut, so it is not parsed as a whole.
fn in_json(body: &str, names: &Names) -> Vec<String> {
    let mut values = Vec::new();
    let mut rest = body;
    // Each round takes one text between quotes, and what follows it.
    while let Some((text, after)) = quoted(rest) {
        rest = after;
        let Some(value) = after.trim_start().strip_prefix(':') else {
            continue;
        };
        if !names.field(text) {
            continue;
        }
        let value = value.trim_start();
        if value.starts_with('"')
            && let Some((value, after)) = quoted(value)
        {
            rest = after;
            let whole = serde_json::from_str(&format!("\"{value}\""));
            values.push(whole.unwrap_or_else(|_| value.to_owned()));
        }
    }
    values.retain(|value| !value.is_empty());
    values
}

/// What stands between the next two quotes, and what follows them.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let begin = text.find('"')? + 1;
    let mut from = begin;
    loop {
        let end = from + text[from..].find(['"', '\\'])?;
        if text.as_bytes()[end] == b'"' {
            return Some((&text[begin..end], &text[end + 1..]));
        }
        // Behind a backslash, the next character is not the end.
        let escaped = text[end + 1..].chars().next()?;
        from = end + 1 + escaped.len_utf8();
    }
}

/// `name=value` in a query or a form, where the name calls it a secret: where the value stands, and what it is.
pub(super) fn parameters(text: &str, names: &Names) -> Vec<(Range<usize>, String)> {
    let mut found = Vec::new();
    let mut at = 0;
    for piece in text.split(['?', '&', ';', '#']) {
        if let Some((name, value)) = piece.split_once('=')
            && !value.is_empty()
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || "-_.[]%".contains(c))
            && names.field(name)
        {
            let begin = at + name.len() + 1;
            let pair = url::form_urlencoded::parse(piece.as_bytes()).next();
            let value = pair.map_or_else(|| value.to_owned(), |(_, value)| value.into_owned());
            found.push((begin..at + piece.len(), value));
        }
        at += piece.len() + 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_bodies_are_found_by_their_names() {
        let names = Names::new(&["pin".to_owned()]);
        let check = |body: &str, expected: &[&str]| {
            assert_eq!(values(body, &names, true), expected, "{body}");
        };
        check(
            r#"{"user": "me", "password": "a\"b", "tokens": 7}"#,
            &["a\"b"],
        );
        check(
            r#"[{"accessToken":"abc"},{"token_type":"bearer","pin":"1"}]"#,
            &["abc", "1"],
        );
        check(r#"{"note": "the \"token\": none", "secret": "cut he"#, &[]);
        check("user=me&password=a%20b+c", &["a b c"]);
        check("plain text with a token", &[]);
        assert_eq!(values(r#"{"pin": "1"}"#, &names, false), [""; 0]);
        let found = parameters("/a?x=1&api_key=k%2F1", &names);
        assert_eq!(found, [(15..20, "k/1".to_owned())]);
    }
}
