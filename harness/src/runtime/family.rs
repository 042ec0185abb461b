//! What a process has started, wherever that has gone and whatever it has in its environment.
//!
//! A service is to its processes what the first process of a container is to those in it: what loses its parent becomes
//! its child. So all that it has started can be found for as long as it lives.

use super::reaper::{again_and_again, pids, state_on};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::{HashMap, HashSet};

/// A process. Its number may be that of another one once it has ended; together with its start it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Member {
    pid: i32,
    /// In clock ticks since the machine started.
    started: u64,
}

/// What the calling process starts from now on stays its family, also what is left behind by its own parent.
///
/// # Errors
/// Those of the system.
pub(super) fn head() -> std::io::Result<()> {
    Ok(nix::sys::prctl::set_child_subreaper(true)?)
}

/// Those whom a process has started, and those whom they have, and so on.
pub(super) fn of(head: Pid) -> HashSet<Member> {
    let all = all();
    let head = all.keys().find(|one| one.pid == head.as_raw());
    let mut family = with_descendants(&all, head.copied().into_iter().collect());
    family.retain(|one| Some(one) != head);
    family
}

/// Kills all of these that live, and whomever they have started.
pub(super) async fn end(mut family: HashSet<Member>) {
    again_and_again(|| {
        let all = all();
        family.retain(|one| all.contains_key(one));
        family = with_descendants(&all, std::mem::take(&mut family));
        for one in &family {
            let _ = kill(Pid::from_raw(one.pid), Signal::SIGKILL);
        }
        family.is_empty()
    })
    .await;
}

/// All processes that live, each with the number of its parent.
fn all() -> HashMap<Member, i32> {
    let stat = |pid: i32| {
        read(
            pid,
            &std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?,
        )
    };
    pids().filter_map(stat).collect()
}

/// A process and its parent, of what `/proc/PID/stat` says. `None`: it has ended.
fn read(pid: i32, stat: &str) -> Option<(Member, i32)> {
    let fields: Vec<&str> = state_on(stat)?.split_whitespace().collect();
    let (state, parent, started) = (fields.first()?, fields.get(1)?, fields.get(19)?);
    let started = started.parse().ok()?;
    let lives = !["Z", "X"].contains(state);
    lives.then_some((Member { pid, started }, parent.parse().ok()?))
}

fn with_descendants(all: &HashMap<Member, i32>, mut family: HashSet<Member>) -> HashSet<Member> {
    let mut pids: HashSet<i32> = family.iter().map(|one| one.pid).collect();
    loop {
        let children = all
            .iter()
            .filter(|(one, parent)| pids.contains(parent) && !family.contains(one));
        let children: Vec<Member> = children.map(|(one, _)| *one).collect();
        if children.is_empty() {
            return family;
        }
        pids.extend(children.iter().map(|one| one.pid));
        family.extend(children);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::process::Command;

    #[test]
    fn a_process_is_read_whatever_it_is_called() {
        let rest = "7 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4711 0 0";
        let found = read(9, &format!("9 (a) S (b) S {rest}"));
        let member = Member {
            pid: 9,
            started: 4711,
        };
        assert_eq!(found, Some((member, 7)));
        assert_eq!(read(9, &format!("9 (a) Z {rest}")), None);
        assert_eq!(read(9, ""), None);
    }

    #[tokio::test]
    async fn what_has_left_and_knows_nothing_of_its_head_is_found_and_ended() {
        let mut command = Command::new("sh");
        // One that stays a child, and one that loses its parent.
        let script = "env -i setsid sleep 600 & (env -i setsid sleep 600 &); wait; sleep 600";
        command.args(["-c", script]).kill_on_drop(true);
        // SAFETY: between fork and exec only one system call is made, which allocates nothing.
        unsafe { command.pre_exec(head) };
        let mut head = command.spawn().unwrap();
        let pid = Pid::from_raw(head.id().unwrap() as i32);
        let sleeps = |family: &HashSet<Member>| {
            let name = |one: &Member| std::fs::read_to_string(format!("/proc/{}/comm", one.pid));
            let names = family.iter().filter_map(|one| name(one).ok());
            names.filter(|name| name.trim() == "sleep").count()
        };
        while sleeps(&of(pid)) < 2 {
            tokio::task::yield_now().await;
        }
        let family = of(pid);
        assert_eq!(family.len(), 2);
        head.kill().await.unwrap();
        end(family.clone()).await;
        let all = all();
        assert!(!family.iter().any(|one| all.contains_key(one)));
    }
}
