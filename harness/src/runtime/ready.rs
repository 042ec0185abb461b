//! Waits until a service is ready, and says in full why it was not.

use super::{Failure, Runtime};
use crate::gateway::{CHECKER, PROBER};
use crate::stack::{Probe, Service};
use crate::{address, count, duration};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

/// The time between two tries: it begins small, so that a fast service costs no waiting, and grows to this.
const TRY_EVERY: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(200));
/// How long one try may take.
const TRY_WITHIN: Duration = Duration::from_secs(2);

/// Waits until `service` is ready. Once it has ended, `gone` says that it has done its work, or why it never will be; `logs`
/// is the end of its log, and where the log is.
///
/// # Errors
/// The service, the time, the last answer and the end of its log.
pub async fn wait(
    runtime: &dyn Runtime,
    service: &Service,
    gone: impl Fn() -> Option<Result<(), String>>,
    logs: impl Fn() -> String,
) -> Result<(), Failure> {
    if runtime.absent(&service.name) {
        return Ok(());
    }
    let begun = Instant::now();
    let deadline = begun + service.ready.within;
    let (mut pause, mut tries) = (TRY_EVERY.0, 0u64);
    loop {
        tries += 1;
        let answer = timeout(TRY_WITHIN, all(runtime, service)).await;
        let last = match answer {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(why)) => why,
            Err(_) => format!("no answer within {}", duration::print(TRY_WITHIN)),
        };
        let (what, help) = match gone() {
            Some(Ok(())) => return Ok(()),
            Some(Err(why)) => (
                format!("ended before it was ready: {why}"),
                runtime
                    .remedy(service, &logs())
                    .unwrap_or_else(|| "look at the end of its log".to_owned()),
            ),
            None if Instant::now() + pause > deadline => (
                format!(
                    "was not ready after {}",
                    duration::print(service.ready.within)
                ),
                match last.contains(ANSWERED) {
                    true => "it listens, but not so: correct the path of `ready: {http: PATH}`, or raise `within` if it needs longer",
                    false => "raise `ready: {within}`, or check that it listens where the stack files say",
                }
                .to_owned(),
            ),
            None => {
                sleep(pause).await;
                pause = (pause * 2).min(TRY_EVERY.1);
                continue;
            }
        };
        return Err(Failure {
            what: format!("service `{}` {what}", service.name),
            service: Some(service.name.clone()),
            last: Some(format!("{last}, {}\n{}", count::of(tries, "try"), logs())),
            help: Some(help),
        });
    }
}

/// What is said of an answer that is no good one.
const ANSWERED: &str = "was answered";

/// Asks every instance once: the gateway leads one connection after the other to another one.
async fn all(runtime: &dyn Runtime, service: &Service) -> Result<(), String> {
    for _ in 0..service.replicas {
        probe(runtime, service).await?;
    }
    Ok(())
}

/// Asks once.
async fn probe(runtime: &dyn Runtime, service: &Service) -> Result<(), String> {
    let at = |client, port: u16| {
        let address = runtime.address(client, &service.name, port);
        address.ok_or_else(|| format!("port {port} is not one of its ports"))
    };
    match &service.ready.probe {
        Some(Probe::Http { port, path }) => {
            let port = port.unwrap_or(80);
            http(&service.name, port, path, at(CHECKER, port)?).await
        }
        Some(Probe::Tcp { port }) => tcp(at(PROBER, *port)?).await,
        None => match runtime
            .healthy(&service.name, service.replicas)
            .await
            .map_err(|failure| failure.what)?
        {
            Some(true) => Ok(()),
            Some(false) => Err("its healthcheck does not say healthy".to_owned()),
            None => {
                for port in service.ports.keys() {
                    // Where the harness has no way to a port, nobody has.
                    if let Ok(address) = at(PROBER, *port) {
                        tcp(address).await?;
                    }
                }
                Ok(())
            }
        },
    }
}

async fn http(service: &str, port: u16, path: &str, at: SocketAddr) -> Result<(), String> {
    let url = format!("http://{service}:{port}{path}");
    let (client, real_url) = address::client(&url, &|_, _| Some(at), TRY_WITHIN)?;
    let answer = client
        .get(&real_url)
        .send()
        .await
        .map_err(|e| address::chain(&e))?;
    let status = answer.status().as_u16();
    if status < 400 {
        Ok(())
    } else {
        Err(format!("GET {url} {ANSWERED} {status}"))
    }
}

async fn tcp(at: SocketAddr) -> Result<(), String> {
    let connected = TcpStream::connect(at).await;
    let mut stream = connected.map_err(|e| format!("tcp {at}: {e}"))?;
    match stream.read(&mut [0]).await {
        Ok(1..) => Ok(()),
        Ok(0) | Err(_) => Err(format!("tcp {at}: nobody accepts connections behind it")),
    }
}
