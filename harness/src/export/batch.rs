//! Lines that are handed from the thread that reads to the one that judges.

use super::Scalar;
use crate::entity::{Given, Told};
use std::ops::Range;

/// So many facts go over at a time.
const FULL: usize = 4096;

/// Facts with their texts. One that was looked at can be filled again, without new memory.
#[derive(Debug, Default)]
pub struct Batch {
    text: String,
    facts: Vec<Packed>,
}

/// One fact of a batch.
#[derive(Debug)]
pub struct Fact<'a> {
    /// Nanoseconds since 1970, or since whatever the export counts from.
    pub at_ns: i64,
    /// The number of the line.
    pub line: u64,
    /// The number of the kind of entity.
    pub kind: usize,
    /// The number of the source.
    pub source: usize,
    /// Which entity.
    pub id: &'a str,
    /// What is told of it.
    pub told: Told<'a>,
}

#[derive(Debug)]
struct Packed {
    at_ns: i64,
    line: u64,
    kind: usize,
    source: usize,
    /// A field or an event.
    number: usize,
    id: Range<u32>,
    /// `None`: an event.
    value: Option<Value>,
}

#[derive(Debug)]
enum Value {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Range<u32>),
    Json(Box<serde_json::Value>),
}

impl Batch {
    /// Adds a fact: a field with its value, or an event.
    pub(super) fn push(
        &mut self,
        (at_ns, line): (i64, u64),
        (kind, source): (usize, usize),
        (number, value): (usize, Option<&Scalar<'_>>),
        id: &str,
    ) {
        let id = self.keep(id);
        let value = value.map(|value| match value {
            Scalar::Null => Value::Null,
            Scalar::Bool(truth) => Value::Bool(*truth),
            Scalar::Int(int) => Value::Int(*int),
            Scalar::Float(float) => Value::Float(*float),
            Scalar::Text(text) => Value::Text(self.keep(text)),
            Scalar::Json(json) => Value::Json(json.clone()),
        });
        self.facts.push(Packed {
            at_ns,
            line,
            kind,
            source,
            number,
            id,
            value,
        });
    }

    fn keep(&mut self, text: &str) -> Range<u32> {
        let from = self.text.len() as u32;
        self.text.push_str(text);
        from..self.text.len() as u32
    }

    /// Whether it is time to hand it over. Its texts stay below 4 GiB by far: each came from a line of its own.
    pub(super) fn is_full(&self) -> bool {
        self.facts.len() >= FULL || self.text.len() > FULL * 256
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.text.clear();
        self.facts.clear();
    }

    /// The facts, in order.
    pub fn facts(&self) -> impl Iterator<Item = Fact<'_>> {
        let text = |range: &Range<u32>| &self.text[range.start as usize..range.end as usize];
        self.facts.iter().map(move |packed| Fact {
            at_ns: packed.at_ns,
            line: packed.line,
            kind: packed.kind,
            source: packed.source,
            id: text(&packed.id),
            told: match &packed.value {
                None => Told::Event(packed.number),
                Some(value) => Told::Field(
                    packed.number,
                    match value {
                        Value::Null => Given::Null,
                        Value::Bool(truth) => Given::Bool(*truth),
                        Value::Int(int) => Given::Int(*int),
                        Value::Float(float) => Given::Float(*float),
                        Value::Text(range) => Given::Text(text(range)),
                        Value::Json(json) => Given::Json(json),
                    },
                ),
            },
        })
    }
}
