//! Several files, profiles, and what is said about them.

use super::super::{Condition, Source, Stack};
use super::{COMPOSE, SHAKEDOWN, change};
use crate::problem::Problems;
use tempfile::TempDir;

/// Reads a stack of these files, of which the first is called `a.yaml`, the second `b.yaml`.
fn files(texts: &[&str], head: &str) -> (TempDir, Result<super::Read, Problems>) {
    let folder = tempfile::tempdir().unwrap();
    let names = ["a.yaml", "b.yaml", "c.yaml"];
    for (name, text) in names.iter().zip(texts) {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let file = folder.path().join("shakedown.yaml");
    std::fs::write(&file, change(SHAKEDOWN, "compose: compose.yaml", head)).unwrap();
    let read = Stack::read(&file);
    (folder, read)
}

const BOTH: &str = "compose: [a.yaml, b.yaml]";

/// What is said about two files, without their folder.
fn said(over: &str) -> String {
    let (folder, read) = files(&[COMPOSE, over], BOTH);
    let problems = read.expect_err("these files are wrong").to_string();
    problems.replace(&format!("{}/", folder.path().display()), "")
}

#[test]
fn a_file_is_laid_over_another_by_the_rules_of_compose() {
    let base = change(
        COMPOSE,
        "    image: b\n",
        "    image: b\n    command: [run, fast]\n    volumes: [\"data:/data\", \"./x:/x\"]\n    healthcheck: {test: [CMD, a], interval: 1s}\n    tmpfs: /run\n    labels: [a=1]\nvolumes: {data: }\nx-rest:\n",
    );
    // `environment` and what follows went below `x-rest`, so the worker gets them here.
    let over = "\
services:
  worker:
    environment: [SITE_URL=http://site:8000, \"MODE=test\"]
    command: [stop]
    depends_on: {site: {condition: service_healthy}}
    volumes: [\"./y:/x:ro\", \"/z\"]
    healthcheck: {test: [CMD, b]}
    labels: {b: 2}
  site:
    expose: [9000]
    environment: {A: 1}
";
    let (_folder, read) = files(&[&base, over], BOTH);
    let stack = read.unwrap().stack;
    let worker = &stack.services["worker"];
    assert_eq!(worker.command, Some(vec!["stop".to_owned()]));
    assert_eq!(worker.environment["MODE"], "test");
    assert_eq!(worker.depends_on["site"], Condition::Healthy);
    let targets: Vec<&str> = worker.mounts.iter().map(|m| m.target.as_str()).collect();
    assert_eq!(targets, ["/data", "/x", "/z"]);
    assert!(worker.mounts[1].read_only);
    assert!(matches!(&worker.mounts[1].source, Source::Path(path) if path.ends_with("y")));
    let check = worker.healthcheck.as_ref().unwrap();
    assert_eq!((check.test[1].as_str(), check.interval.as_secs()), ("b", 1));
    let labels: Vec<&str> = worker.settings.labels.keys().map(String::as_str).collect();
    assert_eq!(labels, ["a", "b"]);
    let ports: Vec<u16> = stack.services["site"].ports.keys().copied().collect();
    assert_eq!(ports, [8000, 9000]);
}

#[test]
fn tags_take_away_and_replace() {
    let over = "\
services:
  worker: {depends_on: !reset [], environment: !override {OTHER: x}}
  site: {expose: !override [9000]}
";
    let (_folder, read) = files(&[COMPOSE, over], BOTH);
    // Nobody names the port 8000 of the site any more but its workload and poll.
    let stack = read.unwrap().stack;
    let worker = &stack.services["worker"];
    assert!(worker.depends_on.is_empty());
    assert_eq!(worker.environment.keys().collect::<Vec<_>>(), ["OTHER"]);
}

#[test]
fn profiles_say_which_services_take_part() {
    let more = "\
services:
  site: {depends_on: {cache: {condition: service_started}, tracer: {required: false}}}
  cache: {image: c, profiles: [stores]}
  tracer: {image: t, profiles: [debug]}
  shell: {image: s, profiles: [debug]}
";
    let names = |head: &str| {
        let (_folder, read) = files(&[COMPOSE, more], head);
        let services = read.unwrap().stack.services;
        services.keys().cloned().collect::<Vec<_>>().join(" ")
    };
    // What somebody needs takes part whatever its profile.
    assert_eq!(names(BOTH), "site worker cache");
    let debug = format!("{BOTH}\nprofiles: [debug]");
    assert_eq!(names(&debug), "site worker cache tracer shell");
}

#[test]
fn mistakes_of_merged_files_are_told_where_they_stand() {
    let cases: [(&str, &[&str]); 9] = [
        (
            "services: {worker: {volumes: [\"dta:/x\"]}}\nvolumes: {data: }\n",
            &["unknown volume `dta`", "`data`", "b.yaml:1:31"],
        ),
        (
            "services: {worker: {secrets: [key]}}\nsecrets: {keys: {content: a}}\n",
            &["unknown secret `key`", "`keys`", "b.yaml:1:31"],
        ),
        (
            "services: {worker: {networks: [bakc]}}\nnetworks: {back: }\n",
            &["unknown network `bakc`", "`back`"],
        ),
        (
            "services: {worker: {extends: {service: sight}}}",
            &["unknown service `sight`", "`site`", "b.yaml"],
        ),
        (
            "services: {worker: {extends: x}, x: {extends: worker, image: x}}",
            &["extend each other: worker -> x -> worker"],
        ),
        (
            "services: {worker: {env_file: no.env}}",
            &["no.env cannot be read", "b.yaml:1:31", "required: false"],
        ),
        (
            "services: {worker: {mem_limit: much}}",
            &["a size such as `512m`", "`much`", "b.yaml:1:32"],
        ),
        (
            "include: [d.yaml]\nservices: {worker: {}}",
            &["d.yaml does not exist", "b.yaml:1:11"],
        ),
        (
            "services: {worker: {volumes: [\"a:b:c:d\"]}}",
            &["a volume such as", "b.yaml:1:31"],
        ),
    ];
    let mut wrong = String::new();
    for (over, expected) in cases {
        let said = match over.contains("sight") {
            // Here the file that extends has the other service itself.
            true => said(&format!("{}, site: {{}}}}", &over[..over.len() - 1])),
            false => said(over),
        };
        let missing: Vec<_> = expected.iter().filter(|w| !said.contains(**w)).collect();
        if !missing.is_empty() {
            wrong += &format!("{over}, without {missing:?}:\n{said}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
