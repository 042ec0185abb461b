//! What an invariant rests on.

use super::teacher::Teacher;
use crate::expression::Expression;
use crate::stack::{Entity, Evidence, Learn, Pattern, Scope};
use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::time::Duration;

/// What an invariant reads, and the rules that teach it.
pub(super) struct Basis {
    /// The fields that it reads.
    pub fields: Vec<String>,
    /// The events that it reads.
    pub events: Vec<String>,
    /// Of both, those that its scope reads.
    pub in_scope: Vec<String>,
    /// The sources from which they learn.
    pub sources: BTreeSet<String>,
    /// Their places.
    pub rules: Vec<String>,
    /// The rules on calls that learn from answers what it waits for, or that its scope has begun.
    pub calls: Vec<Teacher>,
    /// Those that learn that its scope has ended.
    pub ending: Vec<Teacher>,
    /// Those that learn what may break it, or what it counts.
    pub breaking: Vec<Teacher>,
    /// The polls and queries among them without which something that it reads would not be known, and how often they
    /// look.
    pub polled: Vec<Observer>,
    /// The others among them: what they tell, calls or logs tell too.
    pub beside: Vec<Observer>,
    /// For so long, what is learnt may still show that something had not been broken.
    pub hindsight: Duration,
}

/// A poll or a query.
#[derive(Debug)]
pub(super) struct Observer {
    /// Its name in a history.
    pub source: String,
    /// The key of its rule, and where that stands.
    pub rule: String,
    pub place: String,
    /// How often it looks.
    pub every: Duration,
}

/// A line of a log is read within this time after it was written.
const LOG_READ_WITHIN: Duration = Duration::from_millis(1500);

impl Basis {
    /// Of an invariant of this pattern, in a scope, over this kind of entity.
    pub fn new(pattern: &Pattern, scope: &Scope, entity: &Entity) -> Basis {
        let status = entity.status.as_ref().map(|status| status.field.as_str());
        let (fields, events) = reads(pattern, scope, status);
        let in_scope = scope.expressions();
        let mut basis = Basis {
            in_scope: in_scope
                .flat_map(|one| [one.variables(), one.events()].concat())
                .collect(),
            fields: Vec::new(),
            events: Vec::new(),
            sources: BTreeSet::new(),
            rules: Vec::new(),
            calls: Vec::new(),
            ending: Vec::new(),
            breaking: Vec::new(),
            polled: Vec::new(),
            beside: Vec::new(),
            hindsight: Duration::ZERO,
        };
        let sets = |rule: &Learn, field: &String| rule.set.contains_key(field);
        let teaches = |rule: &Learn, fields: &[String], events: &[String]| {
            fields.iter().any(|field| sets(rule, field))
                || events.iter().any(|event| rule.tells(event))
        };
        let gapless = |rule: &&Learn| {
            matches!(
                rule.evidence,
                Evidence::Call(_) | Evidence::Log { .. } | Evidence::Probe { .. }
            )
        };
        let certain = || entity.learn.iter().filter(gapless);
        let calls = |(fields, events): (Vec<String>, Vec<String>)| {
            let rules = entity.learn.iter();
            let rules = rules.filter(|rule| teaches(rule, &fields, &events));
            rules.filter_map(Teacher::new).collect::<Vec<Teacher>>()
        };
        let Scope { after, until } = scope;
        let [after, until] = [after, until].map(|one| calls(named(one.as_slice())));
        basis.calls = [calls(awaited(pattern, status)), after.clone()].concat();
        basis.breaking = [calls(breaking(pattern, status)), after, until.clone()].concat();
        basis.ending = until;
        let mut observers = BTreeSet::new();
        for rule in &entity.learn {
            if !teaches(rule, &fields, &events) {
                continue;
            }
            let late = match &rule.evidence {
                Evidence::Poll { every, .. } | Evidence::Sql { every, .. } => 2 * *every,
                Evidence::Log { .. } => LOG_READ_WITHIN,
                Evidence::Call(_) | Evidence::Probe { .. } => Duration::ZERO,
            };
            basis.hindsight = basis.hindsight.max(late);
            basis.rules.push(rule.place.to_string());
            basis.sources.insert(rule.evidence.source());
            observers.insert(match &rule.evidence {
                Evidence::Poll { .. } | Evidence::Sql { .. } => rule.key(),
                Evidence::Log { .. } | Evidence::Call(_) | Evidence::Probe { .. } => {
                    rule.evidence.source()
                }
            });
            let alone = fields
                .iter()
                .any(|field| sets(rule, field) && !certain().any(|call| sets(call, field)))
                || events
                    .iter()
                    .any(|event| rule.tells(event) && !certain().any(|call| call.tells(event)));
            if let Evidence::Poll { every, .. } | Evidence::Sql { every, .. } = &rule.evidence {
                let polled = match alone {
                    true => &mut basis.polled,
                    false => &mut basis.beside,
                };
                polled.push(Observer {
                    source: rule.evidence.source(),
                    rule: rule.key(),
                    place: rule.place.to_string(),
                    every: *every,
                });
            }
        }
        // One observer alone tells everything of a moment at once, but may tell it after a deadline.
        if observers.len() < 2 && within(pattern).is_none() {
            basis.hindsight = Duration::ZERO;
        }
        (basis.fields, basis.events) = (fields, events);
        basis
    }
}

