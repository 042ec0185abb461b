//! `log: worker, pattern: '...'`: the lines that a service writes, each of them once.

use super::poll::sighting;
use super::{Look, Sighting};
use crate::expression::Scope;
use crate::secret::{Line, Secrets};
use crate::stack::{Evidence, Learn};
use async_trait::async_trait;
use regex::Regex;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, SeekFrom};

/// How often it is looked whether there are new lines: the time by which one may be learnt later than it was written.
pub(super) const EVERY: Duration = Duration::from_millis(20);
/// The longest line that is looked at; of a longer one, only its end is.
const LINE_BYTES: usize = 64 * 1024;
/// The most that is read at once, so that a service that floods its log does not fill the memory.
const PIECE_BYTES: u64 = 4 * 1024 * 1024;

pub(super) struct Log {
    /// Every line is looked at by all of them before the next one is.
    rules: Vec<(Learn, Regex)>,
    path: PathBuf,
    /// What was hidden before a line came into the file.
    secrets: Option<Arc<Secrets>>,
    /// How long a line may take from its service to the file.
    lag: Duration,
    /// How much of the file has been read.
    read: u64,
    /// The beginning of a line whose end is still to come.
    begun: Vec<u8>,
    /// Why a line could not be read, by the rule.
    misread: BTreeMap<usize, String>,
}

impl Log {
    pub fn new<'r>(
        rules: impl Iterator<Item = &'r Learn>,
        (path, lag): (PathBuf, Duration),
        secrets: Option<Arc<Secrets>>,
    ) -> Log {
        let with_pattern = |rule: &Learn| {
            let Evidence::Log { pattern, .. } = &rule.evidence else {
                panic!(
                    "a log observer is made from log rules, not from {:?}",
                    rule.evidence
                );
            };
            let pattern = Regex::new(pattern).expect("it was tried when the stack was read");
            (rule.clone(), pattern)
        };
        Log {
            rules: rules.map(with_pattern).collect(),
            path,
            secrets,
            lag,
            read: 0,
            begun: Vec::new(),
            misread: BTreeMap::new(),
        }
    }

    /// What the file has now, beyond what was read.
    async fn open(&self) -> std::io::Result<Option<(File, u64)>> {
        let mut file = match File::open(&self.path).await {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let length = file.metadata().await?.len();
        file.seek(SeekFrom::Start(self.read)).await?;
        Ok(Some((file, length)))
    }

    /// The lines that a piece of the file completes.
    async fn piece(&mut self, file: &mut File) -> std::io::Result<String> {
        let mut piece = file.take(PIECE_BYTES);
        self.read += piece.read_to_end(&mut self.begun).await? as u64;
        let complete = self.begun.iter().rposition(|byte| *byte == b'\n');
        let complete: Vec<u8> = match complete {
            Some(end) => self.begun.drain(..=end).collect(),
            None => Vec::new(),
        };
        let excess = self.begun.len().saturating_sub(LINE_BYTES);
        self.begun.drain(..excess);
        Ok(String::from_utf8_lossy(&complete).into_owned())
    }

    /// What one line says.
    fn read(&mut self, line: &str) -> Vec<Sighting> {
        let line = match &self.secrets {
            Some(secrets) => secrets.line(line),
            None => Line::of(line),
        };
        let mut sightings = Vec::new();
        for (by, (rule, pattern)) in self.rules.iter().enumerate() {
            match read(rule, pattern, &line) {
                Ok(seen) => sightings.extend(seen.map(|seen| Sighting { by, ..seen })),
                Err(why) => {
                    let why = format!("{why}, in the line `{}`", line.shown());
                    self.misread.insert(by, why);
                }
            }
        }
        sightings
    }
}

/// What a line says to a rule.
fn read(rule: &Learn, pattern: &Regex, line: &Line<'_>) -> Result<Option<Sighting>, String> {
    let Some(found) = pattern.captures(line.text()) else {
        return Ok(None);
    };
    let part = |name| Some(line.part(found.name(name)?.range()));
    let mut scope = Scope::new();
    scope.set("line", &Value::from(line.shown()));
    for name in pattern.capture_names().flatten() {
        // A group that took no part in the match is an empty text.
        scope.set(name, &Value::from(part(name).unwrap_or_default()));
    }
    sighting(rule, &scope, part("id").as_deref())
}

#[async_trait]
impl Look for Log {
    async fn look(&mut self) -> Result<Vec<Sighting>, String> {
        let path = self.path.display().to_string();
        let unreadable = |error| format!("{path}: {error}");
        let mut sightings = Vec::new();
        let Some((mut file, length)) = self.open().await.map_err(unreadable)? else {
            return Ok(sightings);
        };
        while self.read < length {
            let lines = self.piece(&mut file).await.map_err(unreadable)?;
            for line in lines.lines() {
                sightings.extend(self.read(line));
            }
        }
        Ok(sightings)
    }

