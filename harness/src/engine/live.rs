//! A run whose steps are given while it goes on, and whose events are shown as they come.

use super::record::State;
use super::steps::{Begun, Steps};
use crate::entity::Fact;
use crate::fault::Receipt;
use crate::history::Event;
use crate::plan::{Judged, Planned};
use crate::runtime::Failure;
use crate::secret::Secrets;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, mpsc, oneshot};

/// Orders that are not carried out yet; who gives them waits for each.
const MAX_ORDERS: usize = 16;
/// A deadline that passes breaks an invariant without any event.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What somebody wants of a run while it goes on.
pub enum Order {
    /// A step. The answer says when it is done, or why it could not be, or what was waited for in vain.
    Step(Box<Planned>, oneshot::Sender<Result<(), String>>),
    /// What can be proven of the faults so far.
    Receipts(oneshot::Sender<Vec<Receipt>>),
}

/// What a run shows while it goes on.
#[derive(Debug)]
pub enum Sight {
    /// All services are ready.
    Up {
        /// Where each port is reached as the workloads reach it.
        doors: Vec<Door>,
        /// What must not be shown of what they say.
        secrets: Arc<Secrets>,
    },
    /// An event was written into the history.
    Event(Box<Event>),
    /// It taught this about an entity.
    Fact(Fact),
    /// This invariant is broken from now on.
    Broken(String),
}

/// Where a port of a service is reached from outside the stack, by its gateway.
#[derive(Clone, Debug)]
pub struct Door {
    /// The service.
    pub service: String,
    /// Its own port.
    pub port: u16,
    /// The address on this machine.
    pub address: SocketAddr,
}

/// The run's ends of both.
pub struct Live {
    orders: Mutex<mpsc::Receiver<Order>>,
    pub(super) sights: mpsc::UnboundedSender<Sight>,
}

/// A run's ends for [`super::Setup`], and those of whoever gives orders and watches. The run goes on to its end when the
/// sender of orders is dropped.
pub fn live() -> (Live, mpsc::Sender<Order>, mpsc::UnboundedReceiver<Sight>) {
    let (give, orders) = mpsc::channel(MAX_ORDERS);
    let (sights, watch) = mpsc::unbounded_channel();
    let orders = Mutex::new(orders);
    (Live { orders, sights }, give, watch)
}

impl Steps<'_> {
    /// Carries out orders until nobody can give one any more.
    pub(super) async fn obey(&self, live: &Live) {
        let _ = live.sights.send(Sight::Up {
            doors: self.doors(),
            secrets: self.record.secrets().clone(),
        });
        let begun = Begun::default();
        let mut broken = BTreeSet::new();
        let mut looks = tokio::time::interval(LOOK_EVERY);
        let mut orders = live.orders.lock().await;
        loop {
            let order = tokio::select! {
                order = orders.recv() => order,
                _ = looks.tick() => {
                    self.tell_broken(live, &mut broken).await;
                    continue;
                }
            };
            match order {
                None => return,
                Some(Order::Receipts(answer)) => drop(answer.send(self.record.receipts())),
                Some(Order::Step(planned, answer)) => {
                    let done = match self.carry_out(&planned, &begun).await {
                        Ok(None) => Ok(()),
                        Ok(Some(in_vain)) => Err(in_vain),
                        Err(failure) => Err(words(&failure)),
                    };
                    self.tell_broken(live, &mut broken).await;
                    let _ = answer.send(done);
                }
            }
        }
    }

    /// Shows each invariant that has been broken since the last look.
    async fn tell_broken(&self, live: &Live, told: &mut BTreeSet<String>) {
        let every = Judged::every();
        let mut all = Vec::new();
        let look = |state: &State| {
            let broken = state.judge.all_broken(&every);
            all = broken.into_iter().map(str::to_owned).collect();
            true
        };
        self.record.until(Instant::now(), look).await;
        for name in all {
            if told.insert(name.clone()) {
                let _ = live.sights.send(Sight::Broken(name));
            }
        }
    }

    fn doors(&self) -> Vec<Door> {
        let services = self.setup.stack.services.values();
        let ports = services.flat_map(|service| {
            let name = &service.name;
            service.ports.keys().map(move |port| (name, *port))
        });
        let doors = ports.filter_map(|(service, port)| {
            let address = self
                .runtime
                .address(crate::gateway::WORKLOAD, service, port)?;
            Some(Door {
                service: service.clone(),
                port,
                address,
            })
        });
        doors.collect()
    }
}

fn words(failure: &Failure) -> String {
    let more = [("last: ", &failure.last), ("help: ", &failure.help)];
    let more = more.into_iter().filter_map(|(label, text)| {
        let text = text.as_ref()?;
        Some(format!("\n  {label} {text}"))
    });
    std::iter::once(failure.what.clone()).chain(more).collect()
}
