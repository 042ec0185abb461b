//! Whatever is said in whatever pieces arrives as it was said.

use super::stage::*;
use proptest::collection::vec;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A body on the wire.
#[derive(Clone, Debug)]
struct Sent {
    header: String,
    raw: Vec<u8>,
    decoded: Vec<u8>,
    closes: bool,
}

fn length(body: Vec<u8>) -> Sent {
    Sent {
        header: format!("content-LENGTH:  {} \r\n", body.len()),
        raw: body.clone(),
        decoded: body,
        closes: false,
    }
}

fn chunked(chunks: Vec<Vec<u8>>, trailer: bool) -> Sent {
    let mut raw = Vec::new();
    for chunk in chunks.iter().filter(|chunk| !chunk.is_empty()) {
        raw.extend_from_slice(format!("{:X};a=b\r\n", chunk.len()).as_bytes());
        raw.extend_from_slice(chunk);
        raw.extend_from_slice(b"\r\n");
    }
    raw.extend_from_slice(if trailer {
        b"0\r\nA: b\r\n\r\n"
    } else {
        b"0\r\n\r\n"
    });
    Sent {
        header: "Transfer-Encoding: chunked\r\n".into(),
        raw,
        decoded: chunks.concat(),
        closes: false,
    }
}

fn until_close(body: Vec<u8>) -> Sent {
    Sent {
        header: String::new(),
        raw: body.clone(),
        decoded: body,
        closes: true,
    }
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..most)
}

fn framed() -> impl Strategy<Value = Sent> {
    let chunks = (vec(bytes(3000), 0..6), any::<bool>());
    prop_oneof![
        bytes(20_000).prop_map(length),
        chunks.prop_map(|(chunks, trailer)| chunked(chunks, trailer)),
    ]
}

fn answered() -> impl Strategy<Value = Sent> {
    prop_oneof![3 => framed(), 1 => bytes(20_000).prop_map(until_close)]
}

/// Writes in pieces of these sizes, over and over.
async fn say(stream: &mut TcpStream, bytes: &[u8], pieces: &[usize]) {
    let mut rest = bytes;
    for piece in pieces.iter().cycle() {
        let (now, later) = rest.split_at((*piece).min(rest.len()));
        stream.write_all(now).await.unwrap();
        tokio::task::yield_now().await;
        rest = later;
        if rest.is_empty() {
            return;
        }
    }
}

async fn hear(stream: &mut TcpStream, expected: &[u8]) {
    let mut heard = vec![0; expected.len()];
    stream.read_exact(&mut heard).await.unwrap();
    assert!(
        heard == expected,
        "heard {:?}",
        String::from_utf8_lossy(&heard)
    );
}

/// One connection with these requests and answers.
async fn converse(stage: &mut Stage, exchanges: &[(Sent, Sent)], pieces: &[usize]) {
    let mut caller = stage.caller().await.0;
    let mut callee = None;
    for (request, answer) in exchanges {
        let head = format!("POST /any HTTP/1.1\r\n{}\r\n", request.header);
        let asked = [head.as_bytes(), &request.raw].concat();
        let head = format!("HTTP/1.1 200 Fine\r\n{}\r\n", answer.header);
        let given = [head.as_bytes(), &answer.raw].concat();
        say(&mut caller, &asked, pieces).await;
        if callee.is_none() {
            callee = Some(stage.callee().await.0);
        }
        let there = callee.as_mut().unwrap();
        hear(there, &asked).await;
        say(there, &given, pieces).await;
        if answer.closes {
            callee = None;
        }
        hear(&mut caller, &given).await;
        let Some(crate::gateway::Report::Event { .. }) = stage.handle.reports.recv().await else {
            panic!("the request was not reported")
        };
        let recorded = stage.answered().await;
        for (message, sent) in [(&recorded.request, request), (&recorded.response, answer)] {
            assert_eq!(message.body_bytes, sent.decoded.len() as u64);
            assert_eq!(message.body, String::from_utf8_lossy(&sent.decoded));
            let digest = format!("{:032x}", xxhash_rust::xxh3::xxh3_128(&sent.decoded));
            assert_eq!(message.digest, (!sent.decoded.is_empty()).then_some(digest));
        }
        stage.report().await;
        if answer.closes {
            Peer(caller).hears_end().await;
            return;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn bodies_arrive_byte_for_byte_and_are_recorded_as_they_were_meant(
        exchanges in vec((framed(), answered()), 1..4),
        pieces in vec(1usize..5000, 1..5),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut stage = Stage::with(crate::gateway::local(), Some(true), Some("worker")).await;
            soon(converse(&mut stage, &exchanges, &pieces)).await;
            stage.end().await;
        });
    }
}
