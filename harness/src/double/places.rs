//! Where the values of a JSON file stand.

use std::collections::HashMap;

/// The line and column of each value, from 1, by its path from the root; of an object's value, those of its key. The text
/// is JSON for certain.
pub(super) fn of(text: &str) -> HashMap<String, (usize, usize)> {
    Walk::over(text)
}

/// Goes over a text.
struct Walk<'t> {
    rest: std::iter::Peekable<std::str::Chars<'t>>,
    line: usize,
    column: usize,
    places: HashMap<String, (usize, usize)>,
}

impl Walk<'_> {
    fn over(text: &str) -> HashMap<String, (usize, usize)> {
        let mut walk = Walk {
            rest: text.chars().peekable(),
            line: 1,
            column: 1,
            places: HashMap::new(),
        };
        walk.value("$");
        walk.places
    }

    fn next(&mut self) -> Option<char> {
        let next = self.rest.next()?;
        (self.line, self.column) = match next {
            '\n' => (self.line + 1, 1),
            _ => (self.line, self.column + 1),
        };
        Some(next)
    }

    /// The next character that means something.
    fn peek(&mut self) -> Option<char> {
        while self
            .rest
            .next_if(|c| c.is_ascii_whitespace() && *c != '\n')
            .is_some()
        {
            self.column += 1;
        }
        match self.rest.peek() {
            Some('\n') => {
                self.next();
                self.peek()
            }
            other => other.copied(),
        }
    }

    fn value(&mut self, pointer: &str) {
        let begin = self.peek();
        let here = (self.line, self.column);
        self.places.entry(pointer.to_owned()).or_insert(here);
        match begin {
            Some('{') => self.object(pointer),
            Some('[') => self.list(pointer),
            Some('"') => drop(self.string()),
            _ => {
                while self.rest.peek().is_some_and(|c| !" \t\r\n,]}".contains(*c)) {
                    self.next();
                }
            }
        }
    }

    fn object(&mut self, pointer: &str) {
        self.next();
        while let Some('"' | ',') = self.peek() {
            if self.peek() == Some(',') {
                self.next();
                self.peek();
            }
            let here = (self.line, self.column);
            let pointer = format!("{pointer}.{}", self.string());
            self.places.insert(pointer.clone(), here);
            self.peek();
            self.next();
            self.value(&pointer);
        }
        self.next();
    }

    fn list(&mut self, pointer: &str) {
        self.next();
        let mut i = 0;
        while let Some(next) = self.peek().filter(|next| *next != ']') {
            if next == ',' {
                self.next();
            }
            self.value(&format!("{pointer}[{i}]"));
            i += 1;
        }
        self.next();
    }

    fn string(&mut self) -> String {
        let mut text = String::new();
        self.next();
        text.push('"');
        while let Some(next) = self.next() {
            text.push(next);
            match next {
                '\\' => text.extend(self.next()),
                '"' => break,
                _ => {}
            }
        }
        serde_json::from_str(&text).unwrap_or(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "{\n  \"a\": [1, {\"b\\\"c\": \"x\"},\n    {\"d\": {}}, []],\r\n\t\"é\": true, \"z\" : null}";

    #[test]
    fn every_value_knows_its_line_and_column() {
        let places = of(TEXT);
        let at = |pointer: &str| places.get(pointer).copied();
        assert_eq!(at("$"), Some((1, 1)));
        assert_eq!(at("$.a"), Some((2, 3)));
        assert_eq!(at("$.a[0]"), Some((2, 9)));
        assert_eq!(at("$.a[1].b\"c"), Some((2, 13)));
        assert_eq!(at("$.a[2].d"), Some((3, 6)));
        assert_eq!(at("$.a[3]"), Some((3, 16)));
        assert_eq!(at("$.é"), Some((4, 2)));
        assert_eq!(at("$.z"), Some((4, 13)));
        assert_eq!(places.len(), 10);
    }
}
