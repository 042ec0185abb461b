//! Callers that ask again as soon as they are answered.

use crate::origin::{find, number_after};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What a load saw.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// How long each request took, in nanoseconds.
    pub latencies_ns: Vec<u64>,
    /// From the first request to the last answer.
    pub lasted: Duration,
    /// Bytes of answers, heads included.
    pub bytes: u64,
}

impl Seen {
    /// Requests per second.
    pub fn rate_per_s(&self) -> f64 {
        self.latencies_ns.len() as f64 / self.lasted.as_secs_f64()
    }
}

/// Asks `address` on so many connections for so long.
pub fn run(address: SocketAddr, request: &[u8], connections: usize, length: Duration) -> Seen {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let mut callers = Vec::new();
        for _ in 0..connections {
            callers.push(Caller::new(address, request).await);
        }
        let begun = Instant::now();
        let until = begun + length;
        let callers = callers.into_iter().map(|caller| caller.ask_until(until));
        let mut seen = Seen::default();
        for caller in futures::future::join_all(callers).await {
            seen.latencies_ns.extend(caller.latencies_ns);
            seen.bytes += caller.bytes;
        }
        seen.lasted = begun.elapsed();
        seen
    })
}

/// One connection and its request. Every answer to it has the same length.
pub struct Caller<'a> {
    stream: TcpStream,
    request: &'a [u8],
    answer_bytes: usize,
    buffer: Vec<u8>,
}

impl<'a> Caller<'a> {
    /// Connects, and asks once to learn how long the answer is.
    pub async fn new(address: SocketAddr, request: &'a [u8]) -> Caller<'a> {
        let mut stream = TcpStream::connect(address).await.expect("somebody listens");
        stream.set_nodelay(true).expect("an open connection");
        stream
            .write_all(request)
            .await
            .expect("the request is taken");
        let mut buffer = Vec::with_capacity(256 * 1024);
        let head = loop {
            assert!(
                stream.read_buf(&mut buffer).await.expect("an answer") > 0,
                "closed"
            );
            if let Some(end) = find(&buffer, b"\r\n\r\n") {
                break end + 4;
            }
        };
        let body = number_after(&buffer[..head], b"ontent-Length: ").expect("a length");
        let mut caller = Caller {
            stream,
            request,
            answer_bytes: head + body,
            buffer,
        };
        let read = caller.buffer.len();
        caller.rest(read).await;
        caller
    }

    /// How long an answer is, with its head.
    pub fn answer_bytes(&self) -> usize {
        self.answer_bytes
    }

    async fn ask_until(mut self, until: Instant) -> Seen {
        let mut seen = Seen::default();
        loop {
            let begun = Instant::now();
            if begun >= until {
                return seen;
            }
            self.ask().await;
            seen.latencies_ns.push(begun.elapsed().as_nanos() as u64);
            seen.bytes += self.answer_bytes as u64;
        }
    }

    /// Asks once and reads the whole answer.
    pub async fn ask(&mut self) {
        self.stream
            .write_all(self.request)
            .await
            .expect("the request is taken");
        self.rest(0).await;
    }

    async fn rest(&mut self, mut read: usize) {
        while read < self.answer_bytes {
            self.buffer.clear();
            let count = self
                .stream
                .read_buf(&mut self.buffer)
                .await
                .expect("an answer");
            assert!(count > 0, "closed");
            assert!(
                read > 0 || self.buffer.starts_with(b"HTTP/1.1 200"),
                "not the answer"
            );
            read += count;
        }
        assert_eq!(read, self.answer_bytes, "more than an answer");
    }
}
