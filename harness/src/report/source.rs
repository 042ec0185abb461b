//! What a feature file says around the words of its steps: keywords, which plans do not have, because they are Gherkin's.

use std::path::Path;

/// The lines of a feature file; none where it cannot be read any more.
pub(super) struct Source {
    lines: Vec<String>,
}

impl Source {
    pub fn read(file: &Path) -> Source {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        Source {
            lines: text.lines().map(str::to_owned).collect(),
        }
    }

    /// The line of the feature's name, from 1, and its keyword, in whatever language.
    pub fn feature(&self, name: &str) -> (usize, String) {
        let mut lines = (1..).zip(&self.lines);
        let named = lines.find_map(|(number, line)| {
            let (keyword, rest) = line.trim().split_once(':')?;
            let named = rest.trim() == name && !keyword.starts_with(['#', '@']);
            named.then(|| (number, keyword.to_owned()))
        });
        named.unwrap_or_else(|| (1, "Feature".to_owned()))
    }

    /// What stands before some words in a line: `Given `, `Scenario: `. An asterisk where that is not known.
    pub fn keyword(&self, line: usize, words: &str) -> String {
        let line = line.checked_sub(1).and_then(|i| self.lines.get(i));
        let before = line.and_then(|line| Some(line.split_once(words)?.0.trim_start()));
        match before {
            Some(keyword) if !keyword.is_empty() => keyword.to_owned(),
            // An outline's steps have other words than their lines.
            _ => {
                let first = line.and_then(|line| line.split_whitespace().next());
                format!("{} ", first.unwrap_or("*"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keywords_are_what_the_file_says() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.feature");
        let text = "# language: de\n@x\nFunktionalität: f\n\n  Szenario: s\n    Angenommen the stack \"s\"\n    Wenn \"<w>\" runs\n";
        std::fs::write(&file, text).unwrap();
        let source = Source::read(&file);
        assert_eq!(source.feature("f"), (3, "Funktionalität".to_owned()));
        assert_eq!(source.keyword(5, "s"), "Szenario: ");
        assert_eq!(source.keyword(6, "the stack \"s\""), "Angenommen ");
        assert_eq!(source.keyword(7, "\"submit\" runs"), "Wenn ");
        assert_eq!(Source::read(Path::new("gone")).keyword(7, "x"), "* ");
    }
}
