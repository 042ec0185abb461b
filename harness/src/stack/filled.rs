//! `${NAME}` in what a workload sends: a variable of the services' environment, or else of this program's own. So a stack
//! file can have a workload log in without a secret in it.

use super::{Stack, Workload, compose};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a workload fills in for each request.
const OF_EACH_REQUEST: [&str; 2] = ["n", "random"];

impl Stack {
    /// The value of a variable; `None` where nobody has it, or services have different ones.
    pub fn variable(&self, name: &str) -> Option<String> {
        let services = self.services.values();
        let mut values = services.filter_map(|service| service.environment.get(name));
        match values.next() {
            Some(value) => values.all(|other| other == value).then(|| value.clone()),
            None => std::env::var(name).ok(),
        }
    }

    /// What the `.env` beside the compose file sets.
    pub(crate) fn dotenv(&self) -> BTreeMap<String, String> {
        compose::dotenv(&self.folder).into_iter().collect()
    }

    /// A workload with the variables filled in that it names. What nobody has stays as it stands.
    pub fn filled(&self, workload: &Workload) -> Workload {
        let mut filled = workload.clone();
        for name in workload.variables() {
            let Some(value) = self.variable(&name) else {
                continue;
            };
            let place = format!("${{{name}}}");
            let in_url: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            // A plus is a space in a query only.
            filled.url = filled.url.replace(&place, &in_url.replace('+', "%20"));
            if let Some(body) = &mut filled.body {
                each_text(body, &mut |text| *text = text.replace(&place, &value));
            }
        }
        filled
    }
}

impl Workload {
    /// The names of the variables in its URL and its body.
    pub fn variables(&self) -> Vec<String> {
        let mut names = Vec::new();
        find(&self.url, &mut names);
        if let Some(mut body) = self.body.clone() {
            each_text(&mut body, &mut |text| find(text, &mut names));
        }
        names
    }
}

/// Adds the names in a text that are not known yet.
fn find(text: &str, names: &mut Vec<String>) {
    for part in text.split("${").skip(1) {
        let Some((name, _)) = part.split_once('}') else {
            continue;
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let begins = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let new = !names.iter().any(|known| known == name) && !OF_EACH_REQUEST.contains(&name);
        if begins && new && name.chars().all(plain) {
            names.push(name.to_owned());
        }
    }
}

/// Does something with each text of a value.
fn each_text(value: &mut Value, act: &mut dyn FnMut(&mut String)) {
    match value {
        Value::String(text) => act(text),
        Value::Array(items) => items.iter_mut().for_each(|item| each_text(item, act)),
        Value::Object(fields) => fields.values_mut().for_each(|item| each_text(item, act)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn variables_of_services_are_filled_in_and_others_stay() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "compose.yaml",
            "services:\n  web: {image: a, expose: [\"80\"], environment: {PIN: \"a/b c\", MODE: x, ALIKE: 1}}\n  \
             db: {image: b, environment: {MODE: y, ALIKE: 1}}\n",
        );
        write(
            "shakedown.yaml",
            "stack: s\ncompose: compose.yaml\nworkloads:\n  login:\n    request: \"POST http://web/${PIN}/${n}\"\n    \
             body: {pins: [\"<${PIN}> ${random}\"], mode: \"${MODE}\", alike: \"${ALIKE}\", odd: \"${a-b} ${\"}\n",
        );
        let read = Stack::read(&folder.path().join("shakedown.yaml")).unwrap();
        let filled = read.stack.filled(&read.stack.workloads["login"]);
        assert_eq!(filled.url, "http://web/a%2Fb%20c/${n}");
        assert_eq!(
            filled.body,
            Some(
                json!({"pins": ["<a/b c> ${random}"], "mode": "${MODE}", "alike": "1", "odd": "${a-b} ${"})
            )
        );
        // Whose value it would be is told before anything is sent as it stands.
        let warnings: Vec<String> = read.warnings.iter().map(ToString::to_string).collect();
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].contains("`${MODE}`"), "{warnings:?}");
    }
}
