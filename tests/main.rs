//! Tests of the whole system: the binary as a user runs it, real services, real containers.
//!
//! A test that needs Docker is reported as ignored where no daemon answers, and one that needs Chromium where there is none;
//! neither ever counts as passed.

mod away;
mod bad_input;
mod browser;
mod check;
mod ci;
mod clean;
mod cleanup;
mod compose;
mod cut_off;
mod daemon;
mod database_faults;
mod databases;
mod disks;
mod doubles;
mod exact_kill;
mod features;
mod gone;
mod images;
mod init;
mod judged;
mod lanes;
mod links;
mod lint;
mod mentions;
mod moments;
mod operations;
mod pages;
mod planted;
mod probes;
mod readme;
mod relay;
mod repeat;
mod report;
mod robustness;
mod secrets;
mod seen;
mod services;
mod shell;
mod steps;
mod support;
mod templates;
mod together;
mod until;
mod up;
mod verdicts;
mod watch;

use libtest_mimic::Arguments;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    let trials = [
        away::trials(),
        bad_input::trials(),
        verdicts::trials(),
        watch::trials(),
        features::trials(),
        gone::trials(),
        cleanup::trials(),
        compose::trials(),
        exact_kill::trials(),
        seen::trials(),
        services::trials(),
        judged::trials(),
        links::trials(),
        lint::trials(),
        disks::trials(),
        doubles::trials(),
        moments::trials(),
        together::trials(),
        until::trials(),
        up::trials(),
        check::trials(),
        ci::trials(),
        steps::trials(),
        templates::trials(),
        operations::trials(),
        planted::trials(),
        probes::trials(),
        robustness::trials(),
        secrets::trials(),
        cut_off::trials(),
        daemon::trials(),
        databases::trials(),
        database_faults::trials(),
        images::trials(),
        readme::trials(),
        mentions::trials(),
        repeat::trials(),
        report::trials(),
        clean::trials(),
        init::trials(),
        shell::trials(),
    ];
    let trials: Vec<_> = trials.into_iter().flatten().collect();
    // Their lanes let them through.
    arguments.test_threads.get_or_insert(trials.len());
    libtest_mimic::run(&arguments, trials).exit_code()
}
