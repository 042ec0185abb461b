//! CEL, the one language for conditions and for picking values out of evidence.

mod foregone;
mod functions;
mod kinds;
mod reading;
mod scope;
mod textual;

pub use functions::FUNCTIONS;
pub use reading::Comparison;
pub use scope::Scope;

pub use cel::Value;
use cel::{ExecutionError, Program};
use regex::Regex;
pub(crate) use scope::{from_json, to_json};
use std::sync::{Arc, LazyLock};

/// A compiled CEL expression that remembers its text. Cloning is cheap.
#[derive(Clone)]
pub struct Expression {
    text: Arc<str>,
    program: Arc<Program>,
    variables: Arc<[String]>,
    /// What is compared with constants of one kind.
    compared: Arc<[(Vec<String>, kinds::Kind)]>,
}

/// The answer to a condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It does not.
    False,
    /// It reads something that nobody has learnt yet; what.
    Unset(Arc<str>),
    /// It cannot be evaluated; why.
    Unknown(Arc<str>),
}

impl Expression {
    /// Compiles `text`.
    ///
    /// # Errors
    /// Gives the parser's first message in short.
    pub fn parse(text: &str) -> Result<Expression, String> {
        let program = Program::compile(text).map_err(|e| in_short(&e.to_string()))?;
        let variables = reading::free_variables(&program.expression().expr);
        Ok(Expression {
            text: text.into(),
            compared: kinds::compared(&program.expression().expr).into(),
            program: Arc::new(program),
            variables: variables.into_iter().collect(),
        })
    }

    /// The text as the user wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Its value, where it reads nothing.
    pub fn constant(&self) -> Option<serde_json::Value> {
        let reads = !self.variables.is_empty() || !self.events().is_empty();
        (!reads).then(|| self.value(&Scope::new()).ok())?
    }

    /// Asks whether it holds.
    pub fn test(&self, scope: &Scope) -> Truth {
        match scope.run(&self.program, &self.variables) {
            Ok(Value::Bool(holds)) => match kinds::mismatch(&self.compared, scope) {
                Some(why) => Truth::Unknown(format!("{why} in `{}`", self.text).into()),
                None if holds => Truth::True,
                None => Truth::False,
            },
            Ok(other) => {
                Truth::Unknown(format!("`{}` is not true or false but {other:?}", self.text).into())
            }
            Err(error @ ExecutionError::UndeclaredReference(_)) => {
                Truth::Unset(self.words(error, scope).into())
            }
            Err(error) => Truth::Unknown(self.words(error, scope).into()),
        }
    }

    /// Its value.
    ///
    /// # Errors
    /// Why there is none, in words: something that it reads is not there.
    pub fn value(&self, scope: &Scope) -> Result<serde_json::Value, String> {
        let value = scope
            .run(&self.program, &self.variables)
            .map_err(|error| self.words(error, scope))?;
        scope::to_json(&value).ok_or_else(|| format!("`{}` is no value but {value:?}", self.text))
    }

    /// Its value, where what it reads is there: `None` for a field that the evidence does not have.
    ///
    /// # Errors
    /// Why there is none for another reason, in words.
    pub fn value_if_there(&self, scope: &Scope) -> Result<Option<serde_json::Value>, String> {
        match scope.run(&self.program, &self.variables) {
            Err(ExecutionError::NoSuchKey(_)) => Ok(None),
            _ => self.value(scope).map(Some),
        }
    }

    /// Why there is no value.
    fn words(&self, error: ExecutionError, scope: &Scope) -> String {
        match error {
            ExecutionError::UndeclaredReference(name) => format!("`{name}` is not known"),
            ExecutionError::NoSuchKey(key) => {
                format!("`{}` found nothing named `{key}`", self.text)
            }
            ExecutionError::NoSuchOverload(_)
                if let Some(why) = textual::textual(&self.paths(), scope) =>
            {
                why
            }
            other => format!("`{}`: {other}", self.text),
        }
    }
}

