//! Reads a `shakedown.yaml`: calls, entities, workloads, invariants, mutants.

use super::node::{Entry, Node};
use super::pattern;
use super::rule;
use super::{Alias, Call, Entity, Invariant, Mutant, Operation, Status, Workload};
use crate::expression::{self, Expression, FUNCTIONS};
use crate::plan::Link;
use crate::problem::{Problem, Problems};
use indexmap::IndexMap;
use std::time::Duration;

/// Keys of the file.
pub(super) const TOP: [&str; 11] = [
    "stack",
    "compose",
    "profiles",
    "calls",
    "operations",
    "entities",
    "workloads",
    "invariants",
    "mutants",
    "settle",
    "secrets",
];
/// Keys of a call.
pub(super) const CALL: [&str; 2] = ["link", "request"];
/// Keys of an operation.
pub(super) const OPERATION: [&str; 5] = ["poll", "status", "running", "done", "error"];
/// Keys of an entity.
pub(super) const ENTITY: [&str; 4] = ["status", "moves", "learn", "aliases"];
/// Keys of an entity's status.
pub(super) const STATUS: [&str; 3] = ["field", "first", "final"];
/// Keys of a workload.
pub(super) const WORKLOAD: [&str; 3] = ["request", "body", "creates"];
/// Keys of a mutant.
pub(super) const MUTANT: [&str; 5] = ["service", "environment", "image", "caught_by", "catalogue"];
/// How long a run goes on watching after the last event.
pub(super) const SETTLE: Duration = Duration::from_millis(500);
/// The methods that a request can have.
pub const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// Reads each entry of a map of named things.
pub(super) fn named<T>(
    node: Option<&Node>,
    problems: &mut Problems,
    mut read: impl FnMut(&Entry, &mut Problems) -> Option<T>,
) -> IndexMap<String, T> {
    let entries = node.map_or(&[][..], |node| node.entries(problems));
    entries
        .iter()
        .filter_map(|entry| Some((entry.key.clone(), read(entry, problems)?)))
        .collect()
}

/// A CEL expression.
pub(super) fn cel(node: &Node, problems: &mut Problems) -> Option<Expression> {
    let expression = syntax(node, problems)?;
    let unknown = expression.unknown_functions();
    for name in &unknown {
        problems.push(Problem::unknown(&node.place, "function", name, FUNCTIONS));
    }
    unknown.is_empty().then_some(expression)
}

/// What is written as a CEL expression, whatever the functions are that it calls.
pub(super) fn syntax(node: &Node, problems: &mut Problems) -> Option<Expression> {
    let text = node.text(problems)?;
    match Expression::parse(&text) {
        Ok(expression) => Some(expression),
        Err(error) => {
            let problem = Problem::at(&node.place, format!("this is not CEL: {error}"));
            problems.push(problem.help(match expression::assigns(&text) {
                true => "write `==` to compare",
                false => "quote the value if it has `: ` or begins with a quote",
            }));
            None
        }
    }
}

/// `METHOD rest`.
pub(super) fn request(
    node: &Node,
    rest: &str,
    problems: &mut Problems,
) -> Option<(String, String)> {
    let text = node.text(problems)?;
    let Some((method, target)) = text.split_once(char::is_whitespace) else {
        return node.not(&format!("`METHOD {rest}`"), problems);
    };
    if !METHODS.contains(&method) {
        problems.push(Problem::unknown(&node.place, "method", method, METHODS));
        return None;
    }
    Some((method.to_owned(), target.trim().to_owned()))
}

/// `METHOD http://service:port/path`.
pub(super) fn url_request(node: &Node, problems: &mut Problems) -> Option<(String, String)> {
    let (method, url) = request(node, "http://service:port/path", problems)?;
    match url::Url::parse(&url.replace("${", "{")) {
        Ok(parsed) if parsed.scheme() == "http" && parsed.has_host() => Some((method, url)),
        _ => node.not("a URL such as `http://service:8000/path`", problems),
    }
}

pub(super) fn call(entry: &Entry, problems: &mut Problems) -> Option<Call> {
    let fields = entry.value.fields(&CALL, problems);
    let link = fields.need("link", problems);
    let request_node = fields.need("request", problems);
    let (link, request_node) = (link?, request_node?);
    let text = link.text(problems)?;
    let Ok(Link { client, service }) = text.parse() else {
        return link.not("a link such as `client -> service`", problems);
    };
    let (method, path) = request(request_node, "/path/{entity}", problems)?;
    let braces = |c| path.matches(c).count();
    if !path.starts_with('/') || braces('{') != braces('}') {
        return request_node.not("a path such as `/jobs/{job}`", problems);
    }
    Some(Call {
        name: entry.key.clone(),
        place: entry.place.clone(),
        client,
        service,
        method,
        path,
    })
}

