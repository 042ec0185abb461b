//! The harness's end of a gateway.

use super::courier::Inbox;
use super::{Command, Report};
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::mpsc;

/// The harness's end of a gateway, wherever that runs.
pub struct Handle {
    /// Commands to it.
    pub commands: mpsc::UnboundedSender<Command>,
    /// Reports from it. They end when the gateway is gone.
    pub reports: Reports,
}

/// The reports of a gateway, in their order.
pub struct Reports(From);

enum From {
    /// From tasks of this process.
    Here(mpsc::UnboundedReceiver<Report>),
    /// From another process. They are taken from the connection only here, by whoever uses them: to hand each from one
    /// thread to another costs as much as all the rest.
    Elsewhere(Inbox<OwnedReadHalf>),
}

impl Reports {
    pub(super) fn here(reports: mpsc::UnboundedReceiver<Report>) -> Reports {
        Reports(From::Here(reports))
    }

    pub(super) fn elsewhere(inbox: Inbox<OwnedReadHalf>) -> Reports {
        Reports(From::Elsewhere(inbox))
    }

    /// The next one; `None`: the gateway is gone. Where this is given up before its end, no report is lost.
    pub async fn recv(&mut self) -> Option<Report> {
        match &mut self.0 {
            From::Here(reports) => reports.recv().await,
            From::Elsewhere(inbox) => inbox.next().await.unwrap_or_else(|error| {
                tracing::warn!(%error, "the gateway's reports broke off");
                None
            }),
        }
    }

    /// Whether none is at hand.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            From::Here(reports) => reports.is_empty(),
            From::Elsewhere(inbox) => inbox.is_empty(),
        }
    }
}
