//! Which runs live, and on which machine.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};
use ulid::Ulid;

/// The runs of this machine that live. A run has a reaper before it starts anything, and for as long as there is
/// something to be removed.
pub(super) fn living() -> BTreeSet<String> {
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let commands = processes.filter_map(|one| std::fs::read(one.path().join("cmdline")).ok());
    commands.filter_map(|command| reaped(&command)).collect()
}

/// The run of a reaper, told by its command line: `shakedown reap --run RUN ...`.
fn reaped(command: &[u8]) -> Option<String> {
    let words = command.split(|byte| *byte == 0).skip(1);
    let words: Vec<&str> = words
        .map_while(|word| std::str::from_utf8(word).ok())
        .collect();
    match words[..] {
        ["reap", "--run", run, ..] => Some(run.to_owned()),
        _ => None,
    }
}

/// This machine, as the label of what its runs start says it. In a container that shares a daemon with others, that is
/// the container.
pub(in crate::runtime) fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// How long ago a run began, by its id; `None` when it is no id of ours.
pub fn age(run: &str) -> Option<Duration> {
    let id = Ulid::from_string(&run.to_uppercase()).ok()?;
    let now = SystemTime::now();
    Some(now.duration_since(id.datetime()).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::new_run_id;

    #[test]
    fn a_reaper_is_known_by_its_command() {
        let cases = [
            (
                "shakedown\0reap\0--run\0x01abc\0--out\0/a\0",
                Some("x01abc"),
            ),
            ("/usr/bin/shakedown\0reap\0--run\0x01abc\0", Some("x01abc")),
            ("shakedown\0run\0reap\0--run\0x01abc\0", None),
            ("shakedown\0reap\0", None),
            ("", None),
        ];
        for (command, expected) in cases {
            assert_eq!(
                reaped(command.as_bytes()).as_deref(),
                expected,
                "{command:?}"
            );
        }
    }

    #[test]
    fn an_id_tells_when_its_run_began() {
        assert!(age(&new_run_id()).unwrap() < Duration::from_secs(60));
        let old = Ulid::from_datetime(SystemTime::now() - Duration::from_secs(3600));
        let old = old.to_string().to_lowercase();
        assert!(age(&old).unwrap() >= Duration::from_secs(3599));
        for none in ["", "mine", "2026-11-26", "01k"] {
            assert_eq!(age(none), None, "{none}");
        }
    }
}
