//! The commands by which a client works with savepoints.

/// PostgreSQL looks at no more of a name.
const NAME_BYTES: usize = 63;

/// What is done with a savepoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Set,
    Release,
    RollBackTo,
}

/// A command that does something with a savepoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) deed: Deed,
    pub(super) name: String,
}

impl Command {
    /// The command that a text is; `None`: it is another one, or several.
    pub(super) fn read(text: &[u8]) -> Option<Command> {
        let mut words = Words(std::str::from_utf8(text).ok()?);
        let deed = match words.next()? {
            Word::Bare(word) => match word.as_str() {
                "savepoint" => Deed::Set,
                "release" => Deed::Release,
                "rollback" => Deed::RollBackTo,
                _ => return None,
            },
            _ => return None,
        };
        let mut word = words.next()?;
        if deed == Deed::RollBackTo {
            if word.is("work") || word.is("transaction") {
                word = words.next()?;
            }
            if !word.is("to") {
                return None;
            }
            word = words.next()?;
        }
        if deed != Deed::Set && word.is("savepoint") {
            word = words.next()?;
        }
        let name = word.name()?;
        words
            .all(|more| more == Word::End)
            .then_some(Command { deed, name })
    }
}

/// A word of a command.
#[derive(Debug, PartialEq, Eq)]
enum Word {
    /// In lower case.
    Bare(String),
    Quoted(String),
    /// A semicolon.
    End,
    Other,
}

impl Word {
    fn is(&self, keyword: &str) -> bool {
        matches!(self, Word::Bare(word) if word == keyword)
    }

    fn name(self) -> Option<String> {
        let (Word::Bare(mut name) | Word::Quoted(mut name)) = self else {
            return None;
        };
        name.truncate(name.floor_char_boundary(NAME_BYTES));
        Some(name)
    }
}

/// The words of a text, without its comments.
struct Words<'t>(&'t str);

impl Iterator for Words<'_> {
    type Item = Word;

    fn next(&mut self) -> Option<Word> {
        self.0 = without_comments(self.0);
        let first = self.0.chars().next()?;
        let (word, rest) = match first {
            ';' => (Word::End, &self.0[1..]),
            '"' => quoted(&self.0[1..]).unwrap_or((Word::Other, "")),
            'a'..='z' | 'A'..='Z' | '_' | '\u{80}'.. => {
                let ends =
                    |c: char| c.is_ascii() && !c.is_ascii_alphanumeric() && !"_$".contains(c);
                let (word, rest) = self.0.split_at(self.0.find(ends).unwrap_or(self.0.len()));
                (Word::Bare(word.to_ascii_lowercase()), rest)
            }
            _ => (Word::Other, &self.0[first.len_utf8()..]),
        };
        self.0 = rest;
        Some(word)
    }
}

/// A name up to its closing quote, and what follows. A quote in it is written twice.
fn quoted(text: &str) -> Option<(Word, &str)> {
    let mut name = String::new();
    let mut rest = text;
    loop {
        let (part, after) = rest.split_once('"')?;
        name.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => rest = more,
            None => return Some((Word::Quoted(name), after)),
        }
        name.push('"');
    }
}

/// A text from its first word on.
fn without_comments(text: &str) -> &str {
    let mut text = text.trim_start();
    loop {
        let rest = match text.strip_prefix("--") {
            Some(comment) => comment.split_once('\n').map_or("", |(_, rest)| rest),
            None => match text
                .strip_prefix("/*")
                .and_then(|body| body.split_once("*/"))
            {
                // One within another ends later.
                Some((body, rest)) if !body.contains("/*") => rest,
                _ => return text,
            },
        };
        text = rest.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_known_by_its_words() {
        let check = |text: &str, expected: Option<(Deed, &str)>| {
            let found = Command::read(text.as_bytes());
            let found = found.as_ref().map(|one| (one.deed, one.name.as_str()));
            assert_eq!(found, expected, "{text:?}");
        };
        let (set, release, back) = (Deed::Set, Deed::Release, Deed::RollBackTo);
        check("savepoint s", Some((set, "s")));
        check(" SAVEPOINT  Sp_1 ; ", Some((set, "sp_1")));
        check("SAVEPOINT \"s139_x\"", Some((set, "s139_x")));
        check("SAVEPOINT \"A \"\"b\"", Some((set, "A \"b")));
        check("savepoint über$1", Some((set, "über$1")));
        check("release s", Some((release, "s")));
        check("RELEASE SAVEPOINT s;", Some((release, "s")));
        check("rollback to s", Some((back, "s")));
        check("ROLLBACK TO SAVEPOINT \"s\"", Some((back, "s")));
        check("rollback work to savepoint s", Some((back, "s")));
        check("rollback transaction to s", Some((back, "s")));
        let comments = "/* a */ -- b\nrollback to/* c */s /*traceparent='00-1'*/";
        check(comments, Some((back, "s")));
        for other in [
            "",
            "rollback",
            "rollback and chain",
            "rollback prepared 's'",
            "savepoint",
            "savepoint s; select 1",
            "savepoint u&\"s\"",
            "savepoint \"s",
            "/* a /* b */ savepoint s",
            "/* never ends savepoint s",
            "release savepoint",
            "savepoint 1s",
            "insert into savepoint values (1)",
        ] {
            check(other, None);
        }
        let long = format!("savepoint {}", "ü".repeat(40));
        check(&long, Some((set, &"ü".repeat(31))));
    }
}
