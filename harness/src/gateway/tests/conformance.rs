//! The same traffic with and without the gateway: neither side can tell the difference.

use super::stage::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How often a failure is made smaller. Each try that fails as well lasts until a deadline.
const SHRINKS: u32 = 4;

/// One request and what is answered, as raw bytes.
#[derive(Clone, Debug)]
struct Exchange {
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// Everything that is said on one connection.
#[derive(Clone, Debug)]
struct Script {
    exchanges: Vec<Exchange>,
    /// The sizes of the pieces in which it is said, over and over.
    pieces: Vec<usize>,
    /// Whether requests are sent without waiting for answers.
    pipelined: bool,
    /// Whether the callee closes after the last answer.
    closes: bool,
}

/// What each side heard, and whether its connection then ended properly.
#[derive(Debug, PartialEq)]
struct Heard {
    caller: Vec<u8>,
    callee: Vec<u8>,
    closed: bool,
}

/// A header, well formed but seldom pretty.
fn header() -> impl Strategy<Value = Vec<u8>> {
    let name =
        "[A-Za-z!#$%&'*+.^_`|~-][A-Za-z0-9-]{0,12}".prop_filter("says where it ends", |name| {
            let name = name.to_ascii_lowercase();
            ![
                "content-length",
                "transfer-encoding",
                "connection",
                "expect",
            ]
            .contains(&name.as_str())
        });
    let value = vec(
        prop_oneof![b'!'..=b'~', Just(b' '), Just(b'\t'), 128..=255u8],
        0..40,
    );
    let line = select(vec!["\r\n", "\n"]);
    (name, select(vec![":", ": ", ":\t "]), value, line).prop_map(|(name, colon, value, line)| {
        [name.as_bytes(), colon.as_bytes(), &value, line.as_bytes()].concat()
    })
}

/// A body with the header that says where it ends.
fn body() -> impl Strategy<Value = Vec<u8>> {
    let bytes = |most| vec(any::<u8>(), 0..most);
    let sized = prop_oneof![4 => bytes(2000), 1 => bytes(200_000)].prop_map(|body| {
        [
            format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes(),
            &body,
        ]
        .concat()
    });
    let chunk = (bytes(3000), select(vec!["", ";a=b", "; x=\"y;z\"", "  "]));
    let trailers = select(vec!["", "Digest: x\r\n", "A: b\r\nC:\r\n"]);
    let chunked = (vec(chunk, 0..5), trailers).prop_map(|(chunks, trailers)| {
        let mut raw = b"tRANSFER-encoding: gzip , chunked\r\n\r\n".to_vec();
        for (chunk, extension) in chunks.iter().filter(|(chunk, _)| !chunk.is_empty()) {
            raw.extend_from_slice(format!("{:x}{extension}\r\n", chunk.len()).as_bytes());
            raw.extend_from_slice(chunk);
            raw.extend_from_slice(b"\r\n");
        }
        raw.extend_from_slice(format!("000\r\n{trailers}\r\n").as_bytes());
        raw
    });
    prop_oneof![sized, chunked]
}

fn exchange() -> impl Strategy<Value = Exchange> {
    let line = select(vec![
        "GET / HTTP/1.1\r\n",
        "POST http://site:80/jobs/7?a=/b#c HTTP/1.1\r\n",
        "OPTIONS * HTTP/1.1\n",
        "PATCH /%zz/\"{}|<>/;=,@ HTTP/1.1\r\n",
        // What some clients send after a body.
        "\r\nPUT /x HTTP/1.1\r\n",
        "M-SEARCH /y HTTP/1.0\r\nConnection: x, Keep-Alive\r\n",
    ]);
    let bodied = prop_oneof![Just(b"\r\n".to_vec()), body()];
    let request = (line, vec(header(), 0..6), bodied)
        .prop_map(|(line, headers, body)| [line.as_bytes(), &headers.concat(), &body].concat());
    let interim = select(vec![
        "",
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",
        "HTTP/1.1 102 \r\n\r\n",
    ]);
    let status = select(vec!["200 OK", "404", "500 Oh no, \u{e9}", "299 "]);
    let whole = (status, vec(header(), 0..6), body()).prop_map(|(status, headers, body)| {
        [
            format!("HTTP/1.1 {status}\r\n").as_bytes(),
            &headers.concat(),
            &body,
        ]
        .concat()
    });
    let bare = select(vec![
        "204 No Content\r\nX: y\r\n\r\n",
        "304 Not Modified\r\nContent-Length: 9\r\n\r\n",
    ]);
    let bare = bare.prop_map(|answer| format!("HTTP/1.1 {answer}").into_bytes());
    let answer = (interim, prop_oneof![4 => whole, 1 => bare])
        .prop_map(|(interim, answer)| [interim.as_bytes(), &answer].concat());
    let usual = (request, answer).prop_map(|(request, answer)| Exchange { request, answer });
    // The length that an answer to HEAD names is not that of a body that follows.
    let head = Just(Exchange {
        request: b"HEAD /big HTTP/1.1\r\n\r\n".to_vec(),
        answer: b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n".to_vec(),
    });
    prop_oneof![6 => usual, 1 => head]
}

/// What may come at the end of a connection: nothing, an answer up to the close, or another protocol.
fn last() -> impl Strategy<Value = Option<(Exchange, bool)>> {
    let raw = || vec(any::<u8>(), 1..5000);
    let until_close = raw().prop_map(|body| {
        let request = b"GET /end HTTP/1.0\r\n\r\n".to_vec();
        let answer = [b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", &body[..]].concat();
        Some((Exchange { request, answer }, true))
    });
    let switched = (any::<bool>(), raw()).prop_map(|(closes, body)| {
        let request =
            b"GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n".to_vec();
        let switch = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
        let answer = [&switch[..], &body].concat();
        Some((Exchange { request, answer }, closes))
    });
    let odd = raw().prop_map(|body| {
        let request = [b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", &body[..]].concat();
        Some((
            Exchange {
                request,
                answer: body,
            },
            true,
        ))
    });
    prop_oneof![2 => Just(None), 1 => until_close, 1 => switched, 1 => odd]
}

fn script() -> impl Strategy<Value = Script> {
    let pieces = prop_oneof![
        vec(1usize..5000, 1..5),
        vec(1usize..8, 1..5),
        Just(vec![usize::MAX])
    ];
    let parts = (vec(exchange(), 1..5), last(), pieces, any::<bool>());
    parts.prop_map(|(mut exchanges, last, mut pieces, pipelined)| {
        let closes = last.as_ref().is_some_and(|(_, closes)| *closes);
        exchanges.extend(last.map(|(exchange, _)| exchange));
        if exchanges
            .iter()
            .any(|e| e.request.len() + e.answer.len() > 20_000)
        {
            pieces
                .iter_mut()
                .for_each(|piece| *piece = (*piece).saturating_mul(1000));
        }
        Script {
            exchanges,
            pieces,
            pipelined,
            closes,
        }
    })
}

async fn say(to: &mut (impl AsyncWriteExt + Unpin), mut bytes: &[u8], pieces: &[usize]) {
    for piece in pieces.iter().cycle() {
        let (now, later) = bytes.split_at((*piece).min(bytes.len()));
        to.write_all(now).await.unwrap();
        tokio::task::yield_now().await;
        bytes = later;
        if bytes.is_empty() {
            return;
        }
    }
}

/// Reads as many bytes as `expected`.
async fn hear(from: &mut (impl AsyncReadExt + Unpin), expected: &[u8]) -> Vec<u8> {
    let mut heard = vec![0; expected.len()];
    from.read_exact(&mut heard).await.unwrap();
    heard
}

/// Plays both sides: the caller at `front`, the callee behind `real`.
async fn play(front: SocketAddr, real: &TcpListener, script: &Script) -> Heard {
    let caller = async {
        let mut stream = TcpStream::connect(front).await.unwrap();
        let mut heard = Vec::new();
        if script.pipelined {
            let (mut read, mut write) = stream.split();
            let asking = async {
                for exchange in &script.exchanges {
                    say(&mut write, &exchange.request, &script.pieces).await;
                }
            };
            let hearing = async {
                for exchange in &script.exchanges {
                    heard.extend(hear(&mut read, &exchange.answer).await);
                }
            };
            tokio::join!(asking, hearing);
        } else {
            for exchange in &script.exchanges {
                say(&mut stream, &exchange.request, &script.pieces).await;
                heard.extend(hear(&mut stream, &exchange.answer).await);
            }
        }
        let closed = script.closes && stream.read(&mut [0]).await.unwrap() == 0;
        (heard, closed)
    };
    let callee = async {
        let (mut stream, _) = real.accept().await.unwrap();
        let mut heard = Vec::new();
        for exchange in &script.exchanges {
            heard.extend(hear(&mut stream, &exchange.request).await);
            say(&mut stream, &exchange.answer, &script.pieces).await;
        }
        if !script.closes {
            assert_eq!(
                stream.read(&mut [0]).await.unwrap(),
                0,
                "more than was said"
            );
        }
        heard
    };
    let ((caller, closed), callee) = soon(async { tokio::join!(caller, callee) }).await;
    Heard {
        caller,
        callee,
        closed,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, max_shrink_iters: SHRINKS, ..ProptestConfig::default() })]
    #[test]
    fn neither_side_can_tell_that_there_is_a_gateway(script in script(), sniffed in any::<bool>()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let stage = Stage::new((!sniffed).then_some(true)).await;
            let through = play(stage.front, &stage.real, &script).await;
            let direct = play(stage.real.local_addr().unwrap(), &stage.real, &script).await;
            assert_eq!(through.callee.len(), direct.callee.len());
            assert!(through == direct, "through {through:?}\ndirect {direct:?}");
        });
    }
}
