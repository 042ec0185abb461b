//! By which names services find each other: `networks`, `links`, `container_name`.

use super::{Reading, Top};
use crate::problem::Problem;
use crate::stack::Restarts;
use crate::stack::node::{Data, Fields, Node};
use indexmap::IndexMap;

/// Other names by which a service is found: its aliases in all networks, and the name of its container.
pub(super) fn aliases(fields: &Fields<'_>, reading: &mut Reading<'_>) -> Vec<String> {
    const KEYS: [&str; 8] = [
        "aliases",
        "priority",
        "ipv4_address",
        "ipv6_address",
        "link_local_ips",
        "mac_address",
        "driver_opts",
        "gw_priority",
    ];
    let mut aliases = Vec::new();
    if let Some(Data::Map(networks)) = fields.get("networks").map(|node| &node.data) {
        for network in networks {
            let fields = network.value.fields(&KEYS, reading.problems);
            if let Some(node) = fields.get("aliases") {
                aliases.extend(node.texts(reading.problems));
            }
            for key in ["ipv4_address", "ipv6_address"] {
                if let Some(node) = fields.get(key) {
                    let what = format!("`{key}` is not used by shakedown");
                    let help =
                        "whoever connects to that address does not find the service: use its name";
                    reading
                        .warnings
                        .push(Problem::at(&node.place, what).help(help));
                }
            }
        }
    }
    if let Some(node) = fields.get("container_name") {
        aliases.extend(node.text(reading.problems));
    }
    aliases
}

/// `links`: names that this service alone has for others.
pub(super) fn links(fields: &Fields<'_>, reading: &mut Reading<'_>) -> IndexMap<String, String> {
    let texts = fields
        .get("links")
        .map_or_else(Vec::new, |node| node.texts(reading.problems));
    // Without an alias it is known by its own name.
    let pairs = texts.iter();
    let pairs = pairs.map(|text| text.split_once(':').unwrap_or((text, text)));
    pairs
        .map(|(service, alias)| (alias.to_owned(), service.to_owned()))
        .collect()
}

/// All services of a stack are in one network, so what the file keeps apart is not apart.
pub(super) fn networks(top: &Top<'_>, reading: &mut Reading<'_>) {
    let mut of_services = Vec::new();
    for service in &top.chosen {
        let mut names = match service.value.entry("networks").map(|entry| &entry.value) {
            Some(node) => names(node),
            None => vec!["default"],
        };
        for name in &names {
            let known = *name == "default" || top.names("networks").any(|known| known == *name);
            if let (false, Some(entry)) = (known, service.value.entry("networks")) {
                let known = top.names("networks");
                reading
                    .problems
                    .push(Problem::unknown(&entry.place, "network", name, known));
            }
        }
        names.sort_unstable();
        of_services.push(names);
    }
    let apart = |a: &Vec<&str>| {
        of_services
            .iter()
            .any(|b| !a.iter().any(|name| b.contains(name)))
    };
    let Some(node) = top
        .fields
        .get("networks")
        .filter(|_| of_services.iter().any(apart))
    else {
        return;
    };
    let what = "services that share no network are not kept apart by shakedown";
    let help = "all services of a stack are in one network, and can reach each other";
    reading
        .warnings
        .push(Problem::at(&node.place, what).help(help));
}

fn names(node: &Node) -> Vec<&str> {
    match &node.data {
        Data::Map(entries) => entries.iter().map(|entry| entry.key.as_str()).collect(),
        Data::List(items) => items
            .iter()
            .filter_map(|item| match &item.data {
                Data::Scalar { text, .. } => Some(text.as_str()),
                _ => None,
            })
            .collect(),
        Data::Scalar { .. } => vec!["default"],
    }
}

/// `deploy.restart_policy`.
pub(super) fn deployed_restarts(fields: &Fields<'_>) -> Option<Restarts> {
    let deploy = fields.get("deploy")?;
    let policy = deploy.entry("restart_policy")?;
    let condition = policy.value.entry("condition");
    Some(match condition.map(|entry| &entry.value.data) {
        Some(Data::Scalar { text, .. }) if text == "none" => Restarts::Never,
        Some(Data::Scalar { text, .. }) if text == "on-failure" => Restarts::OnFailure,
        _ => Restarts::Always,
    })
}
