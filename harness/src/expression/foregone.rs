//! Conditions whose answer is foregone: the same whatever the values are that they read.

use super::reading::path;
use super::{Expression, Scope, Truth};
use cel::common::ast::{Expr, LiteralValue, operators};
use indexmap::IndexMap;
use serde_json::Value;

/// Of more combinations of values nobody says quickly whether they all come to the same.
const MOST: usize = 4096;

/// The constants with which each variable is compared.
type Compared = IndexMap<String, Vec<Value>>;

impl Expression {
    /// What it comes to, whatever it reads, where that is plain to see.
    pub fn foregone(&self) -> Option<bool> {
        self.plain().or_else(|| self.foregone_by(&|_| None))
    }

    /// A size is never below 0, and a value is what it is.
    fn plain(&self) -> Option<bool> {
        let Expr::Call(call) = &self.program.expression().expr else {
            return None;
        };
        let [one, other] = &call.args[..] else {
            return None;
        };
        let (one, other) = (&one.expr, &other.expr);
        let same = path(one).is_some_and(|path_of| path(other) == Some(path_of));
        let (size_first, size_last) = (
            is_size(one) && is_zero(other),
            is_zero(one) && is_size(other),
        );
        match call.func_name.as_str() {
            operators::EQUALS if same => Some(true),
            operators::NOT_EQUALS if same => Some(false),
            operators::GREATER_EQUALS if size_first => Some(true),
            operators::LESS_EQUALS if size_last => Some(true),
            operators::LESS if size_first => Some(false),
            operators::GREATER if size_last => Some(false),
            _ => None,
        }
    }

    /// What it comes to, whatever the values are that it reads. `can_be` gives all values that a variable can have,
    /// where they are known. `None`: it depends on them, or it does more than compare variables with constants.
    pub fn foregone_by(&self, can_be: &dyn Fn(&str) -> Option<Vec<Value>>) -> Option<bool> {
        let mut compared = Compared::new();
        collect(&self.program.expression().expr, &mut compared)?;
        let values: Vec<(&String, Vec<Value>)> = compared
            .iter()
            .map(|(name, constants)| {
                let all = can_be(name).or_else(|| samples(constants));
                Some((name, all?))
            })
            .collect::<Option<_>>()?;
        let combinations = values.iter().map(|(_, all)| all.len()).product::<usize>();
        if !(1..=MOST).contains(&combinations) {
            return None;
        }
        let mut truths = (0..combinations).map(|number| {
            let (mut scope, mut rest) = (Scope::new(), number);
            for (name, all) in &values {
                scope.set(name, &all[rest % all.len()]);
                rest /= all.len();
            }
            match self.test(&scope) {
                Truth::True => Some(true),
                Truth::False => Some(false),
                Truth::Unset(_) | Truth::Unknown(_) => None,
            }
        });
        let first = truths.next()??;
        truths.all(|truth| truth == Some(first)).then_some(first)
    }
}

fn is_size(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(call) if call.func_name == "size")
}

fn is_zero(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(LiteralValue::Int(n)) if *n.inner() == 0)
}

/// Collects what is compared with what. `None`: something else is done with a variable.
fn collect(expr: &Expr, compared: &mut Compared) -> Option<()> {
    let call = match expr {
        Expr::Literal(LiteralValue::Boolean(_)) => return Some(()),
        Expr::Ident(name) => {
            let values = compared.entry(name.clone()).or_default();
            values.extend([true.into(), false.into()]);
            return Some(());
        }
        Expr::Call(call) => call,
        _ => return None,
    };
    let name = call.func_name.as_str();
    match (name, &call.args[..]) {
        (operators::LOGICAL_AND | operators::LOGICAL_OR | operators::LOGICAL_NOT, args) => {
            args.iter().try_for_each(|arg| collect(&arg.expr, compared))
        }
        (operators::IN, [one, other]) => {
            let (Expr::Ident(name), Expr::List(list)) = (&one.expr, &other.expr) else {
                return None;
            };
            let constants = list.elements.iter().map(|item| constant(&item.expr));
            let constants: Vec<Value> = constants.collect::<Option<_>>()?;
            compared.entry(name.clone()).or_default().extend(constants);
            Some(())
        }
        (
            operators::EQUALS
            | operators::NOT_EQUALS
            | operators::LESS
            | operators::LESS_EQUALS
            | operators::GREATER
            | operators::GREATER_EQUALS,
            [one, other],
        ) => {
            let (name, with) = match (&one.expr, &other.expr) {
                (Expr::Ident(name), with) | (with, Expr::Ident(name)) => (name, with),
                _ => return None,
            };
            let values = compared.entry(name.clone()).or_default();
            values.push(constant(with)?);
            Some(())
        }
        _ => None,
    }
}

