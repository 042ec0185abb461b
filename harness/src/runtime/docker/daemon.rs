//! The Docker daemon: reaching it, and removing what bears a run's label.

use super::super::Failure;
pub(super) use super::super::leftover::host;
use crate::address::chain;
use bollard::Docker;
use bollard::errors::Error;
use bollard::query_parameters::{
    ListContainersOptionsBuilder, ListNetworksOptionsBuilder, ListVolumesOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveVolumeOptionsBuilder,
};
use futures::future::join_all;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, ToSocketAddrs};
use std::time::{Duration, Instant};

/// The label of everything that a run starts; its value is the run's id.
pub(super) const RUN: &str = "shakedown.run";
/// The label of everything that one stack of a run starts.
pub(super) const STACK: &str = "shakedown.stack";
/// The label that says on which machine that run is.
pub(super) const HOST: &str = "shakedown.host";

/// How long a daemon may take to say that it is there.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long it may take to list its networks. It has seconds of work when many stacks start at once.
const LIST_WITHIN: Duration = Duration::from_secs(20);
/// How long whoever plays scenarios waits for a daemon that is away: a restart takes so long.
const RESTARTED_WITHIN: Duration = Duration::from_secs(10);
/// What a dead harness asked of the daemon last may still be under way, so a sweep ends only when it has found
/// nothing twice, this long apart.
const SWEEP_EVERY: Duration = Duration::from_millis(200);
/// At most so many rounds: what cannot be removed by then needs a person.
const MAX_SWEEPS: u32 = 20;
/// How long a sweep waits for a daemon that does not answer: one that is restarted has the containers of before still.
const BACK_WITHIN: Duration = Duration::from_secs(5 * 60);
/// The time between two tries, when one has failed.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// How long a network without containers may count as one that is used. A daemon under load can lose count of what was
/// connected to it, and then holds it until it is restarted.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(3);
/// What Docker answers when something is not there (any more), or is in the middle of being removed.
const GONE: [u16; 2] = [404, 409];

/// Connects to the daemon that `DOCKER_HOST` names, or to the local one, and speaks the version that it knows.
///
/// # Errors
/// Why there is none that does its work, in words.
pub(super) async fn connect() -> Result<Docker, String> {
    let docker = Docker::connect_with_defaults().map_err(|e| chain(&e))?;
    let docker = match tokio::time::timeout(ANSWER_WITHIN, docker.negotiate_version()).await {
        Ok(negotiated) => negotiated.map_err(|e| chain(&e))?,
        Err(_) => return Err(format!("no answer within {} s", ANSWER_WITHIN.as_secs())),
    };
    lists(&docker, LIST_WITHIN).await?;
    Ok(docker)
}

/// Fails where a daemon stands still: it may tell its version then, but whatever it does about networks never ends.
async fn lists(docker: &Docker, within: Duration) -> Result<(), String> {
    let nobody = HashMap::from([("label", vec![format!("{RUN}=nobody")])]);
    let options = ListNetworksOptionsBuilder::new().filters(&nobody).build();
    match tokio::time::timeout(within, docker.list_networks(Some(options))).await {
        Ok(listed) => listed.map(drop).map_err(|e| chain(&e)),
        Err(_) => Err(format!(
            "it says its version, but not within {} s what networks it has; only a restart of it helps",
            within.as_secs()
        )),
    }
}

/// Waits for a daemon that is away, as long as a restart may take.
///
/// # Errors
/// Why there is none that does its work, in words.
pub async fn works() -> Result<(), String> {
    back(RESTARTED_WITHIN, async || connect().await.map(drop)).await
}

/// Tries until it works or the time is over.
async fn back(
    within: Duration,
    attempt: impl AsyncFn() -> Result<(), String>,
) -> Result<(), String> {
    let deadline = Instant::now() + within;
    loop {
        let tried = attempt().await;
        if tried.is_ok() || Instant::now() > deadline {
            return tried;
        }
        tokio::time::sleep(TRY_AGAIN).await;
    }
}

