//! Services that are not there when they should be: whatever took them away, no scenario holds as if they had been.

use crate::lanes::{container_trial, trial};
use crate::support::{Scratch, check, history, rogue_after};
use libtest_mimic::{Failed, Trial};

/// A case: what the worker does (in `sh`), what its Compose file says beside that, the steps, and what comes of it.
struct Case {
    name: &'static str,
    worker: &'static str,
    compose: &'static str,
    steps: &'static [&'static str],
    code: i32,
    says: &'static str,
}

const LOOK: &str = "When \"look\" runs once";
const KILL: &str = "Given the service \"worker\" is killed";
/// So long do these requests last that the worker has its time.
const MEANWHILE: &str = "When \"look\" runs 30 times at 20 per second";
const SERVE: &str = "exec SHAKEDOWN serve trouble";

const CASES: [Case; 8] = [
    Case {
        name: "one that comes back and exits with 0 is away",
        worker: "if [ -e $$SHAKEDOWN_DATA/was ]; then exit 0; fi; touch $$SHAKEDOWN_DATA/was; SERVE",
        compose: "restart: on-failure",
        steps: &[LOOK, KILL],
        code: 2,
        says: "service `worker` ended by itself (exit status: 0) and stayed away",
    },
    Case {
        name: "a server that exits with 0 is away",
        worker: "(sleep 0.3; kill $$$$) & trap 'exit 0' TERM; SHAKEDOWN serve trouble & wait",
        compose: "",
        steps: &[MEANWHILE],
        code: 2,
        says: "service `worker` ended by itself (exit status: 0) and stayed away",
    },
    Case {
        name: "one that ends again and again is away",
        worker: "if [ -e $$SHAKEDOWN_DATA/was ]; then exit 0; fi; touch $$SHAKEDOWN_DATA/was; (sleep 0.3; kill -9 $$$$) & SERVE",
        compose: "restart: always",
        steps: &[MEANWHILE],
        code: 2,
        says: ", the last time with exit status: 0, and was to be started again when the run was over",
    },
    Case {
        name: "a crash is not forgotten when another instance ends well",
        worker: "if mkdir $$SHAKEDOWN_DATA/was; then sleep 0.3; exit 1; else sleep 0.6; exit 0; fi",
        compose: "deploy: {replicas: 2}",
        steps: &[MEANWHILE],
        code: 2,
        says: "service `worker` ended by itself (exit status: 1) and stayed away",
    },
    Case {
        name: "one that is started again at the very end is waited for",
        worker: "if [ -e $$SHAKEDOWN_DATA/was ]; then exec sleep 1000; fi; touch $$SHAKEDOWN_DATA/was; (sleep 0.5; kill -9 $$$$) & SERVE",
        compose: "restart: always",
        steps: &[LOOK],
        code: 2,
        says: "service `worker` was not ready after 2s when it was started again",
    },
    Case {
        name: "nobody waits for ever for one that has ended",
        worker: "if [ $$0 = sh ]; then (sleep 0.3; kill -9 $$$$) & fi; SERVE",
        compose: "",
        steps: &[LOOK],
        code: 3,
        says: "service `worker` ended by itself (signal: 9 (SIGKILL)), for which `late` waits",
    },
    Case {
        name: "nobody waits for ever for one that does not end",
        worker: "exec sleep 1000",
        compose: "",
        steps: &[LOOK],
        code: 3,
        says: "service `worker` has not ended after 2s, for which `late` waits",
    },
    Case {
        name: "a second one that never listens has not joined",
        worker: "if mkdir $$SHAKEDOWN_DATA/was; then SERVE; else exec sleep 1000; fi",
        compose: "",
        steps: &[LOOK, "Given a second \"worker\" starts", LOOK],
        code: 2,
        says: "the service \"worker\" was never joined by a second one",
    },
];

pub fn trials() -> Vec<Trial> {
    let case = |case: &'static Case| trial(format!("away: {}", case.name), || case.play());
    let mut trials: Vec<Trial> = CASES.iter().map(case).collect();
    trials.push(trial("away: a second one is started again too", second));
    trials.push(trial(
        "away: one that ends until another one is there comes back, however long that takes",
        until_there,
    ));
    trials.push(trial("away: a strike that was spared is over", spared));
    trials.push(trial(
        "away: work of which nothing is accepted is told of",
        vain,
    ));
    trials.push(container_trial(
        "away: a container that ends before it is healthy was never ready",
        never_healthy,
    ));
    trials
}

