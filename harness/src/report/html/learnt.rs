//! What each event of a history taught of entities.

use super::words::Words;
use crate::entity::Entities;
use crate::history::Event;
use crate::stack::Stack;
use serde_json::{Value, json};

/// So many characters of a field's value are shown.
const MAX_VALUE_CHARS: usize = 300;

/// One entity, and what became of it.
pub(super) struct Lesson {
    entity: String,
    id: String,
    source: String,
    fields: Vec<(String, Value)>,
    statuses: Vec<String>,
    event: Option<String>,
}

impl Lesson {
    /// `[entity, id, source, fields, statuses, event]`, the texts by number.
    pub fn json(&self, words: &mut Words) -> Value {
        let fields = self.fields.iter();
        let fields: serde_json::Map<String, Value> = fields
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let mut number = |text: &String| words.number(text);
        let (entity, id, source) = (number(&self.entity), number(&self.id), number(&self.source));
        let statuses: Vec<usize> = self.statuses.iter().map(&mut number).collect();
        let event = self.event.as_ref().map(number);
        json!([entity, id, source, fields, statuses, event])
    }

    /// Whether it changed anything.
    fn tells(&self) -> bool {
        !self.fields.is_empty() || !self.statuses.is_empty() || self.event.is_some()
    }
}

/// What an event taught that was not known before.
pub(super) fn lessons(entities: &mut Entities, stack: &Stack, event: &Event) -> Vec<Lesson> {
    let mut lessons = Vec::new();
    for observation in entities.observations(event) {
        let Some((kind, number)) = entities.learn(std::slice::from_ref(&observation)) else {
            continue;
        };
        let view = entities.kind(kind).view(number);
        let status = stack.entities.get(&observation.entity);
        let status = status.and_then(|entity| entity.status.as_ref());
        let is_status = |name: &str| status.is_some_and(|status| status.field == name);
        let fields = view.told_fields().into_iter();
        // The status is told by itself, with those that it passed.
        let fields = fields.filter(|(name, _)| !is_status(name));
        let statuses = view.record.new_statuses().iter();
        let lesson = Lesson {
            fields: fields.map(|(name, value)| (name, short(value))).collect(),
            statuses: statuses.map(|(name, _)| name.to_string()).collect(),
            entity: observation.entity,
            id: observation.id,
            source: observation.source,
            event: observation.event,
        };
        if lesson.tells() {
            lessons.push(lesson);
        }
    }
    lessons
}

fn short(value: Value) -> Value {
    let text = match &value {
        Value::String(text) => text.clone(),
        Value::Array(_) | Value::Object(_) => value.to_string(),
        _ => return value,
    };
    match text.char_indices().nth(MAX_VALUE_CHARS) {
        Some((at, _)) => Value::from(format!("{}…", &text[..at])),
        None => value,
    }
}
