//! `${VAR}`, `${VAR:-default}` and their like in a compose file.

use super::compose::Reading;
use crate::problem::{Place, Problem};

/// These are filled in by the process runtime, for each run.
const OURS: [&str; 2] = ["SHAKEDOWN_DATA", "SHAKEDOWN_DISK"];

/// A text with its variables filled in from the environment of the harness, or else from `.env`, as Compose does it.
/// `$$` is a dollar sign; one that neither a name nor `{` follows stays.
pub(super) fn fill_in(place: &Place, text: &str, reading: &mut Reading<'_>) -> String {
    let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(at) = rest.find('$') {
        filled.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("$$") {
            filled.push('$');
            rest = after;
        } else if let Some((variable, after)) = variable(rest) {
            match OURS.contains(&variable.name) {
                true => filled.push_str(&rest[..rest.len() - after.len()]),
                false => filled.push_str(&value(place, &variable, reading)),
            }
            rest = after;
        } else {
            if rest.starts_with("${") {
                reading.problems.push(odd(place, text));
            }
            filled.push('$');
            rest = &rest[1..];
        }
    }
    filled + rest
}

/// Compose takes no other `${`, which a shell may well understand.
fn odd(place: &Place, text: &str) -> Problem {
    let what = format!("this is no variable as Compose has them: `{text}`");
    Problem::at(place, what).help(
        "there are `$NAME`, `${NAME}`, and `${NAME` with `:-default}`, `:+text` or `:?message`; write `$$` for a dollar \
         sign that somebody else is to read, such as a shell",
    )
}

/// `$NAME`, or `${NAME}` with what may follow the name: `:-text`, `-text`, `:?text`, `?text`, `:+text`, `+text`.
struct Variable<'t> {
    name: &'t str,
    how: Option<char>,
    /// An empty value counts like one that is not set.
    colon: bool,
    text: &'t str,
}

/// The variable at the beginning of a text, and what comes after it.
fn variable(text: &str) -> Option<(Variable<'_>, &str)> {
    let Some(inner) = text.strip_prefix("${") else {
        let (name, after) = name(&text[1..])?;
        let variable = Variable {
            name,
            how: None,
            colon: false,
            text: "",
        };
        return Some((variable, after));
    };
    let inner = &inner[..end(inner)?];
    let after = &text[inner.len() + 3..];
    let (name, rest) = name(inner)?;
    let colon = rest.starts_with(':');
    let rest = &rest[usize::from(colon)..];
    let how = rest.chars().next();
    match how {
        None if colon => return None,
        Some(how) if !"-?+".contains(how) => return None,
        _ => {}
    }
    let variable = Variable {
        name,
        how,
        colon,
        text: &rest[how.map_or(0, char::len_utf8)..],
    };
    Some((variable, after))
}

/// The name at the beginning of a text, and what comes after it.
fn name(text: &str) -> Option<(&str, &str)> {
    let odd = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    let (name, after) = text.split_at(text.find(odd).unwrap_or(text.len()));
    let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    begins.then_some((name, after))
}

/// Where the `}` is that closes a `${` before the text; defaults may have variables of their own.
fn end(text: &str) -> Option<usize> {
    let mut open = 0;
    for (at, c) in text.char_indices() {
        match c {
            '{' if text[..at].ends_with('$') => open += 1,
            '}' if open == 0 => return Some(at),
            '}' => open -= 1,
            _ => {}
        }
    }
    None
}

fn value(place: &Place, variable: &Variable<'_>, reading: &mut Reading<'_>) -> String {
    let Variable { name, text, .. } = *variable;
    let value = reading
        .variable(name)
        .filter(|value| !(variable.colon && value.is_empty()));
    match (value, variable.how) {
        (Some(_), Some('+')) | (None, Some('-')) => fill_in(place, text, reading),
        (None, Some('+')) => String::new(),
        (Some(value), _) => value,
        (None, Some('?')) => {
            let what = format!("`{name}` must be set in the environment: {text}");
            reading.problems.push(Problem::at(place, what));
            String::new()
        }
        (None, _) => {
            let what =
                format!("`{name}` is not set in the environment, an empty text stands for it");
            let help = format!(
                "set it, also in `.env` beside the compose file, or write `${{{name}:-default}}`"
            );
            reading.warnings.push(Problem::at(place, what).help(help));
            String::new()
        }
    }
}
