//! Entities, and the rules by which evidence becomes facts about them.

use super::super::{config, rule};
use super::{cel, described, duration, merge, named, object, request, text, texts};
use serde_json::{Value, json};

pub(super) fn entity() -> Value {
    let rules = json!({"type": ["array", "null"], "items": rule()});
    let aliases = named("", text("What the other name stands for."));
    object(
        &config::ENTITY,
        &[],
        json!({
            "status": described("The field that is the status.", status()),
            "moves": named("From each status, those that may come next.", texts("")),
            "learn": described("How evidence becomes facts about one entity.", rules),
            "aliases": named("By field, or `id`: other names for the same.", aliases),
        }),
    )
}

fn status() -> Value {
    object(
        &config::STATUS,
        &["field"],
        json!({
            "field": text("The name of the field."),
            "first": text("The status that an entity begins with."),
            "final": texts("Those that end it."),
        }),
    )
}

fn rule() -> Value {
    let mut rule = object(
        &rule::KEYS,
        &[],
        json!({
            "call": text("Evidence: each answer to this call."),
            "poll": described("Evidence: the answer to this request, asked again and again; with ${id} in the URL, once for each entity that is known.", request("http://")),
            "probe": described(
                "Evidence: the answer to this request, made once each time `after` was answered; ${...} takes expressions.",
                request(""),
            ),
            "sql": text("Evidence: the rows of this query."),
            "log": text("Evidence: each line of this service's log that matches `pattern`."),
            "after": text("The call that a probe follows."),
            "body": {"description": "What a probe sends, as JSON; ${...} takes expressions."},
            "within": duration("How long the answer to a probe may take; 1s unless given."),
            "pattern": text("A regular expression with named groups such as (?<id>\\d+)."),
            "on": text("The service whose database is asked."),
            "every": duration("The time between two looks; 200ms unless given."),
            "each": cel("The list in the answer; each of its items, `item`, is one entity."),
            "next": cel("Where the next page of the list is, if there is one."),
            "when": cel("The rule counts only where this holds."),
            "id": cel("Which entity it is about."),
            "set": named("Fields with their new values.", cel("")),
            "event": text("What has happened to the entity."),
            "gone": text("What has happened to the entity when a poll or a query no longer tells of it."),
        }),
    );
    let needs = |key: &str| json!({"required": [key]});
    let evidence = rule::EVIDENCE.map(|(kind, _)| needs(kind));
    let teaches = rule::TEACHES.map(needs);
    let id_in_url = json!({"properties": {"poll": {"pattern": r"\$\{id\}"}}, "not": needs("each")});
    let identified = json!({"anyOf": [needs("id"), id_in_url]});
    let mut dependencies =
        json!({"poll": identified, "sql": ["id", "on"], "probe": ["after"], "log": ["pattern"]});
    for key in rule::EVIDENCE.iter().flat_map(|(_, keys)| *keys) {
        let belongs = rule::EVIDENCE.iter().filter(|(_, keys)| keys.contains(key));
        let belongs: Vec<Value> = belongs.map(|(kind, _)| needs(kind)).collect();
        dependencies[*key] = json!({"anyOf": belongs});
    }
    let more = json!({
        "allOf": [{"oneOf": evidence}, {"anyOf": teaches}],
        "dependencies": dependencies,
    });
    merge(&mut rule, more);
    rule
}