const STACK: &str = "\
stack: s
compose: compose.yaml
calls: {look: {link: workload -> rogue, request: \"GET /operations/{operation}\"}}
entities:
  operation:
    learn:
      - {call: look, when: response.status == 200, event: polled}
      - {poll: \"GET http://worker:8000/operations/1\", every: 20ms, each: '[body]', id: '\"1\"', set: {shown: item.status}}
workloads: {look: {request: \"GET http://rogue:8000/operations/${n}\"}}
invariants: {it is polled: {for: operation, at_most: 99, of: polled}}
";

impl Case {
    fn play(&self) -> Result<(), Failed> {
        let scratch = Scratch::new();
        self.played(&scratch)?.says(&[self.says]).map(drop)
    }

    fn played(&self, scratch: &Scratch) -> Result<crate::support::Said, Failed> {
        let binary = env!("CARGO_BIN_EXE_shakedown");
        let script = self.worker.replace("SERVE", SERVE);
        let script = script.replace("SHAKEDOWN serve", &format!("{binary} serve"));
        let worker = serde_json::json!(["sh", "-c", script]).to_string();
        let serves = script.contains("serve trouble");
        let ready = match serves {
            true => "{http: /health, within: 2s}",
            false => "{within: 2s}",
        };
        let expose = if serves { "expose: [\"8000\"]" } else { "" };
        let (late, stack) = match self.says.contains("`late`") {
            true => (
                format!(
                    "  slow:\n    image: x\n    expose: [\"8000\"]\n    environment: {{LISTEN: \"0.0.0.0:8000\"}}\n    x-shakedown: {{process: [sh, -c, \"sleep 0.6; exec {binary} \
                     serve trouble\"], ready: {{http: /health}}}}\n  late:\n    image: x\n    depends_on: {{slow: {{condition: \
                     service_healthy}}, worker: {{condition: {}}}}}\n    x-shakedown: {{process: [sleep, \"1000\"]}}\n",
                    match serves {
                        true => "service_healthy",
                        false => "service_completed_successfully",
                    }
                ),
                without_poll(),
            ),
            false if serves => (String::new(), STACK.to_owned()),
            false => (String::new(), without_poll()),
        };
        scratch.file(
            "compose.yaml",
            &format!(
                "services:\n  rogue:\n    image: x\n    expose: [\"8000\"]\n    environment: {{LISTEN: \"0.0.0.0:8000\"}}\n    \
                 x-shakedown: {{process: [{binary}, serve, trouble], ready: {{http: /health}}}}\n  worker:\n    image: x\n    \
                 environment: {{LISTEN: \"0.0.0.0:8000\"}}\n    {expose}\n    {}\n    x-shakedown: {{process: {worker}, ready: \
                 {ready}}}\n{late}",
                self.compose
            ),
        );
        let stack = scratch.file("shakedown.yaml", &stack);
        let steps = self.steps.join("\n    ");
        let text = format!(
            "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    {steps}\n    Then every invariant holds\n"
        );
        let feature = scratch.file("a.feature", &text);
        scratch
            .play_on(&stack, &feature, "process")
            .exits(self.code)
    }
}

/// The stack file for a worker that answers nobody.
fn without_poll() -> String {
    let lines = STACK.lines().filter(|line| !line.contains("{poll:"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// The second instance of a service that is started again when it ends.
fn second() -> Result<(), Failed> {
    let case = Case {
        name: "",
        worker: "echo up; if mkdir $$SHAKEDOWN_DATA/was; then SERVE; elif mkdir $$SHAKEDOWN_DATA/two; then (sleep 0.3; kill -9 $$$$) \
                 & SERVE; else SERVE; fi",
        compose: "restart: always",
        steps: &[LOOK, "Given a second \"worker\" starts", MEANWHILE],
        code: 0,
        says: "",
    };
    let scratch = Scratch::new();
    let said = case.played(&scratch)?;
    let logs = scratch.history()?.with_file_name("logs/worker.log");
    let log = std::fs::read_to_string(logs)?;
    let starts = log.lines().filter(|line| line.ends_with("up")).count();
    check(starts == 3, || format!("{log}\n{}", said.all()))
}

/// A service that needs another one, which takes longer than it takes to try more often than anybody counts.
fn until_there() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let there = scratch.path("there").display().to_string();
    let compose = rogue_after(&format!("sleep 3; touch {there}"));
    let worker = format!("echo up; [ -e {there} ] || exit 1; exec sleep 1000");
    let worker = format!(
        "  worker:\n    image: x\n    restart: always\n    x-shakedown: {{process: [sh, -c, \"{worker}\"]}}\n"
    );
    scratch.file("compose.yaml", &format!("{compose}{worker}"));
    let stack = scratch.file("shakedown.yaml", &without_poll());
    let text = format!(
        "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    {LOOK}\n    Then every invariant holds\n"
    );
    let feature = scratch.file("a.feature", &text);
    let said = scratch.play_on(&stack, &feature, "process").exits(0)?;
    let said = said.says(&["service `worker` ended by itself", "; its last word was `"])?;
    let logs = scratch.history()?.with_file_name("logs/worker.log");
    let starts = std::fs::read_to_string(logs)?
        .lines()
        .filter(|line| line.ends_with("up"))
        .count();
    check((4..=8).contains(&starts), || {
        format!("{starts} starts\n{}", said.all())
    })
}

/// Two calls at once, each of which is to kill the service: the second was asked of the one that is dead already.
fn spared() -> Result<(), Failed> {
    let case = Case {
        name: "",
        worker: SERVE,
        compose: "",
        steps: &[
            "Given the call \"look\" takes 300ms longer",
            "And the service \"worker\" is killed after \"look\" is answered the first 2 times",
            "When \"look\" runs 2 times with 2 clients",
        ],
        code: 0,
        says: "",
    };
    let scratch = Scratch::new();
    let with_policy = Case {
        compose: "restart: always",
        ..case
    };
    let said = with_policy.played(&scratch)?;
    let events = history(&scratch.history()?)?;
    let healed = events
        .iter()
        .position(|e| e["kind"] == "phase" && e["name"] == "heal");
    let moments = events[..healed.unwrap_or_default()].iter();
    let moments = moments.filter(|e| e["kind"] == "fault" && e["fault"] == 1);
    let last = moments.map(|e| e["moment"].clone()).next_back();
    // It may end only while the faults are healed, but it ends.
    let after = events
        .iter()
        .filter(|e| e["kind"] == "fault" && e["fault"] == 1);
    let end = after.map(|e| e["moment"].clone()).next_back();
    check(end == Some("ended".into()), || {
        format!("{last:?}, then {end:?}\n{}", said.all())
    })
}

/// A service that is well only until it is restarted: nothing that is asked of it afterwards is done.
fn vain() -> Result<(), Failed> {
    let answers = |scratch: &Scratch, status: u16| {
        let health =
            r#"{"request": {"method": "GET", "urlPath": "/health"}, "response": {"status": 200}}"#;
        let other = format!(
            r#"{{"request": {{"method": "GET", "urlPathPattern": "/.*"}}, "response": {{"status": {status}}}, "priority": 9}}"#
        );
        scratch.file("broken/mappings/health.json", health);
        scratch.file("broken/mappings/other.json", &other);
    };
    let steps = "Given the stack \"s\"\n    When \"look\" runs once\n    Given the service \"rogue\" is stopped\n    \
        When all faults are healed\n    And \"look\" runs 2 times\n    Then every invariant holds\n";
    for (status, code) in [(500, 2), (409, 0)] {
        let scratch = Scratch::new();
        answers(&scratch, status);
        let binary = env!("CARGO_BIN_EXE_shakedown");
        let broken = scratch.path("broken").display().to_string();
        let lines = format!(
            "if [ -e $$SHAKEDOWN_DATA/was ]; then exec {binary} double --listen $$LISTEN {broken}; fi; touch $$SHAKEDOWN_DATA/was"
        );
        scratch.file("compose.yaml", &rogue_after(&lines));
        let stack = scratch.file("shakedown.yaml", &without_poll());
        let feature = scratch.file(
            "a.feature",
            &format!("Feature: f\n  Scenario: s\n    {steps}"),
        );
        let said = scratch.play_on(&stack, &feature, "process").exits(code)?;
        let told = said
            .all()
            .contains("nothing was accepted; last: status 500");
        check(told == (code == 2), || said.all())?;
    }
    Ok(())
}

/// Its own check never came to say anything.
fn never_healthy() -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch.file(
        "compose.yaml",
        "services:\n  rogue:\n    image: shakedown\n    command: [serve, trouble]\n    environment: {LISTEN: \"0.0.0.0:8000\"}\n    \
         expose: [\"8000\"]\n    x-shakedown: {image: shakedown, ready: {http: /health}}\n  worker:\n    image: shakedown\n    \
         command: [--help]\n    healthcheck: {test: [CMD, shakedown, --version], interval: 250ms}\n    x-shakedown: {image: \
         shakedown}\n",
    );
    let stack = scratch.file("shakedown.yaml", &without_poll());
    let text = format!(
        "Feature: f\n  Scenario: s\n    Given the stack \"s\"\n    {LOOK}\n    Then every invariant holds\n"
    );
    let feature = scratch.file("a.feature", &text);
    let said = scratch.play_on(&stack, &feature, "docker").exits(3)?;
    said.says(&["service `worker` ended before it was ready: exit code 0"])
        .map(drop)
}
