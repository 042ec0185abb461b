//! Lines of logs for whoever looks for something in them: where a secret was hidden, it is found as what it was, and told
//! as what stands in its place.

use super::{Secrets, known};
use std::borrow::Cow;
use std::ops::Range;

/// A line as its service wrote it, as far as that is known.
pub struct Line<'l> {
    shown: &'l str,
    text: Cow<'l, str>,
    /// Where secrets stand in the text, and what stands for them in the line.
    hidden: Vec<(Range<usize>, &'l str)>,
}

impl Secrets {
    /// A line of a log that has been written without secrets.
    pub fn line<'l>(&self, shown: &'l str) -> Line<'l> {
        let (mut text, mut hidden, mut done) = (String::new(), Vec::new(), 0);
        let known = self.known();
        for (range, number) in known::places(shown) {
            let Some(value) = known.value(number).filter(|value| !value.contains('\n')) else {
                continue;
            };
            text.push_str(&shown[done..range.start]);
            let start = text.len();
            text.push_str(value);
            hidden.push((start..text.len(), &shown[range.clone()]));
            done = range.end;
        }
        if hidden.is_empty() {
            return Line::of(shown);
        }
        text.push_str(&shown[done..]);
        Line {
            shown,
            text: text.into(),
            hidden,
        }
    }
}

impl<'l> Line<'l> {
    /// One in which nothing is hidden.
    pub fn of(shown: &'l str) -> Line<'l> {
        Line {
            shown,
            text: shown.into(),
            hidden: Vec::new(),
        }
    }

    /// What may be told of it.
    pub fn shown(&self) -> &'l str {
        self.shown
    }

    /// What to look in. Nothing of it may be told but what [`Line::part`] gives.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What may be told of a part of its text: a secret of which it has a piece is hidden as a whole.
    pub fn part(&self, part: Range<usize>) -> String {
        let (mut told, mut done) = (String::new(), part.start);
        for (range, place) in &self.hidden {
            if range.start < part.end && part.start < range.end {
                told.push_str(&self.text[done..range.start.max(done)]);
                told.push_str(place);
                done = range.end.min(part.end);
            }
        }
        told.push_str(&self.text[done..part.end]);
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Names;

    #[test]
    fn a_secret_is_found_as_it_was_and_told_as_what_stands_for_it() {
        let secrets = Secrets::new(Names::default(), Default::default());
        assert_eq!(secrets.learn("0123456789abcdef"), "[redacted 1]");
        assert_eq!(secrets.number("short"), "[redacted 2]");
        let line = secrets.line("id=[redacted 1]/7, [redacted 2] [redacted 3] [redacted");
        assert_eq!(
            line.text(),
            "id=0123456789abcdef/7, short [redacted 3] [redacted"
        );
        let check = |found: &str, told: &str| {
            let start = line.text().find(found).unwrap();
            assert_eq!(line.part(start..start + found.len()), told);
        };
        check("0123456789abcdef", "[redacted 1]");
        check("0123456789abcdef/7", "[redacted 1]/7");
        check("=01234", "=[redacted 1]");
        check("cdef/7, sh", "[redacted 1]/7, [redacted 2]");
        check("id=", "id=");
        check("/7, ", "/7, ");
        check("[redacted 3]", "[redacted 3]");
        let all = 0..line.text().len();
        assert_eq!(line.part(all), line.shown());
        assert_eq!(secrets.line("nothing").text(), "nothing");
    }
}
