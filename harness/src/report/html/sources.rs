//! What the files of the user say: the keyword of a step, the text of an invariant. Files that are gone or have changed
//! are no reason to have no report.

use crate::plan::Planned;
use crate::problem::Place;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// So many lines of an invariant are shown.
const MAX_LINES: usize = 40;

/// Files that have been read.
#[derive(Default)]
pub(super) struct Sources {
    files: HashMap<PathBuf, Vec<String>>,
}

impl Sources {
    fn lines(&mut self, file: &Path) -> &[String] {
        self.files.entry(file.to_owned()).or_insert_with(|| {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            text.lines().map(str::to_owned).collect()
        })
    }

    /// `Given`, `When`, `And`: what stands before a step's words.
    pub fn keyword(&mut self, step: &Planned) -> Option<String> {
        let lines = self.lines(&step.place.file);
        let line = lines.get(step.place.line.checked_sub(1)?)?.trim();
        let (keyword, rest) = line.split_once(' ')?;
        // In an outline, the words have values where the line has names.
        let begins = |n: usize| step.text.chars().take(n).eq(rest.trim().chars().take(n));
        let plain = rest.find('<').unwrap_or(rest.len()).min(8);
        begins(plain).then(|| keyword.to_owned())
    }

    /// An entry of a map in YAML, from its key to its end, as it stands there.
    pub fn entry(&mut self, place: &Place) -> Option<String> {
        let lines = self.lines(&place.file);
        let first = place.line.checked_sub(1)?;
        let indent = |line: &str| line.len() - line.trim_start().len();
        let own = indent(lines.get(first)?);
        let belongs = |line: &&String| !line.trim().is_empty() && indent(line) > own;
        let rest = lines[first + 1..].iter().take_while(belongs);
        let all = std::iter::once(&lines[first]).chain(rest).take(MAX_LINES);
        let all: Vec<&str> = all.map(|line| line.get(own..).unwrap_or(line)).collect();
        Some(all.join("\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Step;

    #[test]
    fn an_entry_is_all_that_stands_further_in() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("s.yaml");
        let text = "invariants:\n  a: {never: x}\n  b:\n    when: x\n    then: y\n\n  # about c\n  c: {always: y}\n";
        std::fs::write(&file, text).unwrap();
        let mut sources = Sources::default();
        let mut entry = |line| sources.entry(&Place::new(&file, line, 3));
        assert_eq!(entry(2).as_deref(), Some("a: {never: x}"));
        assert_eq!(entry(3).as_deref(), Some("b:\n  when: x\n  then: y"));
        assert_eq!(entry(8).as_deref(), Some("c: {always: y}"));
        assert_eq!(entry(90), None);
        let gone = Place::new(&folder.path().join("gone"), 1, 1);
        assert_eq!(sources.entry(&gone), None);
    }

    #[test]
    fn a_keyword_is_told_only_where_the_step_still_stands() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.feature");
        std::fs::write(
            &file,
            "  Given the stack \"s\"\n  And \"buy\" runs <n> times\n",
        )
        .unwrap();
        let mut sources = Sources::default();
        let mut keyword = |text: &str, line| {
            sources.keyword(&Planned {
                step: Step::Heal,
                text: text.to_owned(),
                place: Place::new(&file, line, 3),
            })
        };
        assert_eq!(keyword("the stack \"s\"", 1).as_deref(), Some("Given"));
        assert_eq!(keyword("\"buy\" runs 3 times", 2).as_deref(), Some("And"));
        assert_eq!(keyword("all faults are healed", 2), None);
    }
}
