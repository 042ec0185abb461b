//! Files with lines `NAME=value`: `.env`, and what `env_file` names.
//!
//! Read as Compose does, which is more lenient than the crates for `.env` files: values may hold blanks without
//! quotes, and a name alone takes its value from outside.

use std::collections::HashMap;

/// One line that sets something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// From 1.
    pub number: usize,
    pub name: String,
    /// `None`: a name alone.
    pub value: Option<Value>,
}

/// What stands behind the `=`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Value {
    pub text: String,
    /// It stood in single quotes, so variables in it stay as they are.
    pub literal: bool,
}

/// The lines of a file; the number of each line that cannot be read is in the second list.
pub(super) fn parse(text: &str) -> (Vec<Line>, Vec<usize>) {
    let (mut lines, mut bad) = (Vec::new(), Vec::new());
    let mut rest = text.lines().enumerate();
    while let Some((i, line)) = rest.next() {
        let line = line.trim_start_matches('\u{feff}').trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").map_or(line, str::trim_start);
        let (name, value) = match line.split_once(['=', ':']) {
            Some((name, value)) => (name.trim(), Some(value.trim().to_owned())),
            None => (line, None),
        };
        let valid = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '-');
        if name.is_empty() || !name.chars().all(valid) {
            bad.push(i + 1);
            continue;
        }
        let value = match value {
            None => None,
            Some(mut value) => {
                let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
                // A quoted value may go on in the lines that follow.
                while quote.is_some_and(|quote| end(&value, quote).is_none()) {
                    let Some((_, more)) = rest.next() else { break };
                    value.push('\n');
                    value.push_str(more);
                }
                match read(&value, quote) {
                    Some(value) => Some(value),
                    None => {
                        bad.push(i + 1);
                        continue;
                    }
                }
            }
        };
        lines.push(Line {
            number: i + 1,
            name: name.to_owned(),
            value,
        });
    }
    (lines, bad)
}

/// The same of a file whose values count as they stand, with their quotes and all (`format: raw`).
pub(super) fn parse_raw(text: &str) -> (Vec<Line>, Vec<usize>) {
    let (mut lines, mut bad) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim_start_matches('\u{feff}');
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let (name, text) = line.split_once('=').unzip();
        let name = name.unwrap_or(line).trim();
        if name.is_empty() || name.contains(char::is_whitespace) {
            bad.push(number);
            continue;
        }
        lines.push(Line {
            number,
            name: name.to_owned(),
            value: text.map(|text| Value {
                text: text.to_owned(),
                literal: true,
            }),
        });
    }
    (lines, bad)
}

/// The values of a file whose variables are filled in with nothing but what is known.
pub(super) fn plain(text: &str) -> HashMap<String, String> {
    let lines = parse(text).0.into_iter();
    lines
        .filter_map(|line| Some((line.name, line.value?.text)))
        .collect()
}

/// Where the quoted text at the beginning ends.
fn end(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices()
        .skip(1)
        .find(|(_, c)| {
            let closes = *c == quote && !escaped;
            escaped = *c == '\\' && quote == '"' && !escaped;
            closes
        })
        .map(|(at, _)| at)
}

fn read(text: &str, quote: Option<char>) -> Option<Value> {
    let Some(quote) = quote else {
        // A comment begins after a blank.
        let comment = text.find(" #").or(text.find("\t#"));
        let text = text[..comment.unwrap_or(text.len())].trim_end();
        return Some(Value {
            text: if text.starts_with('#') { "" } else { text }.to_owned(),
            literal: false,
        });
    };
    let inner = &text[1..end(text, quote)?];
    let text = match quote {
        '\'' => inner.to_owned(),
        _ => unescape(inner),
    };
    Some(Value {
        text,
        literal: quote == '\'',
    })
}

fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('r') => out.push('\r'),
                Some('t') => out.push('\t'),
                Some('$') => out.push_str("$$"),
                Some(c @ ('"' | '\\')) => out.push(c),
                Some(c) => out.extend(['\\', c]),
                None => out.push('\\'),
            },
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_lines_are_taken_as_they_stand() {
        let (lines, bad) = parse_raw("# only\nA='b $C' # d\n\nB\n =1\nC==\n");
        let told: Vec<_> = lines
            .iter()
            .map(|line| {
                let value = line.value.as_ref();
                assert!(value.is_none_or(|value| value.literal));
                (
                    line.number,
                    &line.name[..],
                    value.map(|value| &value.text[..]),
                )
            })
            .collect();
        let expected = [
            (2, "A", Some("'b $C' # d")),
            (4, "B", None),
            (6, "C", Some("=")),
        ];
        assert_eq!((told, bad), (expected.to_vec(), vec![5]));
    }

    #[test]
    fn lines_are_read_as_compose_reads_them() {
        let cases: [(&str, Option<&str>); 13] = [
            ("A=b", Some("b")),
            ("export A=b", Some("b")),
            ("A = b c  # said", Some("b c")),
            ("A=b#c", Some("b#c")),
            ("A: b", Some("b")),
            ("A=\"b # c\" # d", Some("b # c")),
            ("A='b $C'", Some("b $C")),
            ("A=\"x\\ny\"", Some("x\ny")),
            ("A=\"x\ny\"", Some("x\ny")),
            ("A=\"x \\\"y\\\"\"", Some("x \"y\"")),
            ("A=", Some("")),
            ("A= # nothing", Some("")),
            ("A", None),
        ];
        for (text, expected) in cases {
            let (lines, bad) = parse(text);
            assert!(bad.is_empty(), "{text}");
            assert_eq!(lines[0].name, "A", "{text}");
            let value = lines[0].value.as_ref();
            assert_eq!(value.map(|v| v.text.as_str()), expected, "{text}");
        }
        let (lines, bad) = parse("# only\n\nA=1\n=2\nB=\"open\n");
        assert_eq!((lines.len(), bad), (1, vec![4, 5]));
    }
}
