//! What is followed: the things that a request from outside creates, by the ids that its answers tell.

use super::calls::{Call, as_text, id_of, own_fields};
use super::exchange::Exchange;
use super::look::{Look, Telling, looks};
use super::path::{caught, noun};
use super::settled;
use super::status::{FIELDS, Status};
use crate::gateway::WORKLOAD;
use indexmap::IndexSet;
use serde_json::Value;

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
    /// Each once.
    pub ids: Vec<String>,
    pub rules: Vec<Rule>,
    /// A poll that tells what no rule on a call tells.
    pub look: Option<Look>,
    pub status: Option<Status>,
    /// Whether each of them was seen to come to its end, and how long that took at most, in nanoseconds.
    pub ended_ns: Option<u64>,
}

/// How a call tells of one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rule {
    pub call: String,
    /// An expression; where the path has the id, none is needed.
    pub id: Option<String>,
    pub event: Option<String>,
    /// The one status of all answers that accepted it, where it is one: another one may say that it was done already.
    pub answered: Option<u16>,
    /// The status field, and where it is told.
    pub set: Option<(String, String)>,
    /// It comes from within the stack, and does something.
    pub inner: bool,
    pub told: Vec<Telling>,
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
    let looks = looks(calls, &name, &ids);
    let mut entity = Entity {
        name,
        born: born.name.clone(),
        id_at,
        ids,
        rules: Vec::new(),
        look: None,
        status: None,
        ended_ns: None,
    };
    entity.rules = calls
        .iter()
        .filter_map(|call| rule(&entity, call))
        .collect();
    settled::settle(&mut entity, looks);
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
pub(super) fn born(calls: &[Call]) -> Option<(&Call, String, String, Vec<String>)> {
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
        let ids: IndexSet<String> = ids.into_iter().map(|(_, id)| id).collect();
        Some((call, name, id_at, ids.into_iter().collect()))
    })
}

/// How a call tells of the entity, if it does.
fn rule(entity: &Entity, call: &Call) -> Option<Rule> {
    let by_path = call.path.contains(&format!("{{{}}}", entity.name));
    let id = match by_path {
        true => None,
        false => Some(by_body(entity, call)?),
    };
    let id_of_one = |one: &Exchange| -> Option<String> {
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
    let good = call.again.iter().filter(|one| one.status < 300);
    let told: Vec<(String, &Exchange)> = good
        .filter_map(|one| Some((id_of_one(one)?, one)))
        .collect();
    let born = call.name == entity.born;
    let first = told.first()?.1;
    let set = status_at(first, call);
    let field = |one| {
        let (_, side, at) = set.as_ref()?;
        at_path(body(one, side)?, at)
    };
    // What answers nothing about any, such as a queue that is empty, may have a status of its own.
    let accepted: IndexSet<u16> = match id {
        Some(("response", _)) => told.iter().map(|(_, one)| one.status).collect(),
        _ => {
            let accepted = call.seen.iter().map(|one| one.status);
            accepted.filter(|status| *status < 300).collect()
        }
    };
    let told = told
        .into_iter()
        .map(|(id, one)| Telling::new(id, one, field(one)));
    Some(Rule {
        told: told.collect(),
        call: call.name.clone(),
        id: id.map(|(side, at)| format!("string({side}.body.{at})")),
        event: match (born, call.acts()) {
            (true, _) => Some(CREATED.to_owned()),
            (false, true) => Some(call.name.clone()),
            (false, false) => None,
        },
        answered: accepted.first().copied().filter(|_| accepted.len() == 1),
        inner: call.client != WORKLOAD && call.acts(),
        set: set.map(|(name, side, at)| (name, format!("{side}.body.{at}"))),
    })
}

/// The field of a request that is called like the entity, if it has the id of one each time. What creates one knows none.
fn own_field(entity: &Entity, call: &Call) -> Option<String> {
    if call.name == entity.born || call.again.is_empty() {
        return None;
    }
    own_fields(&entity.name).into_iter().find(|at| {
        call.again.iter().all(|one| {
            let id = one.sent.as_ref().and_then(|sent| sent.get(at));
            id.is_some_and(|id| entity.ids.contains(&as_text(id)))
        })
    })
}

/// Where the bodies of a call say which entity it is about.
fn by_body(entity: &Entity, call: &Call) -> Option<(&'static str, String)> {
    let known = |value: &Value| entity.ids.contains(&as_text(value));
    // A field of the request that is called like the entity says it, whatever else has the same number by chance.
    if let Some(at) = own_field(entity, call) {
        return Some(("request", at));
    }
    if call.acts() {
        let answered = call
            .again
            .iter()
            .find_map(|one| id_of(one.answer.as_ref()?, &entity.name));
        if let Some((at, _)) = answered.filter(|(_, id)| known(id)) {
            return Some(("response", at));
        }
    }
    let own = own_fields(&entity.name).into_iter();
    let names: Vec<String> = own.chain(["id".to_owned()]).collect();
    call.again.iter().find_map(|one| {
        let body = one.sent.as_ref()?.as_object()?;
        let name = names
            .iter()
            .find(|name| body.get(*name).is_some_and(known))?;
        Some(("request", name.clone()))
    })
}

/// The field that is the status, and in which of the bodies it is: in the request of what updates it, else in the answer.
fn status_at(one: &Exchange, call: &Call) -> Option<(String, &'static str, String)> {
    let sides = match call.method.as_str() {
        "PATCH" | "PUT" => ["request", "response"],
        _ => ["response", "request"],
    };
    sides.into_iter().find_map(|side| {
        let (field, at) = status_in(body(one, side)?)?;
        Some((field, side, at))
    })
}

/// The field of an object that is the status, and where it is: there, or one level below, as in
/// `{"order": {"status": "new"}}`.
pub(super) fn status_in(object: &Value) -> Option<(String, String)> {
    let object = object.as_object()?;
    let here = |object: &serde_json::Map<String, Value>| {
        let is_text = |field: &&&str| object.get(**field).is_some_and(Value::is_string);
        FIELDS.iter().find(is_text).copied()
    };
    if let Some(field) = here(object) {
        return Some((field.to_owned(), field.to_owned()));
    }
    object.iter().find_map(|(key, inner)| {
        let field = here(inner.as_object()?)?;
        Some((field.to_owned(), format!("{key}.{field}")))
    })
}

fn body<'e>(one: &'e Exchange, side: &str) -> Option<&'e Value> {
    match side {
        "request" => one.sent.as_ref(),
        _ => one.answer.as_ref(),
    }
}

