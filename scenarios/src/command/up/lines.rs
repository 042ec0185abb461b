//! The lines that somebody types, or that a script gives.

use super::words::WORDS;
use crate::command::RUNS;
use crate::language;
use indexmap::IndexMap;
use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::Validator;
use rustyline::{Context, Editor, ExternalPrinter, Helper};
use shakedown_harness::problem::Place;
use shakedown_harness::stack::{Entity, Stack};
use std::collections::BTreeSet;
use std::io::IsTerminal;
use std::path::Path;
use tokio::io::{AsyncBufReadExt, BufReader, Stdin};
use tokio::sync::mpsc;

/// What stands before the cursor.
const PROMPT: &str = "shakedown> ";
/// How a script is called, which has no name.
const SCRIPT: &str = "standard input";
/// Where the lines of earlier times are kept, among the folders of runs.
const HISTORY: &str = "up-history";

/// Where lines come from.
pub enum Lines {
    /// Somebody at a terminal: each line is asked for.
    Prompt {
        ask: std::sync::mpsc::Sender<()>,
        typed: mpsc::UnboundedReceiver<Option<String>>,
        /// Whether a line was asked for that has not come.
        asked: bool,
        /// Prints above the line that is being typed.
        printer: Box<dyn ExternalPrinter + Send>,
    },
    /// A script, and how many of its lines were read.
    Script(tokio::io::Lines<BufReader<Stdin>>, usize),
}

impl Lines {
    /// Those of a terminal with completion and history, or of standard input.
    pub fn open(stack: &Stack) -> Lines {
        let script = || Lines::Script(BufReader::new(tokio::io::stdin()).lines(), 0);
        if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
            return script();
        }
        prompt(Known::new(stack)).unwrap_or_else(|_| script())
    }

    /// Whether somebody types.
    pub fn is_prompt(&self) -> bool {
        matches!(self, Lines::Prompt { .. })
    }

    /// The next line; `None` at the end. May be dropped and called again without losing one.
    pub async fn next(&mut self) -> Option<String> {
        match self {
            Lines::Prompt {
                ask, typed, asked, ..
            } => {
                if !*asked {
                    ask.send(()).ok()?;
                    *asked = true;
                }
                let line = typed.recv().await.flatten();
                *asked = false;
                line
            }
            Lines::Script(lines, read) => {
                let line = lines.next_line().await.ok().flatten();
                *read += usize::from(line.is_some());
                line
            }
        }
    }

    /// Where a script's last line stands; `None` where somebody types.
    pub fn place(&self) -> Option<Place> {
        match self {
            Lines::Prompt { .. } => None,
            Lines::Script(_, read) => Some(Place::new(Path::new(SCRIPT), *read, 1)),
        }
    }

    /// Prints a line.
    pub fn print(&mut self, text: &str) {
        match self {
            Lines::Prompt { printer, .. } => drop(printer.print(format!("{text}\n"))),
            Lines::Script(..) => say!("{text}"),
        }
    }
}

fn prompt(known: Known) -> Result<Lines, ReadlineError> {
    let mut editor: Editor<Known, DefaultHistory> = Editor::new()?;
    editor.set_helper(Some(known));
    let file = Path::new(RUNS).join(HISTORY);
    // There is none the first time.
    let _ = editor.load_history(&file);
    let printer = Box::new(editor.create_external_printer()?);
    let (ask, asked) = std::sync::mpsc::channel();
    let (give, typed) = mpsc::unbounded_channel();
    // The editor blocks, and is left where it is when the run ends first.
    std::thread::spawn(move || {
        let mut dropped = false;
        while asked.recv().is_ok() {
            let line = loop {
                match editor.readline(PROMPT) {
                    Ok(line) => {
                        let _ = editor.add_history_entry(&line);
                        let _ = editor.append_history(&file);
                        break Some(line);
                    }
                    // As in a shell, the first one drops the line.
                    Err(ReadlineError::Interrupted) if !dropped => {
                        dropped = true;
                        say!("Ctrl-C once more, Ctrl-D or `down` takes the stack down");
                    }
                    Err(_) => break None,
                }
            };
            dropped = false;
            let end = line.is_none();
            if give.send(line).is_err() || end {
                return;
            }
        }
    });
    Ok(Lines::Prompt {
        ask,
        typed,
        asked: false,
        printer,
    })
}

