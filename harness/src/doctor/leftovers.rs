//! What earlier runs have left.

use super::{Finding, Level};
use crate::count;
use crate::runtime::leftover::{self, Kind, Search};
use std::path::Path;

const ABOUT: &str = "leftovers";

pub(super) async fn look(runs: &Path, docker: bool) -> Vec<Finding> {
    let search = Search {
        runs: runs.to_owned(),
        keep: None,
        only: Vec::new(),
        all_hosts: false,
    };
    let found = leftover::find(&search, docker).await;
    let kinds = [
        Kind::Process,
        Kind::Container,
        Kind::Network,
        Kind::Volume,
        Kind::Data,
        Kind::Image,
    ];
    let counts = kinds.map(|kind| {
        let n = found
            .leftovers
            .iter()
            .filter(|one| one.kind == kind)
            .count();
        (n > 0).then(|| count::of(n, &kind.to_string()))
    });
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let mut findings = vec![match counts[..] {
        [] => Finding::fine(ABOUT, "none of earlier runs"),
        _ => Finding::bad(
            Level::Warning,
            ABOUT,
            format!("of earlier runs: {}", counts.join(", ")),
            "`shakedown clean` removes them, `shakedown clean --dry-run` tells which they are",
        ),
    }];
    let notes = found.notes.into_iter();
    findings.extend(notes.map(|what| {
        Finding::bad(
            Level::Warning,
            ABOUT,
            what,
            "`shakedown clean --help` says more",
        )
    }));
    findings
}
