//! The links of a running stack: bent on purpose, and straight again.

use super::barrier::Barrier;
use super::record::Record;
use crate::gateway::{Command, Shape};
use crate::plan::{Link, LinkFault};
use crate::seed::Seed;
use rand::RngExt;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// The links of one run.
pub(super) struct Links {
    commands: mpsc::UnboundedSender<Command>,
    barrier: Arc<Barrier>,
    record: Arc<Record>,
    seed: Seed,
    bent: Mutex<Bent>,
}

#[derive(Default)]
struct Bent {
    /// Every shape so far; its number is its place in the list, from 1.
    shapes: Vec<Laid>,
    /// Waits until the time of a shape is over.
    over: JoinSet<()>,
}

/// One shape on one link.
struct Laid {
    fault: usize,
    link: Link,
    lies: bool,
}

impl Links {
    /// All links are straight.
    pub fn new(
        commands: mpsc::UnboundedSender<Command>,
        barrier: Arc<Barrier>,
        record: Arc<Record>,
        seed: Seed,
    ) -> Links {
        Links {
            commands,
            barrier,
            record,
            seed,
            bent: Mutex::default(),
        }
    }

    /// Bends a link. It is bent when this returns, and straight again after `lasting`.
    pub async fn bend(
        self: &Arc<Self>,
        fault: usize,
        link: &Link,
        how: LinkFault,
        lasting: Option<Duration>,
    ) {
        let number = {
            let mut bent = self.bent();
            let link = link.clone();
            let lies = true;
            bent.shapes.push(Laid { fault, link, lies });
            bent.shapes.len()
        };
        self.shape(number, link, Some(shape(how)));
        self.barrier.pass().await;
        self.record.done(fault);
        if let Some(lasting) = lasting {
            let this = self.clone();
            let over = async move {
                tokio::time::sleep(lasting).await;
                this.straighten_all(|n, _| n == number).await;
            };
            self.bent().over.spawn(over);
        }
    }

    /// Resets every connection to a service. They are gone when this returns, and nothing of it stays.
    pub async fn drop_all(&self, fault: usize, service: &str) {
        let number = {
            let mut bent = self.bent();
            let link = Link {
                client: String::new(),
                service: service.to_owned(),
            };
            let lies = false;
            bent.shapes.push(Laid { fault, link, lies });
            bent.shapes.len() as u64
        };
        let service = service.to_owned();
        let _ = self.commands.send(Command::Drop { number, service });
        self.barrier.pass().await;
        self.record.done(fault);
        self.record.straightened(fault);
    }

    /// Takes away what one fault did, or all of them.
    pub async fn straighten(&self, fault: Option<usize>) {
        self.straighten_all(|_, laid| fault.is_none_or(|fault| laid.fault == fault))
            .await;
    }

    /// A connection has felt a shape.
    pub fn felt(&self, shape: u64) {
        let fault = {
            let bent = self.bent();
            let laid = bent.shapes.get((shape as usize).wrapping_sub(1));
            laid.map(|laid| laid.fault)
        };
        if let Some(fault) = fault {
            self.record.felt(fault);
        }
    }

    /// The links that are bent, in words.
    pub fn struck(&self) -> Vec<String> {
        let bent = self.bent();
        let mut links: Vec<String> = (bent.shapes.iter().filter(|laid| laid.lies))
            .map(|laid| format!("the link `{}` stays as the fault left it", laid.link))
            .collect();
        links.dedup();
        links
    }

    async fn straighten_all(&self, which: impl Fn(usize, &Laid) -> bool) {
        let mut faults = Vec::new();
        for (number, laid) in (1..).zip(&mut self.bent().shapes) {
            if laid.lies && which(number, laid) {
                laid.lies = false;
                faults.push(laid.fault);
                self.shape(number, &laid.link, None);
            }
        }
        if !faults.is_empty() {
            self.barrier.pass().await;
        }
        faults
            .into_iter()
            .for_each(|fault| self.record.straightened(fault));
    }

    fn shape(&self, number: usize, link: &Link, shape: Option<Shape>) {
        let seed = self.seed.rng(&format!("link {link} {number}")).random();
        let _ = self.commands.send(Command::Shape {
            number: number as u64,
            client: link.client.clone(),
            service: link.service.clone(),
            shape,
            seed,
        });
    }

    fn bent(&self) -> MutexGuard<'_, Bent> {
        self.bent.lock().expect("no panic while it is held")
    }
}

fn shape(how: LinkFault) -> Shape {
    let ms = |duration: Duration| duration.as_millis() as u64;
    match how {
        LinkFault::Cut => Shape::Cut,
        LinkFault::Slow { by, jitter } => Shape::Slow {
            by_ms: ms(by),
            jitter_ms: ms(jitter),
        },
        LinkFault::Carries { bytes_per_s } => Shape::Carries { bytes_per_s },
        LinkFault::ResetAfter { bytes } => Shape::ResetAfter { bytes },
    }
}
