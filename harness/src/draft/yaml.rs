//! Texts as YAML has them, in flow style.

/// A text as a key or a value: plain where that is safe, else in double quotes, which YAML reads as JSON does.
pub(super) fn text(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_ ->./".contains(c);
    let begins = text.starts_with(|c: char| c.is_ascii_alphabetic()) || text.starts_with("./");
    let word = !["true", "false", "null", "yes", "no", "on", "off"]
        .contains(&text.to_lowercase().as_str());
    let ends = !text.ends_with(' ');
    match begins && word && ends && text.chars().all(plain) {
        true => text.to_owned(),
        false => quoted(text),
    }
}

/// A text in double quotes.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// An expression: in single quotes, because it may have double ones of its own.
pub(super) fn expression(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// A JSON value, which is YAML too.
pub(super) fn value(value: &serde_json::Value) -> String {
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_yaml_would_take_for_something_else_is_quoted() {
        for (plain, quoted) in [
            ("create order", "create order"),
            ("web -> db", "web -> db"),
            ("./compose.yaml", "./compose.yaml"),
            ("7", "\"7\""),
            ("no", "\"no\""),
            ("a: b", "\"a: b\""),
            ("POST /orders/{order}", "\"POST /orders/{order}\""),
            ("say \"a\"", "\"say \\\"a\\\"\""),
            ("", "\"\""),
            ("a ", "\"a \""),
        ] {
            assert_eq!(text(plain), quoted);
        }
        assert_eq!(expression("a == 'b'"), "'a == ''b'''");
    }
}