    fn misread(&mut self) -> Vec<(usize, String)> {
        std::mem::take(&mut self.misread).into_iter().collect()
    }

    fn misses_nothing(&self) -> bool {
        true
    }

    fn lag(&self) -> Duration {
        self.lag
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::Expression;
    use crate::problem::Place;
    use indexmap::IndexMap;
    use std::io::Write;
    use std::path::Path;

    /// A rule on the log of a worker; it sets nothing yet.
    fn rule(pattern: &str) -> Learn {
        Learn {
            place: Place::new(Path::new("shakedown.yaml"), 1, 1),
            evidence: Evidence::Log {
                service: "worker".to_owned(),
                pattern: pattern.to_owned(),
            },
            when: None,
            id: None,
            set: IndexMap::new(),
            event: None,
            gone: None,
        }
    }

    #[tokio::test]
    async fn each_line_is_read_once_and_only_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("worker.log");
        let rule = Learn {
            when: Some(Expression::parse("phase != ''").unwrap()),
            set: IndexMap::from([("phase".to_owned(), Expression::parse("phase").unwrap())]),
            ..rule(r"job=(?<id>\d+)(?: phase=(?<phase>\w+))?")
        };
        let mut log = Log::new(std::iter::once(&rule), (path.clone(), Duration::ZERO), None);
        let mut told = async || -> Vec<String> {
            let seen = log.look().await.unwrap();
            seen.iter()
                .map(|s| format!("{} {}", s.id, s.set["phase"]))
                .collect()
        };
        assert!(told().await.is_empty(), "there is no file yet");
        let mut file = std::fs::File::create(&path).unwrap();
        let mut write = |text: &str| file.write_all(text.as_bytes()).unwrap();
        write("up\njob=7 phase=run\njob=7 phase=run\njob=8\njob=9 ph");
        assert_eq!(told().await, ["7 \"run\"", "7 \"run\""]);
        assert!(told().await.is_empty());
        write("ase=end\r\n");
        assert_eq!(told().await, ["9 \"end\""]);
    }

    #[tokio::test]
    async fn a_line_that_cannot_be_read_takes_no_other_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("worker.log");
        let rule = Learn {
            when: Some(Expression::parse("int(n) > 3").unwrap()),
            event: Some("stored".to_owned()),
            ..rule(r"job=(?<id>\d+) n=(?<n>\w+)")
        };
        let mut log = Log::new(std::iter::once(&rule), (path.clone(), Duration::ZERO), None);
        std::fs::write(&path, "job=1 n=oops\njob=2 n=7\n").unwrap();
        let seen = log.look().await.unwrap();
        assert_eq!(seen.iter().map(|s| &s.id[..]).collect::<Vec<_>>(), ["2"]);
        let (by, misread) = log.misread().remove(0);
        assert_eq!(by, 0);
        assert!(misread.ends_with("in the line `job=1 n=oops`"), "{misread}");
        assert!(log.misread().is_empty());
    }

    #[tokio::test]
    async fn what_was_hidden_is_found_and_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("worker.log");
        let rule = Learn {
            set: IndexMap::from([("line".to_owned(), Expression::parse("line").unwrap())]),
            ..rule(r"token=(?<id>[0-9a-f]+) at (?<at>\S+)")
        };
        let secrets = Arc::new(Secrets::new(Default::default(), Default::default()));
        secrets.body(r#"{"access_token": "0123456789abcdef"}"#);
        std::fs::write(&path, "token=[redacted 1] at 7\ntoken=fedcba98 at 7\n").unwrap();
        let mut log = Log::new(
            std::iter::once(&rule),
            (path, Duration::ZERO),
            Some(secrets),
        );
        let seen = log.look().await.unwrap();
        let told: Vec<_> = seen.iter().map(|s| (&s.id[..], &s.set["line"])).collect();
        let expected = [
            ("[redacted 1]", &"token=[redacted 1] at 7".into()),
            ("fedcba98", &"token=fedcba98 at 7".into()),
        ];
        assert_eq!(told, expected);
    }

    #[tokio::test]
    async fn lines_are_told_in_their_order_whatever_rules_they_match() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("worker.log");
        let rule = |word: &str| Learn {
            event: Some(word.to_owned()),
            ..rule(&format!(r"job=(?<id>\d+) .*{word}"))
        };
        let rules = [rule("published"), rule("uploaded")];
        let lines = "job=1 uploaded\njob=1 published\njob=2 uploaded and published\n";
        std::fs::write(&path, lines).unwrap();
        let mut log = Log::new(rules.iter(), (path, Duration::ZERO), None);
        let seen = log.look().await.unwrap();
        let told: Vec<_> = seen.iter().map(|s| (&s.id[..], s.by)).collect();
        assert_eq!(told, [("1", 1), ("1", 0), ("2", 0), ("2", 1)]);
    }
}
