//! Texts that stand in a page once, however often they are told: headers, paths and bodies are much alike.

use std::collections::HashMap;
use std::rc::Rc;

/// A table of texts. What refers to one gives its number.
#[derive(Default)]
pub(super) struct Words {
    texts: Vec<Rc<str>>,
    numbers: HashMap<Rc<str>, usize>,
    /// About so many bytes are the texts in JSON.
    pub size_bytes: usize,
}

impl Words {
    /// The number of a text.
    pub fn number(&mut self, text: &str) -> usize {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let text: Rc<str> = text.into();
        let number = self.texts.len();
        self.size_bytes += size_in_json(&text);
        self.numbers.insert(text.clone(), number);
        self.texts.push(text);
        number
    }

    /// A point to go back to.
    pub fn mark(&self) -> usize {
        self.texts.len()
    }

    /// Forgets all texts that came after a point.
    pub fn forget(&mut self, mark: usize) {
        for text in self.texts.drain(mark..) {
            self.size_bytes -= size_in_json(&text);
            self.numbers.remove(&text);
        }
    }

    /// All texts, by number.
    pub fn take(&mut self) -> Vec<String> {
        let texts = std::mem::take(self).texts.into_iter();
        texts.map(|text| text.to_string()).collect()
    }
}

/// The bytes of a text in JSON, with its quotes and a comma.
fn size_in_json(text: &str) -> usize {
    let escaped = |c: &u8| matches!(c, b'"' | b'\\' | b'\n' | b'\t' | b'\r');
    let controls = |c: &&u8| **c < 0x20 && !escaped(c);
    let bytes = text.as_bytes();
    let more = bytes.iter().filter(|c| escaped(c)).count();
    text.len() + 3 + more + 5 * bytes.iter().filter(controls).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_stands_once_and_what_is_forgotten_takes_no_room() {
        let mut words = Words::default();
        let (a, mark) = (words.number("a \"quoted\"\n\u{1} text"), words.mark());
        let size = words.size_bytes;
        assert_eq!(words.number("a \"quoted\"\n\u{1} text"), a);
        assert_eq!(words.size_bytes, size);
        words.number("another");
        words.forget(mark);
        assert_eq!(words.size_bytes, size);
        assert_eq!(words.number("new"), mark);
        let json = serde_json::to_string(&["a \"quoted\"\n\u{1} text"]).unwrap();
        assert_eq!(size, json.len() - 1, "{json}");
        assert_eq!(words.take(), ["a \"quoted\"\n\u{1} text", "new"]);
    }
}
