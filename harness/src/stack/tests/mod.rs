//! Two files that are right, and what each change to them is read into or answered with.

mod bad;
mod doubles;
mod good;
mod merging;
mod projects;
mod schema;

use super::{Read, Stack};
use crate::problem::Problems;
use tempfile::TempDir;

const COMPOSE: &str = "\
services:
  site:
    image: a
    expose: [\"8000\"]
  worker:
    image: b
    environment: {SITE_URL: \"http://site:8000\"}
    depends_on: [site]
";

const SHAKEDOWN: &str = "\
stack: shop
compose: compose.yaml
calls:
  tell: {link: worker -> site, request: \"POST /jobs/{job}/status\"}
entities:
  job:
    status: {field: status, first: new, final: [ok, bad]}
    moves: {new: [ok, bad]}
    learn:
      - {call: tell, set: {status: request.body.status}, event: told}
      - {poll: \"GET http://site:8000/jobs\", every: 50ms, each: body, id: item.id, set: {shown: item.status}}
workloads:
  submit: {request: POST http://site:8000/jobs, creates: {job: response.body.id}}
invariants:
  told first: {for: job, no: 'status == \"ok\"', before: happened(\"told\")}
  it ends: {for: job, eventually: status in final, within: 5s}
  it moves: {for: job, moves: declared}
mutants:
  early: {service: worker, environment: {MUTANT: early}, caught_by: [told first]}
";

/// Reads both files from a folder of their own.
fn read(compose: &str, shakedown: &str) -> (TempDir, Result<Read, Problems>) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("compose.yaml"), compose).unwrap();
    let file = folder.path().join("shakedown.yaml");
    std::fs::write(&file, shakedown).unwrap();
    let read = Stack::read(&file);
    (folder, read)
}

/// The text with one place changed.
fn change(text: &str, from: &str, to: &str) -> String {
    assert_eq!(
        text.matches(from).count(),
        1,
        "`{from}` must stand there once"
    );
    text.replace(from, to)
}
