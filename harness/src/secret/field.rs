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
        "UTHORIZATION",
        "ookie",
        "OOKIE",
        "key",
        "KEY",
        "Key",
        "pass",
        "PASS",
        "Pass",
        "pwd",
        "PWD",
        "Pwd",
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
    use proptest::prelude::*;
    use serde_json::json;
    use url::form_urlencoded::byte_serialize;

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
        for name in [
            "DB_PASS",
            "user[pwd]",
            "db.pass",
            "AUTHORIZATION",
            "access.key",
        ] {
            let body = format!("{name}=abc");
            assert_eq!(values(&body, &names, false), ["abc"], "{name}");
        }
        assert_eq!(values(r#"{"pin": "1"}"#, &names, false), [""; 0]);
        let found = parameters("/a?x=1&api_key=k%2F1", &names);
        assert_eq!(found, [(15..20, "k/1".to_owned())]);
    }
    /// Texts in which secrets may stand, and much that only looks like it.
    fn texts() -> impl Strategy<Value = String> {
        let parts = proptest::sample::select(vec![
            "password",
            "api_key",
            "token",
            "DB_PASS",
            "user[pwd]",
            "db.pass",
            "Access.Key",
            "AUTHORIZATION",
            "accessKey",
            "\"",
            "\\",
            ":",
            "{",
            "[",
            "}",
            ",",
            "=",
            "&",
            "?",
            ";",
            "#",
            "%C3",
            "%",
            "+",
            " ",
            "\u{e9}",
            "\u{1f511}",
            "x",
            "\\u00e9",
            "/",
        ]);
        proptest::collection::vec(parts, 0..16).prop_map(|parts| parts.concat())
    }

    proptest! {
        #[test]
        fn what_is_found_stands_in_the_text(text in texts()) {
            let names = Names::default();
            // Within a text of a body that was cut.
            let quoted = format!("{{\"password\": \"{text}");
            let escaped = text.contains('\\');
            for value in values(&quoted, &names, true) {
                prop_assert!(escaped || quoted.contains(&value), "{}", value);
            }
            let mut end = 0;
            for (range, value) in parameters(&text, &names) {
                let raw = text.get(range.clone());
                prop_assert!(raw.is_some_and(|raw| !raw.is_empty()), "{:?}", range);
                prop_assert!(!value.is_empty());
                prop_assert_eq!(text.as_bytes()[range.start - 1], b'=');
                prop_assert!(end < range.start);
                end = range.end;
            }
            let found = values(&text, &names, true);
            prop_assert!(found.iter().all(|value| !value.is_empty()));
            prop_assert_eq!(values(&text, &names, false), found);
        }

        #[test]
        fn a_secret_is_found_as_it_is_whatever_it_is(
            secret in "\\PC{1,12}", other in texts(), end in 0usize..20
        ) {
            let names = Names::default();
            let escaped: String = byte_serialize(secret.as_bytes()).collect();
            let form = format!("a=b&password={escaped}&c=d");
            prop_assert_eq!(values(&form, &names, false), [secret.as_str()]);
            // Other texts before it, and the end cut off behind it.
            let body = json!([{"note": other, "password": secret}, {"note": other}]).to_string();
            let behind = body.rfind("},{").expect("it is there") + 1;
            let cut = body.char_indices().map(|(at, _)| at).filter(|at| *at >= behind).nth(end);
            let body = &body[..cut.unwrap_or(body.len())];
            prop_assert_eq!(values(body, &names, false), [secret.as_str()], "{}", body);
        }
    }
}
