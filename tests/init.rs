//! `shakedown init`: what it writes has no mistakes, and, where the stack was watched, plays and holds.

use crate::lanes::trial;
use crate::relay;
use crate::support::{Case, Scratch, check};
use libtest_mimic::{Failed, Trial};

pub fn trials() -> Vec<Trial> {
    let cases: [Case; 9] = [
        ("a compose file alone makes files without mistakes", alone),
        ("nothing that is there is written over", kept),
        ("mistakes are told before anything is started", mistakes),
        ("what was watched plays and holds", watched),
        ("requests can be typed", typed),
        (
            "what only the user asked becomes a poll, and no secret is shown",
            polled,
        ),
        ("why a stack cannot be watched is told", unwatched),
        ("all that do not say how they run are told", silent),
        ("options that mean nothing to it are not offered", options),
    ];
    let case = |(name, run): Case| trial(format!("init: {name}"), run);
    cases.into_iter().map(case).collect()
}

const SHOP: &str = "\
services:
  web: {image: shop/web, ports: [\"8000:8000\"], environment: {DATABASE_URL: \"postgres://a:b@db/shop\"}, depends_on: [db]}
  db: {image: \"postgres:16\", environment: {POSTGRES_PASSWORD: b, POSTGRES_USER: a, POSTGRES_DB: shop}}
  cache: {image: \"redis:7\"}
";

fn alone() -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch.file("docker-compose.yml", SHOP);
    let said = scratch.shakedown(&["init"]).exits(0)?.says(&[
        "wrote shakedown.yaml",
        "wrote features/first.feature",
        "wrote compose.shakedown.yaml",
        "learnt: link web -> db",
        "to do: name the calls that matter",
    ])?;
    let lint = scratch.shakedown(&["lint"]).exits(0)?;
    check(lint.stdout.contains("scenarios: 2, stacks: 1"), || {
        lint.all()
    })?;
    // The compose file of another folder can be named, by itself or by its folder.
    for (folder, named) in [("a", "a/compose.yaml"), ("b", "b")] {
        scratch.file(&format!("{folder}/compose.yaml"), SHOP);
        scratch.shakedown(&["init", named]).exits(0)?;
        let stack = format!("{folder}/shakedown.yaml");
        let feature = format!("{folder}/features");
        scratch
            .shakedown(&["lint", &feature, "--stack", &stack])
            .exits(0)?;
    }
    said.exits(0).map(drop)
}

fn kept() -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch.file("compose.yaml", SHOP);
    let mine = scratch.file("shakedown.yaml", "# mine\n");
    let overlay = scratch.file(
        "compose.shakedown.yaml",
        "services: {cache: {x-shakedown: {ready: {tcp: 6379}}}}\n",
    );
    let said = scratch.shakedown(&["init"]).exits(64)?;
    said.tells(&[
        "shakedown.yaml: is there already",
        "`--force` writes it anew",
    ])?;
    check(std::fs::read_to_string(&mine)? == "# mine\n", || said.all())?;
    std::fs::remove_file(&mine)?;
    // What is said there already counts, and stays.
    scratch.shakedown(&["init"]).exits(0)?;
    check(std::fs::read_to_string(&overlay)?.contains("ready"), || {
        "the file was written over".to_owned()
    })?;
    check(
        std::fs::read_to_string(&mine)?.contains("compose: [compose.yaml, compose.shakedown.yaml]"),
        || "it is not used".to_owned(),
    )?;
    scratch.shakedown(&["init"]).exits(64)?;
    scratch.shakedown(&["init", "--force"]).exits(0)?;
    check(
        std::fs::read_to_string(&overlay)?.contains("5432: postgres"),
        || "it was not written anew".to_owned(),
    )
}

fn mistakes() -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch
        .shakedown(&["init"])
        .exits(64)?
        .says(&["there is no compose file here", "compose.yaml"])?;
    scratch
        .shakedown(&["init", "nowhere.yaml"])
        .exits(64)?
        .says(&["nowhere.yaml: does not exist"])?;
    scratch.file("compose.yaml", SHOP);
    let bad = [
        "init",
        "--request",
        "FETCH http://web/",
        "--request",
        "GET web",
    ];
    scratch
        .shakedown(&bad)
        .exits(64)?
        .says(&["`FETCH` is no method", "`web` is no URL"])?;
    let said = scratch
        .shakedown(&["init", "--request", "GET http://webb:8000/"])
        .exits(64)?;
    said.tells(&["unknown service `webb`", "did you mean `web`?"])?;
    check(!scratch.path("shakedown.yaml").exists(), || said.all())
}

/// The relay without its bell, which rings as often as it happens to: what holds while it is watched holds afterwards.
fn relay() -> String {
    let (compose, _bell) = relay::COMPOSE
        .split_once("  bell:")
        .expect("the relay has one");
    compose.replace("LISTEN:", "WITHOUT_BELL: \"yes\", LISTEN:")
}

/// What was made from watching the relay.
fn made(scratch: &Scratch) -> Result<(), Failed> {
    let stack = std::fs::read_to_string(scratch.path("shakedown.yaml"))?;
    for line in [
        "create job: {link: workload -> tower, request: \"POST /jobs\"}",
        "post look: {link: hand -> desk, request: \"POST /looks/{job}\"}",
        "- {call: create job, when: response.status == 200, id: 'string(response.body.id)', event: created}",
        "- {call: post look, when: response.status == 200, event: post look}",
        "post done at most once: {for: job, at_most: 1, of: post done}",
        "request: \"POST http://tower:8000/jobs\"",
    ] {
        check(stack.contains(line), || format!("no `{line}` in\n{stack}"))?;
    }
    let feature = std::fs::read_to_string(scratch.path("features/first.feature"))?;
    // Nothing tells when a job is done, so what strikes is asked by the workload itself.
    let fault = "the call \"create job\" takes 200ms longer once";
    check(feature.contains(fault), || feature.clone())
}

fn watched() -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch.file("compose.yaml", &relay());
    let request = "POST http://tower:8000/jobs";
    let args = [
        "init",
        "--observe",
        "--runtime",
        "process",
        "--request",
        request,
        "--request",
        request,
    ];
    let said = scratch.shakedown(&args).exits(0)?;
    said.says(&[
        "POST http://tower:8000/jobs: 20",
        "learnt: entity job: 2 of them were created by \"create job\"",
    ])?;
    made(&scratch)?;
    let run = scratch
        .shakedown(&["run", "--runtime", "process", "--out", "out"])
        .exits(0)?;
    let results = scratch.json("out/run.json")?;
    let scenarios = results["scenarios"].as_array().map_or(0, Vec::len);
    check(scenarios == 2, || run.all())
}

