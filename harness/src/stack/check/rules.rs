//! Rules: what they look at exists, and what they read is there.

use super::{Sound, host, keys, probe, service, variables};
use crate::expression::Expression;
use crate::problem::{Place, Problem, Problems};
use crate::stack::rule::groups;
use crate::stack::{Evidence, Learn, SEEN, Service, Stack};

pub(super) fn check(
    stack: &Stack,
    sound: &Sound,
    entity: &str,
    rule: &Learn,
    problems: &mut Problems,
) {
    let named: Vec<String>;
    let words: Vec<&str>;
    let known: &[&str] = match &rule.evidence {
        Evidence::Call(name) => {
            match stack.calls.get(name) {
                None if sound.calls => {
                    let known = keys(&stack.calls);
                    problems.push(Problem::unknown(&rule.place, "call", name, known));
                }
                None => {}
                Some(call)
                    if rule.id.is_none() && !call.path.contains(&format!("{{{entity}}}")) =>
                {
                    let what = format!("the path of `{name}` does not name the {entity}");
                    let help =
                        format!("put `{{{entity}}}` into its request, or add `id:` to this rule");
                    problems.push(Problem::at(&rule.place, what).help(help));
                }
                Some(_) => {}
            }
            &["request", "response", "path", SEEN]
        }
        Evidence::Poll {
            url, each, next, ..
        } => {
            host(stack, url, &rule.place, problems);
            for list in each.iter().chain(next) {
                variables(list, &["status", "body"], &rule.place, problems);
            }
            match each {
                Some(_) => &["status", "body", "item"],
                None => &["status", "body"],
            }
        }
        Evidence::Log {
            service: name,
            pattern,
        } => {
            service(stack, name, &rule.place, problems);
            named = groups(pattern);
            words = named.iter().map(String::as_str).chain(["line"]).collect();
            &words
        }
        Evidence::Probe { .. } => {
            return probe::check(stack, sound, entity, rule, problems);
        }
        Evidence::Sql { on, .. } => {
            service(stack, on, &rule.place, problems);
            let speaks = |service: &Service| {
                service.sql.is_some()
                    || service
                        .process
                        .as_ref()
                        .is_some_and(|process| process.sql.is_some())
            };
            if stack
                .services
                .get(on)
                .is_some_and(|service| sound.compose && !speaks(service))
            {
                let what = format!("service `{on}` does not say where SQL is spoken");
                let help = format!(
                    "add `x-shakedown: {{sql: \"postgres://user:password@{on}:5432/name\"}}` to it"
                );
                problems.push(Problem::at(&rule.place, what).help(help));
            }
            &["row"]
        }
    };
    for expression in rule.expressions() {
        if expression.reads(SEEN) && !known.contains(&SEEN) {
            problems.push(unseen(rule, expression, known));
            continue;
        }
        variables(expression, known, &rule.place, problems);
        if let Evidence::Call(_) = rule.evidence {
            messages(expression, &rule.place, problems);
        }
    }
}

/// Only a call has a caller that is told something.
fn unseen(rule: &Learn, expression: &Expression, known: &[&str]) -> Problem {
    let what = format!(
        "`{SEEN}` in `{}` is what the caller of a call was told, and `{}` is no call",
        expression.text(),
        rule.evidence.source()
    );
    let help = format!("it has `{}`; or learn from `call`", known.join("`, `"));
    Problem::at(&rule.place, what).help(help)
}

/// What is asked of a request or a response is something that they have.
fn messages(expression: &Expression, place: &Place, problems: &mut Problems) {
    for path in expression.paths() {
        let known: &[&str] = match path[0].as_str() {
            "request" => &["headers", "body"],
            "response" | SEEN => &["status", "headers", "body"],
            _ => continue,
        };
        if !known.contains(&path[1].as_str()) {
            let problem = Problem::unknown(place, "field", &path[1], known.iter().copied());
            problems.push(Problem {
                what: format!(
                    "{} of `{}` in `{}`",
                    problem.what,
                    path[0],
                    expression.text()
                ),
                ..problem
            });
        }
    }
    for comparison in expression.comparisons() {
        let status_of = |message: &str| comparison.path == [message, "status"];
        if status_of("response") || status_of(SEEN) {
            let what = format!(
                "`{}` compares the status, a number, with the text \"{}\"",
                expression.text(),
                comparison.text
            );
            problems.push(Problem::at(place, what).help("write the number without quotes"));
        }
    }
}
