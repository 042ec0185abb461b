//! Named calls on their way, and what rules learn from them: at `answered` from what the callee answered, at `delivered`
//! from what the caller was told.

use super::Observation;
use super::evidence::{Exchange, Told};
use crate::history::{Answered, Asked, Captures, Event, ExchangeId, Seen};
use crate::stack::{Evidence, Learn, Stack};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// The rules that learn from calls, and the calls that have not ended.
pub(super) struct Calls {
    rules: BTreeMap<String, Vec<Rule>>,
    under_way: HashMap<ExchangeId, UnderWay>,
}

struct Rule {
    /// The kind of entity that it teaches of.
    entity: String,
    learn: Learn,
    key: Arc<str>,
    /// Whether it waits until it is known what the caller was told.
    reads_seen: bool,
}

struct UnderWay {
    since_ns: u64,
    /// What is read once its caller has been told something; `None`: no rule waits for that.
    awaited: Option<Box<Awaited>>,
}

struct Awaited {
    call: String,
    captures: Captures,
    answered: Option<Answered>,
}

/// What one event taught.
#[derive(Default)]
pub(super) struct Lessons {
    pub observations: Vec<Observation>,
    /// The places of rules that could not read what they should, and why.
    pub troubles: Vec<(String, String)>,
}

impl Calls {
    /// None on its way yet.
    pub fn new(stack: &Stack) -> Calls {
        let mut rules: BTreeMap<String, Vec<Rule>> = BTreeMap::new();
        for entity in stack.entities.values() {
            for learn in &entity.learn {
                if let Evidence::Call(call) = &learn.evidence {
                    rules.entry(call.clone()).or_default().push(Rule {
                        entity: entity.name.clone(),
                        reads_seen: learn.reads_seen(),
                        key: learn.key().into(),
                        learn: learn.clone(),
                    });
                }
            }
        }
        let under_way = HashMap::new();
        Calls { rules, under_way }
    }

    /// A request's head has come.
    pub fn asked(&mut self, asked: &Asked, at_ns: u64) {
        let Some(call) = &asked.call else {
            return;
        };
        let awaited = self.awaits(call).then(|| {
            Box::new(Awaited {
                call: call.clone(),
                captures: asked.captures.clone(),
                answered: None,
            })
        });
        let under_way = UnderWay {
            since_ns: at_ns,
            awaited,
        };
        self.under_way.insert(asked.exchange, under_way);
    }

    /// The callee has answered.
    pub fn answered(&mut self, answered: &Answered, event: &Event) -> Lessons {
        let under_way = self.under_way.get_mut(&answered.exchange);
        let since_ns = under_way.as_ref().map_or(event.at_ns, |one| one.since_ns);
        if let Some(one) = under_way
            && let Some(awaited) = &mut one.awaited
        {
            awaited.answered = Some(answered.clone());
            // Its caller is told nothing before the callee has answered.
            one.since_ns = event.at_ns;
        }
        let Some(call) = &answered.call else {
            return Lessons::default();
        };
        let exchange = Exchange {
            captures: &answered.captures,
            answered: Some(answered),
            told: None,
        };
        self.teach(call, &exchange, since_ns, event)
    }

    /// It is settled what the caller saw. The exchanges from `before` on were asked once it had been written.
    pub fn delivered(
        &mut self,
        exchange: ExchangeId,
        seen: &Seen,
        before: Option<ExchangeId>,
        event: &Event,
    ) -> Lessons {
        let under_way = self.under_way.remove(&exchange);
        let Some((since_ns, awaited)) =
            under_way.and_then(|one| Some((one.since_ns, one.awaited?)))
        else {
            return Lessons::default();
        };
        // What a caller asks because of what it was told does not overlap with that.
        for (_, later) in self
            .under_way
            .iter_mut()
            .filter(|(n, _)| before.is_some_and(|before| **n >= before))
        {
            later.since_ns = event.at_ns;
        }
        let answered = awaited.answered.as_ref();
        let Some(told) = Told::new(seen, answered) else {
            return Lessons::default();
        };
        let exchange = Exchange {
            captures: &awaited.captures,
            answered,
            told: Some(told),
        };
        self.teach(&awaited.call, &exchange, since_ns, event)
    }

    /// Whether a rule waits for what the caller of this call is told.
    fn awaits(&self, call: &str) -> bool {
        let mut rules = self.rules.get(call).into_iter().flatten();
        rules.any(|rule| rule.reads_seen)
    }

    /// Applies the rules whose turn it is.
    fn teach(&self, call: &str, exchange: &Exchange<'_>, since_ns: u64, event: &Event) -> Lessons {
        let mut lessons = Lessons::default();
        let rules = self.rules.get(call).into_iter().flatten();
        let mut rules = rules
            .filter(|rule| rule.reads_seen == exchange.told.is_some())
            .peekable();
        if rules.peek().is_none() {
            return lessons;
        }
        let scope = exchange.scope();
        for Rule {
            entity, learn, key, ..
        } in rules
        {
            match exchange.apply(entity, learn, &scope) {
                Ok(Some((id, set))) => lessons.observations.push(Observation {
                    at_ns: event.at_ns,
                    since_ns,
                    looked: false,
                    seq: event.seq,
                    entity: entity.clone(),
                    id,
                    set,
                    event: learn.event.clone(),
                    source: learn.evidence.source(),
                    rule: Some(key.clone()),
                }),
                Ok(None) => {}
                Err(trouble) => lessons.troubles.push((learn.place.to_string(), trouble)),
            }
        }
        lessons
    }
}

#[cfg(test)]
mod tests;
