//! How a value may be written in other texts than its own.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Lines of a value of several that are shorter are not searched for by themselves.
const MIN_LINE_CHARS: usize = 16;

/// What stays as it is in URLs beside letters and digits: for Python's `quote`, the same where nothing is safe, JavaScript's
/// `encodeURIComponent`, and forms.
const KEPT: [&str; 4] = ["_.-~/", "_.-~", "_.-~!*'()", "_.-*"];

/// All forms in which a value is searched for, the plain one first: in JSON, in URLs, in forms, and each of its lines.
pub(super) fn all(value: &str) -> Vec<String> {
    let quoted = json(value);
    let mut forms = vec![
        value.to_owned(),
        quoted.replace('/', "\\/"),
        ascii(&quoted),
        json(&quoted),
        quoted,
    ];
    for kept in KEPT {
        let path = percent(value, kept);
        forms.extend([path.replace("%20", "+"), small(&path), path]);
    }
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

/// JSON in nothing but ASCII.
fn ascii(quoted: &str) -> String {
    let escaped = |c: char| match c.is_ascii() {
        true => c.to_string(),
        false => {
            let mut units = [0; 2];
            let units = c.encode_utf16(&mut units).iter();
            units.map(|unit| format!("\\u{unit:04x}")).collect()
        }
    };
    quoted.chars().map(escaped).collect()
}

/// In a URL, where these and letters and digits stay as they are.
fn percent(value: &str, kept: &str) -> String {
    let encoded = |byte: u8| match byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    value.bytes().map(encoded).collect()
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
        for (value, written) in [
            ("A\"b /KÄ", "A\\\"b /KÄ"),
            ("A\"b /KÄ", "A\\\"b \\/KÄ"),
            ("A\"b /KÄ", "A\\\"b /K\\u00c4"),
            ("A\"b /KÄ", "A\\\\\\\"b /KÄ"),
            ("A\"b /KÄ", "A%22b+%2FK%C3%84"),
            ("A\"b /KÄ", "A%22b%20%2FK%C3%84"),
            ("A\"b /KÄ", "A%22b%20%2fK%c3%84"),
            ("Ab/cdEfghij==", "Ab/cdEfghij%3D%3D"),
            ("Ab-cd~ef_gh.ij+k=", "Ab-cd~ef_gh.ij%2Bk%3D"),
            ("Ab cd(Ef)gh*ij!", "Ab%20cd%28Ef%29gh%2Aij%21"),
            ("Ab cd(Ef)gh*ij!", "Ab%20cd(Ef)gh*ij!"),
        ] {
            assert!(all(value).contains(&written.to_owned()), "{written}");
        }
        let key = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqG\nshort\n-----END PRIVATE KEY-----";
        assert_eq!(all(key).last().unwrap(), "MIGHAgEAMBMGByqG");
        assert_eq!(
            of_basic(&basic("me", "a:b")).unwrap(),
            ("me".to_owned(), "a:b".to_owned())
        );
    }
}
