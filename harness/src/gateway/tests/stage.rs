//! A gateway between a caller and a callee that a test plays by hand.

use crate::gateway::{Action, CallPattern, Command, Handle, Moment, Report, Speaks, Stop, local};
use crate::history::{Answered, Message, Seen, What};
use std::future::Future;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Long enough for any machine; only a test that fails waits for it.
const DEADLINE: Duration = Duration::from_secs(20);
/// How often a port is drawn again because another process has it.
const DRAWS: usize = 20;

pub const CALL: &str = "update status";

/// An action that comes so many milliseconds later.
pub fn late(ms: u64, then: Action) -> Action {
    let then = Box::new(then);
    Action::Delay { ms, then }
}

/// `worker` calls `site`.
pub struct Stage {
    pub handle: Handle,
    /// Where the caller connects.
    pub front: SocketAddr,
    /// The callee.
    pub real: TcpListener,
}

pub async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, work)
        .await
        .expect("this should have happened")
}

/// A loopback address that no other test of this process has.
pub fn own_address() -> IpAddr {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let [.., a, b] = std::process::id().to_be_bytes();
    Ipv4Addr::new(127, a | 1, b, NEXT.fetch_add(1, Ordering::Relaxed)).into()
}

impl Stage {
    /// Nothing is watched; the call `CALL` has a name.
    pub async fn new(http: Option<bool>) -> Stage {
        Stage::with(local(), http, Some("worker")).await
    }

    pub async fn with(handle: Handle, http: Option<bool>, client: Option<&str>) -> Stage {
        let speaks = http.map(|http| match http {
            true => Speaks::Http,
            false => Speaks::Other,
        });
        Stage::speaking(handle, speaks, client).await
    }

    pub async fn speaking(
        mut handle: Handle,
        speaks: Option<Speaks>,
        client: Option<&str>,
    ) -> Stage {
        let (front, real) = (own_address(), own_address());
        for _ in 0..DRAWS {
            let listener = TcpListener::bind((real, 0)).await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let client = client.map(str::to_owned);
            let listen = Command::Listen {
                address: front,
                port,
                service: "site".into(),
                client,
                instance: None,
                speaks,
            };
            handle.commands.send(listen).unwrap();
            match soon(handle.reports.recv()).await {
                Some(Report::Listening { error: None, .. }) => {}
                Some(Report::Listening { .. }) => continue,
                other => panic!("{other:?}"),
            }
            let mut stage = Stage {
                handle,
                front: (front, port).into(),
                real: listener,
            };
            stage.place("site", Some(real));
            stage.calls();
            stage.watch(&[]).await;
            return stage;
        }
        panic!("every port was taken")
    }

    pub fn send(&self, command: Command) {
        self.handle.commands.send(command).unwrap();
    }

    pub fn place(&self, service: &str, address: Option<IpAddr>) {
        self.send(Command::Place {
            service: service.into(),
            addresses: address.into_iter().collect(),
            starting: false,
        });
    }

    fn calls(&self) {
        let calls = vec![CallPattern {
            name: CALL.into(),
            client: "worker".into(),
            service: "site".into(),
            method: "POST".into(),
            path: "/jobs/{job}".into(),
        }];
        self.send(Command::Calls { calls });
    }

    /// Watches `CALL` at these moments.
    pub async fn watch(&mut self, moments: &[Moment]) {
        let stop = |moment: &Moment| Stop {
            call: CALL.into(),
            moment: *moment,
        };
        let stops = moments.iter().map(stop).collect();
        self.send(Command::Watch { stops });
        assert_eq!(self.report().await, Report::Watching);
    }

    pub fn act(&self, ask: u64, action: Action) {
        self.send(Command::Act { ask, action });
    }

    pub async fn report(&mut self) -> Report {
        soon(self.handle.reports.recv())
            .await
            .expect("the gateway is gone")
    }

    /// The number of the question that comes next.
    pub async fn ask(&mut self) -> u64 {
        match self.report().await {
            Report::Ask { ask, captures, .. } => {
                assert_eq!(captures["job"], "7");
                ask
            }
            other => panic!("{other:?}"),
        }
    }

    /// The answer that is reported next.
    pub async fn answered(&mut self) -> Answered {
        match self.report().await {
            Report::Event {
                what: What::Answered(answered),
            } => *answered,
            other => panic!("{other:?}"),
        }
    }

    /// The events that come next, and no other reports between them.
    pub async fn expect(&mut self, events: &[&str]) {
        let mut seen = Vec::new();
        for _ in events {
            match self.report().await {
                Report::Event { what } => seen.push(told(&what)),
                other => panic!("{other:?} after {seen:?}"),
            }
        }
        assert_eq!(seen, events);
    }

