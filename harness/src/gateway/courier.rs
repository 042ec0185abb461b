//! Reports on their way to a harness elsewhere.
//!
//! Events are many, so they go in batches, and in a form that is read several times faster than that of the history.

use super::{Report, lines};
use crate::history::{Answered, Asked, ExchangeId, Seen, What};
use serde::{Deserialize, Serialize};
use std::io;
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncWrite};
use tokio::sync::{Notify, mpsc};

/// How long events wait for others after some were sent. A report that somebody waits for ends the wait.
const GATHER: Duration = Duration::from_millis(1);

/// A report whose kind is its outer name. The tag within, as history files have it, would have every event read twice.
#[derive(Serialize, Deserialize)]
enum Wire {
    Asked(Asked),
    Answered(Box<Answered>),
    Delivered(ExchangeId, Seen),
    Other(Report),
}

impl From<Report> for Wire {
    fn from(report: Report) -> Wire {
        match report {
            Report::Event { what } => match what {
                What::Asked(asked) => Wire::Asked(asked),
                What::Answered(answered) => Wire::Answered(answered),
                What::Delivered { exchange, seen } => Wire::Delivered(exchange, seen),
                what => Wire::Other(Report::Event { what }),
            },
            other => Wire::Other(other),
        }
    }
}

impl From<Wire> for Report {
    fn from(wire: Wire) -> Report {
        let what = match wire {
            Wire::Asked(asked) => What::Asked(asked),
            Wire::Answered(answered) => What::Answered(answered),
            Wire::Delivered(exchange, seen) => What::Delivered { exchange, seen },
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
    let mut reports = Vec::with_capacity(lines::BATCH);
    loop {
        let count = from.recv_many(&mut reports, lines::BATCH).await;
        if count == 0 {
            return Ok(());
        }
        let wires: Vec<Wire> = reports.drain(..).map(Wire::from).collect();
        lines::write(&mut to, &wires).await?;
        if count < lines::BATCH {
            tokio::select! {
                () = tokio::time::sleep(within) => {}
                () = hurry.notified() => {}
            }
        }
    }
}

/// Reads one report; `None`: the gateway has closed.
pub(super) async fn read(from: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Option<Report>> {
    Ok(lines::read(from).await?.map(|wire: Wire| wire.into()))
}

/// Hands on every report until the gateway closes or nobody takes them any more.
pub(super) async fn receive(
    mut from: impl AsyncBufRead + Unpin,
    to: &mpsc::UnboundedSender<Report>,
) -> io::Result<()> {
    while let Some(report) = read(&mut from).await? {
        if to.send(report).is_err() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::{Moment, Stop};
    use crate::history::Message;
    use futures::FutureExt;
    use std::sync::Arc;
    use tokio::io::{AsyncBufReadExt, BufReader};

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
                response: message,
            }))),
            event(What::Delivered {
                exchange: 1,
                seen: Seen::Reset,
            }),
            event(What::Phase { name: "up".into() }),
            Report::Synced { number: 3 },
            Report::Ask {
                ask: 1,
                exchange: 1,
                stop: Stop {
                    call: "look".into(),
                    moment: Moment::Answer,
                },
                captures: Default::default(),
            },
        ]
    }

    #[tokio::test]
    async fn every_report_arrives_as_it_was_sent_and_in_order() {
        let (to, mut from) = mpsc::unbounded_channel();
        for report in reports() {
            to.send(report).unwrap();
        }
        drop(to);
        let mut bytes = Vec::new();
        send(&mut from, &mut bytes, &Notify::new()).await.unwrap();
        let mut read_from = BufReader::new(&bytes[..]);
        let mut arrived = Vec::new();
        while let Some(report) = read(&mut read_from).await.unwrap() {
            arrived.push(report);
        }
        assert_eq!(arrived, reports());
    }

    #[tokio::test]
    async fn events_gather_until_an_urgent_report_takes_them_along() {
        let (to, mut from) = mpsc::unbounded_channel();
        let (write, read_from) = tokio::io::duplex(64 * 1024);
        let hurry = Arc::new(Notify::new());
        let hurried = hurry.clone();
        tokio::spawn(async move { gather(&mut from, write, &hurried, FOR_EVER).await });
        let mut read_from = BufReader::new(read_from);
        let phase = |name: &str| Report::Event {
            what: What::Phase { name: name.into() },
        };
        // The first finds nobody waiting.
        to.send(phase("first")).unwrap();
        assert_eq!(read(&mut read_from).await.unwrap(), Some(phase("first")));
        to.send(phase("second")).unwrap();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        assert!(read_from.fill_buf().now_or_never().is_none());
        to.send(Report::Synced { number: 3 }).unwrap();
        hurry.notify_one();
        assert_eq!(read(&mut read_from).await.unwrap(), Some(phase("second")));
        let synced = Some(Report::Synced { number: 3 });
        assert_eq!(read(&mut read_from).await.unwrap(), synced);
    }
}
