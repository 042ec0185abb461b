//! What nobody is to see is nowhere in what a run leaves: not in histories and logs, not in reports, not on the terminal.

use crate::lanes::trial;
use crate::support::{Case, Said, Scratch, check};
use libtest_mimic::{Failed, Trial};
use std::path::Path;

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 3] = [
        ("twenty of them are nowhere in what a run leaves", nowhere),
        (
            "a verdict that rests on hidden values is the same when it is judged again",
            judged_again,
        ),
        (
            "an id that a log has before anybody knows it for a secret is one entity while the run goes on",
            one_name,
        ),
    ];
    let case = |(name, run): Case| trial(format!("secrets: {name}"), run);
    cases.into_iter().map(case).collect()
}

/// Each is planted in another way; each must be gone.
const PLANTED: [&str; 22] = [
    "planted-api-token",
    "planted-db-password",
    "planted-of-a-url",
    "planted-declared-name",
    "cGxhbnRlZCBwcml2YXRlIGtleQ",
    "planted.bearer.token",
    "planted-x-api-key",
    "planted-session-cookie",
    "planted-set-cookie",
    "planted-basic-password",
    "cGxhbnRlZDpwbGFudGVkLWJhc2ljLXBhc3N3b3Jk",
    "planted-declared-header",
    "planted-access-token",
    "planted-in-a-query",
    "planted-in-a-form",
    "planted-bearer-in-a-log",
    "planted-url-in-a-log",
    "planted-in-own-environment",
    "planted-as-an-option",
    "planted-and-known-late",
    "planted-in-a-failed-start",
    "blazoned",
];

const COMPOSE: &str = r#"
services:
  web:
    image: wiremock/wiremock:3.13.1
    expose: ["8080"]
    x-shakedown: {double: ./web}
  api:
    image: wiremock/wiremock:3.13.1
    expose: ["8080"]
    x-shakedown: {double: ./api}
  talker:
    image: none
    expose: ["8000"]
    environment:
      LISTEN: "0.0.0.0:8000"
      API_TOKEN: planted-api-token
      DB_PASSWORD: planted-db-password
      DATABASE_URL: "postgres://app:planted-of-a-url@db:5432/app"
      LICENSE: planted-declared-name
      HARMLESS: "${CI_JOB_TOKEN}"
      QUOTED_SECRET: 'planted "blazoned" one'
      STARTUP_SECRET: planted-in-a-failed-start
      SIGNING_KEY: |
        -----BEGIN PRIVATE KEY-----
        cGxhbnRlZCBwcml2YXRlIGtleQ
        -----END PRIVATE KEY-----
    x-shakedown:
      process:
        - sh
        - -c
        - |
          echo "talker=1 token=$$API_TOKEN password=$$DB_PASSWORD at $$DATABASE_URL, $$LICENSE, $$HARMLESS, $$QUOTED_SECRET"
          echo "$$SIGNING_KEY"
          echo "Authorization: Bearer planted-bearer-in-a-log; redis://:planted-url-in-a-log@cache; $$*"
          FAIL
          echo "so far unknown: planted-and-known-late"
          exec BINARY serve trouble
        - --password
        - planted-as-an-option
      ready: {http: /health}
"#;

const STACK: &str = r#"
stack: s
compose: compose.yaml
secrets: [license, X-Mine]
calls:
  order: {link: workload -> web, request: "POST /orders/{order}"}
  store: {link: web -> api, request: "POST /store/{order}"}
  first: {link: web -> api, request: "GET /first/{order}"}
entities:
  order:
    learn:
      - {call: order, when: response.status == 201, event: ordered}
      - {call: store, when: response.status == 200, event: stored, set: {token: response.body.access_token, user: response.body.user}}
      - {poll: "GET http://api:8080/list?api_key=planted-in-a-query", every: 50ms, each: body, id: item.id, set: {listed: item.by}}
      - {log: talker, pattern: 'talker=(?<id>\d+) token=(?<shown>\S+)', set: {shown: shown}}
workloads:
  buy: {request: "POST http://web:8080/orders/${n}", creates: {order: response.body.id}}
invariants:
  stored:            {for: order, when: happened("ordered"), then: happened("stored"), within: 10s}
  a user is named:   {for: order, when: happened("stored"), then: 'user == "somebody" && token != ""'}
  nobody is listed:  {for: order, never: 'listed != ""'}
"#;

