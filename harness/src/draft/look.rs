//! Looking at what is followed, as requests from outside did: what they were told, a poll can be told again.

use super::calls::{Call, as_text, id_of};
use super::entity::{at_path, status_in};
use super::exchange::Exchange;
use super::hidden::hidden;
use super::path::caught;
use crate::gateway::WORKLOAD;
use serde_json::Value;

/// A poll, and what it would have told.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Look {
    /// The call that looked.
    pub call: String,
    /// What is asked; `${id}` stands for the id of each where it asks for one.
    pub url: String,
    /// Where it asks for many: the list, and where an item says its id.
    pub each: Option<(String, String)>,
    /// The status field, and where it is told.
    pub set: Option<(String, String)>,
    pub told: Vec<Telling>,
}

/// What was told of one entity.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Telling {
    pub id: String,
    pub asked: u64,
    pub answered: u64,
    pub answered_ns: u64,
    /// The status.
    pub value: Option<String>,
}

impl Telling {
    /// What an exchange told of the entity with this id.
    pub fn new(id: String, one: &Exchange, value: Option<&Value>) -> Telling {
        Telling {
            id,
            asked: one.asked,
            answered: one.answered,
            answered_ns: one.answered_ns,
            value: value.map(as_text),
        }
    }
}

/// All ways to look at what is called `name` and has these ids; first those that ask for one.
pub(super) fn looks(calls: &[Call], name: &str, ids: &[String]) -> Vec<Look> {
    let asking = || {
        calls.iter().filter_map(|call| {
            let asks = call.client == WORKLOAD && call.method == "GET";
            // A poll cannot say who asks.
            let secret = |one: &Exchange| one.logged_in || one.query.as_deref().is_some_and(hidden);
            let good = |one: &&Exchange| (200..300).contains(&one.status) && !secret(one);
            let good: Vec<&Exchange> = call.seen.iter().filter(good).collect();
            (asks && !good.is_empty()).then_some((call, good))
        })
    };
    let of_one = asking().filter_map(|(call, good)| of_one(call, &good, name, ids));
    let of_many = asking().filter_map(|(call, good)| of_many(call, &good, name, ids));
    of_one.chain(of_many).collect()
}

fn url(one: &Exchange, path: &str) -> String {
    let query = one.query.iter().map(|query| format!("?{query}"));
    let query: String = query.collect();
    format!("http://{}:{}{path}{query}", one.service, one.port)
}

/// A request that names one in its path, and nothing else that varies.
fn of_one(call: &Call, good: &[&Exchange], name: &str, ids: &[String]) -> Option<Look> {
    let braces = format!("{{{name}}}");
    if !call.path.contains(&braces) || call.path.matches('{').count() != 1 {
        return None;
    }
    let set = good
        .iter()
        .find_map(|one| status_in(one.answer.as_ref()?))
        .filter(|(_, at)| {
            let told = |one: &&Exchange| at_path(one.answer.as_ref()?, at)?.as_str().map(drop);
            good.iter().all(|one| told(one).is_some())
        });
    let told = good.iter().filter_map(|one| {
        let caught = caught(&call.path, &one.path);
        let (_, id) = caught.first()?;
        let value = || at_path(one.answer.as_ref()?, &set.as_ref()?.1);
        let known = ids.iter().find(|known| known == id)?;
        Some(Telling::new(known.clone(), one, value()))
    });
    Some(Look {
        call: call.name.clone(),
        url: url(good[0], &call.path.replace(&braces, crate::stack::EACH_ID)),
        each: None,
        told: told.collect(),
        set: set.map(|(field, at)| (field, format!("body.{at}"))),
    })
}

/// A request whose answers list them, each with its id.
fn of_many(call: &Call, good: &[&Exchange], name: &str, ids: &[String]) -> Option<Look> {
    if call.path.contains('{') {
        return None;
    }
    let lists = good.iter().filter_map(|one| list(one.answer.as_ref()?));
    let (at, _) = lists.clone().find(|(_, items)| !items.is_empty())?;
    let items = |one: &&Exchange| -> Option<Vec<Value>> {
        let (found, items) = list(one.answer.as_ref()?)?;
        (found == at).then(|| items.clone())
    };
    let all: Vec<(&Exchange, Vec<Value>)> = good
        .iter()
        .map(|one| Some((*one, items(one)?)))
        .collect::<Option<_>>()?;
    let every = || all.iter().flat_map(|(_, items)| items);
    let (id_at, _) = id_of(every().next()?, name)?;
    let has_id = |item: &Value| at_path(item, &id_at).is_some();
    if !every().all(has_id) {
        return None;
    }
    let set = every().find_map(status_in).filter(|(_, at)| {
        let told = |item: &Value| at_path(item, at).is_some_and(Value::is_string);
        every().all(told)
    });
    let mut told = Vec::new();
    for (one, items) in &all {
        for item in items {
            let id = at_path(item, &id_at).map(as_text).unwrap_or_default();
            let value = set.as_ref().and_then(|(_, at)| at_path(item, at));
            told.extend(
                ids.contains(&id)
                    .then(|| Telling::new(id.clone(), one, value)),
            );
        }
    }
    Some(Look {
        call: call.name.clone(),
        url: url(good[0], &call.path),
        each: Some((at, format!("string(item.{id_at})"))),
        set: set.map(|(field, at)| (field, format!("item.{at}"))),
        told,
    })
    .filter(|look| !look.told.is_empty())
}

/// The list in an answer: it itself, or one of its fields; and where it is.
fn list(answer: &Value) -> Option<(String, &Vec<Value>)> {
    if let Value::Array(items) = answer {
        return Some(("body".to_owned(), items));
    }
    let fields = answer.as_object()?.iter();
    let mut lists = fields.filter_map(|(name, value)| {
        let items = value.as_array()?;
        let objects = items.iter().all(Value::is_object);
        objects.then(|| (format!("body.{name}"), items))
    });
    lists.next()
}