    /// Ends the gateway. Nothing more was reported, and nothing is left of it.
    pub async fn end(mut self) {
        drop(self.handle.commands);
        let rest = soon(self.handle.reports.recv()).await;
        assert_eq!(rest, None);
        let left = TcpStream::connect(self.front).await.map_err(|e| e.kind());
        assert_eq!(left.err(), Some(ErrorKind::ConnectionRefused));
    }

    pub async fn caller(&self) -> Peer {
        Peer(soon(TcpStream::connect(self.front)).await.unwrap())
    }

    pub async fn callee(&self) -> Peer {
        Peer(soon(self.real.accept()).await.unwrap().0)
    }

    /// A caller whose connection has carried its first bytes to a callee.
    pub async fn pair(&self, first: &str) -> (Peer, Peer) {
        let mut caller = self.caller().await;
        caller.says(first).await;
        let mut callee = self.callee().await;
        callee.hears(first).await;
        (caller, callee)
    }
}

/// An event in a few words.
fn told(what: &What) -> String {
    match what {
        What::Asked(a) => format!("{} asked {} {} {}", a.exchange, a.client, a.method, a.path),
        What::Answered(a) => format!("{} answered {}", a.exchange, a.status),
        What::Delivered { exchange, seen, .. } => match seen {
            Seen::Answer {
                status,
                body_bytes,
                altered,
                told,
            } => {
                let altered = if *altered { ", altered" } else { "" };
                let declared = told.as_ref().and_then(|told| length(told));
                assert!(declared.is_none_or(|declared| declared == *body_bytes));
                let told = words(told.as_deref(), *body_bytes);
                format!("{exchange} saw {status}, {body_bytes}{altered}{told}")
            }
            Seen::Cut {
                status,
                body_bytes,
                told,
            } => {
                let told = words(told.as_deref(), *body_bytes);
                format!("{exchange} cut {status}, {body_bytes}{told}")
            }
            Seen::Copy => format!("{exchange} was a copy"),
            Seen::Reset => format!("{exchange} saw reset"),
            Seen::Left => format!("{exchange} left"),
            Seen::Unreachable { .. } => format!("{exchange} saw unreachable"),
        },
        What::Stream {
            client,
            sent_bytes,
            received_bytes,
            exchange,
            open,
            ..
        } => {
            let after = exchange.map_or(String::new(), |exchange| format!(" after {exchange}"));
            let open = if *open { " so far" } else { "" };
            format!("stream {client} {sent_bytes} {received_bytes}{after}{open}")
        }
        What::Unanswered { exchange } => format!("{exchange} unanswered"),
        other => format!("{other:?}"),
    }
}

/// The length that a head declares.
fn length(told: &Message) -> Option<u64> {
    let mut headers = told.headers.iter();
    let (_, length) = headers.find(|(name, _)| name == "content-length")?;
    length.parse().ok()
}

/// What a caller was told that is not what the callee answered: the body, after a colon.
fn words(told: Option<&Message>, body_bytes: u64) -> String {
    let Some(told) = told else {
        return String::new();
    };
    assert_eq!(told.body_bytes, body_bytes);
    assert_eq!(told.digest.is_some(), body_bytes > 0);
    format!(": {}", told.body)
}

/// One end of a connection.
pub struct Peer(pub TcpStream);

impl Peer {
    pub async fn says(&mut self, text: &str) {
        soon(self.0.write_all(text.as_bytes())).await.unwrap();
    }

    /// The next bytes are these.
    pub async fn hears(&mut self, text: &str) {
        let mut bytes = vec![0; text.len()];
        let mut at = 0;
        while at < bytes.len() {
            match soon(self.0.read(&mut bytes[at..])).await {
                Ok(n @ 1..) => at += n,
                end => panic!("{end:?} after {:?}", String::from_utf8_lossy(&bytes[..at])),
            }
        }
        assert_eq!(String::from_utf8_lossy(&bytes), text);
    }

    /// The other side has closed properly, and nothing came before.
    pub async fn hears_end(&mut self) {
        assert_eq!(
            soon(self.0.read(&mut [0; 64])).await.map_err(|e| e.kind()),
            Ok(0)
        );
    }

    /// The other side reset the connection, and nothing came before.
    pub async fn hears_reset(&mut self) {
        let read = soon(self.0.read(&mut [0; 64])).await.map_err(|e| e.kind());
        assert_eq!(read, Err(ErrorKind::ConnectionReset));
    }

    /// The connection has ended, in whatever way.
    pub async fn loses(&mut self) {
        let read = soon(self.0.read(&mut [0; 64])).await;
        assert!(matches!(read, Ok(0) | Err(_)), "{read:?}");
    }
}
