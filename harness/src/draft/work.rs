//! The workload that is written: what was asked from outside.

use super::Known;
use super::calls::Call;
use super::entrance;
use super::hidden::hidden;
use super::stack_file::LOOK;
use super::yaml::{expression, quoted, text, value};
use serde_json::Value;
use std::fmt::Write as _;

/// The workload, and the variables that have to be set for it.
pub(super) fn write(known: &Known<'_>) -> (String, Vec<String>) {
    let Some(call) = known.workload() else {
        return (nothing_seen(known), Vec::new());
    };
    let one = &call.seen[0];
    let mut missing = Vec::new();
    let mut filled = |field: &str, text: &str| known.hidden.filled(text, field, &mut missing);
    let path = filled("path", &one.path);
    let query = one.query.iter().flat_map(|query| query.split('&'));
    let query = query.map(|pair| filled(pair.split('=').next().unwrap_or_default(), pair));
    let query: Vec<String> = query.collect();
    let query = match query.is_empty() {
        true => String::new(),
        false => format!("?{}", query.join("&")),
    };
    let body = one.sent.as_ref().map(|body| {
        let mut body = numbered(body, call);
        each_text("body", &mut body, &mut filled);
        body
    });
    let mut all = "workloads:                               # what shakedown asks of the stack; ${n} is the number of the request\n".to_owned();
    for name in &missing {
        let _ = writeln!(
            all,
            "  # FILL IN: a secret was sent where {name} stands. Set it in shakedown's environment, or write what will do."
        );
    }
    let request = format!(
        "{} http://{}:{}{path}{query}",
        call.method, one.service, one.port
    );
    let _ = writeln!(
        all,
        "  {}:\n    request: {}",
        text(&call.name),
        quoted(&request)
    );
    if let Some(body) = body {
        let _ = writeln!(all, "    body: {}", value(&body));
    }
    if let Some(entity) = &known.entity {
        let id = expression(&format!("string(response.body.{})", entity.id_at));
        let _ = writeln!(all, "    creates: {{{}: {id}}}", text(&entity.name));
    }
    (all + "\n", missing)
}

fn nothing_seen(known: &Known<'_>) -> String {
    match entrance(known) {
        Some((service, port)) => format!(
            "workloads:                               # FILL IN: what gives the stack something to do\n  \
             {LOOK}: {{request: \"GET http://{service}:{port}/\"}}\n\n"
        ),
        None => "# FILL IN: no service was found that speaks HTTP at a port that the compose file names\n\
                 # workloads: {submit: {request: \"POST http://web:8000/orders\", body: {item: \"thing ${n}\"}}}\n\n"
            .to_owned(),
    }
}

/// The body of a request; texts that were another one each time have the number of the request behind them.
fn numbered(body: &Value, call: &Call) -> Value {
    let mut body = body.clone();
    let Some(fields) = body.as_object_mut() else {
        return body;
    };
    for (name, value) in fields.iter_mut() {
        let Some(text) = value.as_str().filter(|text| !hidden(text)) else {
            continue;
        };
        let sent = call.seen.iter().filter_map(|one| one.sent.as_ref());
        let mut others = sent.filter_map(|body| body.get(name)?.as_str());
        if others.any(|other| other != text) {
            *value = format!("{text} ${{n}}").into();
        }
    }
    body
}

/// Replaces each text, with the name of the field that it is.
fn each_text(field: &str, value: &mut Value, new: &mut dyn FnMut(&str, &str) -> String) {
    match value {
        Value::String(text) => *text = new(field, text),
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| each_text(field, item, new)),
        Value::Object(fields) => {
            for (name, item) in fields.iter_mut() {
                each_text(name, item, new);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
