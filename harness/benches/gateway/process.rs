//! Programs that run beside the bench, and what the kernel says of them.

use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// How long a program may take to listen.
const READY_WITHIN: Duration = Duration::from_secs(10);
/// How soon to look again; nothing tells when it listens.
const LOOK_AGAIN: Duration = Duration::from_millis(20);
/// Enough for 10,000 connections with two ends each in one process.
const FILES: u64 = 32_768;

/// Files that a process needs for all else.
const SPARE_FILES: usize = 200;

/// A program that ends with this value.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts a program and waits until it listens at `address`.
    pub fn start(mut command: Command, address: SocketAddr) -> Process {
        let child = command.spawn().expect("the program starts");
        let process = Process { child };
        let deadline = Instant::now() + READY_WITHIN;
        while TcpStream::connect(address).is_err() {
            assert!(
                Instant::now() < deadline,
                "{command:?}: not ready at {address}"
            );
            std::thread::sleep(LOOK_AGAIN);
        }
        process
    }

    /// Its number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Its number, and those of the processes that it has started.
    pub fn family(&self) -> Vec<u32> {
        let id = self.id();
        let children = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children"));
        let children = children.unwrap_or_default();
        let children = children
            .split_ascii_whitespace()
            .filter_map(|id| id.parse().ok());
        [id].into_iter().chain(children).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Asked to end, nginx ends its worker too. It may have ended by itself, and then there is nobody to ask.
        let _ = Command::new("kill").arg(self.id().to_string()).status();
        let _ = self.child.wait();
    }
}

/// Processor time that a process and its threads have used.
pub fn cpu(id: u32) -> Duration {
    used(&std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default())
}

/// Processor time that this process's threads with this name have used.
pub fn threads_cpu(name: &str) -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task")
        .into_iter()
        .flatten()
        .flatten();
    let stats = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("stat")).ok());
    let named = format!("({name})");
    stats
        .filter(|stat| stat.contains(&named))
        .map(|stat| used(&stat))
        .sum()
}

/// The times of user and system in a `stat` file.
fn used(stat: &str) -> Duration {
    // The name in parentheses may hold spaces.
    let fields = stat.rsplit(") ").next().unwrap_or_default();
    let ticks: u64 = fields
        .split(' ')
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Duration::from_millis(ticks * 10)
}

/// Anonymous memory of a process that is resident, in bytes.
pub fn memory(id: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}

/// Binds processes, with all their threads, to these processors (as `taskset` names them).
pub fn bind(ids: &[u32], processors: &str) {
    for id in ids {
        let mut taskset = Command::new("taskset");
        taskset.args(["-a", "-c", "-p", processors, &id.to_string()]);
        let bound = taskset.stdout(std::process::Stdio::null()).status();
        assert!(
            bound.is_ok_and(|status| status.success()),
            "taskset -p {id}"
        );
    }
}

/// All processors of this machine, as `taskset` names them.
pub fn processors() -> String {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    format!("0-{}", count - 1)
}

/// Whether a program is installed.
pub fn installed(program: &str) -> bool {
    let folders = std::env::var("PATH").unwrap_or_default() + ":/usr/sbin";
    folders
        .split(':')
        .any(|folder| std::path::Path::new(folder).join(program).is_file())
}

/// How many connections a proxy may hold here, 10,000 at most: each takes two files.
pub fn most_connections() -> usize {
    let id = std::process::id().to_string();
    let mut raise = Command::new("prlimit");
    raise.args(["--pid", &id, &format!("--nofile={FILES}:{FILES}")]);
    // Without the right to do so, the limit stays what it is.
    let _ = raise.stderr(std::process::Stdio::null()).status();
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let soft = line.and_then(|line| line.split_ascii_whitespace().nth(3)?.parse::<usize>().ok());
    (soft.unwrap_or(1024).saturating_sub(SPARE_FILES) / 2).min(10_000)
}

/// What this run was measured on.
pub fn machine() -> String {
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = cpus
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    format!(
        "{count} x {}, Linux {}",
        named.unwrap_or("?"),
        kernel.trim()
    )
}