/// It calls the other one with all that a header, a query and a form can have.
const WEB: &str = r#"{"mappings": [
  {"request": {"method": "POST", "urlPathTemplate": "/orders/{order}"},
   "response": {"status": 201, "body": "{\"id\": \"{{request.path.order}}\", \"text\": \"planted \\\"blazoned\\\" one\"}", "transformers": ["response-template"]},
   "serveEventListeners": [
     {"name": "webhook", "parameters": {
       "method": "GET", "url": "http://api:8080/first/{{originalRequest.path.order}}?note=planted-and-known-late",
       "headers": {"Authorization": "Basic cGxhbnRlZDpwbGFudGVkLWJhc2ljLXBhc3N3b3Jk"}}},
     {"name": "webhook", "parameters": {
       "method": "POST", "url": "http://api:8080/store/{{originalRequest.path.order}}?api_key=planted-in-a-query", "delay": {"type": "fixed", "milliseconds": 200},
       "headers": {"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Bearer planted.bearer.token",
                   "X-Api-Key": "planted-x-api-key", "Cookie": "theme=dark; sid=planted-session-cookie",
                   "X-Mine": "planted-declared-header", "X-Late-Token": "planted-and-known-late"},
       "body": "password=planted-in-a-form&of=me"}}]}
]}"#;

/// It says again whatever it was told.
const API: &str = r#"{"mappings": [
  {"request": {"method": "GET", "urlPattern": "/first/.*"},
   "response": {"status": 200, "body": "planted-basic-password, planted-and-known-late"}},
  {"request": {"method": "GET", "urlPathTemplate": "/list"},
   "response": {"status": 200, "jsonBody": [{"id": "1", "by": "planted-and-known-late"}]}},
  {"request": {"method": "POST", "urlPattern": "/store/.*"},
   "response": {"status": 200, "headers": {"Set-Cookie": "sid=planted-set-cookie; Path=/", "Content-Type": "application/json"},
     "body": "{\"user\": \"somebody\", \"access_token\": \"planted-access-token\", \"said\": \"{{request.headers.Authorization}} {{request.headers.Cookie}} {{request.headers.X-Api-Key}} {{request.body}}\"}",
     "transformers": ["response-template"]}}
]}"#;

const FEATURE: &str = "\
Feature: f
  Scenario: s
    Given the stack \"s\"
    When \"buy\" runs 3 times
    Then every invariant holds
";

fn play(scratch: &Scratch, fail: &str) -> Said {
    let compose = COMPOSE
        .replace("FAIL", fail)
        .replace("BINARY", env!("CARGO_BIN_EXE_shakedown"));
    scratch.file("compose.yaml", &compose);
    scratch.file("shakedown.yaml", STACK);
    scratch.file("web/mappings/web.json", WEB);
    scratch.file("api/mappings/api.json", API);
    scratch.file("a.feature", FEATURE);
    let words = "run a.feature --runtime process --out out --junit out/j.xml --markdown out/m.md \
                 --cucumber-json out/c.json --github";
    let mut command = scratch.command(&words.split_whitespace().collect::<Vec<_>>());
    command.env("CI_JOB_TOKEN", "planted-in-own-environment");
    command.env("GITHUB_STEP_SUMMARY", scratch.path("out/step.md"));
    Said::of(command.output().expect("the binary runs"))
}

/// Fails if any of the secrets stands in a text.
fn clean(text: &str, at: &str) -> Result<(), Failed> {
    for secret in PLANTED {
        check(!text.contains(secret), || {
            format!("{secret} in {at}:\n{text}")
        })?;
    }
    Ok(())
}

/// Looks through all files of a folder; gives how many there were.
fn clean_folder(folder: &Path) -> Result<usize, Failed> {
    let mut files = 0;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        match path.is_dir() {
            true => files += clean_folder(&path)?,
            false => {
                let text = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
                clean(&text, &path.display().to_string())?;
                files += 1;
            }
        }
    }
    Ok(files)
}

