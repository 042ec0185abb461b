//! The values that are known, each with its number, and the search for all of them at once.

use super::spelling;
use aho_corasick::{AhoCorasick, MatchKind};
use std::collections::HashMap;
use std::ops::Range;

/// So many values that come by while a stack runs are searched for: each costs a rebuild of the search.
const MAX_LEARNT: usize = 2000;
/// So many values have numbers; those that follow stand for nobody.
const MAX_NUMBERED: usize = 20_000;
/// The newest spellings are searched for by themselves, until there are so many.
const MAX_NEW: usize = 64;
/// A shorter beginning of a secret at the end of a text that was cut tells nothing.
const MIN_CUT_BYTES: usize = 4;

/// All that is known.
#[derive(Default)]
pub(super) struct Known {
    numbers: HashMap<String, usize>,
    /// The same values by their numbers, from 1 on.
    values: Vec<String>,
    /// What is searched for: a spelling and the number of its value.
    needles: Vec<(String, usize)>,
    searched: HashMap<String, usize>,
    old: Search,
    new: Search,
    /// How many needles there were when the stack began to run.
    early: Option<usize>,
    learnt: usize,
    overflow: bool,
}

/// A search for some of the needles, from one on.
#[derive(Default)]
struct Search {
    from: usize,
    search: Option<AhoCorasick>,
}

impl Search {
    fn of(from: usize, needles: &[(String, usize)]) -> Search {
        Search {
            from,
            search: search(needles.iter().map(|(needle, _)| needle.as_str())),
        }
    }
}

/// A search for texts, the longest first; `None` for none.
fn search<'n>(needles: impl Iterator<Item = &'n str>) -> Option<AhoCorasick> {
    let mut needles = needles.peekable();
    needles.peek()?;
    let search = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostLongest)
        .build(needles);
    Some(search.expect("far fewer needles than it can have"))
}

/// How what stands in the place of a value begins.
const NUMBERED: &str = "[redacted ";

/// What stands in the place of a value.
pub(super) fn place(number: Option<usize>) -> String {
    match number {
        Some(number) => format!("{NUMBERED}{number}]"),
        None => "[redacted]".to_owned(),
    }
}

/// Where something stands in the place of a value, and the number of that.
pub(super) fn places(text: &str) -> impl Iterator<Item = (Range<usize>, usize)> {
    text.match_indices(NUMBERED).filter_map(|(start, _)| {
        let digits = start + NUMBERED.len();
        let end = digits + text[digits..].find(']')?;
        Some((start..end + 1, text[digits..end].parse().ok()?))
    })
}

impl Known {
    /// The value that has a number.
    pub fn value(&self, number: usize) -> Option<&str> {
        self.values.get(number.checked_sub(1)?).map(String::as_str)
    }

    /// The number of a value.
    pub fn number(&self, value: &str) -> Option<usize> {
        self.numbers.get(value).copied()
    }

    /// Whether a value is searched for.
    pub fn searches(&self, value: &str) -> bool {
        self.searched.contains_key(value)
    }

    /// The stack begins to run: what is learnt from here on may have been written already.
    pub fn begin(&mut self) {
        self.early = Some(self.needles.len());
        self.merge();
    }

    /// Takes a value, to be searched for or only to have a number. Gives what stands in its place.
    pub fn learn(&mut self, value: &str, searched: bool) -> String {
        let number = match self.number(value) {
            Some(number) => Some(number),
            None if self.numbers.len() < MAX_NUMBERED => {
                let number = self.numbers.len() + 1;
                self.numbers.insert(value.to_owned(), number);
                self.values.push(value.to_owned());
                Some(number)
            }
            None => None,
        };
        if let Some(number) = number.filter(|_| searched && !self.searches(value)) {
            self.search_for(value, number);
        }
        place(number)
    }

    fn search_for(&mut self, value: &str, number: usize) {
        if self.early.is_some() {
            self.overflow |= self.learnt == MAX_LEARNT;
            if self.overflow {
                return;
            }
            self.learnt += 1;
        }
        for spelling in spelling::all(value) {
            if !self.searched.contains_key(&spelling) {
                self.searched.insert(spelling.clone(), number);
                self.needles.push((spelling, number));
            }
        }
        match self.needles.len() - self.new.from > MAX_NEW {
            true => self.merge(),
            false => self.new = Search::of(self.new.from, &self.needles[self.new.from..]),
        }
    }

    fn merge(&mut self) {
        self.old = Search::of(0, &self.needles);
        self.new = Search::of(self.needles.len(), &[]);
    }

