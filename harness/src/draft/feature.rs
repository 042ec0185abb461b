//! The first feature, written.

use super::invariants::ends_within_s;
use super::stack_file::LOOK;
use super::{Known, entrance};
use crate::gateway::WORKLOAD;
use std::fmt::Write as _;

/// How often the workload runs.
const TIMES: u32 = 5;

pub(super) fn write(known: &Known<'_>) -> String {
    let stack = &known.stack.name;
    let workload = known.played.clone().unwrap_or_else(|| LOOK.to_owned());
    let mut work = format!("    When \"{workload}\" runs {TIMES} times\n");
    if known.calls.is_empty() && entrance(known).is_none() {
        work = "    # FILL IN: no workload was found. When \"submit\" runs 5 times\n".to_owned();
    }
    if let Some(entity) = &known.entity
        && let Some(within) = ends_within_s(entity)
    {
        let _ = writeln!(
            work,
            "    And every {} is final within {within}s",
            entity.name
        );
    }
    let fault = fault(known, &workload);
    let mut all = format!(
        "# A beginning, made by `shakedown init`.\nFeature: {stack} keeps its promises\n\n"
    );
    let mut scenario = |name: &str, fault: Option<&str>| {
        let fault = fault
            .map(|fault| format!("    And {fault}\n"))
            .unwrap_or_default();
        let _ = writeln!(
            all,
            "  Scenario: {name}\n    Given the stack \"{stack}\"\n{fault}{work}    Then every invariant holds\n"
        );
    };
    scenario("nothing is broken", None);
    scenario(&fault.name, Some(&fault.step));
    let _ = writeln!(all, "  # FILL IN: what your system has to stand, such as");
    for harder in &fault.harder {
        let _ = writeln!(all, "  #   And {harder}");
    }
    all
}

/// A fault that is mild, and harder ones to go on with.
struct Fault {
    name: String,
    step: String,
    harder: Vec<String>,
}

fn fault(known: &Known<'_>, workload: &str) -> Fault {
    let entity = known.entity.as_ref();
    let promised =
        entity.and_then(|entity| entity.promises().first().map(|rule| rule.call.clone()));
    let inner = || known.again();
    let best = inner().find(|call| Some(&call.name) == promised.as_ref());
    let best = best.or(inner().find(|call| call.acts()));
    if let Some(call) = best.or(inner().next()) {
        let each = entity.filter(|entity| call.path.contains(&format!("{{{}}}", entity.name)));
        let when = each.map_or_else(
            || "once".to_owned(),
            |entity| format!("the first time for each {}", entity.name),
        );
        let name = &call.name;
        let harder = vec![
            format!("the call \"{name}\" answers 503 {when}"),
            format!("the answer to \"{name}\" is lost {when}"),
            format!(
                "the service \"{}\" is killed after \"{name}\" is answered, once",
                call.client
            ),
        ];
        // What services do by themselves may come when nothing waits for it any more.
        let waits = entity.is_some_and(|entity| entity.ended_ns.is_some());
        let named = known.calls.iter().any(|call| call.name == workload);
        let (name, when) = match (waits, named) {
            (true, _) => (name.as_str(), when),
            (false, true) => (workload, "once".to_owned()),
            // What is only looked at has no name of its own.
            (false, false) => (name.as_str(), "once".to_owned()),
        };
        return Fault {
            name: format!("{name} is slow"),
            step: format!("the call \"{name}\" takes 200ms longer {when}"),
            harder,
        };
    }
    // A link over which nobody was seen to speak HTTP, as to a database, behind what is asked from outside.
    let asked: Vec<String> = match known.calls.iter().find(|call| call.client == WORKLOAD) {
        Some(call) => vec![call.service.clone()],
        None => entrance(known)
            .into_iter()
            .map(|(service, _)| service)
            .collect(),
    };
    if let Some(link) = known.links.iter().find(|link| asked.contains(&link.client)) {
        return Fault {
            name: format!("the way from {} to {} is slow", link.client, link.service),
            step: format!("the link \"{link}\" is slow by 50ms"),
            harder: vec![
                format!("the link \"{link}\" is reset after 100 bytes"),
                format!("the service \"{}\" is killed", link.service),
            ],
        };
    }
    Fault {
        name: "the request itself is slow".to_owned(),
        step: format!("the call \"{workload}\" takes 200ms longer once"),
        harder: vec![format!("the answer to \"{workload}\" is lost once")],
    }
}
