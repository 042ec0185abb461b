//! Clients and servers.

use crate::gateway::tests::stage::*;
use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream, client, server};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use std::net::SocketAddr;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// A caller.
pub struct Client {
    pub send: SendRequest<Bytes>,
    /// What becomes of its connection.
    pub connection: JoinHandle<Result<(), h2::Error>>,
}

/// A callee.
pub struct Server {
    requests: mpsc::UnboundedReceiver<Call>,
    connection: JoinHandle<Result<(), h2::Error>>,
    /// Says that it is about to close.
    pub leave: mpsc::UnboundedSender<()>,
}

/// A request that the callee has got.
pub struct Call {
    pub request: Request<RecvStream>,
    pub respond: SendResponse<Bytes>,
}

/// Whatever a side has heard of a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heard {
    pub head: String,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    pub trailers: Vec<(String, Vec<u8>)>,
}

impl Client {
    pub async fn connect(front: SocketAddr) -> Client {
        Client::with(front, &client::Builder::new()).await
    }

    /// One whose connection goes on while it takes nothing of a stream.
    pub async fn roomy(front: SocketAddr) -> Client {
        let mut builder = client::Builder::new();
        builder.initial_connection_window_size(16 * 1024 * 1024);
        Client::with(front, &builder).await
    }

    async fn with(front: SocketAddr, builder: &client::Builder) -> Client {
        Client::on(soon(TcpStream::connect(front)).await.unwrap(), builder).await
    }

    pub async fn on(stream: TcpStream, builder: &client::Builder) -> Client {
        let (send, connection) = soon(builder.handshake(stream)).await.unwrap();
        Client {
            send,
            connection: tokio::spawn(connection),
        }
    }

    /// Sends a request's head.
    pub async fn begins(
        &self,
        request: Request<()>,
        whole: bool,
    ) -> (ResponseFuture, SendStream<Bytes>) {
        let mut send = soon(self.send.clone().ready()).await.unwrap();
        send.send_request(request, whole).unwrap()
    }

    /// Sends a whole request.
    pub async fn asks(&self, request: Request<()>, body: &str) -> ResponseFuture {
        let (answer, mut to) = self.begins(request, body.is_empty()).await;
        if !body.is_empty() {
            to.send_data(Bytes::copy_from_slice(body.as_bytes()), true)
                .unwrap();
        }
        answer
    }

    /// How its connection ends.
    pub async fn ends(self) -> Result<(), h2::Error> {
        drop(self.send);
        soon(self.connection).await.unwrap()
    }
}

impl Server {
    /// The next connection of a callee.
    pub async fn accept(stage: &Stage) -> Server {
        Server::on(stage.callee().await.0).await
    }

    pub async fn on(stream: TcpStream) -> Server {
        let mut connection = soon(server::handshake(stream)).await.unwrap();
        let (give, requests) = mpsc::unbounded_channel();
        let (leave, mut leaves) = mpsc::unbounded_channel();
        let connection = tokio::spawn(async move {
            loop {
                tokio::select! {
                    request = connection.accept() => match request {
                        Some(request) => {
                            let (request, respond) = request?;
                            let _ = give.send(Call { request, respond });
                        }
                        None => return Ok(()),
                    },
                    Some(()) = leaves.recv() => connection.graceful_shutdown(),
                }
            }
        });
        Server {
            requests,
            connection,
            leave,
        }
    }

    pub async fn call(&mut self) -> Call {
        soon(self.requests.recv()).await.expect("no request")
    }

    /// Breaks the connection.
    pub async fn dies(self) {
        self.connection.abort();
        let _ = self.connection.await;
    }

    /// How its connection ends.
    pub async fn ends(self) -> Result<(), h2::Error> {
        soon(self.connection).await.unwrap()
    }
}

impl Call {
    /// Reads the request and answers it.
    pub async fn answers(self, head: Response<()>, body: &str) -> Heard {
        let Call {
            request,
            mut respond,
        } = self;
        let heard = request_heard(request).await.unwrap();
        let mut to = respond.send_response(head, body.is_empty()).unwrap();
        if !body.is_empty() {
            to.send_data(Bytes::copy_from_slice(body.as_bytes()), true)
                .unwrap();
        }
        heard
    }
}

pub fn post(path: &str) -> Request<()> {
    let uri = format!("http://site{path}");
    let request = Request::builder().method(Method::POST).uri(uri);
    request.header("x-a", "b").body(()).unwrap()
}

pub fn made() -> Response<()> {
    let answer = Response::builder().status(StatusCode::CREATED);
    answer.header("x-a", "b").body(()).unwrap()
}

pub fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pair = |(name, value): &(&'static str, &'static str)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    };
    pairs.iter().map(pair).collect()
}

fn listed(headers: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    let pair =
        |(name, value): (&HeaderName, &HeaderValue)| (name.to_string(), value.as_bytes().to_vec());
    headers.iter().map(pair).collect()
}

/// Reads a body to its end.
pub async fn body_heard(mut body: RecvStream, heard: &mut Heard) -> Result<(), h2::Error> {
    while let Some(piece) = soon(body.data()).await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        heard.body.extend_from_slice(&piece);
    }
    if let Some(trailers) = soon(body.trailers()).await? {
        heard.trailers = listed(&trailers);
    }
    Ok(())
}

pub async fn request_heard(request: Request<RecvStream>) -> Result<Heard, h2::Error> {
    let (head, body) = request.into_parts();
    let mut heard = Heard {
        head: format!("{} {}", head.method, head.uri),
        headers: listed(&head.headers),
        ..Heard::default()
    };
    body_heard(body, &mut heard).await?;
    Ok(heard)
}

pub async fn answer_heard(answer: ResponseFuture) -> Result<Heard, h2::Error> {
    let (head, body) = soon(answer).await?.into_parts();
    let mut heard = Heard {
        head: head.status.to_string(),
        headers: listed(&head.headers),
        ..Heard::default()
    };
    body_heard(body, &mut heard).await?;
    Ok(heard)
}

/// A status and a body in a few words.
pub async fn told(answer: ResponseFuture) -> String {
    match answer_heard(answer).await {
        Ok(heard) => format!("{} {}", heard.head, String::from_utf8_lossy(&heard.body)),
        Err(error) => reset(&error),
    }
}

/// How a stream was reset, in a few words.
pub fn reset(error: &h2::Error) -> String {
    match error.reason() {
        Some(Reason::REFUSED_STREAM) if error.is_reset() => "refused".into(),
        Some(Reason::INTERNAL_ERROR) if error.is_reset() => "reset".into(),
        Some(Reason::CANCEL) if error.is_reset() => "cancelled".into(),
        _ if error.is_io() => "disconnected".into(),
        _ => format!("{error:?}"),
    }
}
