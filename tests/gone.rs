//! What a poll told of and no longer tells of: lost data, as an event.

use crate::lanes::{container_trial, trial};
use crate::support::{Scratch, check};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

pub fn trials() -> Vec<Trial> {
    let process = trial("gone: of a list of a local process", || lost("process"));
    let docker = container_trial("gone: of a list of a container", || lost("docker"));
    vec![process, docker]
}

const COMPOSE: &str = "\
services:
  shop:
    image: wiremock/wiremock:3.13.1
    x-shakedown: {double: ./shop}
";

const STACK: &str = "\
stack: s
compose: compose.yaml
entities:
  order:
    status: {field: shown, first: none, final: [stored]}
    learn:
      - {poll: \"GET http://shop:8080/orders\", every: 50ms, each: body, id: item.id, set: {shown: \"'stored'\"}, gone: order lost}
workloads:
  order:   {request: \"POST http://shop:8080/orders\", creates: {order: response.body.id}}
  restore: {request: \"POST http://shop:8080/restore\"}
invariants:
  what is stored stays: {for: order, never: happened(\"order lost\")}
";

/// A shop that has one order, until somebody restores an old backup.
const SHOP: &str = r#"{"mappings": [
  {"request": {"method": "GET", "url": "/orders"}, "response": {"jsonBody": []}},
  {"request": {"method": "POST", "url": "/orders"}, "scenarioName": "order", "newScenarioState": "stored",
   "response": {"status": 201, "jsonBody": {"id": "7"}}},
  {"request": {"method": "GET", "url": "/orders"}, "scenarioName": "order", "requiredScenarioState": "stored",
   "priority": 1, "response": {"jsonBody": [{"id": "7"}]}},
  {"request": {"method": "POST", "url": "/restore"}, "scenarioName": "order", "newScenarioState": "Started",
   "response": {"status": 204}}
]}"#;

fn lost(runtime: &str) -> Result<(), Failed> {
    let played = |then: &str| {
        let scratch = Scratch::new();
        std::fs::create_dir_all(scratch.path("shop/mappings")).unwrap();
        scratch.file("shop/mappings/shop.json", SHOP);
        scratch.file("compose.yaml", COMPOSE);
        let stack = scratch.file("shakedown.yaml", STACK);
        let feature = format!(
            "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    When \"order\" runs once\n    \
             And every order is final within 30s\n    {then}Then \"what is stored stays\" holds\n"
        );
        let feature = scratch.file("a.feature", &feature);
        let said = scratch.play_on(&stack, &feature, runtime);
        (scratch, said)
    };
    let (_scratch, said) = played("");
    said.exits(0)?;
    let (scratch, said) = played("And \"restore\" runs once\n    ");
    let proof = ["order lost", "(poll GET http://shop:8080/orders)"];
    said.exits(1)?.says(&proof)?;
    let events = scratch.events()?;
    let lost = events.iter().find(|event| event["event"] == "order lost");
    let told = lost.is_some_and(|one| one["id"] == "7" && one["since_ns"].is_u64());
    check(told, || format!("{:?}", lost.map(Value::to_string)))
}