/// Where ports that containers publish are reached, and the address at which they are to be published.
///
/// # Errors
/// `DOCKER_HOST` names a host that has no address.
pub(super) fn published_at() -> Result<(IpAddr, IpAddr), Failure> {
    let local = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let host = std::env::var("DOCKER_HOST").unwrap_or_default();
    let remote = url::Url::parse(&host)
        .ok()
        .filter(|url| url.scheme() != "unix");
    let Some(name) = remote.and_then(|url| url.host_str().map(str::to_owned)) else {
        return Ok((local, local));
    };
    let found = (name.as_str(), 0)
        .to_socket_addrs()
        .ok()
        .and_then(|mut all| all.next());
    match found {
        Some(address) if address.ip().is_loopback() => Ok((address.ip(), local)),
        Some(address) => Ok((address.ip(), IpAddr::V4(Ipv4Addr::UNSPECIFIED))),
        None => Err(Failure::new(format!(
            "DOCKER_HOST is `{host}`, but `{name}` has no address"
        ))),
    }
}

/// Whether an error says that there is nothing (any more) to do it to.
pub(super) fn gone(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code, .. } if GONE.contains(status_code))
}

/// What a removal has found.
pub(super) struct Removed {
    /// How many containers, networks and volumes were there that could be removed.
    pub(super) found: usize,
    /// Networks that the daemon does not let go, although nothing is connected to them.
    pub(super) forgotten: Vec<String>,
}

/// Removes every container, network and volume that bears a label, once.
///
/// # Errors
/// The last of what could not be removed.
pub(super) async fn remove(docker: &Docker, label: &str, value: &str) -> Result<Removed, Error> {
    let label = HashMap::from([("label", vec![format!("{label}={value}")])]);
    let options = ListContainersOptionsBuilder::new()
        .all(true)
        .filters(&label);
    let containers = docker.list_containers(Some(options.build())).await?;
    let mut removed = Vec::new();
    // One after the other: where several containers leave a network at one moment, the daemon can stand still for ever (of
    // Docker 20.10, libnetwork's `getSvcRecords` and `processEndpointDelete` take the same two locks in opposite order).
    for id in containers.iter().filter_map(|one| one.id.as_deref()) {
        let options = RemoveContainerOptionsBuilder::new().force(true).v(true);
        removed.push(docker.remove_container(id, Some(options.build())).await);
    }
    let options = ListNetworksOptionsBuilder::new().filters(&label).build();
    let networks = docker.list_networks(Some(options)).await?;
    let names = networks.iter().filter_map(|one| one.name.as_deref());
    let cut = join_all(names.map(|name| cut(docker, name))).await;
    let forgotten = cut.iter().flatten().flatten().cloned().collect::<Vec<_>>();
    let cut = cut.into_iter().map(|one| one.map(drop));
    let options = ListVolumesOptionsBuilder::new().filters(&label).build();
    let volumes = docker.list_volumes(Some(options)).await?.volumes;
    let volumes = volumes.unwrap_or_default();
    let emptied = join_all(volumes.iter().map(async |volume| {
        let options = RemoveVolumeOptionsBuilder::new().force(true).build();
        docker.remove_volume(&volume.name, Some(options)).await
    }))
    .await;
    let failures = removed.into_iter().chain(cut).chain(emptied);
    let failures = failures.filter_map(Result::err);
    match failures.filter(|error| !gone(error)).last() {
        Some(error) => Err(error),
        None => Ok(Removed {
            found: containers.len() + networks.len() + volumes.len() - forgotten.len(),
            forgotten,
        }),
    }
}

/// Removes a network; gives its name when the daemon has forgotten that it could be removed.
pub(super) async fn cut(docker: &Docker, name: &str) -> Result<Option<String>, Error> {
    let deadline = Instant::now() + FORGOTTEN_AFTER;
    loop {
        let error = match docker.remove_network(name).await {
            Err(error) if used(&error) => error,
            other => return other.map(|()| None),
        };
        if Instant::now() > deadline {
            let network = docker.inspect_network(name, None).await?;
            let lonely = network.containers.is_none_or(|all| all.is_empty());
            return lonely.then(|| Some(name.to_owned())).ok_or(error);
        }
        tokio::time::sleep(SWEEP_EVERY).await;
    }
}