/// What a line can be completed to: words, phrases, and the names of the stack.
struct Known {
    /// With a capital between quotes for a name.
    lines: Vec<&'static str>,
    /// Each with the words that stand before a name of its kind; none where it begins the line.
    names: BTreeSet<(&'static str, String)>,
}

impl Known {
    fn new(stack: &Stack) -> Known {
        let words = WORDS.iter().map(|(word, _)| *word);
        let phrases = language::phrases();
        let phrases = phrases.iter().map(|phrase| phrase.pattern);
        let calls = stack.calls.values();
        let links = calls.map(|call| format!("{} -> {}", call.client, call.service));
        let statuses = stack.entities.values().flat_map(Entity::statuses);
        let statuses: Vec<String> = statuses.map(str::to_owned).collect();
        let (calls, services) = (names(&stack.calls), names(&stack.services));
        let kinds = [
            ("call ", calls.clone()),
            ("answer to ", calls.clone()),
            ("after ", calls.clone()),
            ("before ", calls),
            ("link ", links.collect()),
            ("service ", services.clone()),
            ("second ", services.clone()),
            ("disk of ", services.clone()),
            ("connection to ", services),
            ("operation ", names(&stack.operations)),
            ("reaches ", statuses),
            ("", names(&stack.workloads)),
            ("", names(&stack.invariants)),
        ];
        let each = |(before, names): (&'static str, Vec<String>)| {
            names.into_iter().map(move |name| (before, name))
        };
        Known {
            lines: words.chain(phrases).collect(),
            names: kinds.into_iter().flat_map(each).collect(),
        }
    }

    /// From where what stands before the cursor can be replaced, and by what.
    fn completions(&self, before: &str) -> (usize, Vec<String>) {
        let quoted = before.matches('"').count() % 2 == 1;
        let Some(quote) = before.rfind('"').filter(|_| quoted) else {
            let lines = self.lines.iter();
            return (0, lines.filter_map(|line| finished(line, before)).collect());
        };
        let (place, begun) = (&before[..quote], &before[quote + 1..]);
        let names = self.names.iter().filter(|(words, name)| {
            let here = match words.is_empty() {
                true => place.is_empty(),
                false => place.ends_with(words),
            };
            here && name.starts_with(begun)
        });
        (
            quote + 1,
            names.map(|(_, name)| format!("{name}\"")).collect(),
        )
    }
}

fn names<T>(of: &IndexMap<String, T>) -> Vec<String> {
    of.keys().cloned().collect()
}

/// A line in the words of a pattern that begins with `begun`, where any name may stand between quotes.
fn finished(pattern: &str, begun: &str) -> Option<String> {
    let mut rest = pattern.split('"');
    let mut typed = begun.split('"').enumerate().peekable();
    while let Some((i, typed_part)) = typed.next() {
        let part = rest.next()?;
        let name = i % 2 == 1;
        match typed.peek() {
            Some(_) if name || part == typed_part => {}
            None => {
                let more = part.strip_prefix(typed_part)?;
                let rest: String = rest.map(|part| format!("\"{part}")).collect();
                return Some(format!("{begun}{more}{rest}"));
            }
            Some(_) => return None,
        }
    }
    None
}

impl Completer for Known {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        cursor: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.completions(&line[..cursor]))
    }
}

impl Hinter for Known {
    type Hint = String;
}
impl Highlighter for Known {}
impl Validator for Known {}
impl Helper for Known {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_completed_in_quotes_and_phrases_elsewhere() {
        let known = Known {
            lines: vec!["help", "the call \"C\" hangs", "the link \"L\" is cut"],
            names: [
                ("call ", "upload scores"),
                ("service ", "site"),
                ("", "submit"),
            ]
            .map(|(before, name)| (before, name.to_owned()))
            .into(),
        };
        for (begun, from, expected) in [
            ("he", 0, "help"),
            ("the ca", 0, "the call \"C\" hangs"),
            ("the call \"up", 10, "upload scores\""),
            ("the service \"", 13, "site\""),
            ("\"", 1, "submit\""),
            (
                "the call \"upload scores\" ha",
                0,
                "the call \"upload scores\" hangs",
            ),
            ("the link \"a -> b\"", 0, "the link \"a -> b\" is cut"),
        ] {
            let expected = (from, vec![expected.to_owned()]);
            assert_eq!(known.completions(begun), expected, "{begun}");
        }
        for nothing in ["the call \"x\" up", "foo", "the link \"x", "the call \"si"] {
            assert_eq!(known.completions(nothing).1, [""; 0], "{nothing}");
        }
    }
}
