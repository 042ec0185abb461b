//! Text from elsewhere on a terminal: bytes of a body may be anything, and a terminal obeys some of them.

use std::fmt::Write;

/// The text with its control characters spelt out, but for the ends of its lines.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() && c != '\n' {
            true => drop(write!(out, "{}", c.escape_default())),
            false => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_spelt_out() {
        let cases = [
            ("plain ✓\nnext", "plain ✓\nnext"),
            ("a\u{1b}[2Jb", "a\\u{1b}[2Jb"),
            ("\r\t\u{7f}\u{9b}\0", "\\r\\t\\u{7f}\\u{9b}\\u{0}"),
        ];
        for (text, expected) in cases {
            assert_eq!(printable(text), expected);
        }
    }
}
