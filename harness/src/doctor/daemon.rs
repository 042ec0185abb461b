//! The Docker daemon: whether it answers, what it can, and whether it has a network left.

use super::{Finding, Level};
use crate::engine::Place;
use crate::runtime::docker::{self, Daemon};

const ABOUT: &str = "docker";
/// The oldest API that the harness has been tried with, that of Docker 20.10.
const OLDEST_API: (u32, u32) = (1, 41);
/// Below this, a stack of a few services may not fit.
const LITTLE_MEMORY: u64 = 1 << 30;

/// Whether the daemon was found to answer.
pub(super) fn answers(findings: &[Finding]) -> bool {
    findings
        .iter()
        .any(|one| one.about == ABOUT && one.level == Level::Fine)
}

/// `silent` is why no daemon answers; `wanted`: somebody asked for that place.
pub(super) async fn look(silent: Option<String>, place: Place, wanted: bool) -> Vec<Finding> {
    let daemon = match silent {
        None => docker::about().await,
        Some(why) => Err(why),
    };
    match (daemon, place) {
        (Ok(daemon), Place::Docker) => {
            let mut findings = described(&daemon);
            findings.push(network(docker::try_network().await));
            findings
        }
        (Ok(daemon), Place::Process) => vec![Finding::fine(ABOUT, words(&daemon))],
        (Err(_), Place::Process) if wanted => Vec::new(),
        (Err(why), place) => {
            let (level, instead) = match place {
                Place::Docker => (Level::Failed, ""),
                Place::Process => (Level::Warning, "; services run as local processes instead"),
            };
            let what = format!("no daemon answers: {why}{instead}");
            vec![Finding::bad(level, ABOUT, what, remedy(&why))]
        }
    }
}

/// What to do about a daemon that does not answer, by what it or the system said.
fn remedy(why: &str) -> &'static str {
    let why = why.to_lowercase();
    match () {
        () if why.contains("permission denied") => {
            "add yourself to the group `docker` (`sudo usermod -aG docker $USER`) and log in again"
        }
        () if std::env::var_os("DOCKER_HOST").is_some() => {
            "check DOCKER_HOST, and that the daemon listens there"
        }
        () => {
            "start it (`sudo systemctl start docker`), set DOCKER_HOST, or use `--runtime process`"
        }
    }
}

fn words(daemon: &Daemon) -> String {
    format!(
        "version {} (API {}), {} CPUs, {:.1} GiB of memory, storage {}",
        daemon.version,
        daemon.api,
        daemon.cpus,
        daemon.memory_bytes as f64 / f64::from(1 << 30),
        daemon.driver
    )
}

fn described(daemon: &Daemon) -> Vec<Finding> {
    let mut findings = vec![Finding::fine(ABOUT, words(daemon))];
    let mut bad =
        |level, what: String, help: &str| findings.push(Finding::bad(level, ABOUT, what, help));
    if api(&daemon.api).is_some_and(|api| api < OLDEST_API) {
        let what = format!(
            "API {} is older than any that shakedown was tried with",
            daemon.api
        );
        bad(Level::Warning, what, "Docker 20.10 or later has 1.41");
    }
    if daemon.os != "linux" {
        let what = format!("its containers are those of {}", daemon.os);
        bad(Level::Failed, what, "switch Docker to Linux containers");
    }
    if !docker::STATIC {
        let what = "this executable is not a static one for Linux, so it cannot run in a container";
        let help =
            "build it for Linux with `-C target-feature=+crt-static`, or use `--runtime process`";
        bad(Level::Failed, what.to_owned(), help);
    }
    if !daemon.limits_memory {
        let what = "it cannot limit memory: `mem_limit` and `deploy.resources` have no effect";
        bad(
            Level::Warning,
            what.to_owned(),
            "boot with `cgroup_enable=memory swapaccount=1`, or use cgroups v2",
        );
    }
    if daemon.memory_bytes < LITTLE_MEMORY {
        let what = "it has less than 1 GiB of memory";
        bad(
            Level::Warning,
            what.to_owned(),
            "give it more, and play one stack at a time (`--jobs 1`)",
        );
    }
    findings
}

fn api(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

fn network(tried: Result<(), String>) -> Finding {
    match tried {
        Ok(()) => Finding::fine("networks", "a network for a stack can be made"),
        Err(why) => Finding::bad(
            Level::Failed,
            "networks",
            why,
            "`shakedown clean` and `docker network prune` remove those that nothing uses; \
             `default-address-pools` in /etc/docker/daemon.json gives Docker more",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn daemon() -> Daemon {
        Daemon {
            version: "20.10.24".to_owned(),
            api: "1.41".to_owned(),
            os: "linux".to_owned(),
            cpus: 2,
            memory_bytes: 4 << 30,
            driver: "overlay2".to_owned(),
            limits_memory: true,
        }
    }

    #[test]
    fn what_a_daemon_lacks_is_told_with_a_remedy() {
        let check = |daemon: Daemon, expected: Option<(Level, &str)>| {
            let all = described(&daemon);
            assert!(answers(&all));
            let bad: Vec<_> = all.iter().filter(|one| one.level > Level::Fine).collect();
            assert!(bad.iter().all(|one| one.help.is_some()));
            let told = bad
                .iter()
                .find(|one| expected.is_some_and(|(_, what)| one.what.contains(what)));
            assert_eq!(
                told.map(|one| one.level),
                expected.map(|(level, _)| level),
                "{all:?}"
            );
            assert_eq!(bad.len(), usize::from(expected.is_some()), "{all:?}");
        };
        check(daemon(), None);
        check(
            Daemon {
                api: "1.40".to_owned(),
                ..daemon()
            },
            Some((Level::Warning, "API 1.40")),
        );
        check(
            Daemon {
                api: "1.9".to_owned(),
                ..daemon()
            },
            Some((Level::Warning, "API 1.9")),
        );
        check(
            Daemon {
                api: "2.0".to_owned(),
                ..daemon()
            },
            None,
        );
        check(
            Daemon {
                os: "windows".to_owned(),
                ..daemon()
            },
            Some((Level::Failed, "windows")),
        );
        check(
            Daemon {
                limits_memory: false,
                ..daemon()
            },
            Some((Level::Warning, "mem_limit")),
        );
        check(
            Daemon {
                memory_bytes: 1 << 29,
                ..daemon()
            },
            Some((Level::Warning, "less than 1 GiB")),
        );
    }

    #[tokio::test]
    async fn a_daemon_that_is_silent_fails_only_a_run_that_needs_it() {
        let silent = || Some("permission denied".to_owned());
        let all = look(silent(), Place::Docker, true).await;
        assert_eq!(all[0].level, Level::Failed);
        assert!(all[0].help.as_ref().unwrap().contains("group `docker`"));
        assert_eq!(
            look(silent(), Place::Process, false).await[0].level,
            Level::Warning
        );
        assert!(look(silent(), Place::Process, true).await.is_empty());
    }
}
