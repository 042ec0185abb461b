//! Command lines.

/// Splits a command line into words: blanks between them, quotes around them, a backslash before one character.
pub(super) fn split(text: &str) -> Option<Vec<String>> {
    let (mut words, mut word, mut quote, mut chars) =
        (Vec::new(), None::<String>, None, text.chars());
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().push(chars.next()?),
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_command_line_is_split_as_a_shell_would() {
        let cases: [(&str, Option<&[&str]>); 6] = [
            ("a  b", Some(&["a", "b"])),
            ("sh -c 'echo \"a b\"'", Some(&["sh", "-c", "echo \"a b\""])),
            ("a\\ b \"c\\\"d\"", Some(&["a b", "c\"d"])),
            ("''", Some(&[""])),
            ("", Some(&[])),
            ("'open", None),
        ];
        for (text, expected) in cases {
            assert_eq!(
                split(text).as_deref(),
                expected
                    .map(|w| w.iter().map(|s| s.to_string()).collect::<Vec<_>>())
                    .as_deref(),
                "{text}"
            );
        }
    }
}
