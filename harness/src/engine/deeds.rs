//! What faults do beside treating an exchange: to services, to links, to disks, to what hangs.

use super::disks::Disks;
use super::links::Links;
use super::services::Services;
use crate::fault::{Deed, Doing};
use crate::gateway::{Command, Stop};
use crate::runtime::Failure;
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;

/// Carries deeds out.
pub(super) struct Deeds {
    pub services: Arc<Services>,
    pub links: Arc<Links>,
    pub disks: Disks,
    pub commands: mpsc::UnboundedSender<Command>,
    /// The moments at which the gateway stops for probes, also when there are no faults any more.
    pub probed: Vec<Stop>,
}

impl Deeds {
    /// Carries one out. It is done when this returns. `asked` is when the exchange was asked that set it off.
    ///
    /// # Errors
    /// When the runtime could not do it.
    pub async fn carry_out(&self, deed: &Deed, asked: Option<Instant>) -> Result<(), Failure> {
        let fault = deed.fault;
        match &deed.what {
            Doing::Strike { service, how } => {
                return self.services.strike(fault, service, *how, asked).await;
            }
            Doing::Fill { service } => return self.disks.fill(fault, service).await,
            Doing::Empty => return self.disks.empty(fault).await,
            Doing::Recover { service } => return self.services.recover(service).await,
            Doing::Bend { link, how, lasting } => {
                self.links.bend(fault, link, *how, *lasting).await;
            }
            Doing::Drop { service } => self.links.drop_all(fault, service).await,
            Doing::Straighten => self.links.straighten(Some(fault)).await,
            Doing::LetGo { exchanges } => {
                let exchanges = Some(exchanges.clone());
                let _ = self.commands.send(Command::Release { exchanges });
            }
        }
        Ok(())
    }

    /// Lets go of what hangs, and brings back what is down.
    ///
    /// # Errors
    /// When a service does not come back, or a disk stays full.
    pub async fn heal(&self) -> Result<(), Failure> {
        let stops = self.probed.clone();
        let _ = self.commands.send(Command::Watch { stops });
        let _ = self.commands.send(Command::Release { exchanges: None });
        self.links.straighten(None).await;
        // A service may need room to come back.
        self.disks.empty_all().await?;
        self.services.heal().await
    }

    /// What was struck on purpose and is not well again, in words.
    pub fn struck(&self) -> Vec<String> {
        [
            self.services.struck(),
            self.links.struck(),
            self.disks.struck(),
        ]
        .concat()
    }
}
