//! Doubles: third parties that shakedown plays itself, on both runtimes, and struck as any other service.

use crate::lanes::{container_trial, trial};
use crate::support::{Case, Scratch, check, scenario};
use libtest_mimic::{Failed, Trial};
use serde_json::Value;

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 3] = [
        ("one that dies begins again", forgets),
        (
            "what is wrong in a folder is told before anything starts",
            mistakes,
        ),
        ("what a double cannot be beside", beside),
    ];
    let case = |(name, run): Case| trial(format!("doubles: {name}"), run);
    let played = trial("doubles: two call each other as local processes", || {
        played("process")
    });
    let docked = container_trial("doubles: two call each other in containers", || {
        self::played("docker")
    });
    let both = [played, docked];
    cases.into_iter().map(case).chain(both).collect()
}

const COMPOSE: &str = "\
services:
  desk:
    image: wiremock/wiremock:3.13.1
    expose: [\"8080\"]
    healthcheck: {test: [\"CMD\", curl, \"http://localhost:8080\"]}
    user: wiremock
    volumes: [\"./doubles/desk:/home/wiremock\"]
    x-shakedown: {double: ./doubles/desk}
  provider:
    image: wiremock/wiremock:3.13.1
    x-shakedown: {double: doubles/provider}
";

const STACK: &str = "\
stack: s
compose: compose.yaml
calls:
  order:   {link: workload -> desk, request: \"POST /orders/{order}\"}
  execute: {link: desk -> provider, request: \"POST /v1/execute\"}
  tell:    {link: provider -> desk, request: \"POST /told/{order}\"}
  ask:     {link: workload -> provider, request: \"GET /v1/executions/{order}\"}
entities:
  order:
    status: {field: status, first: new, final: [told]}
    moves: {new: [told]}
    learn:
      - {call: execute, when: response.status == 200, id: request.body.request_id, event: begun}
      - {call: tell, when: 'request.body.with == \"answer to \" + request.body.prompt', event: told, set: {status: \"'told'\"}}
      - {call: ask, when: response.status == 200, set: {asked: response.body.status, executions: int(response.body.executions)}}
      - {call: ask, when: response.status == 404, set: {asked: \"'unknown'\"}}
workloads:
  buy: {request: \"POST http://desk:8080/orders/o${n}\", creates: {order: response.body.id}}
  ask: {request: \"GET http://provider:8080/v1/executions/o${n}\"}
invariants:
  told once:      {for: order, at_most: 1, of: told}
  told in time:   {for: order, when: happened(\"begun\"), then: happened(\"told\"), within: 10s}
  asked in time:  {for: order, eventually: 'asked == \"success\"', within: 10s}
  executed once:  {for: order, always: executions == 1}
";

/// Each order is passed on to the provider.
const DESK: &str = r#"{"mappings": [
  {"request": {"method": "POST", "urlPathTemplate": "/orders/{order}"},
   "response": {"status": 201, "body": "{\"id\": \"{{request.path.order}}\"}", "transformers": ["response-template"]},
   "serveEventListeners": [{"name": "webhook", "parameters": {
     "method": "POST", "url": "http://provider:8080/v1/execute",
     "headers": {"Content-Type": "application/json"},
     "body": "{\"request_id\": \"{{originalRequest.path.order}}\", \"model\": \"m\", \"prompt\": \"p\", \"region\": \"EU\"}"}}]},
  {"request": {"method": "POST", "urlPattern": "/told/.*"}, "response": {"status": 204}}
]}"#;

const PROVIDER: &str = r#"{
  "name": "execute",
  "begin": {"method": "POST", "urlPath": "/v1/execute"},
  "id": "{{jsonPath request.body '$.request_id'}}",
  "takes": 50,
  "began": "when over",
  "poll": {"method": "GET", "urlPathTemplate": "/v1/executions/{id}"},
  "running": {"jsonBody": {"status": "running"}},
  "done": {"jsonBody": {"status": "success", "executions": "{{operation.executions}}",
           "response": "answer to {{jsonPath operation.request.body '$.prompt'}}"},
           "transformers": ["response-template"]},
  "then": [{"url": "http://desk:8080/told/{{operation.id}}", "after": 20,
            "jsonBody": {"prompt": "p", "with": "answer to {{jsonPath operation.request.body '$.prompt'}}"}}]
}"#;

fn stack(scratch: &Scratch, provider: &str) {
    scratch.file("compose.yaml", COMPOSE);
    scratch.file("shakedown.yaml", STACK);
    scratch.file("doubles/desk/mappings/desk.json", DESK);
    scratch.file("doubles/provider/operations/execute.json", provider);
}

fn play(scratch: &Scratch, runtime: &str, steps: &[&str]) -> crate::support::Said {
    let feature = scratch.file("a.feature", &scenario(steps));
    scratch.play_on(&scratch.path("shakedown.yaml"), &feature, runtime)
}

fn played(runtime: &str) -> Result<(), Failed> {
    let scratch = Scratch::new();
    stack(&scratch, PROVIDER);
    let steps = [
        "And the answer to \"execute\" is lost the first 3 times",
        "When \"buy\" runs 3 times",
        "And every order is final within 10s",
        "When \"ask\" runs 3 times",
        "Then every invariant holds",
    ];
    let said = play(&scratch, runtime, &steps).exits(0)?;
    let run = scratch.json("out/run.json")?;
    let fault = &run["scenarios"][0]["faults"][0];
    check(fault["felt"] == 3 && fault["reached"] == 3, || said.all())?;
    let events = scratch.events()?;
    let asked = |client: &str, service: &str| {
        let of =
            |e: &&Value| e["kind"] == "asked" && e["client"] == client && e["service"] == service;
        events.iter().filter(of).count()
    };
    let calls = [
        asked("workload", "desk"),
        asked("desk", "provider"),
        asked("provider", "desk"),
    ];
    check(calls == [3, 3, 3], || format!("{calls:?}"))
}

fn forgets() -> Result<(), Failed> {
    let scratch = Scratch::new();
    stack(&scratch, PROVIDER);
    let steps = [
        "When \"buy\" runs once",
        "And every order is final within 10s",
        "Given the service \"provider\" is killed",
        "And all faults are healed",
        "When \"buy\" runs once",
        "And every order is final within 10s",
        "And \"ask\" runs 2 times",
        "Then \"told once\" holds",
    ];
    play(&scratch, "process", &steps).exits(0)?;
    let events = scratch.events()?;
    let asked = events
        .iter()
        .filter(|e| e["kind"] == "worked" && e["workload"] == "ask");
    let accepted: Vec<&Value> = asked.map(|e| &e["accepted"]).collect();
    // It knows the second order, but not the one from before it died.
    check(accepted == [false, true], || format!("{accepted:?}"))
}

fn mistakes() -> Result<(), Failed> {
    let scratch = Scratch::new();
    stack(
        &scratch,
        &PROVIDER
            .replace("\"takes\"", "\"take\"")
            .replace("{{jsonPath request", "{{jsnPath request"),
    );
    let mapping = r#"{
  "request": {"urlPatern": "/a", "bodyPatterns": [{"equalToXml": "<a/>"}]},
  "response": {"fault": "EMPTY"}, "persistent": true
}"#;
    scratch.file("doubles/desk/mappings/more/b.json", mapping);
    scratch.file("doubles/desk/mappings/c.json", "{\"request\": }");
    let feature = "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    When \"buy\" runs once\n    \
                   Then every invariant holds\n";
    scratch.file("a.feature", feature);
    for command in ["lint", "run"] {
        let said = scratch.shakedown(&[command, "a.feature"]).exits(64)?;
        let at = |file: &str| format!("doubles/{file}");
        said.tells(&[
            "unknown field `urlPatern`",
            &at("desk/mappings/more/b.json:2:15"),
            "did you mean `urlPattern`?",
        ])?;
        said.tells(&[
            "`equalToXml` is not played by a double",
            "$.request.bodyPatterns[0]",
        ])?;
        said.tells(&["unknown fault `EMPTY`", "did you mean `EMPTY_RESPONSE`?"])?;
        said.tells(&[
            "this is not JSON: expected value",
            &at("desk/mappings/c.json:1:13"),
        ])?;
        said.tells(&[
            "unknown field `take`",
            &at("provider/operations/execute.json:5:3"),
            "did you mean `takes`?",
        ])?;
        said.tells(&["unknown helper `jsnPath`", "did you mean `jsonPath`?"])?;
    }
    Ok(())
}

fn beside() -> Result<(), Failed> {
    let scratch = Scratch::new();
    stack(&scratch, PROVIDER);
    let feature = "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    When \"buy\" runs once\n    \
                   Then every invariant holds\n";
    scratch.file("a.feature", feature);
    let lint = |from: &str, to: &str| {
        scratch.file("compose.yaml", &COMPOSE.replace(from, to));
        scratch.shakedown(&["lint", "a.feature"])
    };
    let said = lint(
        "{double: doubles/provider}",
        "{double: doubles/provider, process: [sh]}",
    )
    .exits(64)?;
    said.tells(&[
        "`provider` is a double, for which `process` means nothing",
        "compose.yaml:11",
    ])?;
    let said = lint("doubles/provider", "double/provider").exits(64)?;
    said.tells(&["double/provider is no folder", "compose.yaml:11"])?;
    lint("nothing", "else").exits(0)?;
    Ok(())
}
