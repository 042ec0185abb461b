//! The phrases as Cucumber Expressions, for the language server by which editors complete and check features.
//!
//! Each kind of name is a parameter type of its own: the server proposes the names of that kind that stand in features
//! already.

use super::phrases::{Phrase, phrases};
use super::qualifiers;
use regex::{Captures, Regex};
use std::sync::LazyLock;

/// What stands behind a fault.
const QUALIFIERS: &str = "when";

/// What varies in quotes: how the list of phrases has it, and the parameter type.
const QUOTED: [(&str, &str); 11] = [
    ("NAME", "stack"),
    ("C", "call"),
    ("L", "link"),
    ("S", "service"),
    ("BODY", "body"),
    ("PATH", "path"),
    ("SQL", "statement"),
    ("WORKLOAD", "workload"),
    ("INVARIANT", "invariant"),
    ("STATUS", "status"),
    ("OPERATION", "operation"),
];

/// What varies without quotes, with the parameter type and what it looks like.
const BARE: [(&str, &str, &str); 9] = [
    ("TIME", "time", "[0-9]+ ?(?:ms|s|m|h)"),
    ("SIZE", "size", "[0-9]+ ?(?:bytes?|B|[KMG]i?B)"),
    ("STATUS", "code", "[0-9]+"),
    ("SQLSTATE", "sqlstate", "[0-9A-Z]{5}"),
    ("VALUE", "json", ".+"),
    ("JSON", "object", r"[{\[].+"),
    ("ERROR", "error", ".+"),
    ("N", "int", ""),
    ("K", "int", ""),
];

/// The words that have another form beside a one, and how an expression says both.
const NUMBERS: [(&str, &str); 4] = [
    (" times", " time(s)"),
    (" clients", " client(s)"),
    (" bytes", " byte(s)"),
    (" reach ", " reach(es) "),
];

/// The parameter types: each with a regular expression.
pub fn parameter_types() -> Vec<(&'static str, String)> {
    let quoted = QUOTED.iter().map(|(_, name)| match *name {
        "body" => (*name, "[^\"]*".to_owned()),
        name => (name, "[^\"]+".to_owned()),
    });
    let bare = BARE.iter().filter(|(_, _, regex)| !regex.is_empty());
    let bare = bare.map(|(_, name, regex)| (*name, (*regex).to_owned()));
    let entity = ("entity", "[A-Za-z_][A-Za-z0-9_-]*".to_owned());
    let qualifiers = (QUALIFIERS, qualifiers::pattern());
    quoted.chain(bare).chain([entity, qualifiers]).collect()
}

/// Each phrase with the expressions that say it: one for each way to take what is optional in it.
pub fn expressions() -> Vec<(Phrase, Vec<String>)> {
    let all = phrases().into_iter();
    all.map(|phrase| (phrase, of(&phrase))).collect()
}

fn of(phrase: &Phrase) -> Vec<String> {
    // An operation is called as a call is.
    let pattern = phrase
        .pattern
        .replace("the operation \"C\"", "the operation \"OPERATION\"");
    let all = variants(&pattern).into_iter().map(|variant| {
        let expression = NUMBERS
            .iter()
            .fold(parameters(&variant), |text, (word, both)| {
                text.replace(word, both)
            });
        let expression = expression.replace('/', "\\/");
        // What takes all the rest of a step takes these too.
        let open = ["{json}", "{error}", "{object}"]
            .iter()
            .any(|end| expression.ends_with(end));
        match phrase.family.starts_with("faults") && !open {
            true => expression + "{" + QUALIFIERS + "}",
            false => expression,
        }
    });
    all.collect()
}

/// `a [b | c]` is `a`, `a b` and `a c`.
fn variants(pattern: &str) -> Vec<String> {
    let Some((before, rest)) = pattern.split_once(" [") else {
        return vec![pattern.to_owned()];
    };
    let (choices, after) = rest.split_once(']').unwrap_or((rest, ""));
    let mut variants = vec![format!("{before}{after}")];
    for choice in choices.split(" | ") {
        variants.push(format!("{before} {choice}{after}"));
        // The body can stand in a doc string.
        if let Some(bare) = choice.strip_suffix(" \"BODY\"") {
            variants.push(format!("{before} {bare}{after}"));
        }
    }
    variants
}

/// Puts parameter types in the place of what varies.
fn parameters(pattern: &str) -> String {
    static VARIES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#""([A-Z]+)"|\b([A-Z]+)\b"#).expect("the pattern is a constant")
    });
    let parameter = |found: &Captures<'_>| {
        if let Some(name) = found.get(1) {
            let kind = QUOTED.iter().find(|(word, _)| *word == name.as_str());
            return kind.map_or_else(
                || found[0].to_owned(),
                |(_, kind)| format!("\"{{{kind}}}\""),
            );
        }
        match &found[2] {
            "E" => "{entity}".to_owned(),
            word => {
                let kind = BARE.iter().find(|(other, _, _)| *other == word);
                kind.map_or_else(|| word.to_owned(), |(_, kind, _)| format!("{{{kind}}}"))
            }
        }
    };
    VARIES.replace_all(pattern, parameter).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use cucumber_expressions::Expression;
    use std::collections::HashMap;
    use std::path::Path;

    /// All expressions as the server reads them.
    fn compiled() -> Vec<(String, Regex)> {
        let types: HashMap<&str, String> = parameter_types().into_iter().collect();
        let all = expressions().into_iter().flat_map(|(_, all)| all);
        all.map(|text| {
            let regex = Expression::regex_with_parameters(&text, &types);
            let regex = regex.unwrap_or_else(|error| panic!("{text}: {error}"));
            (text, Regex::new(regex.as_str()).unwrap())
        })
        .collect()
    }

    #[test]
    fn every_example_is_said_by_an_expression_of_its_own_phrase() {
        let types: HashMap<&str, String> = parameter_types().into_iter().collect();
        for (phrase, all) in expressions() {
            let said = all.iter().any(|text| {
                let regex = Expression::regex_with_parameters(text, &types).unwrap();
                regex.is_match(phrase.example)
            });
            assert!(said, "`{}` is none of {all:?}", phrase.example);
            assert!(
                all.iter()
                    .all(|text| !text.contains(|c: char| c.is_ascii_uppercase())),
                "{all:?}"
            );
        }
    }

    #[test]
    fn every_step_of_our_features_is_said_by_some_expression() {
        let all = compiled();
        let features = Path::new(env!("CARGO_MANIFEST_DIR")).join("../features");
        let mut problems = shakedown_harness::problem::Problems::default();
        let plans = crate::language::read(&[features], None, &mut problems);
        let steps: Vec<&str> = plans
            .iter()
            .flat_map(|plan| &plan.steps)
            .map(|step| step.text.as_str())
            .collect();
        assert!(steps.len() > 300, "{}", steps.len());
        for step in steps {
            assert!(all.iter().any(|(_, regex)| regex.is_match(step)), "{step}");
        }
    }

    #[test]
    fn what_is_no_step_is_said_by_no_expression() {
        let all = compiled();
        for step in [
            "the call \"a\" answer 503",
            "the call \"a\" answers 503 thrice",
            "the call \"a\" hangs twice",
            "the link \"a -> b\" is slow by 200",
            "\"submit\" run 20 times",
            "every submission is final",
        ] {
            let said: Vec<&String> = all
                .iter()
                .filter(|(_, regex)| regex.is_match(step))
                .map(|(text, _)| text)
                .collect();
            assert!(said.is_empty(), "`{step}` is {said:?}");
        }
    }
}
