//! The callee: as lean as it can be, so that it hides as little as possible of what is measured.

use std::net::SocketAddr;
use std::process::ExitCode;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Written at once of a long body.
static PIECE: [u8; 64 * 1024] = [b'x'; 64 * 1024];

/// Answers any request for `/N` with N bytes, until it is killed.
pub fn serve(listen: SocketAddr) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime").block_on(async {
        let listener = TcpListener::bind(listen)
            .await
            .expect("the address is free");
        loop {
            if let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream));
            }
        }
    })
}

/// Serves one connection until it ends, in whatever way.
async fn answer(mut stream: TcpStream) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut read = Vec::with_capacity(16 * 1024);
    loop {
        while find(&read, b"\r\n\r\n").is_none() {
            (stream.read_buf(&mut read).await.ok()? > 0).then_some(())?;
        }
        let head = find(&read, b"\r\n\r\n")? + 4;
        let whole = head + number_after(&read[..head], b"ontent-Length: ").unwrap_or(0);
        while read.len() < whole {
            (stream.read_buf(&mut read).await.ok()? > 0).then_some(())?;
        }
        let mut left = number_after(&read, b" /").unwrap_or(0);
        read.drain(..whole);
        let mut bytes = format!(
            "HTTP/1.1 200 OK\r\nServer: origin\r\nContent-Type: text/plain\r\nContent-Length: {left}\r\n\r\n"
        )
        .into_bytes();
        while left > 0 {
            let piece = left.min(PIECE.len());
            bytes.extend_from_slice(&PIECE[..piece]);
            left -= piece;
            if left > 0 {
                stream.write_all(&bytes).await.ok()?;
                bytes.clear();
            }
        }
        stream.write_all(&bytes).await.ok()?;
    }
}

/// Where `what` begins.
pub fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// The decimal number after the first `mark`.
pub fn number_after(bytes: &[u8], mark: &[u8]) -> Option<usize> {
    let from = find(bytes, mark)? + mark.len();
    let digits = bytes[from..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    std::str::from_utf8(&bytes[from..from + digits.count()])
        .ok()?
        .parse()
        .ok()
}
