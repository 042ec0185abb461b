//! A small process that outlives a harness killed with SIGKILL and removes what the run has left.
//!
//! It waits for the end of its standard input, whose other end only the harness holds. It touches nothing that
//! does not bear the run's label.

use super::process::LABEL;
use super::{OWN_EXECUTABLE, OWN_NAME, docker};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, ChildStdin, Command};

/// A process can start another one while it is killed, so the sweep is repeated until it finds nothing, at most so
/// many times.
const MAX_SWEEPS: u32 = 50;
/// The time between two sweeps, for dying processes to be gone.
const SWEEP_EVERY: Duration = Duration::from_millis(20);
/// How long a clean end waits for the reaper.
const FINISH_WITHIN: Duration = Duration::from_secs(20);

/// The harness's hold on its reaper.
pub struct Reaper {
    child: Child,
    alive: ChildStdin,
}

impl Reaper {
    /// Starts the reaper of a run, whose folders are in `out`. `docker`: the run has containers.
    ///
    /// # Errors
    /// When this executable cannot be started once more.
    pub fn spawn(run: &str, out: &Path, docker: bool) -> std::io::Result<Reaper> {
        let mut command = Command::new(OWN_EXECUTABLE);
        command
            .arg0(OWN_NAME)
            .args(["reap", "--run", run, "--out"])
            .arg(out);
        if docker {
            command.arg("--docker");
        }
        // A group of its own: Ctrl-C in the terminal is not for it.
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        let mut child = command.spawn()?;
        let alive = child
            .stdin
            .take()
            .ok_or_else(|| std::io::Error::other("no pipe to the reaper"))?;
        Ok(Reaper { child, alive })
    }

    /// Ends it: whatever is left is removed before this returns. False: it could not be in time, as when Docker does not
    /// answer, and the reaper goes on by itself.
    pub async fn finish(mut self) -> bool {
        drop(self.alive);
        let ended = tokio::time::timeout(FINISH_WITHIN, self.child.wait());
        ended.await.is_ok()
    }
}

/// What the reaper's process does: waits until the harness is gone, then removes what is left of its run.
pub async fn watch(run: &str, out: &Path, docker: bool) {
    let mut nothing = Vec::new();
    // Nothing is ever written: this returns when the last holder of the other end is gone.
    let _ = tokio::io::stdin().read_to_end(&mut nothing).await;
    let containers = async {
        if docker {
            // There is nobody left to tell.
            let _ = docker::sweep(run).await;
        }
    };
    let label = format!("{LABEL}={run}");
    tokio::join!(kill_labelled(&label), containers);
    for folder in data_folders(out) {
        let _ = std::fs::remove_dir_all(folder);
    }
}

/// Kills every process whose environment has this label, `NAME=value`; wherever it has gone, it cannot lose it.
pub(super) async fn kill_labelled(label: &str) {
    sweep(label, Signal::SIGKILL, |_| false).await;
}

/// Makes every process whose environment has this label stand still, wherever it has gone.
pub(super) async fn stop_labelled(label: &str) {
    sweep(label, Signal::SIGSTOP, stands).await;
}

/// Sends a signal to every process with a label, and again to those that come meanwhile, until it is `done` to all.
async fn sweep(label: &str, signal: Signal, done: impl Fn(Pid) -> bool) {
    let find = || {
        let mut left = labelled(label);
        left.retain(|process| !done(*process));
        left
    };
    again_and_again(|| {
        let mut left = find();
        if left.is_empty() {
            // While a process is replaced by another program, its environment cannot be read.
            left = find();
        }
        for process in &left {
            let _ = kill(*process, signal);
        }
        left.is_empty()
    })
    .await;
}

