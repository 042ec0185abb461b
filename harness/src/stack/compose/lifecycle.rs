//! When a service starts, when it is well, and whether it comes back: `depends_on`, `healthcheck`, `restart`.

use super::profiles::is_required;
use super::settings::time;
use super::{Reading, Top};
use crate::problem::Problem;
use crate::stack::node::{Data, Fields, Node};
use crate::stack::{Condition, Healthcheck, Restarts};
use indexmap::IndexMap;
use std::time::Duration;

/// How often Compose asks a healthcheck unless told otherwise.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(30);

pub(super) fn depends_on(
    node: &Node,
    top: &Top<'_>,
    reading: &mut Reading<'_>,
) -> IndexMap<String, Condition> {
    const CONDITIONS: [(&str, Condition); 3] = [
        ("service_started", Condition::Started),
        ("service_healthy", Condition::Healthy),
        ("service_completed_successfully", Condition::Completed),
    ];
    if let Data::List(_) = node.data {
        return node
            .texts(reading.problems)
            .into_iter()
            .map(|name| (name, Condition::Started))
            .collect();
    }
    let mut depends_on = IndexMap::new();
    for entry in node.entries(reading.problems) {
        let fields = entry
            .value
            .fields(&["condition", "restart", "required"], reading.problems);
        let chosen = top.chosen.iter().any(|one| one.key == entry.key);
        let known = top.names("services").any(|one| one == entry.key);
        if !chosen && (known || !is_required(&entry.value)) {
            continue;
        }
        let condition = match fields.get("condition") {
            Some(node) => node.one_of(&CONDITIONS, "condition", reading.problems),
            None => Some(Condition::Started),
        };
        depends_on.insert(entry.key.clone(), condition.unwrap_or(Condition::Started));
    }
    depends_on
}

pub(super) fn healthcheck(node: &Node, reading: &mut Reading<'_>) -> Option<Healthcheck> {
    const KEYS: [&str; 7] = [
        "test",
        "interval",
        "timeout",
        "retries",
        "start_period",
        "start_interval",
        "disable",
    ];
    let fields = node.fields(&KEYS, reading.problems);
    let disabled = matches!(fields.get("disable").map(|node| &node.data), Some(Data::Scalar { text, .. }) if text == "true");
    let Some(test) = fields.get("test") else {
        // `disable: false` alone changes nothing.
        if !disabled && KEYS[1..6].iter().any(|key| fields.get(key).is_some()) {
            let meaning = "the image's own healthcheck counts as it is";
            reading.unused(&node.place, "a `healthcheck` without `test`", meaning);
        }
        return None;
    };
    let test = match &test.data {
        Data::Scalar { .. } => vec!["CMD-SHELL".to_owned(), reading.text(test)?],
        _ => reading.words(test),
    };
    let mut get = |key: &str| fields.get(key).and_then(|node| time(node, reading));
    let (interval, timeout, start_period, start_interval) = (
        get("interval"),
        get("timeout"),
        get("start_period"),
        get("start_interval"),
    );
    let retries = fields
        .get("retries")
        .and_then(|node| node.number("a number", reading.problems));
    let none = disabled || test.first().is_some_and(|word| word == "NONE");
    (!none).then(|| Healthcheck {
        test,
        interval: interval.unwrap_or(DEFAULT_INTERVAL),
        timeout,
        start_period,
        start_interval,
        retries,
    })
}

/// `restart`: `no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`.
pub(super) fn restarts(node: &Node, reading: &mut Reading<'_>) -> Restarts {
    const POLICIES: [&str; 4] = ["no", "always", "unless-stopped", "on-failure"];
    let Some(policy) = reading.text(node) else {
        return Restarts::Never;
    };
    let (name, most) = match policy.split_once(':') {
        Some(("on-failure", most)) => ("on-failure", most.parse().ok()),
        Some(_) => (policy.as_str(), None),
        None => (policy.as_str(), Some(0)),
    };
    let known = POLICIES.contains(&name) && most.is_some();
    if !known {
        let problem = Problem::unknown(&node.place, "restart policy", &policy, POLICIES);
        reading.problems.push(problem);
    }
    match name {
        "always" | "unless-stopped" => Restarts::Always,
        // Of none, Docker knows no end.
        "on-failure" => Restarts::OnFailure {
            most: most.filter(|most| *most > 0),
        },
        _ => Restarts::Never,
    }
}

/// `deploy.restart_policy`.
pub(super) fn deployed_restarts(
    fields: &Fields<'_>,
    reading: &mut Reading<'_>,
) -> Option<Restarts> {
    const KEYS: [&str; 4] = ["condition", "max_attempts", "delay", "window"];
    let policy = &fields.get("deploy")?.entry("restart_policy")?.value;
    let fields = policy.fields(&KEYS, reading.problems);
    for key in ["delay", "window"] {
        if let Some(node) = fields.get(key) {
            let meaning = "a service that ended by itself is started again after 100 ms, and after twice as long each time that it ends soon after";
            reading.unused(&node.place, &format!("`{key}`"), meaning);
        }
    }
    let most = fields
        .get("max_attempts")
        .and_then(|node| node.number("a number", reading.problems));
    let condition = fields.get("condition").and_then(|node| reading.text(node));
    Some(match condition.as_deref() {
        Some("none") => Restarts::Never,
        Some("on-failure") => Restarts::OnFailure { most },
        _ => Restarts::Always,
    })
}