fn constant(expr: &Expr) -> Option<Value> {
    let Expr::Literal(literal) = expr else {
        return None;
    };
    Some(match literal {
        LiteralValue::String(text) => text.inner().to_string().into(),
        LiteralValue::Int(int) => (*int.inner()).into(),
        LiteralValue::Double(double) => (*double.inner()).into(),
        LiteralValue::Boolean(is) => (*is.inner()).into(),
        _ => return None,
    })
}

/// Values among which every outcome of comparisons with these constants is: they themselves, what is between them, and
/// what is beyond. `None`: they are of several kinds.
fn samples(constants: &[Value]) -> Option<Vec<Value>> {
    if constants.iter().all(Value::is_boolean) {
        return Some(vec![true.into(), false.into()]);
    }
    let texts: Option<Vec<&str>> = constants.iter().map(Value::as_str).collect();
    if let Some(texts) = texts {
        // Longer than each of them, before and behind all of them.
        let (first, last) = (String::new(), format!("\u{10FFFF}{}", texts.concat()));
        let all = texts.iter().map(|text| (*text).to_owned());
        let all = all.chain(texts.iter().map(|text| format!("{text}+")));
        return Some(all.chain([first, last]).map(Value::from).collect());
    }
    let numbers: Option<Vec<f64>> = constants.iter().map(Value::as_f64).collect();
    let mut numbers = numbers?;
    numbers.sort_by(f64::total_cmp);
    let between = numbers
        .windows(2)
        .map(|pair| f64::midpoint(pair[0], pair[1]));
    let beyond = [numbers.first()? - 1.0, numbers.last()? + 1.0];
    let all = between.chain(beyond).map(Value::from);
    Some(constants.iter().cloned().chain(all).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn foregone(text: &str) -> Option<bool> {
        Expression::parse(text).unwrap().foregone_by(&|_| None)
    }

    #[test]
    fn what_is_foregone_is_seen() {
        let foregone = |text: &str| Expression::parse(text).unwrap().foregone();
        for text in [
            "size(x) >= 0",
            "0 <= size(x.y)",
            "x.size() >= 0",
            "x == x",
            "x.y == x.y",
        ] {
            assert_eq!(foregone(text), Some(true), "{text}");
        }
        for text in ["size(x) < 0", "0 > size(x)", "x != x"] {
            assert_eq!(foregone(text), Some(false), "{text}");
        }
        for text in [
            "size(x) > 0",
            "0 >= size(x)",
            "x == y",
            "x.y == x.z",
            "size(x) >= 1",
        ] {
            assert_eq!(foregone(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_the_same_for_all_values_is_foregone() {
        for text in [
            "x == 'a' || true",
            "n == 1 || n != 1",
            "n >= 0 || n < 0",
            "n < 2 || n > 1 || n == 7",
            "x in ['a', 'b'] || !(x == 'a' || x == 'b')",
            "done || !done",
            "d > 0.5 || d <= 0.5",
        ] {
            assert_eq!(foregone(text), Some(true), "{text}");
        }
        for text in [
            "x == 'a' && x == 'b'",
            "n > 2 && n < 1",
            "n == 3 && !(n > 2)",
            "false && done",
        ] {
            assert_eq!(foregone(text), Some(false), "{text}");
        }
        for text in [
            "x == 'a' || x == 'b'",
            "n > 1 && n < 2",
            "n >= 0 || n < -1",
            "x > 'a' || x < 'a'",
            "x == 'a' || n == 1",
            "done",
            // Nobody says here what these come to.
            "n % 2 == 0 || n % 2 != 0",
            "a == b",
            "size(x) >= 0",
            "n == 1 || n == 'a'",
        ] {
            assert_eq!(foregone(text), None, "{text}");
        }
    }

    #[test]
    fn values_that_are_known_are_all_there_are() {
        let told = |text: &str| {
            let can_be = |name: &str| (name == "told").then(|| vec!["a".into(), "b".into()]);
            Expression::parse(text).unwrap().foregone_by(&can_be)
        };
        assert_eq!(told("told == 'c'"), Some(false));
        assert_eq!(told("told != 'c'"), Some(true));
        assert_eq!(told("told == 'b'"), None);
        assert_eq!(told("told == 'c' && n == 1"), Some(false));
        assert_eq!(told("told == 'c' || n == 1"), None);
    }
}