fn typed() -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch.file("compose.yaml", &relay());
    let typed = scratch.file("typed", "POST http://tower:8000/jobs\nwhat\nPOST http://tower:8000/jobs\n\nGET http://tower:8000/never\n");
    let mut command = scratch.command(&["init", "--observe", "--runtime", "process"]);
    command.stdin(std::fs::File::open(typed)?);
    let said = crate::support::Said::of(command.output()?).exits(0)?;
    let said = said.says(&[
        "the stack is up",
        "tower:8000 is at http://127.",
        "`what` is no request",
    ])?;
    check(!said.stdout.contains("never"), || said.all())?;
    made(&scratch)
}

/// A shop that takes orders from whoever knows the password, and tells secrets.
const ORDER: &str = r#"{"name": "order",
 "begin":  {"method": "POST", "urlPath": "/orders",
            "bodyPatterns": [{"matchesJsonPath": {"expression": "$.password", "equalTo": "planted-password"}}]},
 "takes":  300,
 "began":  {"status": 201, "jsonBody": {"id": "{{operation.id}}", "status": "new", "access_token": "planted-token"},
            "transformers": ["response-template"]},
 "poll":   {"method": "GET", "urlPathTemplate": "/orders/{id}"},
 "running": {"jsonBody": {"status": "new"}},
 "done":    {"jsonBody": {"status": "paid", "access_token": "planted-token"}}}"#;

