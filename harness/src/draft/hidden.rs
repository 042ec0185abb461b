//! Secrets in what was seen: nothing is known of them but their places, and which variables have them.

use crate::secret::Secrets;
use crate::stack::Stack;
use regex::Regex;
use std::sync::LazyLock;

/// What stands in the place of a secret.
static PLACE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\[redacted(?: \d+)?\]").expect("it is a constant"));
/// What the variables begin with that a person has to set.
const OURS: &str = "SHAKEDOWN";

/// The variables that have secrets, each with what stands in the place of its value.
#[derive(Debug, Default)]
pub struct Hidden(Vec<(String, String)>);

/// Whether there is a secret in a text.
pub(super) fn hidden(text: &str) -> bool {
    PLACE.is_match(text)
}

impl Hidden {
    /// Those of the services' environment and of this program's own, as a workload can name them.
    pub fn new(stack: &Stack, secrets: &Secrets) -> Hidden {
        let services = stack.services.values();
        let services = services.flat_map(|service| service.environment.keys().cloned());
        let own = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let places = services.chain(own).filter_map(|name| {
            let place = secrets.place(&stack.variable(&name)?)?;
            Some((place, name))
        });
        Hidden(places.collect())
    }

    /// A text with a variable in the place of each secret: the one that has it, or else one of ours, called like the
    /// `field` that the text is, which is added to `missing`.
    pub(super) fn filled(&self, text: &str, field: &str, missing: &mut Vec<String>) -> String {
        let variable = |place: &regex::Captures<'_>| {
            let known = self.0.iter().find(|(known, _)| *known == place[0]);
            let name = match known {
                Some((_, name)) => name.clone(),
                None => ours(field),
            };
            if known.is_none() && !missing.contains(&name) {
                missing.push(name.clone());
            }
            format!("${{{name}}}")
        };
        PLACE.replace_all(text, variable).into_owned()
    }
}

/// `SHAKEDOWN_ACCESS_TOKEN` for `accessToken`.
fn ours(field: &str) -> String {
    let mut name = OURS.to_owned();
    let mut before = ' ';
    for c in field.chars() {
        let begins = !before.is_alphanumeric() || (c.is_uppercase() && before.is_lowercase());
        if c.is_ascii_alphanumeric() {
            if begins {
                name.push('_');
            }
            name.push(c.to_ascii_uppercase());
        }
        before = c;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_becomes_the_variable_that_has_it_or_one_to_be_set() {
        let hidden = Hidden(vec![(
            "[redacted 2]".to_owned(),
            "ADMIN_PASSWORD".to_owned(),
        )]);
        for (text, field, expected, to_set) in [
            ("[redacted 2]", "password", "${ADMIN_PASSWORD}", ""),
            (
                "a [redacted 3]!",
                "accessToken",
                "a ${SHAKEDOWN_ACCESS_TOKEN}!",
                "SHAKEDOWN_ACCESS_TOKEN",
            ),
            (
                "[redacted]",
                "api-key",
                "${SHAKEDOWN_API_KEY}",
                "SHAKEDOWN_API_KEY",
            ),
            ("plain", "password", "plain", ""),
        ] {
            let mut missing = Vec::new();
            assert_eq!(hidden.filled(text, field, &mut missing), expected);
            assert_eq!(missing.join(" "), to_set, "{text}");
        }
    }
}
