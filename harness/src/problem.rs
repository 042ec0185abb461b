//! A mistake in what the user wrote: what, where, and what to do about it.

use std::collections::HashSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A position in a file. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, as the user would name it.
    pub file: Arc<Path>,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Place {
    /// A place in `file`.
    pub fn new(file: &Path, line: usize, column: usize) -> Place {
        Place {
            file: file.into(),
            line,
            column,
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file.display(), self.line, self.column)
    }
}

/// One mistake. A reader of files collects all of them before it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, with the offending value; lower case, no full stop.
    pub what: String,
    /// Where it stands, when it stands in a file.
    pub place: Option<Place>,
    /// What to do: the nearest name, or what would have been accepted.
    pub help: Option<String>,
}

impl Problem {
    /// A problem without help.
    pub fn at(place: &Place, what: impl Into<String>) -> Problem {
        Problem {
            what: what.into(),
            place: Some(place.clone()),
            help: None,
        }
    }

    /// A problem with a whole file, for example one that is missing.
    pub fn with_file(file: &Path, what: impl Into<String>) -> Problem {
        Problem {
            what: format!("{}: {}", file.display(), what.into()),
            place: None,
            help: None,
        }
    }

    /// A name that nobody declared, with the nearest of the names that exist.
    pub fn unknown<'a>(
        place: &Place,
        noun: &str,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Problem {
        Problem::at(place, format!("unknown {noun} `{name}`")).help(suggest(name, known))
    }

    /// The same problem with advice.
    pub fn help(mut self, help: impl Into<String>) -> Problem {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.what)?;
        if let Some(place) = &self.place {
            write!(f, "\n  where: {place}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "\n  help:  {help}")?;
        }
        Ok(())
    }
}

/// All mistakes of one input, in the order of their places.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Adds one.
    pub fn push(&mut self, problem: Problem) {
        self.0.push(problem);
    }

    /// Gives `value` when nothing was wrong.
    ///
    /// # Errors
    /// Gives every problem, sorted by place, when there was any.
    pub fn or<T>(mut self, value: T) -> Result<T, Problems> {
        if self.0.is_empty() {
            return Ok(value);
        }
        self.0.sort_by(|a, b| a.place.cmp(&b.place));
        self.0.dedup();
        Err(self)
    }
}

impl From<Problem> for Problems {
    fn from(problem: Problem) -> Problems {
        Problems(vec![problem])
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, problem) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            writeln!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// Beyond this many names a list no longer helps.
const MAX_LISTED: usize = 12;

/// Advice for a name that does not exist: the nearest one, or the list of what there is, each once.
pub fn suggest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let mut seen = HashSet::new();
    let known: Vec<&str> = known
        .into_iter()
        .filter(|name| seen.insert(*name))
        .collect();
    if let Some(near) = nearest(name, known.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    match known.len() {
        0 => "there are none yet".to_owned(),
        n if n <= MAX_LISTED => format!("there are: `{}`", known.join("`, `")),
        n => format!(
            "there are {n}, among them: `{}`",
            known[..MAX_LISTED].join("`, `")
        ),
    }
}

/// The known name closest to `name`, if any is close enough to be a likely slip.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let score =
        |candidate: &str| strsim::jaro_winkler(&name.to_lowercase(), &candidate.to_lowercase());
    known
        .into_iter()
        .map(|candidate| (score(candidate), candidate))
        .filter(|(score, _)| *score > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// The path as a user standing in the current folder would name it.
pub fn shown(path: &Path) -> PathBuf {
    let here = std::env::current_dir().unwrap_or_default();
    path.strip_prefix(&here)
        .map(Path::to_path_buf)
        .unwrap_or_else(|_| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_gets_the_nearest_or_the_list() {
        let known = ["upload scores", "update status"];
        assert_eq!(
            suggest("upload score", known),
            "did you mean `upload scores`?"
        );
        assert_eq!(
            suggest("zzz", known),
            "there are: `upload scores`, `update status`"
        );
        assert_eq!(suggest("zzz", []), "there are none yet");
        let twice = ["status", "status", "reason", "status"];
        assert_eq!(suggest("zzz", twice), "there are: `status`, `reason`");
    }

    #[test]
    fn problems_come_sorted_by_place_and_once() {
        let at = |line| Problem::at(&Place::new(Path::new("a.yaml"), line, 1), "bad");
        let problems = Problems(vec![at(9), at(2), at(9)]);
        assert_eq!(problems.or(()).unwrap_err().0, vec![at(2), at(9)]);
    }
}
