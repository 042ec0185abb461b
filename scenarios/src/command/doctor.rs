//! `shakedown doctor`: whether a run would find here what it needs.

use super::{Answer, DoctorArgs, Where};
use shakedown_harness::count;
use shakedown_harness::doctor::{self, Level, Patient};
use shakedown_harness::engine::Place;
use shakedown_harness::verdict::Verdict;
use std::path::PathBuf;

/// Prints each finding. Gives 3 when a run would fail for one of them.
pub async fn doctor(args: DoctorArgs) -> Answer {
    let patient = Patient {
        place: match args.runtime {
            Where::Auto => None,
            Where::Docker => Some(Place::Docker),
            Where::Process => Some(Place::Process),
        },
        below: PathBuf::from("."),
        runs: args.folder,
    };
    let findings = doctor::examine(&patient).await;
    for one in &findings {
        say!("{:<8} {:<10} {}", one.level, one.about, one.what);
        if let Some(help) = &one.help {
            say!("         help:      {help}");
        }
    }
    let of = |level| findings.iter().filter(|one| one.level == level).count();
    let (failed, warnings) = (of(Level::Failed), of(Level::Warning));
    say!();
    match failed {
        0 => say!("a run can begin here ({})", count::of(warnings, "warning")),
        _ => say!(
            "a run would fail here ({}, {})",
            count::of(failed, "reason"),
            count::of(warnings, "warning")
        ),
    }
    Ok(match failed {
        0 => 0,
        _ => Verdict::EnvironmentFailed.exit_code(),
    })
}
