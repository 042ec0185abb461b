//! `shakedown.yaml`, written.

use super::entity::Entity;
use super::invariants::{self, PAGE, SHOWN, promised};
use super::look::Look;
use super::yaml::{expression, quoted, text};
use super::{Known, entrance};
use crate::gateway::WORKLOAD;
use std::fmt::Write as _;

/// The name of the call and the workload that stand there where nothing was seen.
pub(super) const LOOK: &str = "look";
/// How often a poll looks.
const EVERY: &str = "200ms";

/// The file; `workload` is what it says of workloads.
pub(super) fn write(known: &Known<'_>, compose: &[String], workload: &str) -> String {
    let mut all = String::new();
    let compose = match compose {
        [one] => text(one),
        more => format!(
            "[{}]",
            more.iter()
                .map(|file| text(file))
                .collect::<Vec<_>>()
                .join(", ")
        ),
    };
    let _ = writeln!(
        all,
        "# A beginning, made by `shakedown init`. What says FILL IN is a guess or missing."
    );
    let _ = writeln!(
        all,
        "stack: {}\ncompose: {compose}\n",
        text(&known.stack.name)
    );
    let links: Vec<String> = known.links.iter().map(ToString::to_string).collect();
    if !links.is_empty() {
        let _ = writeln!(
            all,
            "# Links, by environment and depends_on: {}.",
            links.join(", ")
        );
    }
    all.push_str(&calls(known));
    all.push_str("entities:\n");
    if let Some(entity) = &known.entity {
        all.push_str(&entity_of(entity));
    }
    if !known.entity.as_ref().is_some_and(promised) {
        all.push_str(&pages(known));
    }
    all.push('\n');
    all.push_str(workload);
    all + &invariants::write(known)
}

fn calls(known: &Known<'_>) -> String {
    let mut all =
        "calls:                                    # names for the requests worth talking about\n"
            .to_owned();
    for call in &known.calls {
        let link = format!("{} -> {}", call.client, call.service);
        let _ = writeln!(
            all,
            "  {}: {{link: {link}, request: {}}}",
            text(&call.name),
            quoted(&call.request())
        );
    }
    if known.calls.is_empty() {
        let service = entrance(known).map_or_else(|| first(known), |(service, _)| service);
        let _ = writeln!(
            all,
            "  {LOOK}: {{link: {WORKLOAD} -> {service}, request: \"GET /\"}}   # FILL IN: the requests that matter"
        );
    }
    all + "\n"
}

fn first(known: &Known<'_>) -> String {
    known
        .stack
        .services
        .keys()
        .next()
        .cloned()
        .unwrap_or_default()
}

fn entity_of(entity: &Entity) -> String {
    let mut all = format!("  {}:\n", text(&entity.name));
    match &entity.status {
        Some(status) => {
            let list = |all: &[String]| {
                all.iter()
                    .map(|one| text(one))
                    .collect::<Vec<_>>()
                    .join(", ")
            };
            let moves: Vec<String> = status
                .moves
                .iter()
                .map(|(from, to)| format!("{}: [{}]", text(from), list(to)))
                .collect();
            let _ = writeln!(
                all,
                "    # FILL IN: the statuses that were not seen, such as those of failure.\n    \
                 status: {{field: {}, first: {}, final: [{}]}}\n    moves: {{{}}}",
                text(&status.field),
                text(&status.first),
                list(&status.finals),
                moves.join(", ")
            );
        }
        None => {
            let _ = writeln!(
                all,
                "    # FILL IN, if it has a status:\n    # status: {{field: status, first: new, final: [done, failed]}}"
            );
        }
    }
    let _ = writeln!(
        all,
        "    learn:                              # how evidence becomes facts about one {}",
        entity.name
    );
    for rule in &entity.rules {
        let accepted = match rule.answered {
            Some(status) => format!("when: response.status == {status}"),
            None => "when: response.status < 300".to_owned(),
        };
        let mut said = vec![format!("call: {}", text(&rule.call)), accepted];
        said.extend(rule.id.iter().map(|id| format!("id: {}", expression(id))));
        said.extend(
            rule.event
                .iter()
                .map(|event| format!("event: {}", text(event))),
        );
        said.extend(
            rule.set
                .iter()
                .map(|(field, at)| format!("set: {{{field}: {at}}}")),
        );
        let _ = writeln!(all, "      - {{{}}}", said.join(", "));
    }
    all.extend(entity.look.iter().map(poll));
    all + "      # FILL IN: what the database or a log says, such as\n      \
           # - {sql: \"select id, status from orders\", on: db, every: 200ms, id: string(row.id), set: {stored: row.status}}\n"
}

/// What a request from outside was told, asked again and again.
fn poll(look: &Look) -> String {
    let mut said = vec![
        format!("poll: {}", quoted(&format!("GET {}", look.url))),
        format!("every: {EVERY}"),
        "when: status == 200".to_owned(),
    ];
    if let Some((list, id)) = &look.each {
        said.push(format!("each: {list}"));
        said.push(format!("id: {}", expression(id)));
    }
    said.push(match &look.set {
        Some((field, at)) => format!("set: {{{field}: {at}}}"),
        None => format!("event: {SHOWN}"),
    });
    format!("      - {{{}}}\n", said.join(", "))
}

/// Where nothing can be promised of what is created, what is followed is the page that is asked for.
fn pages(known: &Known<'_>) -> String {
    let mut all = format!(
        "  {PAGE}:                                 # FILL IN: what is followed, such as an order, and by what it is known\n    learn:\n"
    );
    let (call, path) = match (known.workload(), known.again().next()) {
        (Some(call), _) | (None, Some(call)) => (call.name.as_str(), call.path.as_str()),
        (None, None) => (LOOK, "/"),
    };
    let id = expression(&serde_json::Value::from(path).to_string());
    let _ = writeln!(
        all,
        "      - {{call: {}, id: {id}, set: {{code: response.status}}}}",
        text(call)
    );
    all
}
