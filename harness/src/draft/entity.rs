//! What is followed: the things that a request from outside creates, by the ids that its answers tell.

use super::calls::{Call, as_text, id_of};
use super::path::{caught, noun};
use super::status::{FIELDS, Status, status};
use crate::gateway::WORKLOAD;
use serde_json::Value;
use std::collections::BTreeMap;

/// The event that says that there is one.
pub(super) const CREATED: &str = "created";

/// A kind of thing that was created.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entity {
    pub name: String,
    /// The call that creates one.
    pub born: String,
    /// Where its answer tells the id.
    pub id_at: String,
    pub ids: Vec<String>,
    pub rules: Vec<Rule>,
    pub status: Option<Status>,
}

/// How a call tells of one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    pub call: String,
    /// An expression; where the path has the id, none is needed.
    pub id: Option<String>,
    pub event: Option<String>,
    /// The status field, and where it is told.
    pub set: Option<(String, String)>,
    /// It comes from within the stack, and does something.
    pub inner: bool,
    /// For each entity, when it was told: asked and answered.
    pub told: Vec<(String, u64, u64)>,
    /// For each of these, the status that it told.
    values: Vec<Option<String>>,
}

/// The kind of thing that the first request from outside creates that creates any.
pub(super) fn entity(calls: &mut [Call]) -> Option<Entity> {
    let (name, ids) = {
        let (_, name, _, ids) = born(calls)?;
        (name, ids)
    };
    calls
        .iter_mut()
        .for_each(|call| call.path = renamed(call, &name, &ids));
    let (born, name, id_at, ids) = born(calls)?;
    let mut entity = Entity {
        name,
        born: born.name.clone(),
        id_at,
        ids,
        rules: Vec::new(),
        status: None,
    };
    entity.rules = calls
        .iter()
        .filter_map(|call| rule(&entity, call))
        .collect();
    settle_status(&mut entity);
    entity
        .rules
        .retain(|rule| rule.event.is_some() || rule.set.is_some());
    Some(entity)
}

/// The path of a call in which every id that was always one of these is called so.
fn renamed(call: &Call, name: &str, ids: &[String]) -> String {
    let is_one = |other: &str| {
        call.seen.iter().all(|one| {
            let caught = caught(&call.path, &one.path);
            caught
                .iter()
                .any(|(caught, id)| caught == other && ids.iter().any(|known| known == id))
        })
    };
    let names: Vec<String> = call
        .seen
        .first()
        .map(|one| caught(&call.path, &one.path))
        .into_iter()
        .flatten()
        .map(|(name, _)| name)
        .collect();
    match names.iter().find(|other| is_one(other)) {
        Some(other) if !names.iter().any(|known| known == name) => call
            .path
            .replace(&format!("{{{other}}}"), &format!("{{{name}}}")),
        _ => call.path.clone(),
    }
}

/// The call that creates some, what one is called, where the answer tells its id, and the ids.
fn born(calls: &[Call]) -> Option<(&Call, String, String, Vec<String>)> {
    calls.iter().find_map(|call| {
        let creates = call.client == WORKLOAD && call.method == "POST";
        let name = noun(
            call.path
                .rsplit('/')
                .find(|part| !part.is_empty() && !part.starts_with('{'))
                .unwrap_or_default(),
        );
        let good = call.seen.iter().filter(|one| creates && one.status < 300);
        let ids = good.filter_map(|one| id_of(one.answer.as_ref()?, &name));
        let ids: Vec<(String, String)> = ids.map(|(at, id)| (at, as_text(id))).collect();
        let (id_at, _) = ids.first()?.clone();
        Some((
            call,
            name,
            id_at,
            ids.into_iter().map(|(_, id)| id).collect::<Vec<_>>(),
        ))
    })
}

/// How a call tells of the entity, if it does.
fn rule(entity: &Entity, call: &Call) -> Option<Rule> {
    let by_path = call.path.contains(&format!("{{{}}}", entity.name));
    let id = match by_path {
        true => None,
        false => Some(by_body(entity, call)?),
    };
    let id_of_one = |one: &super::Exchange| -> Option<String> {
        let found = match &id {
            None => caught(&call.path, &one.path)
                .into_iter()
                .find(|(name, _)| *name == entity.name)?
                .1
                .to_owned(),
            Some((side, at)) => as_text(at_path(body(one, side)?, at)?),
        };
        entity.ids.contains(&found).then_some(found)
    };
    let good: Vec<&super::Exchange> = call.seen.iter().filter(|one| one.status < 300).collect();
    let told: Vec<(String, &super::Exchange)> = good
        .into_iter()
        .filter_map(|one| Some((id_of_one(one)?, one)))
        .collect();
    let born = call.name == entity.born;
    let first = told.first()?.1;
    let set = status_at(first, call);
    let field = |one: &super::Exchange| {
        let (_, side, at) = set.as_ref()?;
        Some(as_text(at_path(body(one, side)?, at)?))
    };
    Some(Rule {
        call: call.name.clone(),
        id: id.map(|(side, at)| format!("string({side}.body.{at})")),
        event: match (born, call.acts()) {
            (true, _) => Some(CREATED.to_owned()),
            (false, true) => Some(call.name.clone()),
            (false, false) => None,
        },
        inner: call.client != WORKLOAD && call.acts(),
        values: told.iter().map(|(_, one)| field(one)).collect(),
        told: told
            .iter()
            .map(|(id, one)| (id.clone(), one.asked, one.answered))
            .collect(),
        // What only the outside asks nobody asks when a scenario is played.
        set: set
            .filter(|_| born || call.client != WORKLOAD)
            .map(|(name, side, at)| (name, format!("{side}.body.{at}"))),
    })
}

