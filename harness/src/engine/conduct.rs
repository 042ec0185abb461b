//! Between the gateway and the record: every report is written down, every question is answered.

use super::record::Record;
use super::services::Services;
use crate::gateway::{Command, Report};
use crate::runtime::{Exit, Failure};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::mpsc;

/// Serves one run until the gateway is gone or something breaks; that is its result.
pub async fn conduct(
    mut reports: mpsc::UnboundedReceiver<Report>,
    mut exits: mpsc::UnboundedReceiver<Exit>,
    commands: mpsc::UnboundedSender<Command>,
    record: Arc<Record>,
    services: Arc<Services>,
) -> Failure {
    let (broke, mut broken) = mpsc::unbounded_channel();
    loop {
        tokio::select! {
            report = reports.recv() => match report {
                Some(Report::Event { what }) => record.append(what),
                Some(Report::Watching) => record.watching(),
                Some(Report::Listening { error: None, .. }) => {}
                Some(Report::Listening { service, port, error: Some(error) }) => {
                    return Failure::new(format!("no gateway at {service}:{port}: {error}"));
                }
                Some(Report::Ask { ask, exchange, stop, captures }) => {
                    let decision = record.decide(&stop, &captures, exchange);
                    let act = Command::Act { ask, action: decision.action };
                    if decision.kills.is_empty() {
                        let _ = commands.send(act);
                    } else {
                        // The answer is held until the kill is done; all else goes on meanwhile.
                        let asked = record.asked_at(exchange);
                        let (commands, services, broke) = (commands.clone(), services.clone(), broke.clone());
                        tokio::spawn(kill_then(decision.kills, asked, act, commands, services, broke));
                    }
                }
                None => return Failure::new("the gateway is gone"),
            },
            kills = record.loose_kills() => {
                for kill in kills {
                    let (services, broke) = (services.clone(), broke.clone());
                    tokio::spawn(async move {
                        if let Err(failure) = services.kill(&kill.service, kill.fault, None).await {
                            let _ = broke.send(failure);
                        }
                    });
                }
            },
            Some(exit) = exits.recv() => services.exited(exit),
            Some(failure) = broken.recv() => return failure,
        }
    }
}

async fn kill_then(
    kills: Vec<(usize, String)>,
    asked: Option<Instant>,
    act: Command,
    commands: mpsc::UnboundedSender<Command>,
    services: Arc<Services>,
    broke: mpsc::UnboundedSender<Failure>,
) {
    for (fault, service) in kills {
        if let Err(failure) = services.kill(&service, fault, asked).await {
            let _ = broke.send(failure);
        }
    }
    let _ = commands.send(act);
}
