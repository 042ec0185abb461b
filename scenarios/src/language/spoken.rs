//! One line that somebody types while a stack runs.

use super::check::check;
use super::feature::read_text;
use shakedown_harness::plan::Planned;
use shakedown_harness::problem::{Problem, Problems};
use shakedown_harness::stack::Stack;
use std::path::Path;

/// The keywords that a line may begin with, as in a feature.
const KEYWORDS: [&str; 6] = ["Given ", "When ", "Then ", "And ", "But ", "* "];

/// The steps that a line stands for: one, or those of a step of a team's own.
///
/// # Errors
/// It is no step, or names something that the stack does not have. The mistakes have no place: there is but one line.
pub fn spoken(line: &str, stack: &Stack) -> Result<Vec<Planned>, Problems> {
    let line = line.trim();
    let line = KEYWORDS
        .iter()
        .find_map(|keyword| line.strip_prefix(keyword))
        .unwrap_or(line);
    let feature = format!(
        "Feature: up\n  Background:\n    Given the stack \"{}\"\n    And every invariant holds\n  Scenario: up\n    * {line}\n",
        stack.name
    );
    let mut problems = Problems::default();
    let mut plans = read_text(Path::new(""), &feature, &mut problems);
    let all: Vec<_> = plans.iter().collect();
    problems.0.extend(check(&all, &|_| Some(stack)).0);
    let placeless = |problem: Problem| Problem {
        place: None,
        ..problem
    };
    let mut problems = Problems(problems.0.into_iter().map(placeless).collect());
    // The two steps of the background are not theirs.
    let steps: Vec<Planned> = plans.pop().map_or_else(Vec::new, |plan| plan.steps);
    let steps: Vec<Planned> = steps.into_iter().skip(2).collect();
    if steps.is_empty() && problems.0.is_empty() {
        problems.push(Problem {
            what: format!("`{line}` is no step"),
            place: None,
            help: None,
        });
    }
    problems.or(steps)
}