/// Where the bodies of a call say which entity it is about.
fn by_body(entity: &Entity, call: &Call) -> Option<(&'static str, String)> {
    let known = |value: &Value| entity.ids.contains(&as_text(value));
    if call.acts() {
        let answered = call
            .seen
            .iter()
            .find_map(|one| id_of(one.answer.as_ref()?, &entity.name));
        if let Some((at, _)) = answered.filter(|(_, id)| known(id)) {
            return Some(("response", at));
        }
    }
    let names = [
        entity.name.clone(),
        format!("{}_id", entity.name),
        format!("{}Id", entity.name),
        "id".to_owned(),
    ];
    call.seen.iter().find_map(|one| {
        let body = one.sent.as_ref()?.as_object()?;
        let name = names
            .iter()
            .find(|name| body.get(*name).is_some_and(known))?;
        Some(("request", name.clone()))
    })
}

/// The field that is the status, and in which of the bodies it is: in the request of what updates it, else in the answer.
fn status_at(one: &super::Exchange, call: &Call) -> Option<(String, &'static str, String)> {
    let sides = match call.method.as_str() {
        "PATCH" | "PUT" => ["request", "response"],
        _ => ["response", "request"],
    };
    sides.into_iter().find_map(|side| {
        let body = body(one, side)?.as_object()?;
        let field = FIELDS
            .iter()
            .find(|field| body.get(**field).is_some_and(Value::is_string))?;
        Some(((*field).to_owned(), side, (*field).to_owned()))
    })
}

fn body<'e>(one: &'e super::Exchange, side: &str) -> Option<&'e Value> {
    match side {
        "request" => one.sent.as_ref(),
        _ => one.answer.as_ref(),
    }
}

fn at_path<'v>(body: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.')
        .try_fold(body, |value, name| value.get(name))
}

/// The status, if the rules that tell one show it to change; otherwise none of them sets it.
fn settle_status(entity: &mut Entity) {
    let field = entity
        .rules
        .iter()
        .find_map(|rule| rule.set.as_ref().map(|(field, _)| field.clone()));
    let mut changes: Vec<(u64, String, String)> = Vec::new();
    for rule in entity
        .rules
        .iter()
        .filter(|rule| rule.set.as_ref().map(|(name, _)| name) == field.as_ref())
    {
        let told = rule.told.iter().zip(&rule.values);
        changes.extend(told.filter_map(|((id, _, answered), value)| {
            Some((*answered, id.clone(), value.clone()?))
        }));
    }
    changes.sort();
    let mut lives: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (_, id, value) in changes {
        lives.entry(id).or_default().push(value);
    }
    entity.status = field.and_then(|field| status(&field, &lives));
    let field = entity.status.as_ref().map(|status| status.field.clone());
    for rule in &mut entity.rules {
        rule.set = rule
            .set
            .take()
            .filter(|(name, _)| Some(name) == field.as_ref());
    }
}

impl Entity {
    /// The rules of calls within the stack that happened to each entity, and to none twice.
    pub fn once_each(&self) -> Vec<&Rule> {
        let counts = |rule: &&Rule| {
            let of = |id: &String| rule.told.iter().filter(|(other, _, _)| other == id).count();
            rule.inner && self.ids.iter().all(|id| of(id) == 1)
        };
        self.rules.iter().filter(counts).collect()
    }

    /// One or two of those that say most: the last that was over before a final status was told, or else the first; and
    /// the last, to which all the others lead.
    pub fn promises(&self) -> Vec<&Rule> {
        let once = self.once_each();
        let finals = || self.status.iter().flat_map(|status| &status.finals);
        let precedes = |rule: &&&Rule| finals().any(|last| self.before(rule, last));
        let best = once.iter().rfind(precedes).or(once.first()).copied();
        let last = once.last().copied().filter(|last| best != Some(*last));
        best.into_iter().chain(last).collect()
    }

    /// Whether what a rule tells was over, of each entity, before anything that told this status was asked.
    pub fn before(&self, rule: &Rule, status: &str) -> bool {
        let mut telling = self
            .rules
            .iter()
            .flat_map(|other| other.told.iter().zip(&other.values));
        let first = |id: &String| {
            rule.told
                .iter()
                .find(|(other, _, _)| other == id)
                .map(|(_, _, answered)| *answered)
        };
        telling.all(|((id, asked, _), value)| {
            value.as_deref() != Some(status) || first(id).is_some_and(|over| over < *asked)
        })
    }
}
