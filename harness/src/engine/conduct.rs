//! Between the gateway and the record: every report is written down, every question is answered.

use super::barrier::Barrier;
use super::deeds::Deeds;
use super::disks::Answer;
use super::probes::Probes;
use super::record::Record;
use crate::fault::Deed;
use crate::gateway::{Command, Moment, Report, Reports, Stop};
use crate::history::{Captures, ExchangeId};
use crate::runtime::{Failure, Notice};
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Instant;
use tokio::sync::mpsc;

/// What serving a run takes.
pub(super) struct Conduct {
    pub commands: mpsc::UnboundedSender<Command>,
    pub barrier: Arc<Barrier>,
    pub record: Arc<Record>,
    pub deeds: Arc<Deeds>,
    pub probes: Arc<Probes>,
}

/// An exchange that is held until the faults have been asked about it.
struct Question {
    ask: u64,
    exchange: ExchangeId,
    stop: Stop,
    /// Further moments that it is at: of a statement, all that match it.
    also: Vec<Stop>,
    captures: Captures,
    left: bool,
}

impl Conduct {
    /// Serves one run until the gateway is gone or something breaks; that is its result.
    pub async fn serve(
        self,
        mut reports: Reports,
        mut notices: mpsc::UnboundedReceiver<Notice>,
    ) -> Failure {
        let (broke, mut broken) = mpsc::unbounded_channel();
        let (tried, mut all_tried) = mpsc::unbounded_channel();
        loop {
            tokio::select! {
                report = reports.recv() => match report {
                    Some(Report::Event { what }) => {
                        let follow_ups = self.probes.see(&what);
                        self.record.reported(what, reports.is_empty());
                        follow_ups.into_iter().for_each(|what| self.record.append(what));
                    }
                    Some(Report::Watching) => self.record.watching(),
                    Some(Report::Synced { number }) => self.barrier.open(number),
                    Some(Report::Felt { shape }) => self.deeds.links.felt(shape),
                    Some(Report::Met { address, connects }) => self.deeds.services.met(address, connects),
                    Some(Report::Disk { number, taken_again_bytes, error }) => {
                        self.deeds.disks.answered(number, Answer { taken_again_bytes, error });
                    }
                    Some(Report::Listening { error: None, .. }) => {}
                    Some(Report::Listening { service, port, error: Some(error) }) => {
                        return Failure::new(format!("no gateway at {service}:{port}: {error}"));
                    }
                    Some(Report::Ask { ask, exchange, stop, also, captures, left }) => {
                        let question = Question { ask, exchange, stop, also, captures, left };
                        if let Some(question) = self.probed_first(question, &tried) {
                            self.settle(question, &broke);
                        }
                    }
                    None => return Failure::new("the gateway is gone"),
                },
                Some(question) = all_tried.recv() => self.settle(question, &broke),
                loose = self.record.loose_deeds() => {
                    let (deeds, record, broke) = (self.deeds.clone(), self.record.clone(), broke.clone());
                    begin(async move { carry_out(loose, None, &deeds, &record, &broke).await });
                },
                Some(notice) = notices.recv() => self.deeds.services.noticed(notice),
                Some(failure) = broken.recv() => return failure,
            }
        }
    }

    /// Begins the probes that a question waits for, if there are any: then it comes back by `tried`. Of an exchange whose
    /// caller has left, nobody is told.
    fn probed_first(
        &self,
        question: Question,
        tried: &mpsc::UnboundedSender<Question>,
    ) -> Option<Question> {
        let answered = question.stop.moment == Moment::Answer;
        let due = match answered {
            true => self.probes.due(question.exchange),
            false => Vec::new(),
        };
        if due.is_empty() || question.left {
            return Some(question);
        }
        let (probes, tried) = (self.probes.clone(), tried.clone());
        tokio::spawn(async move {
            probes.make(question.exchange, due).await;
            let _ = tried.send(question);
        });
        None
    }

    /// Asks the faults about an exchange, and has done to it and beside it what they decide.
    fn settle(&self, question: Question, broke: &mpsc::UnboundedSender<Failure>) {
        let Question {
            ask,
            exchange,
            stop,
            also,
            captures,
            left,
        } = question;
        let decision = match stop.moment {
            Moment::Request | Moment::Answer => {
                self.record.decide(&stop, &captures, exchange, left)
            }
            Moment::Statement | Moment::Commit => {
                self.record.decide_statement(&stop, &also, exchange)
            }
        };
        let action = decision.action;
        let act = Command::Act { ask, action };
        if decision.deeds.is_empty() {
            let _ = self.commands.send(act);
            return;
        }
        // The exchange is held until the deed is done; all else goes on meanwhile.
        let asked = self.record.asked_at(exchange);
        let (commands, deeds) = (self.commands.clone(), self.deeds.clone());
        let (record, broke) = (self.record.clone(), broke.clone());
        begin(async move {
            carry_out(decision.deeds, asked, &deeds, &record, &broke).await;
            let _ = commands.send(act);
        });
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
