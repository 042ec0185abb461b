//! Between the gateway and the record: every report is written down, every question is answered.

use super::barrier::Barrier;
use super::deeds::Deeds;
use super::disks::Answer;
use super::record::Record;
use crate::fault::Deed;
use crate::gateway::{Command, Moment, Report};
use crate::runtime::{Exit, Failure};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Instant;
use tokio::sync::mpsc;

/// Serves one run until the gateway is gone or something breaks; that is its result.
pub async fn conduct(
    mut reports: mpsc::UnboundedReceiver<Report>,
    mut exits: mpsc::UnboundedReceiver<Exit>,
    commands: mpsc::UnboundedSender<Command>,
    barrier: Arc<Barrier>,
    record: Arc<Record>,
    deeds: Arc<Deeds>,
) -> Failure {
    let (broke, mut broken) = mpsc::unbounded_channel();
    loop {
        tokio::select! {
            report = reports.recv() => match report {
                Some(Report::Event { what }) => record.reported(what, reports.is_empty()),
                Some(Report::Watching) => record.watching(),
                Some(Report::Synced { number }) => barrier.open(number),
                Some(Report::Felt { shape }) => deeds.links.felt(shape),
                Some(Report::Disk { number, taken_again_bytes, error }) => {
                    deeds.disks.answered(number, Answer { taken_again_bytes, error });
                }
                Some(Report::Listening { error: None, .. }) => {}
                Some(Report::Listening { service, port, error: Some(error) }) => {
                    return Failure::new(format!("no gateway at {service}:{port}: {error}"));
                }
                Some(Report::Ask { ask, exchange, stop, also, captures, left }) => {
                    let decision = match stop.moment {
                        Moment::Request | Moment::Answer => {
                            record.decide(&stop, &captures, exchange, left)
                        }
                        Moment::Statement | Moment::Commit => {
                            record.decide_statement(&stop, &also, exchange)
                        }
                    };
                    let act = Command::Act { ask, action: decision.action };
                    if decision.deeds.is_empty() {
                        let _ = commands.send(act);
                    } else {
                        // The exchange is held until the deed is done; all else goes on meanwhile.
                        let asked = record.asked_at(exchange);
                        let (commands, deeds, broke) = (commands.clone(), deeds.clone(), broke.clone());
                        let record = record.clone();
                        begin(async move {
                            carry_out(decision.deeds, asked, &deeds, &record, &broke).await;
                            let _ = commands.send(act);
                        });
                    }
                }
                None => return Failure::new("the gateway is gone"),
            },
            loose = record.loose_deeds() => {
                let (deeds, record, broke) = (deeds.clone(), record.clone(), broke.clone());
                begin(async move { carry_out(loose, None, &deeds, &record, &broke).await });
            },
            Some(exit) = exits.recv() => deeds.services.exited(exit),
            Some(failure) = broken.recv() => return failure,
        }
    }
}

/// Begins work here, so that what is decided later cannot overtake it (what ends a fault, its beginning), and lets it
/// go on aside.
fn begin(work: impl Future<Output = ()> + Send + 'static) {
    let mut work = Box::pin(work);
    let mut nobody = Context::from_waker(Waker::noop());
    if work.as_mut().poll(&mut nobody).is_pending() {
        tokio::spawn(work);
    }
}

async fn carry_out(
    decided: Vec<Deed>,
    asked: Option<Instant>,
    deeds: &Deeds,
    record: &Record,
    broke: &mpsc::UnboundedSender<Failure>,
) {
    for deed in decided {
        if let Err(failure) = deeds.carry_out(&deed, asked).await {
            let _ = broke.send(failure);
        }
        record.carried_out();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;
    use tokio::sync::oneshot;

    #[tokio::test]
    async fn what_is_begun_first_is_not_overtaken_and_goes_on_aside() {
        let order = Arc::new(Mutex::new(Vec::new()));
        let note = |what: &'static str| {
            let order = order.clone();
            move || order.lock().unwrap().push(what)
        };
        let (bend, bent, straighten) = (note("bend"), note("bent"), note("straighten"));
        let (pass, passed) = oneshot::channel();
        let (end, ended) = oneshot::channel();
        begin(async move {
            bend();
            passed.await.unwrap();
            bent();
            end.send(()).unwrap();
        });
        begin(async move { straighten() });
        assert_eq!(*order.lock().unwrap(), ["bend", "straighten"]);
        pass.send(()).unwrap();
        ended.await.unwrap();
        assert_eq!(*order.lock().unwrap(), ["bend", "straighten", "bent"]);
    }
}