fn nowhere() -> Result<(), Failed> {
    let scratch = Scratch::new();
    // Somebody is listed, so that there is a story with a proof that has a secret in it.
    let said = play(&scratch, "").exits(1)?;
    clean(&said.all(), "what was said")?;
    let files = clean_folder(&scratch.path("out"))?;
    check(files >= 9, || format!("only {files} files were looked at"))?;
    let history = std::fs::read_to_string(scratch.history()?)?;
    for kept in [
        "somebody",
        "theme=[redacted",
        "\"Bearer [redacted",
        "Path=/",
        "of=me",
    ] {
        check(history.contains(kept), || {
            format!("no {kept} in\n{history}")
        })?;
    }
    let log = std::fs::read_to_string(scratch.history()?.with_file_name("logs/talker.log"))?;
    for kept in [
        "talker=1 token=[redacted",
        "at postgres://app:[redacted",
        "@db:5432/app",
        "so far unknown: [redacted",
    ] {
        check(log.contains(kept), || format!("no {kept} in\n{log}"))?;
    }
    // One that never comes up tells why, and no more than that.
    let said = play(&scratch, "echo it is $$STARTUP_SECRET; exit 3").exits(3)?;
    clean(&said.all(), "what was said of a failed start")?;
    clean_folder(&scratch.path("out"))?;
    said.says(&["ended before it was ready", "it is [redacted"])?;
    Ok(())
}

fn judged_again() -> Result<(), Failed> {
    let scratch = Scratch::new();
    play(&scratch, "").exits(1)?;
    let again = scratch.shakedown(&[
        "check",
        "out",
        "--stack",
        "shakedown.yaml",
        "--out",
        "again",
    ]);
    again.exits(1)?;
    let (run, again) = (
        scratch.json("out/run.json")?,
        scratch.json("again/check.json")?,
    );
    let judged = |value: &serde_json::Value| value["scenarios"][0]["invariants"].clone();
    check(judged(&run) == judged(&again), || {
        format!("{run:#}\n{again:#}")
    })?;
    let proof = judged(&run)[2]["proof"].to_string();
    check(proof.contains("[redacted"), || run.to_string())
}

/// A log has the token before the answer that has it as a secret; after that, the token is used, twice.
fn one_name() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let used = |to: &str, delay: u32| {
        format!(
            r#"{{"name": "webhook", "parameters": {{"method": "PUT", "url": "http://api:8080/tokens/tok-0123456789",
                "body": "{{\"to\": \"{to}\"}}", "headers": {{"Content-Type": "application/json"}},
                "delay": {{"type": "fixed", "milliseconds": {delay}}}}}}}"#
        )
    };
    let web = format!(
        r#"{{"mappings": [{{"request": {{"method": "POST", "url": "/orders"}},
            "response": {{"status": 201, "jsonBody": {{"access_token": "tok-0123456789"}}}},
            "serveEventListeners": [{}, {}, {}]}}]}}"#,
        used("used", 300),
        used("used", 2000),
        used("archived", 2500)
    );
    scratch.file("web/mappings/web.json", &web);
    let api = r#"{"mappings": [{"request": {"method": "PUT", "urlPattern": "/tokens/.*"}, "response": {"status": 200}}]}"#;
    scratch.file("api/mappings/api.json", api);
    scratch.file(
        "compose.yaml",
        r#"
services:
  web:
    image: wiremock/wiremock:3.13.1
    expose: ["8080"]
    x-shakedown: {double: ./web}
  api:
    image: wiremock/wiremock:3.13.1
    expose: ["8080"]
    x-shakedown: {double: ./api}
  talker:
    image: none
    x-shakedown:
      process: [sh, -c, "echo token=tok-0123456789 issued; exec sleep 600"]
"#,
    );
    scratch.file(
        "shakedown.yaml",
        r#"
stack: s
compose: compose.yaml
calls:
  use: {link: web -> api, request: "PUT /tokens/{token}"}
entities:
  token:
    status: {field: status, first: new, final: [archived]}
    learn:
      - {log: talker, pattern: 'token=(?<id>\S+) issued', event: issued}
      - {call: use, set: {status: request.body.to}}
      - {call: use, when: 'request.body.to == "used"', event: used}
workloads:
  buy: {request: POST http://web:8080/orders, creates: {token: response.body.access_token}}
invariants:
  issued before used: {for: token, no: 'status == "used"', before: happened("issued")}
  used once: {for: token, at_most: 1, of: used}
"#,
    );
    scratch.file(
        "a.feature",
        "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    When \"buy\" runs once\n    \
         And every token is final within 20s\n    Then every invariant holds\n",
    );
    let said = scratch.shakedown(&["run", "a.feature", "--runtime", "process", "--out", "out"]);
    let said = said.exits(1)?;
    let said = said.says(&["`used once` broke for token [redacted 1]"])?;
    check(!said.all().contains("`issued before used` broke"), || {
        said.all()
    })
}
