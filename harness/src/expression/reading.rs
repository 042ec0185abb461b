//! What an expression reads, known before it runs.

use super::Expression;
use super::kinds::Kind;
use cel::common::ast::{EntryExpr, Expr, LiteralValue, operators};
use std::collections::BTreeSet;

/// A value that is compared with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// The value: a variable, and the fields in it.
    pub path: Vec<String>,
    /// The text.
    pub text: String,
}

impl Expression {
    /// The free variables that it reads, sorted.
    pub fn variables(&self) -> Vec<String> {
        self.variables.to_vec()
    }

    /// Whether it reads this variable.
    pub fn reads(&self, variable: &str) -> bool {
        self.variables.iter().any(|name| name == variable)
    }

    /// The events that it asks for by `happened("...")`, in the order of the text.
    pub fn events(&self) -> Vec<String> {
        let mut events = Vec::new();
        self.visit(&mut |expr| {
            if let Expr::Call(call) = expr
                && call.func_name == "happened"
                && let Some(name) = call.args.first().and_then(|arg| text(&arg.expr))
            {
                events.push(name);
            }
        });
        events
    }

    /// The texts that a function is given, if the whole expression is a call of it with nothing but texts.
    pub fn call(&self, function: &str) -> Option<Vec<String>> {
        match &self.program.expression().expr {
            Expr::Call(call) if call.func_name == function && call.target.is_none() => {
                call.args.iter().map(|arg| text(&arg.expr)).collect()
            }
            _ => None,
        }
    }

    /// The fields of variables that it reads: `response.body.id` gives `response`, `body`, `id`.
    pub fn paths(&self) -> Vec<Vec<String>> {
        let mut paths = Vec::new();
        self.visit(&mut |expr| {
            if let Expr::Select(_) = expr {
                paths.extend(path(expr));
            }
        });
        paths
    }

    /// The values that it compares with texts: by `==`, by `!=`, or by `in` a list.
    pub fn comparisons(&self) -> Vec<Comparison> {
        let mut found = Vec::new();
        compared(&self.program.expression().expr, |value, with| {
            if let (Some(path), Some(text)) = (path(value), text(with)) {
                found.push(Comparison { path, text });
            }
        });
        found
    }

    pub(super) fn visit(&self, visit: &mut impl FnMut(&Expr)) {
        walk(&self.program.expression().expr, visit);
    }
}

/// The values that are compared with constants, each with the kind of one of them.
pub(super) fn literals(expr: &Expr) -> Vec<(Vec<String>, Kind)> {
    let mut found = Vec::new();
    compared(expr, |value, with| {
        found.extend(path(value).and_then(|path| Some((path, kind(with)?))));
    });
    found
}

/// Visits what is compared with what, by `==`, by `!=`, or by `in` a list, whichever stands first.
fn compared(expr: &Expr, mut visit: impl FnMut(&Expr, &Expr)) {
    walk(expr, &mut |expr| {
        let Expr::Call(call) = expr else { return };
        let [one, other] = &call.args[..] else { return };
        let (one, other) = (&one.expr, &other.expr);
        match (call.func_name.as_str(), other) {
            (operators::EQUALS | operators::NOT_EQUALS, _) => {
                visit(one, other);
                visit(other, one);
            }
            (operators::IN, Expr::List(list)) => {
                let items = &list.elements;
                items.iter().for_each(|item| visit(one, &item.expr));
            }
            _ => {}
        }
    });
}

/// What a constant is.
fn kind(expr: &Expr) -> Option<Kind> {
    let Expr::Literal(literal) = expr else {
        return None;
    };
    match literal {
        LiteralValue::String(_) => Some(Kind::Text),
        LiteralValue::Int(_) | LiteralValue::UInt(_) | LiteralValue::Double(_) => {
            Some(Kind::Number)
        }
        LiteralValue::Boolean(_) => Some(Kind::Truth),
        _ => None,
    }
}

fn text(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner().to_string()),
        _ => None,
    }
}

pub(super) fn path(expr: &Expr) -> Option<Vec<String>> {
    match expr {
        Expr::Ident(name) => Some(vec![name.clone()]),
        Expr::Select(select) => {
            let mut path = path(&select.operand.expr)?;
            path.push(select.field.clone());
            Some(path)
        }
        _ => None,
    }
}

