//! `shakedown.yaml`, written.

use super::entity::{CREATED, Entity};
use super::yaml::{expression, quoted, text, value};
use super::{Known, entrance};
use crate::gateway::WORKLOAD;
use std::fmt::Write as _;

/// The name of the call, the workload and the thing that stand there where nothing was seen.
pub(super) const LOOK: &str = "look";
const PAGE: &str = "page";
/// How long what is promised may take.
const WITHIN: &str = "10s";

pub(super) fn write(known: &Known<'_>, compose: &[String]) -> String {
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
    all.push_str(&match &known.entity {
        Some(entity) => entity_of(entity),
        None => pages(known),
    });
    all.push_str(&workload(known));
    all.push_str(&match &known.entity {
        Some(entity) => invariants(entity),
        None => format!("invariants:\n  no {PAGE} fails: {{for: {PAGE}, never: 'code >= 500'}}\n  # FILL IN: what you promise, such as\n  \
                         # charged at most once: {{for: order, at_most: 1, of: charged}}\n"),
    });
    all
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
    let mut all = format!("entities:\n  {}:\n", text(&entity.name));
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
        let mut said = vec![
            format!("call: {}", text(&rule.call)),
            "when: response.status < 300".to_owned(),
        ];
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
    all + "      # FILL IN: what the database or a log says, such as\n      \
           # - {sql: \"select id, status from orders\", on: db, every: 200ms, id: string(row.id), set: {stored: row.status}}\n\n"
}

/// Where nothing was created, what is followed are the pages that were asked for.
fn pages(known: &Known<'_>) -> String {
    let mut all = format!(
        "entities:\n  {PAGE}:                                 # FILL IN: what is followed, such as an order, and by what it is known\n    learn:\n"
    );
    let asked = known.calls.iter().filter(|call| call.client == WORKLOAD);
    let mut asked: Vec<(&str, String)> = asked
        .map(|call| (call.name.as_str(), call.path.clone()))
        .collect();
    if known.calls.is_empty() {
        asked.push((LOOK, "/".to_owned()));
    } else if asked.is_empty() {
        asked.extend(
            known
                .calls
                .first()
                .map(|call| (call.name.as_str(), call.path.clone())),
        );
    }
    for (call, path) in asked {
        let id = expression(&serde_json::Value::from(path).to_string());
        let _ = writeln!(
            all,
            "      - {{call: {}, id: {id}, set: {{code: response.status}}}}",
            text(call)
        );
    }
    all + "\n"
}

/// The workload's name, and the workload.
fn workload(known: &Known<'_>) -> String {
    let from_outside = known.calls.iter().filter(|call| call.client == WORKLOAD);
    let born = known.entity.as_ref().map(|entity| &entity.born);
    let call = match born {
        Some(born) => known.calls.iter().find(|call| call.name == *born),
        None => from_outside
            .clone()
            .find(|call| call.acts())
            .or(from_outside.clone().next()),
    };
    let Some(call) = call else {
        return match entrance(known) {
            Some((service, port)) => format!(
                "workloads:                               # FILL IN: what gives the stack something to do\n  \
                 {LOOK}: {{request: \"GET http://{service}:{port}/\"}}\n\n"
            ),
            None => "# FILL IN: no service was found that speaks HTTP at a port that the compose file names\n\
                     # workloads: {submit: {request: \"POST http://web:8000/orders\", body: {item: \"thing ${n}\"}}}\n\n"
                .to_owned(),
        };
    };
    let one = &call.seen[0];
    let mut all = format!(
        "workloads:                               # what shakedown asks of the stack; ${{n}} is the number of the request\n  \
         {}:\n    request: {}\n",
        text(&call.name),
        quoted(&format!(
            "{} http://{}:{}{}",
            call.method, one.service, one.port, one.path
        ))
    );
    if let Some(body) = &one.sent {
        let _ = writeln!(all, "    body: {}", value(&numbered(body, call)));
    }
    if let Some(entity) = &known.entity {
        let _ = writeln!(
            all,
            "    creates: {{{}: {}}}",
            text(&entity.name),
            expression(&format!("string(response.body.{})", entity.id_at))
        );
    }
    all + "\n"
}

/// The body of a request; texts that were another one each time have the number of the request behind them.
fn numbered(body: &serde_json::Value, call: &super::Call) -> serde_json::Value {
    let mut body = body.clone();
    if let Some(fields) = body.as_object_mut() {
        for (name, value) in fields.iter_mut() {
            let others = call
                .seen
                .iter()
                .filter_map(|one| one.sent.as_ref()?.get(name));
            if let Some(text) = value.as_str()
                && others
                    .clone()
                    .any(|other| other.as_str().is_some_and(|other| other != text))
            {
                *value = format!("{text} ${{n}}").into();
            }
        }
    }
    body
}

fn invariants(entity: &Entity) -> String {
    let mut all = "invariants:                              # FILL IN: keep what is promised; these held on what was seen\n".to_owned();
    let name = text(&entity.name);
    let once = entity.promises();
    for rule in &once {
        let Some(event) = &rule.event else {
            continue;
        };
        let _ = writeln!(
            all,
            "  {}: {{for: {name}, at_most: 1, of: {}}}",
            text(&format!("{event} at most once")),
            text(event)
        );
        let finals = entity
            .status
            .iter()
            .flat_map(|status| status.finals.iter().map(move |last| (&status.field, last)));
        let mut told = false;
        for (field, last) in finals.filter(|(_, last)| entity.before(rule, last)) {
            told = true;
            let no = expression(&format!(
                "{field} == {}",
                serde_json::Value::from(last.as_str())
            ));
            let before = expression(&format!(
                "happened({})",
                serde_json::Value::from(event.as_str())
            ));
            let _ = writeln!(
                all,
                "  {}: {{for: {name}, no: {no}, before: {before}}}",
                text(&format!("{event} before {last}"))
            );
        }
        if !told {
            let happened =
                |event: &str| expression(&format!("happened({})", serde_json::Value::from(event)));
            let _ = writeln!(
                all,
                "  {}: {{for: {name}, when: {}, then: {}, within: {WITHIN}, clock: healed}}",
                text(&format!("what is created gets its {event}")),
                happened(CREATED),
                happened(event)
            );
        }
    }
    if let Some(status) = &entity.status {
        let _ = writeln!(
            all,
            "  {}: {{for: {name}, eventually: '{} in final', within: 30s, clock: healed}}",
            text(&format!("each {} ends", entity.name)),
            status.field
        );
    }
    if once.is_empty() && entity.status.is_none() {
        let _ = writeln!(
            all,
            "  {}: {{for: {name}, at_most: 1, of: {CREATED}}}",
            text(&format!("no {} is created twice", entity.name))
        );
    }
    all
}
