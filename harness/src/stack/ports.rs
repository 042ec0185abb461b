//! The ports that services serve: those that the compose file declares, and those that somebody is told of.

use super::{Evidence, Probe, Protocol, Service, Stack};
use crate::gateway::WORKLOAD;
use crate::host;
use crate::problem::{Place, Problem};

/// Adds every port that is mentioned, and settles which one is asked for readiness where the file does not say it: the
/// lowest that is declared, or else the only one that somebody is told of. Warns of what is asked at a port that no service
/// has.
pub(super) fn complete(stack: &mut Stack, warnings: &mut Vec<Problem>) {
    for service in stack.services.values_mut() {
        ask(service, |ports| ports.first().copied());
    }
    let mut told = Vec::new();
    for service in stack.services.values() {
        let texts = texts(service);
        told.extend(texts.flat_map(|text| mentioned(stack, &service.name, text)));
    }
    add(stack, told);
    let mut asked = Vec::new();
    for (who, place, url) in asking(stack) {
        for (service, port) in mentioned(stack, WORKLOAD, url) {
            let known = &stack.services[&service].ports;
            // Where nothing is declared, whoever asks may be the only one that knows.
            if !known.is_empty() && !known.contains_key(&port) {
                let known: Vec<String> = known.keys().map(u16::to_string).collect();
                let what = format!(
                    "{who} asks `{service}` at port {port}, which it does not expose and nobody else calls"
                );
                let help = format!("its ports are {}", known.join(", "));
                warnings.push(Problem::at(place, what).help(help));
            }
            asked.push((service, port));
        }
    }
    add(stack, asked);
    for service in stack.services.values_mut() {
        ask(service, |ports| match ports {
            [only] => Some(*only),
            _ => None,
        });
    }
}

/// What shakedown itself asks of the stack: who, where that stands, and the URL.
fn asking(stack: &Stack) -> impl Iterator<Item = (String, &Place, &str)> {
    let rules = stack.entities.values().flat_map(|entity| &entity.learn);
    let rules = rules.filter_map(|rule| match &rule.evidence {
        Evidence::Poll { url, .. } => Some(("the poll".to_owned(), &rule.place, url.as_str())),
        _ => None,
    });
    let workloads = stack.workloads.values().map(|workload| {
        let who = format!("the workload `{}`", workload.name);
        (who, &workload.place, workload.url.as_str())
    });
    rules.chain(workloads)
}

/// Chooses the port that is asked for readiness, where that is still open.
fn ask(service: &mut Service, choose: impl Fn(&[u16]) -> Option<u16>) {
    let ports = service.ports.iter();
    let silent = [Protocol::Tcp, Protocol::Postgres];
    let speaks = ports.filter(|(_, protocol)| !silent.contains(protocol));
    let ports: Vec<u16> = speaks.map(|(port, _)| *port).collect();
    if let Some(Probe::Http { port, .. }) = &mut service.ready.probe
        && port.is_none()
    {
        *port = choose(&ports);
    }
}

/// What a service is told.
fn texts(service: &Service) -> impl Iterator<Item = &str> {
    let words = service.command.iter().chain(&service.entrypoint).flatten();
    let process = service.process.iter();
    let process = process.flat_map(|process| process.environment.values().chain(&process.command));
    let own = service.environment.values().chain(words);
    let all = own.chain(&service.sql).chain(process);
    all.map(String::as_str)
}

/// The services that a text names to a client, with their ports.
fn mentioned(stack: &Stack, client: &str, text: &str) -> Vec<(String, u16)> {
    let hosts = host::mentions(text, host::Bare::Word).into_iter();
    hosts
        .filter_map(|(host, port)| Some((stack.host(client, &host)?.to_owned(), port?)))
        .collect()
}

fn add(stack: &mut Stack, found: Vec<(String, u16)>) {
    for (service, port) in found {
        if let Some(service) = stack.services.get_mut(&service) {
            service.ports.entry(port).or_insert(Protocol::Sniffed);
        }
    }
}
