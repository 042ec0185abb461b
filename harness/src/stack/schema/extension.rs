//! `x-shakedown` at a service of a compose file.

use super::super::{disk, extension};
use super::{described, duration, object, text, texts};
use serde_json::{Value, json};

pub(super) fn extension() -> Value {
    let protocols = extension::PROTOCOLS.map(|(name, _)| name);
    let ports = json!({
        "type": ["object", "null"],
        "patternProperties": {"^[0-9]+$": {"enum": protocols}},
        "additionalProperties": false,
    });
    object(
        &extension::KEYS,
        &[],
        json!({
            "process": described("The same service as a local process: a program with its arguments, or `none`.", process()),
            "ready": described("When the service is ready, where its healthcheck does not say it.", ready()),
            "ports": described("What ports speak, where their first bytes do not tell it.", ports),
            "image": described("The service runs in an image of this very executable.", json!({"const": "shakedown"})),
            "image_script": texts("A command that makes the image where it is missing, run in the folder of the compose file."),
            "sql": text("Where queries are made, with the service's name as host."),
            "disk": described("A small disk in memory that a scenario can fill.", disk()),
            "double": text("A folder of WireMock mappings: shakedown itself plays the service."),
        }),
    )
}

fn process() -> Value {
    let environment = json!({"anyOf": [
        {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}},
        {"type": ["array", "null"], "items": {"type": "string"}},
    ]});
    let long = object(
        &extension::PROCESS,
        &[],
        json!({
            "command": texts("The program and its arguments; `none`: it is not run."),
            "environment": described("Variables that are laid over those of the service.", environment),
            "sql": text("Where queries are made of the local process."),
        }),
    );
    json!({"anyOf": [texts(""), long]})
}

fn ready() -> Value {
    object(
        &extension::READY,
        &[],
        json!({
            "http": described("A path that is answered, such as /health or :8000/health.", json!({"type": "string"})),
            "tcp": described("A port that takes connections.", json!({"type": "integer", "minimum": 0, "maximum": 65_535})),
            "within": duration("How long it may take; 60s unless given."),
        }),
    )
}

fn disk() -> Value {
    object(
        &disk::KEYS,
        &["path", "size"],
        json!({
            "path": described("The folder in the container.", json!({"type": "string", "pattern": "^/"})),
            "size": text("Such as 64 MB; 64 KiB to 1 GiB."),
        }),
    )
}
