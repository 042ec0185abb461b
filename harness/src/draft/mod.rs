//! A first `shakedown.yaml` and a first feature for a stack of which only the compose file is there: what the compose
//! file shows, and, where the stack was watched once, the calls that were seen.
//!
//! It is a beginning, not a judgement: it says in comments what a person has to fill in.

mod calls;
mod driven;
mod entity;
mod exchange;
mod feature;
mod hidden;
mod invariants;
mod look;
mod overlay;
mod path;
mod played;
mod request;
mod settled;
mod stack_file;
mod status;
mod work;
mod yaml;

pub use driven::drive;
pub use exchange::{Exchange, exchanges};
pub use hidden::Hidden;
pub use overlay::overlay;
pub use request::Request;

use crate::gateway::WORKLOAD;
use crate::host;
use crate::plan::Link;
use crate::stack::{Protocol, Service, Stack};
use calls::{Call, calls};
use entity::{Entity, entity};

/// The files that are written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// `shakedown.yaml`.
    pub stack: String,
    /// The feature.
    pub feature: String,
    /// What was seen and understood, in words.
    pub learnt: Vec<String>,
    /// What a person has to do next, in words.
    pub to_do: Vec<String>,
}

/// What is known when the files are written.
struct Known<'s> {
    stack: &'s Stack,
    links: Vec<Link>,
    calls: Vec<Call>,
    /// The name of the call that the workload makes.
    played: Option<String>,
    entity: Option<Entity>,
    hidden: &'s Hidden,
    observed: bool,
}

impl Known<'_> {
    /// The call that the workload makes.
    fn workload(&self) -> Option<&Call> {
        let mut calls = self.calls.iter();
        calls.find(|call| Some(&call.name) == self.played.as_ref())
    }

    /// The calls between services that happen again when the feature plays.
    fn again(&self) -> impl Iterator<Item = &Call> {
        let inner = self.calls.iter().filter(|call| call.client != WORKLOAD);
        inner.filter(|call| !call.again.is_empty())
    }
}

/// Writes the files. `compose` is what the stack file says of its compose files; `seen` is what was seen when the stack
/// ran, `None` where it did not, and `hidden` what is known of the secrets in it.
pub fn draft(
    stack: &Stack,
    compose: &[String],
    (seen, hidden): (Option<&[Exchange]>, &Hidden),
) -> Draft {
    let mut calls = calls(seen.unwrap_or_default());
    let played = played::workload(&calls).map(|call| call.name.clone());
    played::settle(&mut calls, played.as_deref());
    let entity = entity(&mut calls);
    let known = Known {
        stack,
        links: links(stack),
        calls,
        played,
        entity,
        hidden,
        observed: seen.is_some(),
    };
    let (workload, missing) = work::write(&known);
    Draft {
        stack: stack_file::write(&known, compose, &workload),
        feature: feature::write(&known),
        learnt: learnt(&known),
        to_do: to_do(&known, &missing),
    }
}

fn learnt(known: &Known<'_>) -> Vec<String> {
    let links = known.links.iter().map(|link| format!("link {link}"));
    let calls = known.calls.iter().map(|call| {
        format!(
            "call {}: {} ({} -> {})",
            call.name,
            call.request(),
            call.client,
            call.service
        )
    });
    let entity = known.entity.iter().map(|entity| {
        format!(
            "entity {}: {} of them were created by \"{}\"",
            entity.name,
            entity.ids.len(),
            entity.born
        )
    });
    let looks = known
        .entity
        .iter()
        .filter_map(|entity| entity.look.as_ref());
    let looks = looks.map(|look| {
        format!(
            "\"{}\" was asked by you alone: the stack file has it as a poll of {}",
            look.call, look.url
        )
    });
    links.chain(calls).chain(entity).chain(looks).collect()
}

fn to_do(known: &Known<'_>, missing: &[String]) -> Vec<String> {
    let mut all = Vec::new();
    let work = known.played.as_deref().unwrap_or_default();
    all.extend(missing.iter().map(|name| {
        format!(
            "set {name} in the environment of shakedown: \"{work}\" sent a secret there, which is not written into the stack file; or write a value there that will do"
        )
    }));
    if !known.observed {
        all.push("name the calls that matter, or have them learnt: `shakedown init --force --observe --request 'POST http://service:port/path {\"json\": 1}'`".to_owned());
    } else if known.entity.is_none() {
        all.push("no request was seen that creates something with an id: say in `entities` what is followed, and by what it is known".to_owned());
    }
    all.push(
        "read `invariants`: keep what is promised, and say the promises that matter most to you"
            .to_owned(),
    );
    all.push("then make the scenario harder: lose an answer, kill a service after a call; `shakedown steps` prints the language".to_owned());
    all
}

/// Who is told of whom: by its environment and arguments, or by `depends_on`.
fn links(stack: &Stack) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for service in stack.services.values() {
        let words = service
            .command
            .iter()
            .chain(&service.entrypoint)
            .flatten()
            .map(|word| (word, host::Bare::Word));
        let variables = service
            .environment
            .iter()
            .map(|(name, value)| (value, host::Bare::in_variable(name)));
        let told = words
            .chain(variables)
            .flat_map(|(text, bare)| host::mentions(text, bare));
        let told: Vec<String> = told
            .filter_map(|(host, _)| Some(stack.host(&service.name, &host)?.to_owned()))
            .collect();
        for other in told.iter().chain(service.depends_on.keys()) {
            let link = Link {
                client: service.name.clone(),
                service: other.clone(),
            };
            // Who waits for a service to end, as for a migration, does not call it.
            let known = stack.services.contains_key(other) && *other != service.name;
            if known && !links.contains(&link) {
                links.push(link);
            }
        }
    }
    links
}

/// Whether a service is asked by HTTP, as far as its image shows.
fn speaks_http(service: &Service) -> bool {
    let ports = || service.ports.values();
    let other = |protocol: &Protocol| matches!(protocol, Protocol::Tcp | Protocol::Postgres);
    !service.ports.is_empty() && !ports().all(other) && overlay::protocol(service).is_none()
}

/// The service that people ask, with its port: the first one that publishes or exposes a port and speaks HTTP, best one
/// that nobody else calls.
fn entrance(known: &Known<'_>) -> Option<(String, u16)> {
    let called = |service: &Service| {
        known
            .links
            .iter()
            .any(|link| link.service == service.name && link.client != WORKLOAD)
    };
    let mut candidates: Vec<&Service> = known
        .stack
        .services
        .values()
        .filter(|one| speaks_http(one))
        .collect();
    candidates.sort_by_key(|service| called(service));
    let service = candidates.first()?;
    Some((service.name.clone(), *service.ports.keys().next()?))
}

#[cfg(test)]
mod tests;
