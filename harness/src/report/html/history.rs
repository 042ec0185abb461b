//! The events of one history, read for the page.

use super::exchange::{At, Exchange};
use super::learnt::{self, Lesson};
use super::words::Words;
use crate::entity::Entities;
use crate::history::{Event, Reader, Statement, What};
use crate::stack::Stack;
use indexmap::IndexMap;
use serde_json::{Value, json};
use std::path::Path;

/// So many events of a history are read for the page, those nearest to what matters.
const MAX_EVENTS: u64 = 40_000;
/// Of these, so many may come after it.
const AFTER: u64 = 10_000;

/// How much of a history is in the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// Everything, but for the ends of long bodies.
    Whole,
    /// No headers and bodies.
    Heads,
}

/// What was read.
pub(super) struct History {
    /// How many events the file has.
    pub total: u64,
    events: Vec<(Event, Vec<Lesson>)>,
    exchanges: IndexMap<u64, Exchange>,
}

/// The events of a file, as its stack understands them; those around `focus`, if there are too many. `None`: the file is
/// no history, or cannot be read.
pub(super) fn read(file: &Path, stack: &Stack, focus: Option<u64>) -> Option<History> {
    let mut entities = Entities::new(stack);
    let mut history = History {
        total: 0,
        events: Vec::new(),
        exchanges: IndexMap::new(),
    };
    let last = focus.map_or(MAX_EVENTS, |seq| (seq + AFTER).max(MAX_EVENTS));
    let first = last - MAX_EVENTS;
    for event in Reader::open(file).ok()? {
        let Ok(event) = event else {
            // What came before is worth showing all the same.
            return (history.total > 0).then_some(history);
        };
        let lessons = learnt::lessons(&mut entities, stack, &event);
        history.total += 1;
        if (first..last).contains(&event.seq) {
            history.add(event, lessons, &entities);
        }
    }
    (history.total > 0).then_some(history)
}

impl History {
    fn add(&mut self, event: Event, lessons: Vec<Lesson>, entities: &Entities) {
        let at: At = (event.seq, event.at_ns / 1000);
        // The heads of what is answered are kept with the exchange alone.
        match &event.what {
            What::Asked(asked) => {
                let exchange = self.exchanges.entry(asked.exchange).or_default();
                exchange.about = entities.resolved(&asked.captures);
                exchange.asked = Some((at, asked.clone()));
            }
            What::Answered(answered) => {
                let exchange = self.exchanges.entry(answered.exchange).or_default();
                exchange.answered = Some((at, (**answered).clone()));
            }
            What::Unanswered { exchange } => {
                self.exchanges.entry(*exchange).or_default().unanswered = Some(at);
            }
            What::Delivered { exchange, seen, .. } => {
                let exchange = self.exchanges.entry(*exchange).or_default();
                exchange.delivered = Some((at, seen.clone()));
            }
            _ => {}
        }
        self.events.push((event, lessons));
    }

    /// Keeps at most so many events, those nearest to `focus`.
    pub fn keep(&mut self, most: usize, focus: Option<u64>) {
        let Some(spare) = self.events.len().checked_sub(most) else {
            return;
        };
        let seqs = self.events.iter().map(|(event, _)| event.seq);
        let at = focus.map_or(0, |seq| seqs.filter(|known| *known <= seq).count());
        let first = at.saturating_sub(most - most / 4).min(spare);
        self.events.drain(..first);
        self.events.truncate(most);
        let kept: Vec<u64> = self.events.iter().map(|(event, _)| event.seq).collect();
        let is_kept = |at: &At| kept.binary_search(&at.0).is_ok();
        for exchange in self.exchanges.values_mut() {
            exchange.asked.take_if(|(at, _)| !is_kept(at));
            exchange.answered.take_if(|(at, _)| !is_kept(at));
            exchange.unanswered.take_if(|at| !is_kept(at));
            exchange.delivered.take_if(|(at, _)| !is_kept(at));
        }
        self.exchanges.retain(|_, one| {
            one.asked.is_some() || one.answered.is_some() || one.delivered.is_some()
        });
    }

    /// How many events it has of them.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// `{"total", "exchanges", "events", "learnt"}`: events as `[kind, number, microseconds, ...]`, what they taught by
    /// their numbers.
    pub fn json(&self, depth: Depth, words: &mut Words) -> Value {
        let whole = depth == Depth::Whole;
        let exchanges = self.exchanges.iter();
        let exchanges: Vec<Value> = exchanges
            .map(|(id, one)| one.json(*id, whole, words))
            .collect();
        let mut learnt = serde_json::Map::new();
        let mut events = Vec::new();
        for (event, lessons) in &self.events {
            events.push(line(event, words));
            if !lessons.is_empty() {
                let lessons: Vec<Value> = lessons.iter().map(|one| one.json(words)).collect();
                learnt.insert(event.seq.to_string(), Value::from(lessons));
            }
        }
        json!({
            "total": self.total,
            "exchanges": exchanges,
            "events": events,
            "learnt": learnt,
        })
    }
}

/// One event; exchanges are told by their numbers.
fn line(event: &Event, words: &mut Words) -> Value {
    let (seq, us) = (event.seq, event.at_ns / 1000);
    match &event.what {
        What::Started { .. } => json!(["started", seq, us]),
        What::Phase { name } => json!(["phase", seq, us, words.number(name)]),
        What::Service {
            service,
            state,
            detail,
        } => json!(["service", seq, us, words.number(service), state, detail]),
        What::Asked(asked) => json!(["asked", seq, us, asked.exchange]),
        What::Answered(answered) => json!(["answered", seq, us, answered.exchange]),
        What::Unanswered { exchange } => json!(["unanswered", seq, us, exchange]),
        What::Delivered { exchange, .. } => json!(["delivered", seq, us, exchange]),
        What::Stream {
            client,
            service,
            port,
            sent_bytes,
            received_bytes,
            exchange,
            reason,
            open,
        } => {
            let (client, service) = (words.number(client), words.number(service));
            json!([
                "stream",
                seq,
                us,
                client,
                service,
                port,
                sent_bytes,
                received_bytes,
                exchange,
                reason,
                open
            ])
        }
        What::Statement(Statement {
            client,
            service,
            port,
            text,
            outcome,
            ..
        }) => {
            let (client, service) = (words.number(client), words.number(service));
            json!([
                "statement",
                seq,
                us,
                client,
                service,
                port,
                words.number(text),
                outcome
            ])
        }
        What::Fault {
            fault,
            moment,
            exchange,
            ..
        } => json!(["fault", seq, us, fault, moment, exchange]),
        What::Observed {
            entity, id, source, ..
        } => {
            let (entity, id) = (words.number(entity), words.number(id));
            json!(["observed", seq, us, entity, id, words.number(source)])
        }
        What::Blind {
            source,
            blind_ns,
            over,
            reason,
            ..
        } => {
            let (source, reason) = (words.number(source), words.number(reason));
            json!(["blind", seq, us, source, blind_ns / 1000, over, reason])
        }
        What::Misread { rule, reason } => {
            json!(["misread", seq, us, words.number(rule), words.number(reason)])
        }
        What::Worked {
            workload,
            n,
            accepted,
            detail,
        } => {
            let (workload, detail) = (words.number(workload), words.number(detail));
            json!(["worked", seq, us, workload, n, accepted, detail])
        }
    }
}
