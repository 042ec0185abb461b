//! Reports on their way to a harness elsewhere.
//!
//! Events are many, so they go in batches, and in a form that is read several times faster than that of the history:
//! each batch is its length in bytes (four of them, the highest first) and the list of its reports in MessagePack.

use super::Report;
use crate::history::{Answered, Asked, ExchangeId, Seen, What};
use bytes::{Buf, BytesMut};
use serde::{Deserialize, Serialize};
use std::io;
use std::net::IpAddr;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};
use tokio::task::coop::consume_budget;

/// How long events wait for others after some were sent. A report that somebody waits for ends the wait.
const GATHER: Duration = Duration::from_millis(1);
/// The most reports of a batch.
const BATCH: usize = 64;
/// The most reports that are taken at once. Each write wakes the harness, which costs it as much as a batch does.
const TAKEN: usize = 16 * BATCH;
/// Batches that are this long are written without waiting for the next.
const WRITTEN_BYTES: usize = 256 * 1024;
/// The longest batch. An `answered` carries two bodies of 64 KiB, each byte of which can have become three, and two heads.
const BATCH_BYTES: u32 = (BATCH * 1024 * 1024) as u32;

/// Room for what one read takes.
const READ_BYTES: usize = 64 * 1024;
/// The length of a batch is so many bytes.
const LENGTH_BYTES: usize = 4;

/// A report whose kind is its outer name. The tag within, as history files have it, would have every event read twice.
#[derive(Serialize, Deserialize)]
enum Wire {
    Asked(Asked),
    Answered(Box<Answered>),
    Delivered(ExchangeId, Seen, Option<ExchangeId>),
    /// An answer as it came, which nearly all are: the exchange, the status, the bytes of the body. What its caller saw has a
    /// tag within.
    Passed(ExchangeId, u16, u64),
    /// A tag within would have the address written in bytes and read as text.
    Met(IpAddr, bool),
    Other(Report),
}

impl From<Report> for Wire {
    fn from(report: Report) -> Wire {
        match report {
            Report::Event { what } => match what {
                What::Asked(asked) => Wire::Asked(asked),
                What::Answered(answered) => Wire::Answered(answered),
                What::Delivered {
                    exchange,
                    seen:
                        Seen::Answer {
                            status,
                            body_bytes,
                            altered: false,
                            told: None,
                        },
                    before: None,
                } => Wire::Passed(exchange, status, body_bytes),
                What::Delivered {
                    exchange,
                    seen,
                    before,
                } => Wire::Delivered(exchange, seen, before),
                what => Wire::Other(Report::Event { what }),
            },
            Report::Met { address, connects } => Wire::Met(address, connects),
            other => Wire::Other(other),
        }
    }
}

impl From<Wire> for Report {
    fn from(wire: Wire) -> Report {
        let what = match wire {
            Wire::Asked(asked) => What::Asked(asked),
            Wire::Answered(answered) => What::Answered(answered),
            Wire::Delivered(exchange, seen, before) => What::Delivered {
                exchange,
                seen,
                before,
            },
            Wire::Passed(exchange, status, body_bytes) => What::Delivered {
                exchange,
                seen: Seen::Answer {
                    status,
                    body_bytes,
                    altered: false,
                    told: None,
                },
                before: None,
            },
            Wire::Met(address, connects) => return Report::Met { address, connects },
            Wire::Other(report) => return report,
        };
        Report::Event { what }
    }
}

/// Whether somebody may be waiting for this report.
pub(super) fn urgent(report: &Report) -> bool {
    !matches!(report, Report::Event { .. })
}

/// Writes every report until there are no more. After some were written, others may gather, until `hurry` says that one
/// is urgent.
pub(super) async fn send(
    from: &mut mpsc::UnboundedReceiver<Report>,
    to: impl AsyncWrite + Unpin,
    hurry: &Notify,
) -> io::Result<()> {
    gather(from, to, hurry, GATHER).await
}

async fn gather(
    from: &mut mpsc::UnboundedReceiver<Report>,
    mut to: impl AsyncWrite + Unpin,
    hurry: &Notify,
    within: Duration,
) -> io::Result<()> {
    let mut reports = Vec::with_capacity(TAKEN);
    let mut bytes = Vec::new();
    loop {
        let count = from.recv_many(&mut reports, TAKEN).await;
        if count == 0 {
            return Ok(());
        }
        let mut taken = reports.drain(..);
        while taken.len() > 0 {
            pack(taken.by_ref().take(BATCH), &mut bytes)?;
            if bytes.len() >= WRITTEN_BYTES || taken.len() == 0 {
                to.write_all(&bytes).await?;
                bytes.clear();
            }
        }
        drop(taken);
        if count < TAKEN {
            tokio::select! {
                () = tokio::time::sleep(within) => {}
                () = hurry.notified() => {}
            }
        }
    }
}

