//! How a value may be written in other texts than its own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Lines of a value of several that are shorter are not searched for by themselves.
const MIN_LINE_CHARS: usize = 16;

/// All forms in which a value is searched for, the plain one first: in JSON, in URLs, in forms, and each of its lines.
pub(super) fn all(value: &str) -> Vec<String> {
    let form: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let path = form.replace('+', "%20");
    let mut forms = vec![
        value.to_owned(),
        json(value),
        form,
        path.clone(),
        small(&path),
    ];
    let lines: Vec<&str> = value.lines().map(str::trim).collect();
    if lines.len() > 1 {
        let long = lines
            .iter()
            .filter(|line| line.chars().count() >= MIN_LINE_CHARS);
        // What says where a key begins and ends is no secret.
        let own = long.filter(|line| !line.starts_with("-----"));
        forms.extend(own.map(|line| line.to_string()));
    }
    let mut seen = Vec::new();
    for form in forms {
        if !seen.contains(&form) {
            seen.push(form);
        }
    }
    seen
}

/// As it stands between the quotes of JSON.
pub(super) fn json(value: &str) -> String {
    let quoted = serde_json::Value::from(value).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// As basic authentication sends it.
pub(super) fn basic(user: &str, password: &str) -> String {
    STANDARD.encode(format!("{user}:{password}"))
}

/// Who is meant by what basic authentication sends: a user and a password.
pub(super) fn of_basic(sent: &str) -> Option<(String, String)> {
    let text = String::from_utf8(STANDARD.decode(sent).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

/// With small digits behind each `%`, as some write them.
fn small(path: &str) -> String {
    let mut digits = 0;
    let small = |c: char| {
        let digit = digits > 0;
        digits = if c == '%' {
            2
        } else {
            usize::saturating_sub(digits, 1)
        };
        if digit { c.to_ascii_lowercase() } else { c }
    };
    path.chars().map(small).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_known_in_other_spellings() {
        assert_eq!(all("abcdefgh"), ["abcdefgh"]);
        assert_eq!(
            all("A\"b /KÄ"),
            [
                "A\"b /KÄ",
                "A\\\"b /KÄ",
                "A%22b+%2FK%C3%84",
                "A%22b%20%2FK%C3%84",
                "A%22b%20%2fK%c3%84"
            ]
        );
        let key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqG\nshort\n-----END PRIVATE KEY-----";
        assert_eq!(all(key).last().unwrap(), "MIGHAgEAMBMGByqG");
        assert_eq!(
            of_basic(&basic("me", "a:b")).unwrap(),
            ("me".to_owned(), "a:b".to_owned())
        );
    }
}
