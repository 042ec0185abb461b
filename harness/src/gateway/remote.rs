//! The harness's side of a gateway that runs elsewhere.

use super::courier::Inbox;
use super::listener;
use super::passing::Passed;
use super::pipe::Pipe;
use super::raw;
use super::wire::Wire;
use super::{Command, Handle, Report, Reports, lines};
use bytes::BytesMut;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How soon to try again while a gateway is starting; nothing tells when it is there.
const CONNECT_AGAIN: Duration = Duration::from_millis(50);

/// Takes control of the gateway at `control`, which may still be starting. The gateway ends when the handle's
/// `commands` are dropped.
///
/// # Errors
/// Gives the last reason when there was no gateway `within` that time, or none that takes this token.
pub async fn connect(control: SocketAddr, token: &str, within: Duration) -> io::Result<Handle> {
    let deadline = Instant::now() + within;
    loop {
        let error = match tokio::time::timeout_at(deadline, take_control(control, token)).await {
            Ok(Ok(handle)) => return Ok(handle),
            Ok(Err(error)) => error,
            Err(_) => io::Error::new(io::ErrorKind::TimedOut, format!("{control} did not answer")),
        };
        if Instant::now() + CONNECT_AGAIN >= deadline {
            return Err(error);
        }
        tokio::time::sleep(CONNECT_AGAIN).await;
    }
}

/// Asks for something that any gateway answers at once, because a port may accept connections (Docker's own proxy does)
/// before a gateway stands behind it.
async fn take_control(control: SocketAddr, token: &str) -> io::Result<Handle> {
    let mut stream = TcpStream::connect(control).await?;
    stream.set_nodelay(true)?;
    stream
        .write_all(format!("CONTROL {token}\n").as_bytes())
        .await?;
    lines::write(&mut stream, &[Command::Watch { stops: Vec::new() }]).await?;
    let (read, write) = stream.into_split();
    let mut inbox = Inbox::new(read);
    if inbox.next().await? != Some(Report::Watching) {
        let what = format!("{control} closed the connection: wrong token, or no gateway yet");
        return Err(io::Error::new(io::ErrorKind::ConnectionRefused, what));
    }
    let (commands, mut received) = mpsc::unbounded_channel::<Command>();
    tokio::spawn(async move {
        // The end of the commands closes this half of the connection, and that ends the gateway.
        if let Err(error) = lines::send(&mut received, write).await {
            tracing::warn!(%error, "commands do not reach the gateway any more");
        }
    });
    let reports = Reports::elsewhere(inbox);
    Ok(Handle { commands, reports })
}

/// A local address that leads through a remote gateway to one port of one service, as one client.
pub struct Tunnel {
    address: SocketAddr,
    _tasks: JoinSet<()>,
}

impl Tunnel {
    /// Listens on `local` and dials for each connection. Dropping the tunnel ends it and its connections.
    ///
    /// # Errors
    /// The local address cannot be listened on. A gateway that is not there resets connections later.
    pub async fn open(
        local: SocketAddr,
        control: SocketAddr,
        token: &str,
        client: &str,
        service: &str,
        port: u16,
    ) -> io::Result<Tunnel> {
        let listener = TcpListener::bind(local).await?;
        let address = listener.local_addr()?;
        let hello = format!("DIAL {token} {client} {service} {port}\n");
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            listener::each(listener, |caller| dial(caller, control, hello.clone())).await
        });
        Ok(Tunnel {
            address,
            _tasks: tasks,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

async fn dial(caller: TcpStream, control: SocketAddr, hello: String) {
    // Fails only on a connection that has broken already, which the first read will tell.
    let _ = caller.set_nodelay(true);
    match TcpStream::connect(control).await {
        Ok(gateway) => {
            let _ = gateway.set_nodelay(true);
            let hello = BytesMut::from(hello.as_bytes());
            raw::pump(
                Wire::new(caller, Pipe::straight()),
                gateway,
                hello,
                BytesMut::new(),
                &Passed::default(),
            )
            .await;
        }
        Err(error) => {
            tracing::debug!(%error, "the gateway is not there");
            raw::reset(&caller);
        }
    }
}