/// Whether a text that is no CEL has a single `=`, which compares nothing.
pub(crate) fn assigns(text: &str) -> bool {
    static LITERAL: LazyLock<Regex> = LazyLock::new(|| pattern(r#""[^"]*"|'[^']*'"#));
    static SINGLE: LazyLock<Regex> = LazyLock::new(|| pattern("(^|[^=!<>])=([^=]|$)"));
    SINGLE.is_match(&LITERAL.replace_all(text, "''"))
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("the patterns are constants")
}

/// The parser's first message without the list of all tokens that it would have taken:
/// `character 15: mismatched input '<EOF>'`.
fn in_short(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    let first = first.strip_prefix("ERROR: <input>:").unwrap_or(first);
    let first = first.split(" expecting {").next().unwrap_or(first);
    match first.split_once(": ") {
        Some((place, what)) => {
            let column = place.rsplit(':').next().unwrap_or(place);
            let what = what.strip_prefix("Syntax error: ").unwrap_or(what);
            format!("character {column}: {what}")
        }
        None => first.to_owned(),
    }
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Expression({:?})", self.text)
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Expression) -> bool {
        self.text == other.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn scope(variables: serde_json::Value) -> Scope {
        let mut scope = Scope::new();
        for (name, value) in variables.as_object().unwrap() {
            scope.set(name, value);
        }
        scope
    }

    fn test(text: &str, variables: serde_json::Value) -> Truth {
        let mut scope = scope(variables);
        scope.happened("scores stored");
        Expression::parse(text).unwrap().test(&scope)
    }

    #[test]
    fn conditions_on_json_values() {
        let cases = [
            ("n > 0", json!({"n": 1}), true),
            ("n > 0 && n < 3.5", json!({"n": 3}), true),
            ("s == \"Finished\"", json!({"s": "Finished"}), true),
            (
                "s in final",
                json!({"s": "Failed", "final": ["Finished", "Failed"]}),
                true,
            ),
            (
                "size(body.results) == 2",
                json!({"body": {"results": [1, 2]}}),
                true,
            ),
            ("string(id) == \"7\"", json!({"id": 7}), true),
            ("s == null", json!({"s": null}), true),
            (
                "body.results.exists(r, r.id == 2)",
                json!({"body": {"results": [{"id": 2}]}}),
                true,
            ),
            ("happened(\"scores stored\")", json!({}), true),
            ("happened(\"output stored\")", json!({}), false),
        ];
        for (text, variables, holds) in cases {
            let expected = if holds { Truth::True } else { Truth::False };
            assert_eq!(test(text, variables), expected, "{text}");
        }
    }

    #[test]
    fn what_is_not_there_is_unknown_and_named() {
        let unknown = |text, variables| match test(text, variables) {
            Truth::Unknown(reason) => reason,
            other => panic!("{text} is {other:?}"),
        };
        let unset = Truth::Unset("`shown` is not known".into());
        assert_eq!(test("shown > 0", json!({})), unset);
        assert!(unknown("body.id == 1", json!({"body": {}})).contains("id"));
        assert!(unknown("n > 0", json!({"n": null})).contains("n > 0"));
        assert!(unknown("n", json!({"n": 5})).contains("not true or false"));
    }

    #[test]
    fn texts_can_be_made_of_texts() {
        let scope = scope(json!({"id": "vm-7", "page": " EU/VM-7 "}));
        let cases = [
            ("id.replace('vm-', '')", json!("7")),
            ("id.substring(3)", json!("7")),
            ("id.substring(id.indexOf('-') + 1)", json!("7")),
            ("id.split('-')[1]", json!("7")),
            ("page.trim().lowerAscii().split('/')[1]", json!("vm-7")),
            (
                "page.substring(page.lastIndexOf('/') + 1).trim()",
                json!("VM-7"),
            ),
            ("id.split('-').join('/').upperAscii()", json!("VM/7")),
            ("'%s-%d'.format(['vm', 7]) == id", json!(true)),
            (
                "id.matches('^vm-[0-9]+$') ? int(id.substring(3)) : 0",
                json!(7),
            ),
            (
                "id.startsWith('vm') && id.endsWith('7') && id.contains('-')",
                json!(true),
            ),
        ];
        for (text, expected) in cases {
            let value = Expression::parse(text).unwrap().value(&scope);
            assert_eq!(value, Ok(expected), "{text}");
        }
    }

    #[test]
    fn values_come_back_as_json() {
        let scope = scope(json!({"item": {"id": 7, "x": [1, "a", null, 0.5, true]}}));
        let value = |text: &str| Expression::parse(text).unwrap().value(&scope);
        assert_eq!(value("item.id"), Ok(json!(7)));
        assert_eq!(value("string(item.id)"), Ok(json!("7")));
        assert_eq!(value("item.x"), Ok(json!([1, "a", null, 0.5, true])));
        assert!(value("item.y").is_err());
        let there = |text: &str| Expression::parse(text).unwrap().value_if_there(&scope);
        assert_eq!(there("item.id"), Ok(Some(json!(7))));
        assert_eq!(there("item.y"), Ok(None));
        assert!(there("other.y").is_err());
    }
}
