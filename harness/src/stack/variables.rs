//! `${VAR}`, `${VAR:-default}` and their like in a compose file.

use super::compose::Reading;
use crate::problem::{Place, Problem};
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// This one is filled in by the process runtime, for each run.
const OURS: &str = "SHAKEDOWN_DATA";

static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\$(?:(?P<escaped>\$)|(?P<bare>[A-Za-z_][A-Za-z0-9_]*)|\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<how>:?[-?+])(?P<text>[^}]*))?\})")
        .expect("the pattern is a constant")
});

/// A text with its variables filled in from the environment of the harness, or else from `.env`, as Compose does it.
pub(super) fn fill_in(place: &Place, text: &str, reading: &mut Reading<'_>) -> String {
    let filled = VARIABLE.replace_all(text, |found: &Captures<'_>| {
        if found.name("escaped").is_some() {
            return "$".to_owned();
        }
        let name = found
            .name("name")
            .or(found.name("bare"))
            .map_or("", |name| name.as_str());
        if name == OURS {
            return found[0].to_owned();
        }
        let (how, other) = (
            found.name("how").map_or("", |m| m.as_str()),
            found.name("text").map_or("", |m| m.as_str()),
        );
        // A colon treats an empty value like one that is not set.
        let value = reading
            .variable(name)
            .filter(|value| !(how.starts_with(':') && value.is_empty()));
        match (value, how.trim_start_matches(':')) {
            (Some(_), "+") => other.to_owned(),
            (None, "+") => String::new(),
            (Some(value), _) => value,
            (None, "-") => other.to_owned(),
            (None, "?") => {
                reading.problems.push(Problem::at(
                    place,
                    format!("`{name}` must be set in the environment: {other}"),
                ));
                String::new()
            }
            (None, _) => {
                let help = format!("set it, or write `${{{name}:-default}}`");
                let what =
                    format!("`{name}` is not set in the environment, an empty text stands for it");
                reading.warnings.push(Problem::at(place, what).help(help));
                String::new()
            }
        }
    });
    filled.into_owned()
}
