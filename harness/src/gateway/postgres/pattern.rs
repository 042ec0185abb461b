//! Which statements a fault is about.

use super::savepoint::Command;
use std::sync::Arc;

/// The most characters of a statement that are told.
const TOLD_CHARACTERS: usize = 200;

/// What a statement must contain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Needle(String);

/// The text of a statement, as its client wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(Arc<[u8]>);

impl Needle {
    /// Case and runs of white space do not count.
    pub fn new(text: &str) -> Needle {
        Needle(plain(text.as_bytes()))
    }

    /// Whether a statement contains it.
    pub fn is_in(&self, text: &Text) -> bool {
        plain(&text.0).contains(&self.0)
    }
}

impl Text {
    /// This one.
    pub fn new(bytes: &[u8]) -> Text {
        Text(bytes.into())
    }

    /// What it does with a savepoint, if that is all.
    pub(super) fn savepoint(&self) -> Option<Command> {
        Command::read(&self.0)
    }

    /// Its beginning, for people.
    pub fn told(&self) -> String {
        let text = String::from_utf8_lossy(&self.0);
        text.chars().take(TOLD_CHARACTERS).collect()
    }
}

/// In lower case, with one space for each run of white space, and none around it.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_runs_of_white_space_do_not_count() {
        let check = |needle: &str, text: &str, expected| {
            let found = Needle::new(needle).is_in(&Text::new(text.as_bytes()));
            assert_eq!(found, expected, "{needle:?} in {text:?}");
        };
        check(
            "INSERT INTO jobs",
            "insert  into\n\tJobs (a) values ($1)",
            true,
        );
        check(" insert into jobs ", "insert into jobs", true);
        check("insert into jobs", "insert into job", false);
        check("insert into jobs", "insertinto jobs", false);
        check("über", "select 'ÜBER'", true);
        check("", "select 1", true);
    }

    #[test]
    fn only_the_beginning_is_told() {
        let long = "ü".repeat(300);
        assert_eq!(Text::new(long.as_bytes()).told(), "ü".repeat(200));
        assert_eq!(Text::new(b"select 1").told(), "select 1");
    }
}
