//! Services that can be asked, and wait for others that exist.

use super::{Sound, service};
use crate::problem::{Problem, Problems, suggest};
use crate::stack::{Probe, Service, Stack};

/// Services that are waited for exist, and no service waits for itself in the end. Warns of hosts in the URLs that they
/// are told which no service has.
pub(super) fn check(
    stack: &Stack,
    sound: &Sound,
    problems: &mut Problems,
    warnings: &mut Vec<Problem>,
) {
    for (name, one) in &stack.services {
        if sound.compose {
            readiness(one, problems);
            warnings.extend(hosts(stack, one));
        }
        for other in one.depends_on.keys().chain(one.links.values()) {
            service(stack, other, &one.place, problems);
        }
        let mut chain = vec![name.as_str()];
        if cycle(stack, &mut chain) && chain.iter().min() == Some(&name.as_str()) {
            let what = format!("these services wait for each other: {}", chain.join(" -> "));
            problems.push(Problem::at(&one.place, what));
        }
    }
}

/// A warning for each variable whose URL names a host by one word that is no service. Names with dots are those of the
/// world outside.
fn hosts(stack: &Stack, service: &Service) -> Vec<Problem> {
    let word = |host: &str| {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        host.chars().all(plain) && host != "localhost"
    };
    let unknown = |host: &&str| {
        word(host)
            && stack.host(&service.name, host).is_none()
            && !service.settings.extra_hosts.contains_key(*host)
    };
    let urls = service.environment.iter().filter_map(|(name, value)| {
        let url = url::Url::parse(value).ok()?;
        let host = url.host_str().filter(unknown)?;
        value.contains("://").then(|| (name, host.to_owned()))
    });
    let warning = |(name, host): (&String, String)| {
        let what = format!(
            "`{name}` of service `{}` names the host `{host}`, which no service has",
            service.name
        );
        let known = stack.services.values();
        let known = known.flat_map(|one| std::iter::once(&one.name).chain(&one.aliases));
        let help = suggest(&host, known.map(String::as_str));
        Problem::at(&service.place, what).help(help)
    };
    urls.map(warning).collect()
}

/// A service that is asked whether it is ready can be asked.
fn readiness(service: &Service, problems: &mut Problems) {
    let asked = match &service.ready.probe {
        Some(Probe::Http { port, .. }) => *port,
        Some(Probe::Tcp { port }) => Some(*port),
        None => return,
    };
    let ports: Vec<String> = service.ports.keys().map(u16::to_string).collect();
    let port = asked.map_or_else(|| "8000".to_owned(), |port| port.to_string());
    let (what, help) = match asked {
        Some(port) if service.ports.contains_key(&port) => return,
        None if !ports.is_empty() => (
            format!(
                "nothing says which of its ports that is, {}",
                ports.join(" or ")
            ),
            "declare it in the compose file with `expose`, or say `ready: {http: \":PORT/PATH\"}`"
                .to_owned(),
        ),
        asked => (
            format!(
                "nothing says that it has {}",
                asked.map_or_else(|| "a port".to_owned(), |port| format!("the port {port}"))
            ),
            format!("declare it in the compose file: `expose: [\"{port}\"]`"),
        ),
    };
    let what = format!(
        "service `{}` cannot be asked whether it is ready: {what}",
        service.name
    );
    problems.push(Problem::at(&service.place, what).help(help));
}

/// Follows `depends_on` from the last of the chain; true when it leads back to the first.
fn cycle<'s>(stack: &'s Stack, chain: &mut Vec<&'s str>) -> bool {
    let last = chain[chain.len() - 1];
    let next = stack.services.get(last).map(|service| &service.depends_on);
    for name in next.into_iter().flat_map(|depends_on| depends_on.keys()) {
        if name == chain[0] {
            chain.push(name);
            return true;
        }
        if !chain.contains(&name.as_str()) {
            chain.push(name);
            if cycle(stack, chain) {
                return true;
            }
            chain.pop();
        }
    }
    false
}