pub(super) fn at_path<'v>(body: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.')
        .try_fold(body, |value, name| value.get(name))
}

impl Entity {
    /// The rules of calls within the stack that happened to each entity, and to none twice.
    pub fn once_each(&self) -> Vec<&Rule> {
        let counts = |rule: &&Rule| {
            let of = |id: &String| rule.told.iter().filter(|told| told.id == *id).count();
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

    /// Whether what a rule tells was over, of each entity, before it came to this status: before anything that told it was
    /// asked, or, where that was looked for and may have been so long before, before a look that saw another status.
    pub fn before(&self, rule: &Rule, status: &str) -> bool {
        let of = |id: &str| rule.told.iter().find(|told| told.id == id);
        let over = |id: &str| of(id).map(|told| told.answered);
        let is = |told: &&Telling| told.value.as_deref() == Some(status);
        let setting = self.rules.iter().filter(|rule| rule.set.is_some());
        let mut called = setting.flat_map(|rule| &rule.told).filter(is);
        let looked = || self.look.iter().filter(|look| look.set.is_some());
        let looked = || looked().flat_map(|look| &look.told);
        let mut seen = looked().filter(is);
        called.all(|told| over(&told.id).is_some_and(|over| over < told.asked))
            && seen.all(|told| {
                let mut others = looked().filter(|other| other.id == told.id && !is(other));
                over(&told.id).is_some_and(|over| others.any(|other| over < other.asked))
            })
    }

    /// How long it took at most, in nanoseconds, from the moment when one was created until a rule told of it.
    pub fn delay_ns(&self, rule: &Rule) -> u64 {
        let born = self.rules.iter().find(|rule| rule.call == self.born);
        let born = || born.into_iter().flat_map(|rule| &rule.told);
        let delays = rule.told.iter().filter_map(|told| {
            let created = born().find(|born| born.id == told.id)?;
            Some(told.answered_ns.saturating_sub(created.answered_ns))
        });
        delays.max().unwrap_or_default()
    }
}
