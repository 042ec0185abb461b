//! Values as JSON, one a line.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::io;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

/// The longest line. An `answered` carries two bodies of 64 KiB and two heads, each byte of which JSON may write as six.
const LINE_BYTES: u64 = 4 * 1024 * 1024;
/// The most values that are written at once.
pub(super) const BATCH: usize = 64;

/// Reads one value; `None`: the other side has closed.
pub(super) async fn read<T: DeserializeOwned>(
    from: &mut (impl AsyncBufRead + Unpin),
) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    from.take(LINE_BYTES).read_until(b'\n', &mut line).await?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(serde_json::from_slice(&line)?)),
        Some(_) => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Writes values.
pub(super) async fn write<T: Serialize>(
    to: &mut (impl AsyncWrite + Unpin),
    values: &[T],
) -> io::Result<()> {
    let mut lines = Vec::new();
    for value in values {
        serde_json::to_writer(&mut lines, value)?;
        lines.push(b'\n');
    }
    to.write_all(&lines).await
}

/// Hands on every value until the other side closes or nobody takes them any more.
pub(super) async fn receive<T: DeserializeOwned>(
    mut from: impl AsyncBufRead + Unpin,
    to: &mpsc::UnboundedSender<T>,
) -> io::Result<()> {
    while let Some(value) = read(&mut from).await? {
        if to.send(value).is_err() {
            break;
        }
    }
    Ok(())
}

/// Writes every value until there are no more.
pub(super) async fn send<T: Serialize>(
    from: &mut mpsc::UnboundedReceiver<T>,
    mut to: impl AsyncWrite + Unpin,
) -> io::Result<()> {
    let mut values = Vec::with_capacity(BATCH);
    while from.recv_many(&mut values, BATCH).await > 0 {
        write(&mut to, &values).await?;
        values.clear();
    }
    Ok(())
}
