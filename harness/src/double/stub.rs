//! A stub mapping: a pattern of requests, and what they are answered.

use super::answer::Answer;
use super::json::{Item, Keys};
use super::outgoing::Outgoing;
use super::pattern::Pattern;
use crate::problem::{Place, Problems};
use serde_json::Value;
use std::path::Path;

/// The priority of a mapping that does not say one; 1 comes first.
pub(super) const PRIORITY: u64 = 5;
/// The state in which every scenario begins.
pub(super) const STARTED: &str = "Started";

/// One mapping.
#[derive(Clone, Debug)]
pub(super) struct Stub {
    pub place: Place,
    pub name: Option<String>,
    pub priority: u64,
    pub pattern: Pattern,
    pub answer: Answer,
    pub scenario: Option<Scenario>,
    /// Made once the answer is on its way.
    pub hooks: Vec<Outgoing>,
    /// As it was written.
    pub json: Value,
}

/// The part of a mapping in a scenario.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub name: String,
    /// It takes part only in this state.
    pub needs: Option<String>,
    /// The state after it.
    pub next: Option<String>,
}

const KEYS: Keys = Keys {
    read: &[
        "request",
        "response",
        "priority",
        "name",
        "scenarioName",
        "requiredScenarioState",
        "newScenarioState",
        "postServeActions",
        "serveEventListeners",
    ],
    harmless: &[
        "id",
        "uuid",
        "persistent",
        "metadata",
        "insertionIndex",
        "dirty",
    ],
    refused: &[],
};

impl Stub {
    /// Reads a mapping. Files of bodies lie in `files`.
    pub fn read(item: &Item<'_>, files: &Path, problems: &mut Problems) -> Stub {
        let fields = item.fields(&KEYS, problems);
        let text = |key: &str, problems: &mut Problems| fields.text(key, problems);
        let needs = text("requiredScenarioState", problems);
        let next = text("newScenarioState", problems);
        let scenario = text("scenarioName", problems);
        if scenario.is_none() && (needs.is_some() || next.is_some()) {
            let what = "a state of a scenario, but no `scenarioName`";
            problems.push(item.problem(what));
        }
        let mut hooks = Vec::new();
        for key in ["postServeActions", "serveEventListeners"] {
            if let Some(item) = fields.get(key) {
                read_hooks(item, &mut hooks, problems);
            }
        }
        let pattern = fields
            .get("request")
            .map(|item| Pattern::read(item, problems));
        let empty = Value::Object(serde_json::Map::new());
        let answer = match fields.get("response") {
            Some(item) => Answer::read(item, files, problems),
            None => Answer::read(&item.with(&empty), files, problems),
        };
        Stub {
            place: item.place(),
            name: text("name", problems),
            priority: fields
                .get("priority")
                .and_then(|item| item.count(problems))
                .unwrap_or(PRIORITY),
            pattern: pattern.unwrap_or_default(),
            answer,
            scenario: scenario.map(|name| Scenario { name, needs, next }),
            hooks,
            json: item.value.clone(),
        }
    }

    /// How it is told.
    pub fn told(&self) -> String {
        let name = self
            .name
            .as_ref()
            .map_or_else(String::new, |name| format!(" `{name}`"));
        format!(
            "{}{name} ({}:{})",
            self.pattern.told(),
            self.place.file.display(),
            self.place.line
        )
    }
}

/// `[{"name": "webhook", "parameters": {..}}]`; the older form is `{"webhook": {..}}`.
fn read_hooks(item: &Item<'_>, hooks: &mut Vec<Outgoing>, problems: &mut Problems) {
    const KEYS: Keys = Keys {
        read: &["name", "parameters"],
        harmless: &["requestPhases"],
        refused: &[],
    };
    const HOOK: &str = "webhook";
    let mut one = |name: &str, named: &Item<'_>, of: Option<&Item<'_>>, problems: &mut Problems| {
        if name != HOOK {
            let what = format!("unknown listener `{name}`");
            let help = format!("a double knows `{HOOK}`, and runs no code of others");
            problems.push(named.problem(what).help(help));
        } else if let Some(of) = of {
            hooks.extend(Outgoing::read(of, problems));
        }
    };
    if item.value.is_object() {
        for (name, item) in item.entries(problems) {
            one(name, &item, Some(&item), problems);
        }
        return;
    }
    for item in item.items(problems) {
        let fields = item.fields(&KEYS, problems);
        let name = fields
            .need("name", problems)
            .and_then(|item| item.text(problems));
        let parameters = fields.need("parameters", problems);
        if let Some(name) = name {
            one(
                &name,
                fields.get("name").unwrap_or(&item),
                parameters,
                problems,
            );
        }
    }
}
