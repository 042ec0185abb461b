//! Invariants: one of the keys tells the pattern, and each pattern has others that go with it.

use super::super::pattern;
use super::{cel, described, duration, merge, object, text, texts};
use serde_json::{Value, json};

pub(super) fn invariant() -> Value {
    let share = json!({"type": "number", "exclusiveMinimum": 0, "maximum": 1});
    let mut invariant = object(
        &pattern::KEYS,
        &[],
        json!({
            "for": text("The entity; not needed where the stack has only one."),
            "after": cel("It counts from the moment when this holds."),
            "until": cel("It counts up to the moment when this holds."),
            "always": cel("This holds all the time."),
            "never": cel("This never holds."),
            "when": cel("Whenever this holds, `then` holds, at once or `within` a time."),
            "then": cel("What must hold."),
            "within": duration("The time that it may take."),
            "clock": described("`healed` counts only the time in which no fault is active.", json!({"enum": ["wall", "healed"]})),
            "no": cel("This does not come true before `before` did."),
            "before": cel("What comes first."),
            "eventually": cel("This comes true `within` a time from the first sight of the entity."),
            "at_most": described("The event `of` happens at most so often.", json!({"type": "integer", "minimum": 0})),
            "of": text("With `at_most` the event, with `share` and `balance` the entity, with `quantile` `elapsed(\"A\", \"B\")`."),
            "moves": described("The status makes only the moves that the entity declares.", json!({"const": "declared"})),
            "agree": texts("Fields that say the same, or do so again `within` a time."),
            "share": cel("At the end it holds for a share `at_least` of all entities."),
            "at_least": described("The share, above 0 and up to 1.", share.clone()),
            "quantile": described("This share of the entities need less than `below` from one status to another.", share),
            "below": duration("The time."),
            "balance": cel("At the end it holds for shares that are no further apart than `tolerance`, `by` a field."),
            "by": text("The field."),
            "tolerance": described("From 0 to below 1.", json!({"type": "number", "minimum": 0, "exclusiveMaximum": 1})),
        }),
    );
    let forms: Vec<Value> = pattern::LEADING
        .iter()
        .map(|leading| form(leading))
        .collect();
    merge(&mut invariant, json!({"oneOf": forms}));
    invariant
}

/// One pattern: what it needs, and what may stand beside that.
fn form(leading: &str) -> Value {
    let needed: &[&str] = match leading {
        "when" => &["then"],
        "no" => &["before"],
        "eventually" | "agree" => &["within"],
        "at_most" => &["of"],
        "share" => &["at_least"],
        "balance" => &["by", "tolerance"],
        "quantile" => &["of", "below"],
        _ => &[],
    };
    let required: Vec<&str> = [leading]
        .into_iter()
        .chain(needed.iter().copied())
        .collect();
    let names: Vec<&str> = ["for", leading]
        .into_iter()
        .chain(pattern::partners(leading).iter().copied())
        .collect();
    json!({"required": required, "propertyNames": {"enum": names}})
}