    /// The text with all values replaced; `None` where there is none in it.
    pub fn hidden(&self, text: &[u8]) -> Option<Vec<u8>> {
        let old = self.replaced(&self.old, text);
        let new = self.replaced(&self.new, old.as_deref().unwrap_or(text));
        new.or(old)
    }

    fn replaced(&self, with: &Search, text: &[u8]) -> Option<Vec<u8>> {
        let search = with.search.as_ref()?;
        let mut found = search.find_iter(text).peekable();
        found.peek()?;
        let (mut out, mut done) = (Vec::with_capacity(text.len()), 0);
        for found in found {
            let (_, number) = &self.needles[with.from + found.pattern().as_usize()];
            out.extend_from_slice(&text[done..found.start()]);
            out.extend_from_slice(place(Some(*number)).as_bytes());
            done = found.end();
        }
        out.extend_from_slice(&text[done..]);
        Some(out)
    }

    /// Where the beginning of a value stands at the end of a text that was cut.
    pub fn cut(&self, text: &str) -> Option<usize> {
        let end = text.trim_end_matches(['.', '"', '…']);
        let starts = self.needles.iter().filter_map(|(needle, _)| {
            let longest = (needle.len() - 1).min(end.len());
            let lengths = (MIN_CUT_BYTES..=longest).rev();
            let mut fitting =
                lengths.filter(|n| end.as_bytes().ends_with(&needle.as_bytes()[..*n]));
            fitting.next().map(|n| end.len() - n)
        });
        starts.min().filter(|start| text.is_char_boundary(*start))
    }

    /// Finds those in what was written before, in a spelling.
    pub fn late(&self, spelling: &dyn Fn(&str) -> String) -> Option<AhoCorasick> {
        let late = &self.needles[self.early?..];
        let spelt = late.iter().map(|(needle, _)| spelling(needle));
        // Only this kind of search can go through a file.
        let search = || AhoCorasick::new(spelt).expect("far fewer needles than it can have");
        (!late.is_empty()).then(search)
    }

    /// How many values that came by are searched for.
    pub fn learnt(&self) -> usize {
        self.learnt
    }

    /// How many values that came by are searched for, where there were more.
    pub fn overflow(&self) -> Option<usize> {
        self.overflow.then_some(self.learnt)
    }

    /// The longest text that is searched for, in bytes.
    pub fn longest(&self) -> usize {
        let lengths = self.needles.iter().map(|(needle, _)| needle.len());
        lengths.max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(known: &Known, text: &str) -> String {
        match known.hidden(text.as_bytes()) {
            Some(bytes) => String::from_utf8(bytes).unwrap(),
            None => text.to_owned(),
        }
    }

    #[test]
    fn a_value_has_one_number_in_all_its_spellings_and_the_longest_wins() {
        let mut known = Known::default();
        assert_eq!(known.learn("hunter\"22", true), "[redacted 1]");
        known.learn("hunter\"22-and-more", true);
        assert_eq!(known.learn("short", false), "[redacted 3]");
        assert_eq!(
            hidden(&known, r#"hunter"22 hunter\"22-and-more hunter%2222 short"#),
            "[redacted 1] [redacted 2] [redacted 1] short"
        );
        assert_eq!(known.hidden(b"nothing"), None);
    }

    #[test]
    fn many_are_found_as_one_is_and_too_many_are_told() {
        let mut known = Known::default();
        known.learn("value-of-the-stack", true);
        known.begin();
        assert!(known.late(&str::to_owned).is_none());
        for n in 0..MAX_LEARNT + 10 {
            known.learn(&format!("token-{n:06}"), true);
            let latest = hidden(&known, &format!("token-{n:06} value-of-the-stack"));
            match n < MAX_LEARNT {
                true => assert_eq!(latest, format!("[redacted {}] [redacted 1]", n + 2)),
                false => assert_eq!(latest, format!("token-{n:06} [redacted 1]")),
            }
        }
        assert_eq!(known.overflow(), Some(MAX_LEARNT));
        let late = known.late(&str::to_owned).unwrap();
        assert!(late.is_match("token-000000") && !late.is_match("value-of-the-stack"));
    }

    #[test]
    fn the_beginning_of_a_value_at_a_cut_is_found() {
        let mut known = Known::default();
        known.learn("correct-horse", true);
        assert_eq!(known.cut("it is correct-ho"), Some(6));
        assert_eq!(known.cut("it is correct-ho\"..."), Some(6));
        assert_eq!(known.cut("it is cor"), None);
    }
}
