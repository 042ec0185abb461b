//! Events as they are written down.

use super::{Secrets, credentials, field};
use crate::history::{Captures, Message, Seen, What};
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// Of a longer body, only the beginning is kept.
const KEPT_BYTES: u64 = 64 * 1024;

impl Secrets {
    /// The event as it may be seen. What its headers, fields and parameters have is known from then on.
    pub fn redacted(&self, mut what: What) -> What {
        self.learn_from(&what);
        self.replace(&mut what);
        what
    }

    /// Replaces what is known, and learns nothing of fields and parameters. Says whether there was anything.
    pub fn again(&self, what: &mut What) -> bool {
        self.replace(what)
    }

    /// Ids as events have them.
    pub fn captures(&self, captures: &Captures) -> Captures {
        let mut captures = captures.clone();
        self.hide_all(captures.values_mut());
        captures
    }

    /// Takes in what bodies, queries and observations name as secrets.
    fn learn_from(&self, what: &What) {
        match what {
            What::Asked(asked) => {
                for (_, value) in field::parameters(&asked.path, &self.names) {
                    self.learn_if_searched(&value);
                }
            }
            What::Answered(answered) => {
                self.learn_from_message(&answered.request);
                self.learn_from_message(&answered.response);
            }
            What::Delivered {
                seen:
                    Seen::Answer {
                        told: Some(told), ..
                    }
                    | Seen::Cut {
                        told: Some(told), ..
                    },
                ..
            } => self.learn_from_message(told),
            What::Observed { set, .. } => {
                for (name, value) in set {
                    if let Value::String(value) = value
                        && self.names.field(name)
                    {
                        self.learn_if_searched(value);
                    }
                }
            }
            _ => {}
        }
    }

    fn learn_from_message(&self, message: &Message) {
        // Headers are taken in where they are replaced, but what is learnt there must be known for the body too.
        for (name, value) in &message.headers {
            if self.header(name) {
                credentials::hide(self, name, value);
            }
        }
        for value in field::values(&message.body, &self.names, self.names.declares_any()) {
            self.learn_if_searched(&value);
        }
    }

    /// A value in a body may be the id of something: it is replaced everywhere or nowhere.
    pub(super) fn learn_if_searched(&self, value: &str) {
        if self.searches(value) {
            self.learn(value);
        }
    }

    fn replace(&self, what: &mut What) -> bool {
        match what {
            // A fault is told in the words of its feature.
            What::Started { .. }
            | What::Phase { .. }
            | What::Unanswered { .. }
            | What::Fault { .. } => false,
            What::Service { detail, .. } => detail.as_mut().is_some_and(|text| self.hide(text)),
            What::Asked(asked) => {
                self.hide(&mut asked.path) | self.hide_all(asked.captures.values_mut())
            }
            What::Answered(answered) => {
                self.hide_all(answered.captures.values_mut())
                    | self.replace_message(&mut answered.request)
                    | self.replace_message(&mut answered.response)
            }
            What::Delivered { seen, .. } => match seen {
                Seen::Answer { told, .. } | Seen::Cut { told, .. } => {
                    told.as_mut().is_some_and(|told| self.replace_message(told))
                }
                Seen::Unreachable { reason } => self.hide(reason),
                Seen::Copy | Seen::Reset | Seen::Left => false,
            },
            What::Stream { reason, .. } => reason.as_mut().is_some_and(|text| self.hide(text)),
            What::Statement(statement) => self.hide_cut(&mut statement.text),
            // By its source, what an observer says is found again; that is without secrets by itself.
            What::Observed { id, set, .. } => self.hide(id) | self.replace_map(set),
            What::Blind { reason, .. } | What::Misread { reason, .. } => self.hide_cut(reason),
            What::Worked { detail, .. } => self.hide_cut(detail),
        }
    }

    fn hide_all<'t>(&self, texts: impl Iterator<Item = &'t mut String>) -> bool {
        texts.fold(false, |any, text| self.hide(text) | any)
    }

    fn replace_message(&self, message: &mut Message) -> bool {
        let mut any = false;
        for (name, value) in &mut message.headers {
            if self.header(name) {
                let hidden = credentials::hide(self, name, value);
                any |= hidden != *value;
                *value = hidden;
            }
            any |= self.hide(value);
        }
        let body = match message.body_bytes > KEPT_BYTES {
            true => self.hide_cut(&mut message.body),
            false => self.hide(&mut message.body),
        };
        if body && let Some(digest) = &mut message.digest {
            *digest = format!("{:032x}", xxh3_128_with_seed(digest.as_bytes(), self.key));
        }
        any | body
    }

    fn replace_map(&self, map: &mut Map<String, Value>) -> bool {
        map.values_mut()
            .fold(false, |any, value| self.replace_value(value) | any)
    }

    fn replace_value(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => self.hide(text),
            Value::Array(items) => items
                .iter_mut()
                .fold(false, |any, item| self.replace_value(item) | any),
            Value::Object(fields) => self.replace_map(fields),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }
}
