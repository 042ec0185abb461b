//! The relay: a stack in which a hand carries jobs to a desk and a bell rings meanwhile, played and read back.

use crate::support::{Scratch, check, history};
use libtest_mimic::Failed;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Where it is played.
pub struct Lane {
    pub runtime: &'static str,
    /// So many jobs are carried in each scenario.
    pub jobs: u64,
}

pub const PROCESS: Lane = Lane {
    runtime: "process",
    jobs: 50,
};
/// A container takes a hundred times as long as a process to be killed and started.
pub const DOCKER: Lane = Lane {
    runtime: "docker",
    jobs: 2,
};

/// Its services.
pub const COMPOSE: &str = "\
x-served: &served
  image: shakedown
  environment: &settings {LISTEN: \"0.0.0.0:8000\", TOWER_URL: \"http://tower:8000\", DESK_URL: \"http://desk:8000\"}
  restart: always
services:
  tower:
    <<: *served
    expose: [\"8000\"]
    command: [serve, relay/tower]
    x-shakedown: {image: shakedown, process: [shakedown, serve, relay/tower], ready: {http: /health}}
  desk:
    <<: *served
    expose: [\"8000\"]
    command: [serve, relay/desk]
    x-shakedown: {image: shakedown, process: [shakedown, serve, relay/desk], ready: {http: /health}}
  hand:
    <<: *served
    depends_on: {tower: {condition: service_healthy}, desk: {condition: service_healthy}}
    command: [serve, relay/hand]
    x-shakedown: {image: shakedown, process: [shakedown, serve, relay/hand]}
  bell:
    <<: *served
    depends_on: {tower: {condition: service_healthy}}
    command: [serve, relay/bell]
    x-shakedown: {image: shakedown, process: [shakedown, serve, relay/bell]}
";
const STACK: &str = "\
stack: s
compose: compose.yaml
calls:
  create: {link: workload -> tower, request: \"POST /jobs\"}
  look:   {link: hand -> desk, request: \"POST /looks/{job}\"}
  store:  {link: hand -> desk, request: \"POST /stores/{job}\"}
  check:  {link: hand -> desk, request: \"POST /checks/{job}\"}
  report: {link: hand -> desk, request: \"POST /reports/{job}\"}
  close:  {link: hand -> desk, request: \"POST /closes/{job}\"}
  ring:   {link: bell -> tower, request: \"POST /rings/{job}\"}
  done:   {link: hand -> tower, request: \"POST /done/{job}\"}
entities:
  job:
    status: {field: status, first: New, final: [Done]}
    learn:
      - {call: check, when: response.status < 300, set: {status: '\"Checked\"'}}
      - {call: ring, when: response.status < 300, set: {status: '\"Rung\"'}, event: rung}
      - {call: report, when: response.status < 300, event: reported}
      - {call: done, when: response.status < 300, set: {status: '\"Done\"'}}
workloads:
  submit: {request: POST http://tower:8000/jobs, creates: {job: string(response.body.id)}}
invariants:
  reported before Done: {for: job, no: 'status == \"Done\"', before: happened(\"reported\")}
";

/// The moments at which a fault ends, each with the event of a ring at which that is.
pub const ENDS: [(&str, &str); 5] = [
    ("until \"ring\" is sent", "asked"),
    ("until \"ring\" is answered", "answered"),
    ("until job reaches \"Rung\"", "answered"),
    ("until \"rung\" happens", "answered"),
    ("until the status of job is \"Rung\"", "answered"),
];

/// The header of a feature over this stack.
pub const FEATURE: &str = "Feature: f\n  Background:\n    Given the stack \"s\"\n";

/// The steps that follow the faults of each scenario.
pub fn work(lane: &Lane) -> String {
    let jobs = lane.jobs;
    format!(
        "    When \"submit\" runs {jobs} times\n    And every job is final within 300s\n    \
         Then \"reported before Done\" holds\n"
    )
}

/// A scenario that was played.
pub struct Played {
    /// What `run.json` says of it.
    pub result: Value,
    pub history: History,
    /// Its file, for messages.
    file: PathBuf,
}

/// Plays a feature whose scenarios all hold, and gives each of them, with the folder that is theirs.
pub fn play(feature: &str, lane: &Lane) -> Result<(Scratch, Vec<Played>), Failed> {
    let scratch = Scratch::new();
    scratch.file("compose.yaml", COMPOSE);
    let stack = scratch.file("shakedown.yaml", STACK);
    let feature = scratch.file("a.feature", feature);
    scratch.play_on(&stack, &feature, lane.runtime).exits(0)?;
    let mut run = scratch.json("out/run.json")?;
    let scenarios = run["scenarios"].as_array_mut().map(std::mem::take);
    let played = scenarios.unwrap_or_default().into_iter().map(|result| {
        let file = scratch.path(result["history"].as_str().unwrap_or_default());
        let history = History::read(&file)?;
        history.as_logged(&file.with_file_name("logs"))?;
        Ok(Played {
            result,
            history,
            file,
        })
    });
    let played = played.collect::<Result<_, Failed>>()?;
    Ok((scratch, played))
}

impl Played {
    /// A failure, with the fault and the file in which it is.
    pub fn failed(&self, fault: usize, failed: &Failed) -> Failed {
        let why = failed.message().unwrap_or_default();
        let text = &self.result["faults"][fault]["text"];
        format!("{text}: {why}\n{}", self.file.display()).into()
    }
}

/// The events of a run, with what is looked up often.
pub struct History {
    pub events: Vec<Value>,
    /// The places of the events of each exchange, by its number and their kind.
    exchanges: BTreeMap<(u64, String), usize>,
}

impl History {
    fn read(file: &Path) -> Result<History, Failed> {
        let events = history(file)?;
        let mut exchanges = BTreeMap::new();
        for (at, event) in events.iter().enumerate() {
            let kind = event["kind"].as_str().unwrap_or_default();
            if let Some(exchange) = event["exchange"].as_u64()
                && ["asked", "answered", "delivered"].contains(&kind)
                && let Some(other) = exchanges.insert((exchange, kind.to_owned()), at)
            {
                return Err(format!("#{other} and #{at} tell the same").into());
            }
        }
        Ok(History { events, exchanges })
    }

    /// Where an exchange was asked, answered, delivered.
    pub fn of(&self, exchange: u64, kind: &str) -> Option<usize> {
        self.exchanges.get(&(exchange, kind.to_owned())).copied()
    }

    pub fn positions(&self, wanted: impl Fn(&Value) -> bool) -> Vec<usize> {
        let all = 0..self.events.len();
        all.filter(|at| wanted(&self.events[*at])).collect()
    }

    /// What the services wrote is what the history says of them: the desk did what was answered, and the hand heard
    /// what was delivered to it.
    fn as_logged(&self, logs: &Path) -> Result<(), Failed> {
        let mut told: BTreeMap<String, i64> = BTreeMap::new();
        let answers = self.positions(|e| e["kind"] == "answered");
        let heard = self.positions(|e| e["kind"] == "delivered" && e["seen"]["status"] == 200);
        for (at, who) in answers
            .into_iter()
            .map(|at| (at, "desk"))
            .chain(heard.into_iter().map(|at| (at, "hand")))
        {
            let exchange = self.events[at]["exchange"].as_u64().unwrap_or_default();
            let asked = &self.events[self.of(exchange, "asked").ok_or("never asked")?];
            if asked["service"] == "desk" && asked["client"] == "hand" {
                let path = asked["path"].as_str().unwrap_or_default();
                *told.entry(format!("{who} {path}")).or_default() += 1;
            }
        }
        for (who, word) in [("desk", " call="), ("hand", " heard=")] {
            for line in std::fs::read_to_string(logs.join(format!("{who}.log")))?.lines() {
                let Some((job, call)) = line.split_once(word) else {
                    continue;
                };
                let job = job.rsplit('=').next().unwrap_or_default();
                if call != "done" {
                    *told.entry(format!("{who} /{call}/{job}")).or_default() -= 1;
                }
            }
        }
        told.retain(|_, difference| *difference != 0);
        check(told.is_empty(), || {
            format!("told more often than logged: {told:?}\n{}", logs.display())
        })
    }
}
