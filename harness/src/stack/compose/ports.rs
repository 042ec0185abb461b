//! `ports` and `expose`.

use super::Reading;
use crate::problem::Problem;
use crate::stack::node::{Data, Node};

/// As many ports as a range may have.
const MAX_RANGE: u16 = 1000;

/// The container's ports of one item of `ports` or `expose`: `8000`, `80:8000`, `127.0.0.1:80:8000/tcp`, `8000-8002`,
/// or the long form with `target`.
pub(super) fn ports(node: &Node, reading: &mut Reading<'_>) -> Vec<u16> {
    const EXPECTED: &str = "a port such as `8000`, `80:8000` or `8000-8002`";
    const LONG: [&str; 7] = [
        "target",
        "published",
        "host_ip",
        "protocol",
        "mode",
        "name",
        "app_protocol",
    ];
    let (target, protocol) = match &node.data {
        Data::Map(_) => {
            let fields = node.fields(&LONG, reading.problems);
            let protocol = fields.get("protocol").and_then(|node| reading.text(node));
            (fields.need("target", reading.problems), protocol)
        }
        _ => (Some(node), None),
    };
    let Some((target, text)) = target.and_then(|node| Some((node, reading.text(node)?))) else {
        return Vec::new();
    };
    let protocol = protocol.as_deref().unwrap_or("tcp");
    let (text, protocol) = text.split_once('/').unwrap_or((&text, protocol));
    let container = text.rsplit(':').next().unwrap_or_default();
    let (first, last) = container.split_once('-').unwrap_or((container, container));
    match (first.parse::<u16>(), last.parse::<u16>()) {
        (Ok(_), Ok(_)) if protocol == "udp" => {
            reading.warnings.push(Problem::at(
                &node.place,
                "UDP ports are not seen by shakedown",
            ));
            Vec::new()
        }
        (Ok(first), Ok(last)) if first <= last && last - first < MAX_RANGE => {
            (first..=last).collect()
        }
        _ => target.not(EXPECTED, reading.problems).unwrap_or_default(),
    }
}
