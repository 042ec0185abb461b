//! By which names services find each other: `networks`, `links`, `container_name`.

use super::{Reading, Top};
use crate::problem::Problem;
use crate::stack::node::{Data, Entry, Fields, Node};
use indexmap::IndexMap;

/// What it means that a network is as Docker makes it.
const ADDRESS: &str = "whoever connects to that address does not find the service: use its name";
const DEFAULT: &str = "each run has a network of its own, as Docker makes it by default";

/// Other names by which a service is found: its aliases in all networks, and the name of its container.
pub(super) fn aliases(fields: &Fields<'_>, reading: &mut Reading<'_>) -> Vec<String> {
    /// What each network of a service can have, and what it means that it is not used.
    const KEYS: [(&str, Option<&str>); 9] = [
        ("aliases", None),
        // Of several networks; there is one.
        ("priority", None),
        ("gw_priority", None),
        ("ipv4_address", Some(ADDRESS)),
        ("ipv6_address", Some(ADDRESS)),
        ("link_local_ips", Some(ADDRESS)),
        ("mac_address", Some(DEFAULT)),
        ("driver_opts", Some(DEFAULT)),
        ("interface_name", Some(DEFAULT)),
    ];
    let known = KEYS.map(|(key, _)| key);
    let mut aliases = Vec::new();
    if let Some(Data::Map(networks)) = fields.get("networks").map(|node| &node.data) {
        for network in networks.iter().filter(|network| !network.value.is_null()) {
            let fields = network.value.fields(&known, reading.problems);
            if let Some(node) = fields.get("aliases") {
                aliases.extend(node.texts(reading.problems));
            }
            for (key, meaning) in KEYS {
                if let (Some(node), Some(meaning)) = (fields.get(key), meaning) {
                    reading.unused(&node.place, &format!("`{key}`"), meaning);
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

/// The keys of a network, and what it means that they are not used.
const NETWORK: [(&str, Option<&str>); 10] = [
    ("name", None),
    ("labels", None),
    ("attachable", None),
    ("enable_ipv4", None),
    ("driver", Some(DEFAULT)),
    ("driver_opts", Some(DEFAULT)),
    ("ipam", Some(DEFAULT)),
    ("enable_ipv6", Some(DEFAULT)),
    (
        "external",
        Some("each run has a network of its own: nothing else that is in that one is found"),
    ),
    (
        "internal",
        Some("nothing keeps its services from the world outside"),
    ),
];

/// What the file says of a network itself.
fn declared(network: &Entry, reading: &mut Reading<'_>) {
    if network.value.is_null() {
        return;
    }
    let fields = network
        .value
        .fields(&NETWORK.map(|(key, _)| key), reading.problems);
    for (key, meaning) in NETWORK {
        let said = |node: &&Node| !matches!(&node.data, Data::Scalar { text, .. } if text == "false" || text == "bridge");
        if let (Some(node), Some(meaning)) = (fields.get(key).filter(said), meaning) {
            let what = format!("`{key}` of the network `{}`", network.key);
            reading.unused(&node.place, &what, meaning);
        }
    }
}

/// All services of a stack are in one network, so what the file keeps apart is not apart.
pub(super) fn networks(top: &Top<'_>, reading: &mut Reading<'_>) {
    if let Some(node) = top.fields.get("networks") {
        let networks = node.entries(reading.problems);
        networks
            .iter()
            .for_each(|network| declared(network, reading));
    }
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
