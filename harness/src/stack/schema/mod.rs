//! JSON schemas of `shakedown.yaml` and of `x-shakedown`, with which editors complete and check them.
//!
//! The names of keys, methods and protocols come from the reader. A key that is described here and not read there, or the
//! other way round, is an assertion that fails. What a schema cannot say (that a name exists, that an expression is CEL)
//! `shakedown lint` does.

mod entity;
mod extension;
mod invariant;

use super::config;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// The version of JSON Schema that they are written in: the newest one that editors for YAML understand.
const DRAFT: &str = "http://json-schema.org/draft-07/schema#";
/// The schema of compose files, which editors know where to get.
const COMPOSE: &str =
    "https://raw.githubusercontent.com/compose-spec/compose-spec/main/schema/compose-spec.json";

/// The schema of `shakedown.yaml`.
pub fn stack() -> Value {
    let top = object(
        &config::TOP,
        &["stack", "compose"],
        json!({
            "stack": text("The name by which features call this stack."),
            "compose": texts("The compose file, from the folder of this file; of several, each is laid over those before it."),
            "profiles": texts("Compose's profiles whose services take part."),
            "calls": named("Names for the requests worth talking about.", call()),
            "operations": named("Work that one call begins and another asks for until it is done.", operation()),
            "entities": named("The things whose state is followed, such as an order or a job.", entity::entity()),
            "workloads": named("What shakedown itself asks of the stack.", workload()),
            "invariants": named("What must hold.", invariant::invariant()),
            "mutants": named("Planted bugs: `shakedown mutants` demands that each turns an invariant red.", mutant()),
            "settle": duration("How long nothing must have happened for a run to end; 500ms unless given."),
            "secrets": texts("Names of variables, headers and fields whose values nobody is to see, beside those whose names say so; !NAME is none."),
        }),
    );
    whole("The stack file of shakedown", top)
}

/// The schema of a compose file with `x-shakedown` at its services.
pub fn compose() -> Value {
    let service = json!({"properties": {"x-shakedown": extension::extension()}});
    let services = json!({"type": "object", "additionalProperties": service});
    let compose = json!({"allOf": [{"$ref": COMPOSE}, {"properties": {"services": services}}]});
    whole("A compose file with what shakedown reads of it", compose)
}

fn whole(title: &str, schema: Value) -> Value {
    let mut whole = json!({"$schema": DRAFT, "title": title});
    merge(&mut whole, schema);
    whole
}

fn call() -> Value {
    object(
        &config::CALL,
        &["link", "request"],
        json!({
            "link": described(
                "Who asks whom; `workload` is shakedown itself.",
                json!({"type": "string", "pattern": r"^\s*\S+\s*->\s*\S+\s*$"}),
            ),
            "request": described(
                "The method, and the path with {entity} where its id stands; a query demands its parameters.",
                request("/"),
            ),
        }),
    )
}

fn operation() -> Value {
    object(
        &config::OPERATION,
        &["poll", "status", "running", "done"],
        json!({
            "poll": text("The call that asks whether it is done."),
            "status": text("Where the status stands in the answer: names and positions with dots between them."),
            "running": text("The status of one that is not done."),
            "done": text("The status of one that is done, well or not."),
            "error": text("Where the error stands in the answer."),
        }),
    )
}

fn workload() -> Value {
    object(
        &config::WORKLOAD,
        &["request"],
        json!({
            "request": described("The method and the URL, with a service's name as host.", request("http://")),
            "body": {"description": "The body, as JSON; ${n} is the number of the request."},
            "creates": named("By entity: the id of the one that an accepted request creates.", cel("")),
        }),
    )
}

fn mutant() -> Value {
    let mut mutant = object(
        &config::MUTANT,
        &["service"],
        json!({
            "service": text("The service that has the bug."),
            "environment": named("Variables that plant it.", text("")),
            "image": text("An image that has it."),
            "caught_by": texts("The invariants of which one must notice; any unless given."),
            "catalogue": texts("Where the bug is written down."),
        }),
    );
    merge(
        &mut mutant,
        json!({"anyOf": [{"required": ["environment"]}, {"required": ["image"]}]}),
    );
    mutant
}

/// A map that has these keys and no others.
fn object(keys: &[&str], required: &[&str], properties: Value) -> Value {
    let described: BTreeSet<&str> = properties
        .as_object()
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .collect();
    let read: BTreeSet<&str> = keys.iter().copied().collect();
    assert_eq!(
        described, read,
        "the schema and the reader know different keys"
    );
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// A map of things that the user names.
fn named(description: &str, of: Value) -> Value {
    let map = json!({"type": ["object", "null"], "additionalProperties": of});
    described(description, map)
}

/// One word or more; the reader takes a number for its digits.
fn text(description: &str) -> Value {
    described(
        description,
        json!({"type": ["string", "number", "boolean"]}),
    )
}

/// A text, or a list of them.
fn texts(description: &str) -> Value {
    let item = text("");
    let list = json!({"type": "array", "items": item});
    described(description, json!({"anyOf": [item, list]}))
}

/// An expression in CEL.
fn cel(description: &str) -> Value {
    text(description)
}

/// `20s`, `100ms`.
fn duration(description: &str) -> Value {
    described(
        description,
        json!({"type": "string", "pattern": r"^\s*[0-9]+\s*(ms|s|m|h)\s*$"}),
    )
}

/// `METHOD rest`, where the rest begins so.
fn request(rest: &str) -> Value {
    let methods = config::METHODS.join("|");
    json!({"type": "string", "pattern": format!(r"^({methods})\s+{rest}")})
}

fn described(description: &str, mut schema: Value) -> Value {
    if !description.is_empty() {
        merge(&mut schema, json!({"description": description}));
    }
    schema
}

/// Adds the keys of one schema to another.
fn merge(schema: &mut Value, more: Value) {
    if let (Value::Object(schema), Value::Object(more)) = (schema, more) {
        schema.extend(more);
    }
}
