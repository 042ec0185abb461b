//! Doubles as their callers see them: a folder and a request in, an answer out.

mod answers;
mod matching;
mod operations;
mod refused;
mod scenarios;
mod templates;
mod wire;
mod wiremock;

use super::Folder;
use super::play::{Double, Seen};
use super::request::request;
use crate::problem::Problems;
use crate::seed::Seed;
use std::sync::Arc;

/// Reads a folder with these files.
fn folder(files: &[(&str, &str)]) -> Result<Folder, Problems> {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    Folder::read(folder.path())
}

/// A double with these files.
fn double(files: &[(&str, &str)]) -> Arc<Double> {
    let folder = folder(files).unwrap_or_else(|problems| panic!("{problems}"));
    Arc::new(Double::new(folder, Default::default(), Seed(7)))
}

/// A double with one mapping.
fn mapping(text: &str) -> Arc<Double> {
    double(&[("mappings/a.json", text)])
}

/// What the answer to a request is: its status and its body.
async fn ask(double: &Arc<Double>, line: &str, body: &str) -> (u16, String) {
    ask_with(double, line, &[], body).await
}

async fn ask_with(
    double: &Arc<Double>,
    line: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> (u16, String) {
    match double.act(&request(line, headers, body)).await.seen {
        Seen::Reply(reply, _) => (reply.status.as_u16(), super::request::text(&reply.body)),
        Seen::Fault(fault) => panic!("a fault: {fault:?}"),
    }
}