/// Adds a batch of these reports.
pub(super) fn pack(reports: impl Iterator<Item = Report>, bytes: &mut Vec<u8>) -> io::Result<()> {
    let wires: Vec<Wire> = reports.map(Wire::from).collect();
    let begin = bytes.len() + LENGTH_BYTES;
    bytes.extend([0; LENGTH_BYTES]);
    rmp_serde::encode::write_named(bytes, &wires).map_err(io::Error::other)?;
    let length = u32::try_from(bytes.len() - begin).ok();
    let length = length.filter(|length| *length <= BATCH_BYTES);
    let length = length.ok_or_else(|| io::Error::other("a batch of reports is too long"))?;
    bytes[begin - LENGTH_BYTES..begin].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

/// The reports of a batch, which comes without its length.
pub(super) fn unpack(batch: &[u8]) -> Result<Vec<Report>, rmp_serde::decode::Error> {
    let wires: Vec<Wire> = rmp_serde::from_slice(batch)?;
    Ok(wires.into_iter().map(Report::from).collect())
}

/// The reports of a gateway elsewhere.
pub(super) struct Inbox<R> {
    from: R,
    bytes: BytesMut,
    batch: std::vec::IntoIter<Report>,
}

impl<R: AsyncRead + Unpin> Inbox<R> {
    /// Nothing has come yet.
    pub(super) fn new(from: R) -> Inbox<R> {
        Inbox {
            from,
            bytes: BytesMut::new(),
            batch: Vec::new().into_iter(),
        }
    }

    /// The next report; `None`: the gateway has closed. Where this is given up before its end, none is lost.
    ///
    /// # Errors
    /// The connection broke, or what came is no batch of reports.
    pub(super) async fn next(&mut self) -> io::Result<Option<Report>> {
        while self.batch.len() == 0 {
            match self.length()? {
                Some(end) if end <= self.bytes.len() => {
                    let batch = unpack(&self.bytes[LENGTH_BYTES..end]).map_err(odd)?;
                    self.batch = batch.into_iter();
                    self.bytes.advance(end);
                }
                end => {
                    let missing = end.unwrap_or_default().saturating_sub(self.bytes.len());
                    self.bytes.reserve(missing.max(READ_BYTES));
                    if self.from.read_buf(&mut self.bytes).await? == 0 {
                        return match self.bytes.is_empty() {
                            true => Ok(None),
                            false => Err(io::ErrorKind::UnexpectedEof.into()),
                        };
                    }
                }
            }
        }
        // Whatever else its task has to do gets its turn, however many are at hand.
        consume_budget().await;
        Ok(self.batch.next())
    }

    /// Whether no whole report is at hand.
    pub(super) fn is_empty(&self) -> bool {
        let whole = |length| matches!(length, Ok(Some(end)) if end <= self.bytes.len());
        self.batch.len() == 0 && !whole(self.length())
    }

    /// The length of the next batch with what tells it; `None`: that is not all there.
    fn length(&self) -> io::Result<Option<usize>> {
        let Some(length) = self.bytes.first_chunk() else {
            return Ok(None);
        };
        match u32::from_be_bytes(*length) {
            length if length > BATCH_BYTES => Err(odd(format!("a batch of {length} bytes"))),
            length => Ok(Some(LENGTH_BYTES + length as usize)),
        }
    }
}

fn odd(why: impl ToString) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::{Moment, Stop};
    use crate::history::Message;
    use futures::FutureExt;
    use std::sync::Arc;

    /// Longer than any test may take.
    const FOR_EVER: Duration = Duration::from_secs(3600);

    fn reports() -> Vec<Report> {
        let event = |what| Report::Event { what };
        let message = Message {
            headers: vec![("a".into(), "b \"c\"".into())],
            body: "\u{1f600}\n".into(),
            body_bytes: 5,
            digest: Some("5".into()),
        };
        vec![
            event(What::Asked(Asked {
                exchange: 1,
                client: "worker".into(),
                service: "site".into(),
                port: 80,
                method: "GET".into(),
                path: "/".into(),
                call: None,
                captures: Default::default(),
            })),
            event(What::Answered(Box::new(Answered {
                exchange: 1,
                call: Some("look".into()),
                captures: [("job".to_owned(), "7".to_owned())].into(),
                request: message.clone(),
                status: 200,
                response: message.clone(),
            }))),
            event(What::Delivered {
                exchange: 1,
                seen: Seen::Reset,
                before: None,
            }),
            event(What::Delivered {
                exchange: 2,
                seen: Seen::Answer {
                    status: 503,
                    body_bytes: 5,
                    altered: true,
                    told: Some(Box::new(message.clone())),
                },
                before: Some(3),
            }),
            event(What::Delivered {
                exchange: 3,
                seen: Seen::Cut {
                    status: 200,
                    body_bytes: 5,
                    told: Some(Box::new(message)),
                },
                before: None,
            }),
            event(What::Delivered {
                exchange: 4,
                seen: Seen::Answer {
                    status: 200,
                    body_bytes: 5,
                    altered: false,
                    told: None,
                },
                before: None,
            }),
            event(What::Phase { name: "up".into() }),
            Report::Synced { number: 3 },
            Report::Met {
                address: [127, 1, 0, 2].into(),
                connects: true,
            },
            Report::Ask {
                left: false,
                ask: 1,
                exchange: 1,
                stop: Stop {
                    call: "look".into(),
                    moment: Moment::Answer,
                },
                also: Vec::new(),
                captures: Default::default(),
            },
        ]
    }

    #[tokio::test]
    async fn every_report_arrives_as_it_was_sent_and_in_order() {
        let (to, mut from) = mpsc::unbounded_channel();
        // More than are taken at once, and not as many as fill batches.
        let all: Vec<Report> = (0..TAKEN / 6).flat_map(|_| reports()).collect();
        for report in &all {
            to.send(report.clone()).unwrap();
        }
        drop(to);
        let mut bytes = Vec::new();
        send(&mut from, &mut bytes, &Notify::new()).await.unwrap();
        let mut inbox = Inbox::new(&bytes[..]);
        let mut arrived = Vec::new();
        while let Some(report) = inbox.next().await.unwrap() {
            arrived.push(report);
        }
        assert_eq!(arrived, all);
    }

    #[tokio::test]
    async fn nothing_is_lost_where_reading_is_given_up_and_what_is_no_batch_is_odd() {
        let mut bytes = Vec::new();
        pack(reports().into_iter(), &mut bytes).unwrap();
        let (mut write, read) = tokio::io::duplex(bytes.len());
        let mut inbox = Inbox::new(read);
        for byte in &bytes {
            assert!(inbox.is_empty());
            assert!(inbox.next().now_or_never().is_none());
            write.write_all(std::slice::from_ref(byte)).await.unwrap();
        }
        for report in reports() {
            assert_eq!(inbox.next().await.unwrap(), Some(report));
        }
        assert!(inbox.is_empty());
        // Half a length, and then nothing more.
        write.write_all(&[0, 0]).await.unwrap();
        drop(write);
        assert!(inbox.next().await.is_err());
        assert!(Inbox::new(&[255; 4][..]).next().await.is_err());
    }

    #[tokio::test]
    async fn events_gather_until_an_urgent_report_takes_them_along() {
        let (to, mut from) = mpsc::unbounded_channel();
        let (write, read_from) = tokio::io::duplex(64 * 1024);
        let hurry = Arc::new(Notify::new());
        let hurried = hurry.clone();
        tokio::spawn(async move { gather(&mut from, write, &hurried, FOR_EVER).await });
        let mut inbox = Inbox::new(read_from);
        let phase = |name: &str| Report::Event {
            what: What::Phase { name: name.into() },
        };
        // The first finds nobody waiting.
        to.send(phase("first")).unwrap();
        assert_eq!(inbox.next().await.unwrap(), Some(phase("first")));
        to.send(phase("second")).unwrap();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(inbox.next().now_or_never().is_none());
        to.send(Report::Synced { number: 3 }).unwrap();
        hurry.notify_one();
        assert_eq!(inbox.next().await.unwrap(), Some(phase("second")));
        let synced = Some(Report::Synced { number: 3 });
        assert_eq!(inbox.next().await.unwrap(), synced);
    }
}