/// The time that a pattern grants.
pub(super) fn within(pattern: &Pattern) -> Option<Duration> {
    match pattern {
        Pattern::Response { within, .. } => *within,
        Pattern::Existence { within, .. } | Pattern::Agree { within, .. } => Some(*within),
        _ => None,
    }
}

/// The fields and events that a pattern reads.
fn reads(pattern: &Pattern, scope: &Scope, status: Option<&str>) -> (Vec<String>, Vec<String>) {
    let (mut fields, mut events) = demanded(pattern, status);
    for expression in scope.expressions() {
        fields.extend(expression.variables());
        events.extend(expression.events());
    }
    for names in [&mut fields, &mut events] {
        names.sort_unstable();
        names.dedup();
    }
    (fields, events)
}

fn demanded(pattern: &Pattern, status: Option<&str>) -> (Vec<String>, Vec<String>) {
    let expressions = match pattern {
        Pattern::Always(condition) | Pattern::Never(condition) => vec![condition],
        Pattern::Response { when, then, .. } => vec![when, then],
        Pattern::Precedence { no, before } => vec![no, before],
        Pattern::Existence { eventually, .. } => vec![eventually],
        Pattern::AtMost { event, .. } => return (Vec::new(), vec![event.clone()]),
        Pattern::Moves | Pattern::Quantile { .. } => {
            return (status.into_iter().map(str::to_owned).collect(), Vec::new());
        }
        Pattern::Agree { fields, .. } => return (fields.clone(), Vec::new()),
        Pattern::Share { condition, .. } => vec![condition],
        Pattern::Balance { condition, by, .. } => {
            let (mut fields, events) = named(&[condition]);
            fields.push(by.clone());
            return (fields, events);
        }
    };
    named(&expressions)
}

/// The fields and events for want of which a pattern is broken.
fn awaited(pattern: &Pattern, status: Option<&str>) -> (Vec<String>, Vec<String>) {
    match pattern {
        Pattern::Response { then, .. } => named(&[then]),
        Pattern::Precedence { before, .. } => named(&[before]),
        other => demanded(other, status),
    }
}

/// The fields and events of which more may break a pattern, or change what it comes to.
fn breaking(pattern: &Pattern, status: Option<&str>) -> (Vec<String>, Vec<String>) {
    match pattern {
        Pattern::Response {
            when,
            within: Some(_),
            ..
        } => named(&[when]),
        Pattern::Precedence { no, .. } => named(&[no]),
        Pattern::Existence { .. } => (Vec::new(), Vec::new()),
        other => demanded(other, status),
    }
}

/// The fields and events that expressions name.
fn named<E: Borrow<Expression>>(expressions: &[E]) -> (Vec<String>, Vec<String>) {
    let all = || expressions.iter().map(Borrow::borrow);
    (
        all().flat_map(Expression::variables).collect(),
        all().flat_map(Expression::events).collect(),
    )
}
