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
    let target = match &node.data {
        Data::Map(entries) => entries
            .iter()
            .find(|entry| entry.key == "target")
            .map(|entry| &entry.value),
        _ => Some(node),
    };
    let Some(target) = target else {
        return node.not(EXPECTED, reading.problems).unwrap_or_default();
    };
    let Some(text) = reading.text(target) else {
        return Vec::new();
    };
    let (text, protocol) = text.split_once('/').unwrap_or((&text, "tcp"));
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
