//! Containers from their start to their end.

use super::{DockerRuntime, GATEWAY, PATIENCE, daemon};
use crate::address::chain;
use crate::runtime::output::unwritten;
use crate::runtime::{Exit, Failure, Notice};
use crate::secret::LogWriter;
use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::query_parameters::{
    AttachContainerOptionsBuilder, KillContainerOptionsBuilder, StopContainerOptionsBuilder,
    WaitContainerOptions,
};
use futures::future::try_join_all;
use futures::{Stream, StreamExt};
use std::ops::RangeFrom;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long the end of a dead service's output may take to arrive.
const LOG_WITHIN: Duration = Duration::from_secs(2);
/// How long after the end of its output a container may take to be known to have ended: a daemon under load is slow.
const ENDED_WITHIN: Duration = Duration::from_secs(5);
/// After so long, a daemon that closed the connection is asked again.
const AGAIN_AFTER: Duration = Duration::from_millis(200);

/// A container that was started.
#[derive(Clone)]
pub(super) struct Running {
    /// Set before it is killed on purpose, so that its end is no surprise.
    pub(super) asked: watch::Sender<bool>,
    pub(super) ended: watch::Receiver<bool>,
}

impl DockerRuntime {
    /// Starts a container and follows its output and its end. `Running` says when it has ended.
    pub(super) async fn run(&self, container: String, name: &str) -> Result<Running, Failure> {
        // Attached before it starts, so that no line is missed.
        let options = AttachContainerOptionsBuilder::new()
            .stream(true)
            .stdout(true)
            .stderr(true);
        let attached = self
            .docker
            .attach_container(&container, Some(options.build()));
        let output = attached
            .await
            .map_err(self.failed("attach to", name))?
            .output;
        let log = self.folder.log_writer(name);
        let logged = tokio::spawn(copy(output, log));
        let started = self.docker.start_container(&container, None);
        started.await.map_err(self.failed("start", name))?;
        let (ended, has_ended) = watch::channel(false);
        let asked = watch::Sender::new(false);
        let running = Running {
            asked: asked.clone(),
            ended: has_ended,
        };
        let (docker, notices, service) =
            (self.docker.clone(), self.notices.clone(), name.to_owned());
        let all = self.running.clone();
        tokio::spawn(async move {
            let unheard = |why| {
                let service = service.clone();
                // One that is being ended has nothing more to say.
                if !*asked.borrow() {
                    let _ = notices.send(Notice::Unheard { service, why });
                }
            };
            let code = watched(&docker, &container, logged, unheard).await;
            let _ = ended.send(true);
            if !*asked.borrow() && service != GATEWAY {
                let detail = code.map_or_else(
                    || "its container is gone".to_owned(),
                    |code| format!("exit code {code}"),
                );
                let left = {
                    let all = all.lock().expect("no panic while it is held");
                    let own = all.iter().filter(|((name, _), _)| *name == service);
                    own.filter(|(_, one)| !*one.ended.borrow()).count()
                };
                let _ = notices.send(Notice::Exited(Exit {
                    service,
                    code,
                    detail,
                    left,
                }));
            }
        });
        Ok(running)
    }

    /// Ends containers of a service: kills them, or first asks them to end and gives them a time for it. False:
    /// none was running.
    pub(super) async fn end(
        &self,
        name: &str,
        which: RangeFrom<usize>,
        within: Option<Duration>,
    ) -> Result<bool, Failure> {
        let deed = if within.is_some() { "stop" } else { "kill" };
        let mut instances = self.instances(name);
        instances.retain(|(number, _)| which.contains(number));
        for (_, one) in &instances {
            one.asked.send_replace(true);
        }
        try_join_all(instances.iter().map(async |(number, one)| {
            let container = self.container(name, *number);
            let ended = match within {
                None => {
                    let options = KillContainerOptionsBuilder::new().signal("SIGKILL");
                    let options = Some(options.build());
                    self.docker.kill_container(&container, options).await
                }
                Some(within) => {
                    let options = StopContainerOptionsBuilder::new().t(within.as_secs() as i32);
                    let options = Some(options.build());
                    let docker = self.docker.clone().with_timeout(PATIENCE + within);
                    docker.stop_container(&container, options).await
                }
            };
            match ended {
                Err(error) if !daemon::gone(&error) => return Err(self.failed(deed, name)(error)),
                _ => {}
            }
            let _ = one.ended.clone().wait_for(|ended| *ended).await;
            Ok(())
        }))
        .await?;
        if !instances.is_empty() {
            self.place(name);
        }
        Ok(!instances.is_empty())
    }
}

/// Waits until a container has ended, and its output with it; gives its exit code, `None` if it was removed. `unheard` is told
/// why its log is not whole.
async fn watched(
    docker: &Docker,
    container: &str,
    mut logged: JoinHandle<Result<(), String>>,
    unheard: impl Fn(String),
) -> Option<i32> {
    let mut ended = pin!(exit_code(docker, container));
    tokio::select! {
        code = &mut ended => {
            // An orphan of the service may have its output for ever.
            if let Ok(Ok(Err(why))) = tokio::time::timeout(LOG_WITHIN, logged).await {
                unheard(why);
            }
            code
        }
        end = &mut logged => {
            if let Ok(Err(why)) = end {
                unheard(why);
            } else if let Ok(code) = tokio::time::timeout(ENDED_WITHIN, &mut ended).await {
                return code;
            } else {
                // The service closed its output and goes on, or the daemon closed the connection.
                unheard("its output ended before it did".to_owned());
            }
            ended.await
        }
    }
}

/// Waits until a container has ended; `None`: it was removed.
async fn exit_code(docker: &Docker, container: &str) -> Option<i32> {
    loop {
        let ended = docker.wait_container(container, None::<WaitContainerOptions>);
        let ended = pin!(ended).next().await;
        match ended {
            Some(Ok(response)) => return Some(response.status_code as i32),
            Some(Err(Error::DockerContainerWaitError { code, .. })) => return Some(code as i32),
            Some(Err(error)) if daemon::gone(&error) => return None,
            // The connection to the daemon broke off, which says nothing of the container.
            Some(Err(_)) | None => tokio::time::sleep(AGAIN_AFTER).await,
        }
    }
}

/// Appends a container's output to its log, up to its end.
async fn copy(
    mut output: impl Stream<Item = Result<LogOutput, Error>> + Unpin,
    log: std::io::Result<LogWriter>,
) -> Result<(), String> {
    let unwritten = |error: std::io::Error| unwritten(&error);
    let mut log = log.map_err(unwritten)?;
    while let Some(chunk) = output.next().await {
        let chunk = chunk.map_err(|error| format!("it broke off: {}", chain(&error)))?;
        log.write(chunk.as_ref()).map_err(unwritten)?;
    }
    log.finish().map_err(unwritten)
}
