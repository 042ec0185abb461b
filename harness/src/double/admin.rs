//! `/__admin`: what a double tells of itself, as WireMock does.

use super::answer::Reply;
use super::json::Source;
use super::pattern::Pattern;
use super::play::Double;
use super::request::{Request, text};
use crate::problem::Problems;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::path::Path;

/// Where it is.
const ADMIN: &str = "/__admin";

/// The answer to a request below `/__admin`.
pub(super) fn answer(double: &Double, request: &Request) -> Option<Reply> {
    let path = request.path().strip_prefix(ADMIN)?;
    if !path.is_empty() && !path.starts_with('/') {
        return None;
    }
    let method = match request.method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::DELETE => "DELETE",
        Method::PUT => "PUT",
        _ => "",
    };
    Some(match (method, path.trim_end_matches('/')) {
        ("GET", "/health") => Reply::json(&json!({"status": "healthy"})),
        ("GET", "/mappings") => mappings(double),
        ("GET", "/requests") => requests(double, false),
        ("GET", "/requests/unmatched") => requests(double, true),
        ("DELETE", "/requests") | ("POST", "/requests/reset") => done(|| double.journal.clear()),
        ("POST", "/requests/count") => like(
            request,
            |pattern| json!({"count": double.journal.count(pattern)}),
        ),
        ("POST", "/requests/find") => like(
            request,
            |pattern| json!({"requests": double.journal.find(pattern)}),
        ),
        ("GET", "/scenarios") => scenarios(double),
        ("POST", "/scenarios/reset") => done(|| double.scenarios.reset()),
        ("POST", "/reset" | "/mappings/reset") => done(|| {
            double.journal.clear();
            double.scenarios.reset();
            double.executions.reset();
        }),
        _ => {
            let what = format!("a double has no {} {}\n", request.method, request.path());
            Reply::text(StatusCode::NOT_FOUND, what)
        }
    })
}

fn done(deed: impl FnOnce()) -> Reply {
    deed();
    Reply::json(&json!({}))
}

fn mappings(double: &Double) -> Reply {
    let all: Vec<&Value> = double.folder.stubs.iter().map(|stub| &stub.json).collect();
    Reply::json(&json!({"mappings": all, "meta": {"total": all.len()}}))
}

fn requests(double: &Double, unmatched: bool) -> Reply {
    let all = double.journal.all(unmatched);
    let total = all.len();
    Reply::json(
        &json!({"requests": all, "meta": {"total": total}, "requestJournalDisabled": false}),
    )
}

fn scenarios(double: &Double) -> Reply {
    let named = double
        .folder
        .stubs
        .iter()
        .filter_map(|stub| stub.scenario.as_ref());
    let names: std::collections::BTreeSet<&str> = named.map(|one| one.name.as_str()).collect();
    let all: Vec<Value> = names
        .into_iter()
        .map(|name| json!({"name": name, "state": double.scenarios.state(name)}))
        .collect();
    Reply::json(&json!({"scenarios": all}))
}

/// An answer about the requests that are like the pattern in the body.
fn like(request: &Request, tell: impl FnOnce(&Pattern) -> Value) -> Reply {
    let mut problems = Problems::default();
    let source = Source::parse(
        Path::new("the request"),
        &text(&request.body),
        &mut problems,
    );
    let pattern = source.map(|source| Pattern::read(&source.root(), &mut problems));
    match (pattern, problems.or(())) {
        (Some(pattern), Ok(())) => Reply::json(&tell(&pattern)),
        (_, problems) => {
            let text = problems.err().map(|problems| problems.to_string());
            Reply::text(StatusCode::UNPROCESSABLE_ENTITY, text.unwrap_or_default())
        }
    }
}