pub(super) fn operation(entry: &Entry, problems: &mut Problems) -> Option<Operation> {
    let fields = entry.value.fields(&OPERATION, problems);
    let mut need = |key| fields.need_text(key, problems);
    let (poll, status) = (need("poll"), need("status"));
    let (running, done) = (need("running"), need("done"));
    Some(Operation {
        name: entry.key.clone(),
        place: entry.place.clone(),
        poll: poll?,
        status: status?,
        running: running?,
        done: done?,
        error: fields.get("error").and_then(|node| node.text(problems)),
    })
}

pub(super) fn entity(entry: &Entry, problems: &mut Problems) -> Option<Entity> {
    let fields = entry.value.fields(&ENTITY, problems);
    let status = fields.get("status").and_then(|node| status(node, problems));
    let moves = named(fields.get("moves"), problems, |entry, problems| {
        Some(entry.value.texts(problems))
    });
    let rules = fields
        .get("learn")
        .map_or(&[][..], |node| node.items(problems));
    let learn = rules
        .iter()
        .filter_map(|node| rule::read(node, problems))
        .collect();
    let aliases = named(fields.get("aliases"), problems, |entry, problems| {
        Some(named(Some(&entry.value), problems, alias))
    });
    Some(Entity {
        name: entry.key.clone(),
        place: entry.place.clone(),
        status,
        moves,
        learn,
        aliases,
    })
}

/// `alias: name`.
fn alias(entry: &Entry, problems: &mut Problems) -> Option<Alias> {
    Some(Alias {
        stands_for: entry.value.text(problems)?,
        place: entry.place.clone(),
    })
}

fn status(node: &Node, problems: &mut Problems) -> Option<Status> {
    let fields = node.fields(&STATUS, problems);
    Some(Status {
        field: fields.need_text("field", problems)?,
        first: fields.get("first").and_then(|node| node.text(problems)),
        finals: fields
            .get("final")
            .map(|node| node.texts(problems))
            .unwrap_or_default(),
    })
}

pub(super) fn workload(entry: &Entry, problems: &mut Problems) -> Option<Workload> {
    let fields = entry.value.fields(&WORKLOAD, problems);
    let creates = named(fields.get("creates"), problems, |entry, problems| {
        cel(&entry.value, problems)
    });
    let body = fields.get("body").map(Node::json);
    let (method, url) = url_request(fields.need("request", problems)?, problems)?;
    let (name, place) = (entry.key.clone(), entry.place.clone());
    Some(Workload {
        name,
        place,
        method,
        url,
        body,
        creates,
    })
}

/// `only` is the stack's only entity, for invariants that do not say which they are about.
pub(super) fn invariant(
    entry: &Entry,
    only: Option<&str>,
    problems: &mut Problems,
) -> Option<Invariant> {
    let fields = entry.value.fields(&pattern::KEYS, problems);
    // These are measures of all entities of a kind.
    let measure = fields.get("share").or(fields.get("balance"));
    let of = fields.get("of").filter(|_| measure.is_some());
    let entity = match (fields.get("for").or(of), only) {
        (Some(node), _) => node.text(problems),
        (None, Some(only)) => Some(only.to_owned()),
        (None, None) => fields.need_text("for", problems),
    };
    let pattern = pattern::read(&fields, problems);
    let scope = pattern::scope(&fields, problems);
    let (name, place) = (entry.key.clone(), entry.place.clone());
    Some(Invariant {
        name,
        place,
        entity: entity?,
        pattern: pattern?,
        scope,
    })
}

pub(super) fn mutant(entry: &Entry, problems: &mut Problems) -> Option<Mutant> {
    let fields = entry.value.fields(&MUTANT, problems);
    let caught_by = fields
        .get("caught_by")
        .map(|node| node.texts(problems))
        .unwrap_or_default();
    if caught_by.is_empty() && fields.get("caught_by").is_some() {
        let what = "a mutant needs at least one invariant that catches it";
        problems.push(Problem::at(&entry.place, what));
    }
    let environment = named(fields.get("environment"), problems, |entry, problems| {
        entry.value.text(problems)
    });
    let image = fields.get("image").and_then(|node| node.text(problems));
    if environment.is_empty() && image.is_none() {
        let help = "give it `environment` or `image`";
        problems.push(Problem::at(&entry.place, "this mutant changes nothing").help(help));
    }
    Some(Mutant {
        name: entry.key.clone(),
        place: entry.place.clone(),
        service: fields.need_text("service", problems)?,
        environment,
        image,
        caught_by,
        catalogue: fields
            .get("catalogue")
            .map(|node| node.texts(problems))
            .unwrap_or_default(),
    })
}
