//! Databases that a stack may have beside PostgreSQL and SQLite, which the reference stack has.

use crate::lanes::container_trial;
use crate::support::{Scratch, root};
use libtest_mimic::{Failed, Trial};

pub fn trials() -> Vec<Trial> {
    vec![
        container_trial("databases: rows of MariaDB come with their types", mariadb),
        container_trial(
            "databases: a stack with SQLite runs as local processes",
            sqlite,
        ),
    ]
}

const SQLITE: &str = "\
stack: s
compose: compose.yaml
entities:
  order:
    learn:
      - {sql: select 7 as id, on: db, every: 50ms, id: string(row.id), set: {there: \"true\"}}
workloads: {look: {request: \"GET http://storage:9000/health\"}}
invariants: {it is there: {for: order, always: there}}
";

/// Whether Docker answers or not, unless somebody asks for containers.
fn sqlite() -> Result<(), Failed> {
    let scratch = Scratch::new();
    scratch.file(
        "compose.yaml",
        "\
services:
  storage:
    image: shakedown
    x-shakedown: {image: shakedown, process: [shakedown, serve, codabench/storage]}
    command: [serve, codabench/storage]
    tmpfs: [/data]
    expose: [\"9000\"]
    environment: {LISTEN: \"0.0.0.0:9000\", SIGNING_KEY: k, DATA_DIR: /data}
  db:
    image: postgres:15
    x-shakedown: {process: {command: [], sql: \"sqlite::memory:\"}}
",
    );
    let stack = scratch.file("shakedown.yaml", SQLITE);
    let feature = scratch.file("a.feature", FEATURE);
    let barred = "in containers, service `db` cannot be asked by SQL";
    let said = scratch.play_on(&stack, &feature, "auto").exits(0)?;
    said.says(&[barred, "services run as local processes"])?;
    let said = scratch.shakedown(&["doctor"]).exits(0)?;
    said.says(&[barred, "services run as local processes"])?;
    let said = scratch.play_on(&stack, &feature, "docker").exits(64)?;
    said.says(&[barred, "shakedown.yaml:6:9"])?;
    Ok(())
}

const STACK: &str = "\
stack: s
compose: compose.yaml
entities:
  order:
    learn:
      - {sql: select * from orders, on: db, every: 50ms, id: string(row.id),
         set: {total: row.total, paid: row.paid, weight: row.weight, note: row.note, at: row.at, big: row.big, doc: row.doc, gone: row.gone}}
workloads: {look: {request: \"GET http://storage:9000/health\"}}
invariants:
  numbers are numbers: {for: order, always: total == 12.5 && paid == 1 && weight == 0.5}
  texts are texts: {for: order, always: 'note == \"12\" && at == \"2026-01-02 03:04:05\"'}
  the rest is there: {for: order, always: 'gone == null && string(big) != \"\" && string(doc) != \"\"'}
";

const FEATURE: &str = "\
Feature: f
  Scenario: s
    Given the stack \"s\"
    When \"look\" runs once
    Then every invariant holds
";

fn mariadb() -> Result<(), Failed> {
    let scratch = Scratch::new();
    let make = root().join("fixtures/images/make.sh");
    let compose = format!(
        "\
services:
  storage:
    image: shakedown
    x-shakedown: {{image: shakedown, ready: {{http: /health}}}}
    command: [serve, codabench/storage]
    tmpfs: [/data]
    expose: [\"9000\"]
    environment: {{LISTEN: \"0.0.0.0:9000\", SIGNING_KEY: k, DATA_DIR: /data}}
  db:
    image: shakedown-fixtures/mariadb:10.11
    expose: [\"3306\"]
    x-shakedown:
      image_script: [sh, {}, mariadb, \"shakedown-fixtures/mariadb:10.11\"]
      sql: mysql://shop:shop@db:3306/shop
",
        make.display()
    );
    scratch.file("compose.yaml", &compose);
    let stack = scratch.file("shakedown.yaml", STACK);
    let feature = scratch.file("a.feature", FEATURE);
    scratch.play_on(&stack, &feature, "docker").exits(0)?;
    Ok(())
}