fn polled() -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch.file("shop/operations/order.json", ORDER);
    let compose = "services:\n  web:\n    image: wiremock/wiremock\n    expose: [\"8080\"]\n    \
                   environment: {ADMIN_PASSWORD: planted-password}\n    x-shakedown: {double: ./shop}\n";
    scratch.file("compose.yaml", compose);
    let order =
        "POST http://web:8080/orders {\"item\": \"cup\", \"password\": \"planted-password\"}";
    let look = "GET http://web:8080/orders/${id}";
    let args = ["init", "--runtime", "process"];
    let requests = [look, order, look, order];
    let requests = requests.map(|request| ["--request", request]).concat();
    let said = scratch
        .shakedown(&[&args[..], &requests].concat())
        .exits(0)?;
    check(!said.all().contains("planted"), || said.all())?;
    // It goes on looking, at all of them, until they come to their end.
    said.says(&[
        "GET http://web:8080/orders/${id}: no answer: nothing was asked",
        "/orders/2: 200 {\"status\":\"paid\",\"access_token\":\"[redacted ",
    ])?;
    let stack = std::fs::read_to_string(scratch.path("shakedown.yaml"))?;
    for line in [
        "- {poll: \"GET http://web:8080/orders/${id}\", every: 200ms, when: status == 200, set: {status: body.status}}",
        "body: {\"item\":\"cup\",\"password\":\"${ADMIN_PASSWORD}\"}",
    ] {
        check(stack.contains(line), || format!("no `{line}` in\n{stack}"))?;
    }
    check(
        !stack.contains("planted") && !stack.contains("redacted"),
        || stack.clone(),
    )?;
    let feature = std::fs::read_to_string(scratch.path("features/first.feature"))?;
    check(feature.contains("every order is final within 30s"), || {
        feature
    })?;
    let run = ["run", "--runtime", "process", "--out", "out"];
    scratch.shakedown(&run).exits(0)?.says(&["2 held"])?;
    Ok(())
}

/// A service that listens wherever it likes.
const RIGID: &str = "\
services:
  web:
    image: none
    expose: [\"8000\"]
    x-shakedown: {process: [sh, -c, \"echo 'listen EADDRINUSE: port 8000' >&2; exit 1\"]}
";

fn unwatched() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let compose = scratch.file("compose.yaml", RIGID);
    let args = ["init", "--observe", "--runtime", "process"];
    let look = ["--request", "GET http://web:8000/"];
    let watch = || scratch.shakedown(&[&args[..], &look].concat()).exits(3);
    watch()?.says(&[
        "service `web` ended before it was ready: exit status: 1",
        "logs/web.log:\n         listen EADDRINUSE: port 8000",
        "help:  a local process must listen where its variable or argument says, not on all addresses",
        "[program, --listen, \"0.0.0.0:8000\"]",
    ])?;
    // One that is started again and again is waited for; what helps is the same.
    let again = "    restart: always\n    x-shakedown: {ready: {http: /, within: 1s}, process";
    let again = RIGID.replace("    x-shakedown: {process", again);
    std::fs::write(&compose, again)?;
    watch()?.says(&[
        "service `web` was not ready after 1s: it ended by itself",
        "help:  a local process must listen where its variable or argument says, not on all addresses",
    ])?;
    std::fs::write(compose, RIGID.replace("EADDRINUSE", "EACCES"))?;
    watch()?
        .says(&["listen EACCES", "help:  look at the end of its log"])
        .map(drop)
}

fn silent() -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch.file("compose.yaml", SHOP);
    let args = ["init", "--observe", "--runtime", "process"];
    let said = scratch.shakedown(&args).exits(64)?;
    said.says(&[
        "services `web`, `db`, `cache` do not say how they run as local processes",
        "to `web`, `db`, `cache` in ",
    ])
    .map(drop)
}

fn options() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let said = scratch.shakedown(&["init", "--help"]).exits(0)?;
    let said = said.says(&["--request", "--runtime", "--force"])?;
    for option in ["--seed", "--jobs", "--retry-environment"] {
        check(!said.stdout.contains(option), || said.all())?;
    }
    Ok(())
}