/// The names that it needs to be given: all but those that `all`, `exists`, `map` and their like give themselves.
pub(super) fn free_variables(expr: &Expr) -> BTreeSet<String> {
    match expr {
        Expr::Ident(name) => BTreeSet::from([name.clone()]),
        Expr::Comprehension(all) => {
            let inner = [&all.loop_cond, &all.loop_step, &all.result];
            let mut names: BTreeSet<String> = inner
                .into_iter()
                .flat_map(|part| free_variables(&part.expr))
                .collect();
            for given in [
                Some(&all.iter_var),
                all.iter_var2.as_ref(),
                Some(&all.accu_var),
            ] {
                given.map(|name| names.remove(name));
            }
            names.extend(free_variables(&all.iter_range.expr));
            names.extend(free_variables(&all.accu_init.expr));
            names
        }
        _ => parts(expr).into_iter().flat_map(free_variables).collect(),
    }
}

/// Visits an expression and all its parts.
fn walk(expr: &Expr, visit: &mut impl FnMut(&Expr)) {
    visit(expr);
    for part in parts(expr) {
        walk(part, visit);
    }
}

/// What an expression is made of.
fn parts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Call(call) => {
            let parts = call.target.as_deref().into_iter().chain(&call.args);
            parts.map(|part| &part.expr).collect()
        }
        Expr::Comprehension(all) => [
            &all.iter_range,
            &all.accu_init,
            &all.loop_cond,
            &all.loop_step,
            &all.result,
        ]
        .map(|part| &part.expr)
        .to_vec(),
        Expr::List(list) => list.elements.iter().map(|part| &part.expr).collect(),
        Expr::Select(select) => vec![&select.operand.expr],
        Expr::Map(map) => entries(map.entries.iter().map(|entry| &entry.expr)),
        Expr::Struct(object) => entries(object.entries.iter().map(|entry| &entry.expr)),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Vec::new(),
    }
}

fn entries<'a>(entries: impl Iterator<Item = &'a EntryExpr>) -> Vec<&'a Expr> {
    let parts = entries.flat_map(|entry| match entry {
        EntryExpr::MapEntry(entry) => vec![&entry.key.expr, &entry.value.expr],
        EntryExpr::StructField(field) => vec![&field.value.expr],
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_expression_reads_is_known_before_it_runs() {
        let expression =
            Expression::parse("status in final && (happened(\"a\") || !happened(\"b c\"))")
                .unwrap();
        assert_eq!(expression.variables(), ["final", "status"]);
        assert_eq!(expression.events(), ["a", "b c"]);
        assert!(Expression::parse("status ==").is_err());
        let variables = |text: &str| Expression::parse(text).unwrap().variables().join(" ");
        assert_eq!(variables("all.all(c, c in final)"), "all final");
        // The same name inside and outside.
        assert_eq!(variables("c > 1 && all.exists(c, c == d)"), "all c d");
        assert_eq!(variables("{'a': n}[k] == 1"), "k n");
    }

    #[test]
    fn fields_and_comparisons_are_known_too() {
        let read = |text: &str| Expression::parse(text).unwrap();
        let path = |text: &str| text.split('.').map(str::to_owned).collect::<Vec<_>>();
        let paths = read("response.statuss == 201 && size(request.body.items[0].x) > 0").paths();
        assert!(
            paths.contains(&path("response.statuss"))
                && paths.contains(&path("request.body.items"))
        );
        let compared = |text: &str| -> Vec<(String, String)> {
            let all = read(text).comparisons().into_iter();
            all.map(|c| (c.path.join("."), c.text)).collect()
        };
        let pair = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        assert_eq!(
            compared("status == 'a' || 'b' != status"),
            [pair("status", "a"), pair("status", "b")]
        );
        assert_eq!(
            compared("status in ['a', 'b']"),
            [pair("status", "a"), pair("status", "b")]
        );
        assert_eq!(
            compared("response.status == '201'"),
            [pair("response.status", "201")]
        );
        assert_eq!(compared("n == 1 && status in final"), []);
    }
}
