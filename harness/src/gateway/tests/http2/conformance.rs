//! The same traffic with and without the gateway: neither side can tell the difference.

use super::peers::*;
use crate::gateway::tests::stage::*;
use bytes::Bytes;
use futures::future::join_all;
use h2::SendStream;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::net::SocketAddr;

/// How often a failure is made smaller. Each try that fails as well lasts until a deadline.
const SHRINKS: u32 = 4;

/// What one side says on a stream.
#[derive(Clone, Debug)]
struct Says {
    headers: Vec<(String, Vec<u8>)>,
    pieces: Vec<Vec<u8>>,
    trailers: Vec<(String, Vec<u8>)>,
    /// Whether it says how long the body is.
    measured: bool,
}

#[derive(Clone, Debug)]
struct Exchange {
    method: &'static str,
    path: &'static str,
    status: u16,
    request: Says,
    answer: Says,
}

fn header() -> impl Strategy<Value = (String, Vec<u8>)> {
    let value = vec(prop_oneof![b'!'..=b'~', 128..=255u8], 0..30);
    ("x-[a-z0-9.!~]{1,8}", value)
}

fn says() -> impl Strategy<Value = Says> {
    let piece = prop_oneof![
        4 => vec(any::<u8>(), 0..200),
        1 => vec(any::<u8>(), 0..100_000),
    ];
    let parts = (
        vec(header(), 0..5),
        vec(piece, 0..4),
        vec(header(), 0..3),
        any::<bool>(),
    );
    parts.prop_map(|(headers, pieces, trailers, measured)| Says {
        headers,
        pieces,
        trailers,
        measured,
    })
}

fn exchange() -> impl Strategy<Value = Exchange> {
    let parts = (
        select(vec!["GET", "POST", "PATCH", "M-SEARCH", "HEAD"]),
        select(vec!["/", "/jobs/7?a=/b", "/%zz/=,@", "*"]),
        select(vec![200, 204, 304, 404, 599]),
        says(),
        says(),
    );
    parts.prop_map(|(method, path, status, request, answer)| Exchange {
        method,
        path: if path == "*" { "/x" } else { path },
        status,
        request,
        answer,
    })
}

fn map(pairs: &[(String, Vec<u8>)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        map.append(name, HeaderValue::from_bytes(value).unwrap());
    }
    map
}

impl Says {
    fn headers(&self, number: usize) -> HeaderMap {
        let mut headers = map(&self.headers);
        headers.insert("number", HeaderValue::from(number));
        let length: usize = self.pieces.iter().map(Vec::len).sum();
        if self.measured {
            headers.insert("content-length", HeaderValue::from(length));
        }
        headers
    }

    fn bare(&self) -> bool {
        self.pieces.is_empty() && self.trailers.is_empty()
    }

    async fn rest(&self, mut to: SendStream<Bytes>) {
        for (number, piece) in self.pieces.iter().enumerate() {
            let last = self.trailers.is_empty() && number + 1 == self.pieces.len();
            let mut piece = Bytes::copy_from_slice(piece);
            while !piece.is_empty() {
                to.reserve_capacity(piece.len());
                let room = match to.capacity() {
                    0 => poll_fn(|cx| to.poll_capacity(cx)).await.unwrap().unwrap(),
                    room => room,
                };
                let now = piece.split_to(room.min(piece.len()));
                to.send_data(now, last && piece.is_empty()).unwrap();
                tokio::task::yield_now().await;
            }
            if last && self.pieces[number].is_empty() {
                to.send_data(Bytes::new(), true).unwrap();
            }
        }
        if !self.trailers.is_empty() {
            to.send_trailers(map(&self.trailers)).unwrap();
        }
    }
}

/// Plays both sides, all streams at once. What the callee and the caller have heard of each.
async fn play(
    front: SocketAddr,
    stage: &Stage,
    script: &[Exchange],
) -> (BTreeMap<String, Heard>, Vec<Heard>) {
    let caller = async {
        let client = Client::connect(front).await;
        let asking = script.iter().enumerate().map(|(number, exchange)| {
            let client = &client;
            async move {
                let uri = format!("http://site:80{}", exchange.path);
                let request = Request::builder().method(exchange.method).uri(uri);
                let mut request = request.body(()).unwrap();
                *request.headers_mut() = exchange.request.headers(number);
                let bare = exchange.request.bare();
                let (answer, to) = client.begins(request, bare).await;
                let rest = async {
                    if !bare {
                        exchange.request.rest(to).await;
                    }
                };
                tokio::join!(answer_heard(answer), rest).0.unwrap()
            }
        });
        let heard = join_all(asking).await;
        client.connection.abort();
        heard
    };
    let callee = async {
        let mut server = Server::accept(stage).await;
        let mut calls = Vec::new();
        for _ in script {
            calls.push(server.call().await);
        }
        let answering = calls.into_iter().map(|call| async move {
            let Call {
                request,
                mut respond,
            } = call;
            let number = request.headers()["number"].to_str().unwrap().to_owned();
            let exchange = &script[number.parse::<usize>().unwrap()];
            let mut head = Response::builder()
                .status(exchange.status)
                .body(())
                .unwrap();
            *head.headers_mut() = exchange.answer.headers(0);
            let bodied = exchange.method != "HEAD" && ![204, 304].contains(&exchange.status);
            let bare = exchange.answer.bare() || !bodied;
            let heard = request_heard(request).await.unwrap();
            let to = respond.send_response(head, bare).unwrap();
            if !bare {
                exchange.answer.rest(to).await;
            }
            (number, heard)
        });
        (join_all(answering).await, server)
    };
    let (heard, (asked, _server)) = soon(async { tokio::join!(caller, callee) }).await;
    (asked.into_iter().collect(), heard)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: SHRINKS, ..ProptestConfig::default() })]
    #[test]
    fn neither_side_can_tell_that_there_is_a_gateway(script in vec(exchange(), 1..6), sniffed in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let stage = Stage::new((!sniffed).then_some(true)).await;
            let through = play(stage.front, &stage, &script).await;
            let direct = play(stage.real.local_addr().unwrap(), &stage, &script).await;
            assert!(through == direct, "through {through:?}\ndirect {direct:?}");
        });
    }
}