/// Whether an error says that something is connected to a network.
fn used(error: &Error) -> bool {
    matches!(error, Error::DockerResponseServerError { status_code: 403, message }
        if message.contains("active endpoints"))
}

/// Removes everything that bears a run's label, until there is nothing left of it. Waits for a daemon that is away.
///
/// # Errors
/// In words, when the daemon does not come back or something cannot be removed.
pub async fn sweep(run: &str) -> Result<(), String> {
    back(BACK_WITHIN, async || {
        sweep_all(&connect().await?, run).await
    })
    .await
}

async fn sweep_all(docker: &Docker, run: &str) -> Result<(), String> {
    let mut last = Ok(usize::MAX);
    for _ in 0..MAX_SWEEPS {
        let found = remove(docker, RUN, run).await.map(|removed| removed.found);
        if matches!((&last, &found), (Ok(0), Ok(0))) {
            return Ok(());
        }
        last = found;
        tokio::time::sleep(SWEEP_EVERY).await;
    }
    match last {
        Ok(left) => Err(format!(
            "{left} containers, networks and volumes come back again and again"
        )),
        Err(error) => Err(chain(&error)),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use axum::Router;
    use axum::http::StatusCode;
    use axum::routing::{delete, get};
    use serde_json::{Value, json};

    /// A daemon that holds one network for a container, or for nobody.
    async fn daemon(containers: Value) -> Docker {
        let held = async || {
            let message = json!({"message": "network a has active endpoints"});
            (StatusCode::FORBIDDEN, message.to_string())
        };
        let shown = json!({"Name": "a", "Containers": containers}).to_string();
        let router = Router::new()
            .route("/containers/json", get(async || "[]"))
            .route("/networks", get(async || r#"[{"Name": "a"}]"#))
            .route("/volumes", get(async || r#"{"Volumes": []}"#))
            .route("/networks/a", delete(held).get(async || shown));
        serve(router).await
    }

    /// A daemon with these pages.
    pub(in super::super) async fn serve(router: Router) -> Docker {
        let router = router.clone().nest("/{version}", router);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("tcp://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Docker::connect_with_http(&address, 60, bollard::API_DEFAULT_VERSION).unwrap()
    }

    #[tokio::test]
    async fn a_daemon_that_never_lists_its_networks_stands_still() {
        let never = get(async || std::future::pending::<&str>().await);
        let still = serve(Router::new().route("/networks", never)).await;
        let why = lists(&still, Duration::from_millis(1)).await.unwrap_err();
        assert!(why.contains("only a restart of it helps"), "{why}");
        let works = serve(Router::new().route("/networks", get(async || "[]"))).await;
        assert_eq!(lists(&works, Duration::from_secs(60)).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_daemon_that_is_away_is_waited_for_and_not_for_ever() {
        let tries = std::cell::Cell::new(0);
        let third = async || {
            tries.set(tries.get() + 1);
            (tries.get() == 3).then_some(()).ok_or("away".to_owned())
        };
        assert_eq!(back(RESTARTED_WITHIN, third).await, Ok(()));
        let never = async || Err("away".to_owned());
        assert_eq!(back(Duration::ZERO, never).await, Err("away".to_owned()));
    }

    #[tokio::test]
    async fn a_network_that_is_held_for_nobody_is_told_and_no_failure() {
        let (forgetful, busy) = (daemon(json!({})).await, daemon(json!({"c": {}})).await);
        let (forgotten, used) = tokio::join!(remove(&forgetful, RUN, "r"), remove(&busy, RUN, "r"));
        let forgotten = forgotten.unwrap();
        assert_eq!(forgotten.found, 0);
        assert_eq!(forgotten.forgotten, ["a"]);
        assert!(used.is_err());
    }
}
