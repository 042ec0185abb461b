//! Comparisons that can never be true: of a text with a number, say.
//!
//! CEL answers them with false, so that an invariant over a field that comes as `"5"` would hold for ever.

use super::Scope;
use super::reading::literals;
use cel::common::ast::Expr;
use indexmap::IndexMap;
use serde_json::Value;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Truth,
}

impl Kind {
    fn of(value: &Value) -> Option<Kind> {
        match value {
            Value::String(_) => Some(Kind::Text),
            Value::Number(_) => Some(Kind::Number),
            Value::Bool(_) => Some(Kind::Truth),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Kind::Text => "a text",
            Kind::Number => "a number",
            Kind::Truth => "true or false",
        }
    }
}

/// The values of an expression that are compared with constants of one kind, each with that kind.
pub(super) fn compared(expr: &Expr) -> Vec<(Vec<String>, Kind)> {
    let mut kinds: IndexMap<Vec<String>, Vec<Kind>> = IndexMap::new();
    for (path, kind) in literals(expr) {
        kinds.entry(path).or_default().push(kind);
    }
    // A value that is compared with several kinds may be of any of them.
    let one = |(path, kinds): (Vec<String>, Vec<Kind>)| {
        let first = *kinds.first()?;
        kinds
            .iter()
            .all(|kind| *kind == first)
            .then_some((path, first))
    };
    kinds.into_iter().filter_map(one).collect()
}

/// The first value in scope that is of another kind than what it is compared with, in words.
pub(super) fn mismatch(compared: &[(Vec<String>, Kind)], scope: &Scope) -> Option<String> {
    compared.iter().find_map(|(path, wanted)| {
        let (name, fields) = path.split_first()?;
        let mut value = scope.get(name)?;
        for field in fields {
            value = value.get_mut(field)?.take();
        }
        let found = Kind::of(&value).filter(|found| found != wanted)?;
        Some(format!(
            "`{}` is {}, {value}, and is compared with {}",
            path.join("."),
            found.words(),
            wanted.words()
        ))
    })
}

#[cfg(test)]
mod tests {
    use crate::expression::{Expression, Scope, Truth};
    use serde_json::{Value, json};

    fn check(text: &str, value: Value, unknown: Option<&str>) {
        let mut scope = Scope::new();
        scope.set("x", &value);
        let truth = Expression::parse(text).unwrap().test(&scope);
        match (truth, unknown) {
            (Truth::Unknown(why), Some(expected)) => assert!(why.contains(expected), "{why}"),
            (Truth::True | Truth::False, None) => {}
            (truth, _) => panic!("{text} of {value}: {truth:?}"),
        }
    }

    #[test]
    fn a_comparison_that_can_never_be_true_is_told() {
        let told = Some("`x` is a text, \"5\", and is compared with a number");
        check("x == 5", json!("5"), told);
        check("5 != x", json!("5"), told);
        check("x in [5, 6]", json!("5"), told);
        check("true || x == 5", json!("5"), told);
        check("x == \"5\"", json!(5), Some("compared with a text"));
        check("x.a == true", json!({"a": "true"}), Some("`x.a` is a text"));
        for (text, value) in [
            ("x == 5", json!(5)),
            ("x == 5", json!(5.5)),
            ("x == 5.0", json!(5)),
            ("x == \"5\"", json!(null)),
            ("x == 5 || x == \"five\"", json!("five")),
            ("x.a == 5", json!({"a": 6})),
            ("x == [5]", json!([5])),
        ] {
            check(text, value, None);
        }
    }
}
