//! `shakedown clean`: removes what earlier runs have left, and nothing else.

use super::{Answer, CleanArgs};
use shakedown_harness::runtime::leftover::{self, Leftover, Search};
use shakedown_harness::verdict::Verdict;
use shakedown_harness::{count, duration};
use std::time::Duration;

/// Says what was removed, and what could not be.
pub async fn clean(args: CleanArgs) -> Answer {
    let search = Search {
        runs: args.folder,
        keep: args.runs,
        only: args.run,
        all_hosts: args.all_hosts,
    };
    let found = leftover::find(&search, true).await;
    for note in &found.notes {
        eprintln!("note: {note}");
    }
    if found.leftovers.is_empty() {
        say!("nothing to remove");
        return Ok(0);
    }
    if args.dry_run {
        for one in &found.leftovers {
            say!("would remove {}", line(one));
        }
        say!(
            "{} would be removed",
            count::of(found.leftovers.len(), "thing")
        );
        return Ok(0);
    }
    let removed = leftover::remove(&found.leftovers).await;
    let mut left = 0;
    for (one, result) in &removed {
        match result {
            Ok(()) => say!("removed {}", line(one)),
            Err(why) => {
                left += 1;
                eprintln!("error: still there: {}\n  last:  {why}", line(one));
            }
        }
    }
    say!("{} removed", count::were(removed.len() - left, "thing"));
    Ok(match left {
        0 => 0,
        _ => Verdict::EnvironmentFailed.exit_code(),
    })
}

/// `container    shakedown-01..-db-1 (run 01.., 3h ago)`.
fn line(one: &Leftover) -> String {
    let run = one.run.as_ref().map(|run| match leftover::age(run) {
        Some(age) => format!(" (run {run}, {} ago)", duration::print(rough(age))),
        None => format!(" (run {run})"),
    });
    format!("{:<12} {}{}", one.kind, one.name, run.unwrap_or_default())
}

/// A time to the unit that says enough.
fn rough(age: Duration) -> Duration {
    const UNITS: [u64; 3] = [86_400, 3_600, 60];
    let seconds = age.as_secs();
    let unit = UNITS
        .into_iter()
        .find(|unit| seconds >= 2 * unit)
        .unwrap_or(1);
    Duration::from_secs(seconds / unit * unit)
}
