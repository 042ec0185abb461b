//! Paths with names in them.

use super::request::Request;
use serde_json::{Map, Value};

/// A path such as `/orders/{order}`.
#[derive(Clone, Debug)]
pub(super) struct PathTemplate {
    text: String,
    parts: Vec<Part>,
}

#[derive(Clone, Debug)]
enum Part {
    Text(String),
    Name(String),
}

impl PathTemplate {
    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads it.
    pub fn parse(text: &str) -> PathTemplate {
        let part = |part: &str| match part
            .strip_prefix('{')
            .and_then(|part| part.strip_suffix('}'))
        {
            Some(name) => Part::Name(name.to_owned()),
            None => Part::Text(part.to_owned()),
        };
        PathTemplate {
            text: text.to_owned(),
            parts: text.split('/').skip(1).map(part).collect(),
        }
    }

    /// The names in it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Name(name) => Some(name.as_str()),
            Part::Text(_) => None,
        })
    }

    /// What its names stand for in a request that goes there.
    pub fn fits(&self, request: &Request) -> Option<Map<String, Value>> {
        let segments = request.segments();
        if segments.len() != self.parts.len() {
            return None;
        }
        let mut found = Map::new();
        for (part, segment) in self.parts.iter().zip(segments) {
            match part {
                Part::Text(text) if *text != segment => return None,
                Part::Name(_) if segment.is_empty() => return None,
                Part::Name(name) => drop(found.insert(name.clone(), segment.into())),
                Part::Text(_) => {}
            }
        }
        Some(found)
    }
}
