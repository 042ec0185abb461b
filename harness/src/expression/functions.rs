//! The functions that an expression calls, and those that there are.

use super::Expression;
use super::reading::path;
use super::scope::is_function;
use cel::common::ast::{CallExpr, Expr};

/// The functions that are of use here, to suggest one for a name that is none.
pub const FUNCTIONS: [&str; 31] = [
    "happened",
    "size",
    "has",
    "all",
    "exists",
    "exists_one",
    "filter",
    "map",
    "contains",
    "startsWith",
    "endsWith",
    "matches",
    "split",
    "join",
    "replace",
    "substring",
    "indexOf",
    "lastIndexOf",
    "charAt",
    "trim",
    "lowerAscii",
    "upperAscii",
    "format",
    "string",
    "int",
    "uint",
    "double",
    "bool",
    "bytes",
    "dyn",
    "type",
];

impl Expression {
    /// The functions that it calls and that do not exist, in the order of the text.
    pub fn unknown_functions(&self) -> Vec<String> {
        let mut unknown = Vec::new();
        self.visit(&mut |expr| {
            if let Expr::Call(call) = expr
                && !exists(call)
                && !unknown.contains(&call.func_name)
            {
                unknown.push(call.func_name.clone());
            }
        });
        unknown
    }
}

/// Operators exist, and what macros are made of.
fn exists(call: &CallExpr) -> bool {
    let name = &call.func_name;
    let spaced = || {
        let space = path(&call.target.as_ref()?.expr)?;
        Some(format!("{}.{name}", space.join(".")))
    };
    !name.starts_with(|first: char| first.is_ascii_alphabetic())
        || is_function(name)
        || spaced().is_some_and(|spaced| is_function(&spaced))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(text: &str) -> Vec<String> {
        Expression::parse(text).unwrap().unknown_functions()
    }

    #[test]
    fn functions_that_do_not_exist_are_found() {
        assert_eq!(unknown("happend('a') || !happened('b')"), ["happend"]);
        let inner = unknown("r.exists(x, x.startWith('a') && len(x) > 1 && len(x) < 3)");
        assert_eq!(inner, ["startWith", "len"]);
        for text in [
            "a ? -b : b[0] + 1",
            "!(a in [1, 2]) && {'a': 1}.a <= 7 % 2",
            "r.exists(x, x > 1) && r.all(x, x > 1) && r.exists_one(x, x > 1)",
            "size(r.filter(x, x > 1).map(x, x * 2)) > 1 && has(a.b)",
            "optional.of(1).hasValue()",
        ] {
            assert_eq!(unknown(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn what_is_suggested_exists() {
        let macros = ["has", "all", "exists", "exists_one", "filter", "map"];
        for name in FUNCTIONS {
            assert!(is_function(name) || macros.contains(&name), "{name}");
        }
    }
}