/// Sweeps until a `sweep` says that nothing is left, but not for ever.
pub(super) async fn again_and_again(mut sweep: impl FnMut() -> bool) {
    for _ in 0..MAX_SWEEPS {
        if sweep() {
            return;
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}

/// Lets every process go on whose environment has this label.
pub(super) fn resume_labelled(label: &str) {
    for process in labelled(label) {
        let _ = kill(process, Signal::SIGCONT);
    }
}

/// Whether a process is stopped, or has ended.
fn stands(process: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"));
    let state = stat.ok().and_then(|stat| state_on(&stat)?.chars().next());
    state.is_none_or(|state| "TtZX".contains(state))
}

/// What `/proc/PID/stat` says from the state of a process on.
pub(super) fn state_on(stat: &str) -> Option<&str> {
    // The name before it may have anything in it, also brackets.
    Some(stat.rsplit_once(") ")?.1)
}

/// Kills every process of a run.
pub(super) async fn kill_run(run: &str) {
    kill_labelled(&format!("{LABEL}={run}")).await;
}

/// The processes whose environment has a label.
fn labelled(label: &str) -> Vec<Pid> {
    let bears = |pid: &i32| environment(*pid).any(|entry| entry == label.as_bytes());
    others().filter(bears).map(Pid::from_raw).collect()
}

/// The processes whose environment has the label of any run, each with that run.
pub(super) fn all_labelled() -> Vec<(i32, String)> {
    let run = |pid: i32| {
        let mut entries = environment(pid);
        let prefix = format!("{LABEL}=");
        let run =
            entries.find_map(|entry| entry.strip_prefix(prefix.as_bytes()).map(<[u8]>::to_vec));
        Some((pid, String::from_utf8(run?).ok()?))
    };
    others().filter_map(run).collect()
}

/// All processes.
pub(super) fn pids() -> impl Iterator<Item = i32> {
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
}

/// All processes but this one.
fn others() -> impl Iterator<Item = i32> {
    pids().filter(|pid| *pid != std::process::id() as i32)
}

/// The entries of a process's environment, as far as this user may read them.
fn environment(pid: i32) -> impl Iterator<Item = Vec<u8>> {
    let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    let entries: Vec<Vec<u8>> = environ
        .split(|byte| *byte == 0)
        .map(<[u8]>::to_vec)
        .collect();
    entries.into_iter()
}

/// The data folders of an invocation's runs.
pub(super) fn data_folders(out: &Path) -> Vec<PathBuf> {
    let folders = |path: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries
            .map(|entry| entry.path())
            .filter(|path| path.is_dir())
            .collect()
    };
    // Runs lie in the invocation's folder, or in a folder of it for each planted bug.
    let runs = folders(out);
    let nested = runs.iter().flat_map(|run| folders(run));
    let all: Vec<PathBuf> = runs.iter().cloned().chain(nested).collect();
    all.into_iter()
        .filter(|run| run.join("logs").is_dir())
        .map(|run| run.join("data"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_bears_the_label_is_killed() {
        let start = |run: &str| {
            let mut command = Command::new("sleep");
            command
                .arg("600")
                .env(LABEL, run)
                .kill_on_drop(true)
                .spawn()
                .unwrap()
        };
        let (mut ours, mut other) = (start("reaper-test-a"), start("reaper-test-ab"));
        // The label is in force only once the new process has replaced the one that was forked.
        let label = |run: &str| format!("{LABEL}={run}");
        let there = |run: &str| !labelled(&label(run)).is_empty();
        while !there("reaper-test-a") || !there("reaper-test-ab") {
            tokio::task::yield_now().await;
        }
        kill_labelled(&label("reaper-test-a")).await;
        assert!(!ours.wait().await.unwrap().success());
        assert!(
            other.try_wait().unwrap().is_none(),
            "another run's process was killed"
        );
        assert!(!there("reaper-test-a"));
    }

    #[tokio::test]
    async fn what_bears_the_label_stands_still_and_goes_on_wherever_it_has_gone() {
        let mut gone = Command::new("setsid");
        let label = format!("{LABEL}=reaper-test-stop");
        let gone = gone.args(["sleep", "600"]).env(LABEL, "reaper-test-stop");
        let gone = gone.kill_on_drop(true).spawn().unwrap();
        let pid = Pid::from_raw(gone.id().unwrap() as i32);
        // Until then it is replaced by one program, and by another.
        let name = || std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap();
        while name() != "sleep\n" || labelled(&label).is_empty() {
            tokio::task::yield_now().await;
        }
        stop_labelled(&label).await;
        assert!(stands(pid));
        resume_labelled(&label);
        while stands(pid) {
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn only_data_folders_of_runs_are_removed() {
        let out = tempfile::tempdir().unwrap();
        for path in [
            "01-a/logs",
            "01-a/data",
            "x/02-b/logs",
            "x/02-b/data",
            "mine/data",
        ] {
            std::fs::create_dir_all(out.path().join(path)).unwrap();
        }
        let mut found = data_folders(out.path());
        found.sort();
        assert_eq!(
            found,
            [out.path().join("01-a/data"), out.path().join("x/02-b/data")]
        );
    }
}
